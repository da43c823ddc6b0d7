"""export_bert.py FOLDER: an encoder of the kind of BERT (Devlin et al. 2019) as PyTorch exports it: token, place and segment
embeddings, a mask, layers of attention, the first token's class; number of samples and length are open.

Writes bert.onnx, input_ids.npy, attention_mask.npy, token_type_ids.npy (int64 [5][9]), labels.npy (the classes PyTorch
finds) and logits.npy.  Exits with 77 and a reason where torch is not there.
"""
import math
import sys

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError as missing:
    print(f"SKIP: needs python3-torch and python3-numpy ({missing})")
    sys.exit(77)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.view(x.size(0), x.size(1), self.heads, x.size(2) // self.heads).permute(0, 2, 1, 3)

    def forward(self, x, mask):
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(q.size(-1)) + mask
        y = torch.matmul(torch.softmax(scores, dim=-1), v).permute(0, 2, 1, 3).contiguous()
        return self.out(y.view(y.size()[:-2] + (x.size(2),)))


class Layer(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.attention = Attention(width, heads)
        self.first, self.second = nn.LayerNorm(width, eps=1e-12), nn.LayerNorm(width, eps=1e-12)
        self.grow, self.shrink = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x, mask):
        x = self.first(x + self.attention(x, mask))
        return self.second(x + self.shrink(nn.functional.gelu(self.grow(x))))


class Bert(nn.Module):
    def __init__(self, words=50, width=16, heads=2, hidden=32, n_layers=2, longest=32, classes=3):
        super().__init__()
        self.words, self.places, self.segments = (nn.Embedding(n, width) for n in (words, longest, 2))
        self.register_buffer("place_ids", torch.arange(longest).expand((1, -1)))
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.layers = nn.ModuleList(Layer(width, heads, hidden) for _ in range(n_layers))
        self.pool, self.head = nn.Linear(width, width), nn.Linear(width, classes)

    def forward(self, input_ids, attention_mask, token_type_ids):
        place_ids = self.place_ids[:, :input_ids.size(1)]
        x = self.norm(self.words(input_ids) + self.segments(token_type_ids) + self.places(place_ids))
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * torch.finfo(x.dtype).min
        for layer in self.layers:
            x = layer(x, mask)
        return self.head(torch.tanh(self.pool(x[:, 0])))


def main(folder):
    torch.manual_seed(1)
    model = Bert().eval()
    for p in model.parameters():
        if p.dim() > 1:
            nn.init.normal_(p, std=1.5 / p.shape[-1] ** 0.5)
    n, length = 5, 9
    ids = torch.randint(0, 50, (n, length))
    lengths = torch.randint(3, length + 1, (n, 1))
    mask = (torch.arange(length) < lengths).to(torch.int64)
    segments = (torch.arange(length) >= lengths // 2).to(torch.int64) * mask
    names = ["input_ids", "attention_mask", "token_type_ids"]
    with torch.no_grad():
        logits = model(ids, mask, segments)
        torch.onnx.export(model, (ids[:2], mask[:2], segments[:2]), f"{folder}/bert.onnx", opset_version=14,
                          input_names=names, output_names=["logits"],
                          dynamic_axes={name: {0: "batch", 1: "sequence"} for name in names} | {"logits": {0: "batch"}})
    for name, values in zip(names + ["labels", "logits"], (ids, mask, segments, logits.argmax(1), logits)):
        np.save(f"{folder}/{name}.npy", values.numpy())


main(sys.argv[1])
