"""check_torch_training.py FOLDER: the steps of train_steps, taken by PyTorch from the same first weights.

Reads before.onnx, x, labels; three steps of SGD (rate 0.1, momentum 0.9, decay 0.01) in double; compares weights,
running averages and the loss of the last step with after.onnx and losses, and the outputs of the file in use (y).
Exits with 77 and a reason where torch or onnx is not there.
"""
import sys

try:
    import numpy
    import onnx
    import torch
    from onnx import numpy_helper
    from torch.nn import functional
except ImportError as missing:
    print(f"SKIP: needs python3-torch and python3-onnx ({missing})")
    sys.exit(77)

MOMENTUM = {"batch_norm2": 0.1, "batch_norm5": 0.2}  # not in the file: it is of training alone


def attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def layer(node, x, weights, training):
    """One ONNX node by PyTorch; x: its inputs that are values."""
    a = attributes(node)
    w = [weights[name] for name in node.input if name in weights]
    kind = node.op_type
    if kind == "Conv":
        return functional.conv2d(x[0], w[0], w[1] if len(w) > 1 else None, a["strides"], a["pads"][:2],
                                 groups=a["group"])
    if kind == "BatchNormalization":
        return functional.batch_norm(x[0], w[2], w[3], w[0], w[1], training, MOMENTUM[node.name], a["epsilon"])
    if kind == "MaxPool":
        return functional.max_pool2d(x[0], a["kernel_shape"], a["strides"], a["pads"][:2])
    if kind == "AveragePool":
        return functional.avg_pool2d(x[0], a["kernel_shape"], a["strides"], a["pads"][:2])
    if kind == "Gemm":
        return functional.linear(x[0], w[0], w[1])
    if kind == "LeakyRelu":
        return functional.leaky_relu(x[0], a["alpha"])
    if kind == "Add":
        return x[0] + x[1]
    return {"Relu": torch.relu, "Tanh": torch.tanh, "Sigmoid": torch.sigmoid,
            "Flatten": lambda t: t.flatten(1)}[kind](x[0])


def forward(model, weights, x, training):
    values = {"x": x}
    for node in model.graph.node:
        inputs = [values[name] for name in node.input if name in values]
        values[node.output[0]] = layer(node, inputs, weights, training)
    return values["y"]


def load(path):
    model = onnx.load(path)
    onnx.checker.check_model(model)
    return model, {t.name: torch.tensor(numpy_helper.to_array(t), dtype=torch.float64)
                   for t in model.graph.initializer}


def main():
    folder = sys.argv[1]
    model, weights = load(folder + "/before.onnx")
    _, want = load(folder + "/after.onnx")
    labels = torch.from_numpy(numpy.fromfile(folder + "/labels", numpy.int32).astype(numpy.int64))
    x = torch.from_numpy(numpy.fromfile(folder + "/x", numpy.float32).astype(numpy.float64)).reshape(len(labels), 3, 12, 12)
    learnt = [t.requires_grad_() for name, t in weights.items() if not name.endswith((".mean", ".variance"))]
    first = {name: t.detach().clone() for name, t in weights.items()}
    optimizer = torch.optim.SGD(learnt, lr=0.1, momentum=0.9, weight_decay=0.01)
    for _ in range(3):
        optimizer.zero_grad()
        loss = functional.cross_entropy(forward(model, weights, x, True), labels)
        loss.backward()
        optimizer.step()
    bad = 0
    for name, ours in want.items():
        theirs = weights[name].detach()
        moved = (theirs - first[name]).abs().max().item()
        off = (ours - theirs).abs().max().item()
        still = name == "conv4.bias"  # batch norm behind it takes it out again
        good = (moved > 1e-4) != still and off <= 2e-6 * max(1.0, theirs.abs().max().item())
        bad += not good
        print(f"{'ok ' if good else 'BAD'} {name}: moved by {moved:.3g}, off by {off:.3g}")
    ours = numpy.fromfile(folder + "/losses", numpy.float64).mean()
    print(f"loss of the last step: {ours:.9f}, PyTorch's {loss.item():.9f}")
    bad += abs(ours - loss.item()) > 1e-5
    with torch.no_grad():
        used = forward(model, want, x, False).numpy()
    ours = numpy.fromfile(folder + "/y", numpy.float32).reshape(used.shape)
    off = numpy.abs(ours - used).max()
    print(f"outputs in use: off by {off:.3g} of {numpy.abs(used).max():.3g}")
    bad += off > 1e-4 * numpy.abs(used).max()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
