"""export_torch.py FOLDER small|large|bench: networks as PyTorch exports them, with the outputs PyTorch computes.

Writes NAME.onnx, NAME.x and NAME.y (float32, raw), and NAME.txt: samples, multiply-accumulates of one sample as
counted here, layer by layer, and the sizes that the file leaves open.  `large` has ResNet-50 and ViT-B/16 with random weights, `bench` what bench/ compares with its peers.  Exits with 77 and a reason
where torch is not there.
"""
import sys

try:
    import torch
    from torch import nn
except ImportError as missing:
    print(f"SKIP: needs python3-torch ({missing})")
    sys.exit(77)


OPEN_SIZES = {"mobilenet": {2: "height", 3: "width"}}


class ConvNet(nn.Module):
    """Convolutions with batch norm (in its running statistics), a residual add, pooling."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        self.inner = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16))
        self.last = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(16, 24, 3, stride=2, groups=2), nn.ReLU(),
                                  nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 10))

    def forward(self, x):
        y = self.first(x)
        return self.last(torch.relu(y + self.inner(y)))


class Encoder(nn.Module):
    """Two layers of attention on 12 tokens of 32 numbers, a class from their mean."""

    def __init__(self, n_layers=2, width=32, heads=4, hidden=64):
        super().__init__()
        layer = nn.TransformerEncoderLayer(width, heads, hidden, dropout=0.1, activation="gelu", batch_first=True)
        self.body = nn.TransformerEncoder(layer, n_layers)
        self.head = nn.Linear(width, 7)

    def forward(self, x):
        return self.head(self.body(x).mean(dim=1))


class Recurrent(nn.Module):
    """A class from the last state; bidirectional where asked for."""

    def __init__(self, kind, bidirectional=False):
        super().__init__()
        self.body = kind(9, 20, num_layers=2, batch_first=True, bidirectional=bidirectional)
        self.head = nn.Linear(40 if bidirectional else 20, 5)

    def forward(self, x):
        y, _ = self.body(x)
        return self.head(y[:, -1])


class Bottleneck(nn.Module):
    """He et al. 2016, with the stride in the 3x3 convolution."""

    def __init__(self, n_in, width, stride):
        super().__init__()
        n_out = 4 * width
        self.body = nn.Sequential(
            nn.Conv2d(n_in, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, n_out, 1, bias=False), nn.BatchNorm2d(n_out))
        self.short = nn.Identity()
        if stride != 1 or n_in != n_out:
            self.short = nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out))

    def forward(self, x):
        return torch.relu(self.body(x) + self.short(x))


def resnet50():
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    n_in = 64
    for width, n, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for k in range(n):
            layers.append(Bottleneck(n_in, width, stride if k == 0 else 1))
            n_in = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


class Inverted(nn.Module):
    """Sandler et al. 2018: widened, a convolution of every channel by itself, narrowed, added."""

    def __init__(self, n_in, n_out, stride, widening):
        super().__init__()
        width = n_in * widening
        self.adds = stride == 1 and n_in == n_out
        self.body = nn.Sequential(
            nn.Conv2d(n_in, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU6(),
            nn.Conv2d(width, width, 3, stride, 1, groups=width, bias=False), nn.BatchNorm2d(width), nn.ReLU6(),
            nn.Conv2d(width, n_out, 1, bias=False), nn.BatchNorm2d(n_out))

    def forward(self, x):
        return x + self.body(x) if self.adds else self.body(x)


def mobilenet():
    """MobileNetV2 at a quarter of its width and depth; its size of image is left open in the file."""
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.Hardswish(),
                         Inverted(8, 8, 1, 1), Inverted(8, 12, 2, 6), Inverted(12, 12, 1, 6), Inverted(12, 24, 2, 6),
                         nn.Conv2d(24, 64, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU6(), nn.AdaptiveAvgPool2d(1),
                         nn.Flatten(), nn.Dropout(0.2), nn.Linear(64, 10))


class VisionTransformer(nn.Module):
    """Dosovitskiy et al. 2021, Base with patches of 16."""

    def __init__(self, width=768, n_layers=12, heads=12, hidden=3072, n_patches=196):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 16, 16)
        self.token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.places = nn.Parameter(torch.randn(1, n_patches + 1, width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, heads, hidden, activation="gelu", batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, n_layers, nn.LayerNorm(width))
        self.head = nn.Linear(width, 1000)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.places
        return self.head(self.body(x)[:, 0])


def fresh(model):
    """PyTorch's encoder starts its layers as copies of one another, which the exporter then stores once."""
    for p in model.parameters():
        if p.dim() > 1:
            nn.init.normal_(p, std=1.5 / p.shape[-1] ** 0.5)
    return model


def small():
    yield "mlp", nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 4)), (30,)
    yield "convnet", ConvNet(), (3, 16, 16)
    yield "mobilenet", mobilenet(), (3, 40, 48)
    yield "encoder", fresh(Encoder()), (12, 32)
    yield "lstm", Recurrent(nn.LSTM), (11, 9)
    yield "bilstm", Recurrent(nn.LSTM, True), (11, 9)
    yield "gru", Recurrent(nn.GRU), (11, 9)


def large():
    yield "resnet50", resnet50(), (3, 224, 224)
    yield "vit_b16", fresh(VisionTransformer()), (3, 224, 224)


class LeNet(nn.Module):
    """LeCun et al. 1998 with today's activation and pooling, on 28 x 28."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5),
                                  nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(),
                                  nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))

    def forward(self, x):
        return self.body(x)


class LastState(nn.Module):
    """One layer of LSTM, 64 to 128, and a class."""

    def __init__(self):
        super().__init__()
        self.body = nn.LSTM(64, 128, batch_first=True)
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        y, _ = self.body(x)
        return self.head(y[:, -1])


def bench():
    yield "lenet", LeNet(), (1, 28, 28)
    yield "transformer", fresh(Encoder(4, 256, 4, 1024)), (128, 256)
    yield "lstm64", LastState(), (64, 64)


def count_macs(model, x):
    """Multiply-accumulates of one sample, from the shapes that pass through the layers."""
    total = [0]

    def convolution(layer, inputs, output):
        total[0] += output[0].numel() * layer.in_channels // layer.groups * layer.kernel_size[0] * layer.kernel_size[1]

    def linear(layer, inputs, output):
        total[0] += output[0].numel() * layer.in_features

    def attention(layer, inputs, output):
        n, width = inputs[0].shape[1:]
        total[0] += 4 * n * width * width + 2 * n * n * width  # q, k, v, out; scores and their mean of values

    def recurrent(layer, inputs, output):
        gates = {nn.LSTM: 4, nn.GRU: 3}[type(layer)]
        directions = 2 if layer.bidirectional else 1
        for k in range(layer.num_layers):
            n_in = layer.input_size if k == 0 else directions * layer.hidden_size
            total[0] += inputs[0].shape[1] * directions * gates * layer.hidden_size * (n_in + layer.hidden_size)

    kinds = {nn.Conv2d: convolution, nn.MultiheadAttention: attention, nn.LSTM: recurrent, nn.GRU: recurrent}
    hooks = []
    for layer in model.modules():
        if type(layer) in kinds:
            hooks.append(layer.register_forward_hook(kinds[type(layer)]))
        elif type(layer) is nn.Linear:  # the output layer inside attention is counted with it
            hooks.append(layer.register_forward_hook(linear))
    model(x)
    for hook in hooks:
        hook.remove()
    return total[0]


def main(folder, which):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    for name, model, shape in {"small": small, "large": large, "bench": bench}[which]():
        n = 1 if which == "large" else 5
        x = torch.randn(n, *shape)
        model.train()
        with torch.no_grad():
            model(torch.randn(2 if which == "large" else 64, *shape))  # statistics of batch norm that are not 0 and 1
        model.eval()
        macs = count_macs(model, x)
        y = model(x).detach().numpy()  # gradients on: PyTorch's fused inference path cannot be exported
        torch.onnx.export(model, x, f"{folder}/{name}.onnx", opset_version=14, input_names=["x"],
                          output_names=["y"],
                          dynamic_axes={"x": {0: "n", **OPEN_SIZES.get(name, {})}, "y": {0: "n"}})
        x.numpy().tofile(f"{folder}/{name}.x")
        y.tofile(f"{folder}/{name}.y")
        with open(f"{folder}/{name}.txt", "w", encoding="ascii") as text:
            sizes = [str(shape[k - 1]) for k in OPEN_SIZES.get(name, {})]
            text.write(" ".join([str(n), str(macs), *sizes]) + "\n")
        print(name, macs, "MAC")


main(sys.argv[1], sys.argv[2])
