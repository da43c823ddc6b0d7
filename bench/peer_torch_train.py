"""The same training in PyTorch, for bench_train: reads a line, trains one epoch, prints its seconds and its processor seconds.

usage: peer_torch_train.py THREADS BATCH FOLDER WIDTH [WIDTH ...]     (FOLDER holds inputs.npy and labels.npy)
       peer_torch_train.py THREADS BATCH FOLDER lenet

Fair: float32 inputs already scaled and in memory, batches by index (no DataLoader), the fused-loop SGD that torch
offers (foreach), gradients set to None, no evaluation. OpenBLAS must not start threads of its own inside torch's:
the caller sets OPENBLAS_NUM_THREADS=1.
"""
import sys
import time

import numpy
import torch


def blas_in_use():
    """The library that torch's matrix products really run in: Debian lets any BLAS stand behind libblas.so.3."""
    torch.mm(torch.ones(2, 2), torch.ones(2, 2))
    with open("/proc/self/maps", encoding="ascii") as maps:
        files = {line.split()[-1] for line in maps if "blas" in line}
    if any("openblas" in name for name in files):
        return "OpenBLAS"
    return "reference BLAS: unfair, install libopenblas0-pthread"


def lenet():
    """As bench_train.c has it."""
    nn = torch.nn
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(6, 16, 5, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                         nn.Linear(84, 10))


def dense(widths):
    layers = []
    for i, (n_in, n_out) in enumerate(zip(widths, widths[1:])):
        layers.append(torch.nn.Linear(n_in, n_out))
        if i + 2 < len(widths):
            layers.append(torch.nn.ReLU())
    return torch.nn.Sequential(*layers)


def main():
    threads, batch = int(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    named = sys.argv[4] == "lenet"
    net = lenet() if named else dense([int(word) for word in sys.argv[4:]])
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4, foreach=True)
    loss = torch.nn.CrossEntropyLoss()
    x = torch.from_numpy(numpy.load(sys.argv[3] + "/inputs.npy").astype(numpy.float32) / 255)
    if named:
        x = x.reshape(-1, 1, 28, 28)
    y = torch.from_numpy(numpy.load(sys.argv[3] + "/labels.npy").astype(numpy.int64).reshape(-1))
    samples = len(y)
    print(f"torch {torch.__version__.split('a')[0]} ({blas_in_use()})", flush=True)
    for _ in sys.stdin:
        started, used = time.perf_counter(), time.process_time()
        order = torch.randperm(samples)
        for first in range(0, samples, batch):
            index = order[first:first + batch]
            optimizer.zero_grad(set_to_none=True)
            loss(net(x[index]), y[index]).backward()
            optimizer.step()
        print(f"{time.perf_counter() - started:.6f} {time.process_time() - used:.6f}", flush=True)


if __name__ == "__main__":
    main()
