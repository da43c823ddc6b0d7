"""Runs onnx.checker (with shape inference) over the files given, and recomputes a dense network with numpy.

Exit status: 0 valid, 77 when the onnx package is not installed, 1 otherwise."""
import sys

try:
    import numpy as np
    import onnx
    from onnx import numpy_helper, shape_inference
except ImportError as missing:
    print(f"SKIP: {missing} (python3-onnx)")
    sys.exit(77)


def activate(node, z):
    if node.op_type == "Relu":
        return np.maximum(z, 0)
    if node.op_type == "LeakyRelu":
        return np.where(z > 0, z, node.attribute[0].f * z)
    if node.op_type == "Sigmoid":
        return 1 / (1 + np.exp(-z))
    return np.tanh(z)


def run(model, x):
    """Gemm (transB = 1) and activations only, in double."""
    values = {t.name: numpy_helper.to_array(t).astype(np.float64) for t in model.graph.initializer}
    values[model.graph.input[0].name] = x
    for node in model.graph.node:
        if node.op_type == "Gemm":
            y = values[node.input[0]] @ values[node.input[1]].T
            y = y + (values[node.input[2]] if len(node.input) > 2 else 0)
        else:
            y = activate(node, values[node.input[0]])
        values[node.output[0]] = y
    return values[model.graph.output[0].name]


for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    shape_inference.infer_shapes(model, strict_mode=True)
    assert model.SerializeToString() == open(path, "rb").read(), f"{path}: not in canonical form"
    x = np.fromfile(path + ".x", np.float32).reshape(-1, model.graph.input[0].type.tensor_type.shape.dim[1].dim_value)
    y = np.fromfile(path + ".y", np.float32).reshape(len(x), -1)
    error = np.max(np.abs(run(model, x.astype(np.float64)) - y) / (1 + np.abs(y)))
    assert error < 1e-5, f"{path}: our outputs differ from numpy's by {error}"
    print(f"{path}: valid, outputs agree to {error:.2g}")
