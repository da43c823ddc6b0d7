#!/usr/bin/python3
"""Debian's PyTorch's side of a paired timing: a dense Relu network with the homodyne shot noise written by hand.

peer_torch_read.py FILE BATCH THREADS PHOTONS_PER_MAC   (0 = exact)
Per layer: y = x W^T; sigma_i = sqrt(a^2 |x|^2 + b^2 |W_i|^2) / (2 a b); y += sigma * randn; + bias; relu.
"""
import os
import sys

os.environ["OPENBLAS_NUM_THREADS"] = sys.argv[3]
import time

import numpy as np
import onnx
import torch
from onnx import numpy_helper

torch.set_num_threads(int(sys.argv[3]))
model = onnx.load(sys.argv[1])
tensors = {t.name: torch.from_numpy(np.array(numpy_helper.to_array(t))) for t in model.graph.initializer}
layers = [(tensors[n.input[1]], tensors[n.input[2]]) for n in model.graph.node if n.op_type == "Gemm"]
batch, photons = int(sys.argv[2]), float(sys.argv[4])
x0 = torch.rand(batch, layers[0][0].shape[1])
prepared = []
for w, b in layers:
    rows, cols = w.shape
    n_tot = rows * cols * photons
    beta2 = 0.5 * n_tot / (w * w).sum()
    prepared.append((w.t().contiguous(), b, 0.5 * n_tot / rows, beta2, beta2 * (w * w).sum(1)))


@torch.no_grad()
def call():
    x = x0
    for i, (wt, b, alpha2_x2, beta2, total_row) in enumerate(prepared):
        y = x @ wt
        if photons > 0:
            # alpha^2 |x|^2 is the same for every sample; 1/(2 alpha beta) scales with |x|
            norm = x.norm(dim=1, keepdim=True)
            decode = norm / (2.0 * (alpha2_x2 * beta2).sqrt())
            y = y + (alpha2_x2 + total_row).sqrt() * decode * torch.randn_like(y)
        y = y + b
        x = torch.relu(y) if i + 1 < len(prepared) else y
    return x


for _ in range(5):
    call()
print("ready", flush=True)
for line in sys.stdin:
    n = int(line)
    started = time.perf_counter()
    for _ in range(n):
        call()
    print(time.perf_counter() - started, flush=True)
