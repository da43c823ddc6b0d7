#!/usr/bin/python3
"""A small training in PyTorch that says its epochs, FLOPs and accuracy to the `aj run` around it, if there is one.

Everything follows from the seed, so that two runs print the same.
"""
import sys

import torch

import attojoule

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 4
torch.manual_seed(1)
torch.set_num_threads(1)
inputs = torch.randn(4000, 64)
labels = (inputs[:, :32].sum(1) > inputs[:, 32:].sum(1)).long()
network = torch.nn.Sequential(torch.nn.Linear(64, 256), torch.nn.ReLU(), torch.nn.Linear(256, 2))
optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
macs = 64 * 256 + 256 * 2
attojoule.epoch(0, EPOCHS)
for epoch in range(1, EPOCHS + 1):
    with attojoule.meter("train"):
        for first in range(0, 4000, 100):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(network(inputs[first:first + 100]), labels[first:first + 100])
            loss.backward()
            optimizer.step()
    with attojoule.meter("test"):
        accuracy = (network(inputs).argmax(1) == labels).double().mean().item()
    attojoule.flops(6 * macs * 4000)  # forward 2 FLOP a MAC, backward twice that
    attojoule.accuracy(accuracy)
    attojoule.epoch(epoch, EPOCHS)
    print(f"epoch {epoch}: loss {loss.item():.9f}, accuracy {accuracy:.4f}")
sys.exit(0 if accuracy > 0.9 else 1)
