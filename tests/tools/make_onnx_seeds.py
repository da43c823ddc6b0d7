"""Writes the seeds of the ONNX fuzz target: small models that use every operator and every way to store data.

Usage: python3 make_onnx_seeds.py FOLDER   (needs the onnx package)"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(1)


def weights(name, *shape):
    return numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name)


def typed(name, dtype, shape, values):
    return helper.make_tensor(name, dtype, shape, values)


def ints(name, *values):
    return typed(name, TensorProto.INT64, [len(values)], values)


def subgraph(name, inputs, nodes, outputs):
    """Inputs and outputs: (name, element type, shape)."""
    return helper.make_graph(nodes, name, [helper.make_tensor_value_info(*i) for i in inputs],
                             [helper.make_tensor_value_info(*o) for o in outputs])


def save(folder, name, opset, nodes, initializers, x_shape, y_shape, ir=7, dtype=TensorProto.FLOAT, y_dtype=None):
    x = helper.make_tensor_value_info("x", dtype, x_shape)
    y = helper.make_tensor_value_info("y", dtype if y_dtype is None else y_dtype, y_shape)
    graph = helper.make_graph(nodes, name, [x], [y], initializers)
    model = helper.make_model(graph, producer_name="", opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
    with open(f"{folder}/{name}.onnx", "wb") as file:
        file.write(model.SerializeToString())


def convolutional(folder):
    n = helper.make_node
    save(folder, "conv", 14, [
        n("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1], strides=[2, 1]),
        n("BatchNormalization", ["c", "s", "s", "s", "v"], ["n"]), n("Relu", ["n"], ["r"]),
        n("Conv", ["r", "g"], ["d"], group=2, dilations=[1, 2], auto_pad="SAME_UPPER"), n("Add", ["d", "r"], ["e"]),
        n("Clip", ["e", "lo", "hi"], ["f"]), n("MaxPool", ["f"], ["p"], kernel_shape=[2, 2], ceil_mode=1),
        n("AveragePool", ["p"], ["q"], kernel_shape=[2, 1], count_include_pad=1, pads=[1, 0, 0, 0]),
        n("GlobalAveragePool", ["q"], ["a"]), n("Flatten", ["a"], ["y"])],
        [weights("w", 4, 2, 3, 3), weights("b", 4), weights("s", 4), typed("v", TensorProto.FLOAT, [4], [1, 2, 3, 4]),
         weights("g", 4, 2, 2, 2), typed("lo", TensorProto.FLOAT, [], [0]), typed("hi", TensorProto.FLOAT, [], [6])],
        ["N", 2, 6, 5], ["N", 4])
    save(folder, "images", 13, [
        n("ConvTranspose", ["x", "w"], ["c"], strides=[2], output_padding=[1], group=2), n("PRelu", ["c", "p"], ["q"]),
        n("InstanceNormalization", ["q", "s", "s"], ["i"]), n("Pad", ["i", "pads"], ["k"], mode="reflect"),
        n("Resize", ["k", "", "scales"], ["r"], mode="linear"), n("LRN", ["r"], ["l"], size=3),
        n("ReduceMax", ["l"], ["y"], axes=[2])],
        [weights("w", 4, 1, 3), weights("p", 2, 1), weights("s", 2), ints("pads", 0, 0, 1, 0, 0, 1),
         typed("scales", TensorProto.FLOAT, [3], [1, 1, 1.5])], ["N", 4, 5], ["N", 2, 1])
    save(folder, "quantised", 13, [
        n("QuantizeLinear", ["x", "s", "z"], ["q"]),
        n("QLinearConv", ["q", "s", "z", "w", "s", "z8", "s", "z"], ["c"], pads=[1, 1, 1, 1]),
        n("DequantizeLinear", ["c", "s", "z"], ["d"]), n("Reshape", ["d", "shape"], ["e"]),
        n("DynamicQuantizeLinear", ["k"], ["k8", "ks", "kz"]), n("DequantizeLinear", ["k8", "ks", "kz"], ["k32"]),
        n("MatMul", ["e", "k32"], ["y"])],
        [typed("s", TensorProto.FLOAT, [], [0.5]), typed("z", TensorProto.UINT8, [], [3]),
         typed("z8", TensorProto.INT8, [], [0]), typed("w", TensorProto.INT8, [2, 1, 3, 3], list(range(-9, 9))),
         ints("shape", 0, -1), weights("k", 18, 4)], ["N", 1, 3, 3], ["N", 4])


def recurrent(folder):
    n = helper.make_node
    save(folder, "lstm", 14, [
        n("Transpose", ["x"], ["xt"], perm=[1, 0, 2]), n("LSTM", ["xt", "w", "r", "b", "", "", "", "p"], ["s", "h"], hidden_size=3, direction="bidirectional", clip=2.0),
        n("Transpose", ["h"], ["q"], perm=[1, 0, 2]), n("ReduceMax", ["s"], ["t"], axes=[0, 1], keepdims=0), n("Unsqueeze", ["t", "one"], ["u"]), n("Add", ["q", "u"], ["y"])],
        [weights("w", 2, 12, 2), weights("r", 2, 12, 3), weights("b", 2, 24), weights("p", 2, 9), ints("one", 1)],
        ["N", 4, 2], ["N", 2, 3])
    save(folder, "gru", 14, [
        n("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        n("GRU", ["t", "w", "r", "b"], ["", "h"], hidden_size=3, linear_before_reset=1, activations=["Sigmoid", "Tanh"]),
        n("Squeeze", ["h", "zero"], ["y"])],
        [weights("w", 1, 9, 2), weights("r", 1, 9, 3), weights("b", 1, 18), ints("zero", 0)], ["N", 4, 2], ["N", 3])
    save(folder, "attention", 14, [
        n("Shape", ["x"], ["n"]), n("Gather", ["n", "zero"], ["batch"], axis=0),
        n("Concat", ["batch", "heads"], ["shape"], axis=0), n("MatMul", ["x", "w"], ["m"]), n("Reshape", ["m", "shape"], ["q"]),
        n("Transpose", ["q"], ["a"], perm=[0, 2, 1, 3]), n("Transpose", ["q"], ["b"], perm=[0, 2, 3, 1]),
        n("MatMul", ["a", "b"], ["s"]), n("Softmax", ["s"], ["p"]), n("MatMul", ["p", "a"], ["o"]),
        n("Transpose", ["o"], ["t"], perm=[0, 2, 1, 3]), n("Reshape", ["t", "back"], ["u"]),
        n("Add", ["u", "x"], ["v"]), n("ReduceMean", ["v"], ["mean"], axes=[-1]), n("Sub", ["v", "mean"], ["c"]),
        n("Mul", ["c", "c"], ["cc"]), n("ReduceMean", ["cc"], ["var"], axes=[-1]), n("Add", ["var", "eps"], ["ve"]),
        n("Sqrt", ["ve"], ["sd"]), n("Div", ["c", "sd"], ["y"])],
        [weights("w", 4, 4), ints("zero", 0), ints("heads", 3, 2, 2), ints("back", 0, 0, -1),
         typed("eps", TensorProto.FLOAT, [], [1e-5])], ["N", 3, 4], ["N", 3, 4])


def control(folder):
    n, f, i, b = helper.make_node, TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
    body = subgraph("body", [("i", i, []), ("c", b, []), ("s", f, [2])], [
        n("Add", ["s", "x"], ["t"]), n("Mul", ["t", "w"], ["o"]), n("ReduceSum", ["o"], ["r"], keepdims=0),
        n("Less", ["r", "limit"], ["go"])], [("go", b, []), ("t", f, [2]), ("o", f, [2])])
    save(folder, "loop", 13, [n("Loop", ["count", "", "w"], ["last", "all"], body=body), n("Add", ["last", "all"], ["y"])],
         [weights("w", 2), ints("count", 5), typed("limit", f, [], [20])], [2], ["n", 2])
    body = subgraph("body", [("s", f, [2]), ("e", f, [2])], [
        n("Add", ["s", "e"], ["t"]), n("Tanh", ["t"], ["o"])], [("t", f, [2]), ("o", f, [2])])
    save(folder, "scan", 13, [
        n("Scan", ["w", "x"], ["last", "all"], body=body, num_scan_inputs=1, scan_input_directions=[1]),
        n("Concat", ["all", "x"], ["y"], axis=0)], [weights("w", 2)], [3, 2], [6, 2])
    then = subgraph("then", [], [n("Gather", ["x", "where"], ["t"], axis=1)], [("t", f, ["n"])])
    other = subgraph("else", [], [n("Compress", ["x", "mask"], ["e"], axis=0)], [("e", f, ["n"])])
    save(folder, "branch", 13, [
        n("ReduceMax", ["x"], ["m"], keepdims=0), n("Greater", ["m", "limit"], ["c"]),
        n("If", ["c"], ["z"], then_branch=then, else_branch=other), n("NonZero", ["z"], ["nz"]),
        n("Unique", ["nz"], ["u", "", "", "counts"]), n("Slice", ["counts", "zero", "one"], ["y"])],
        [typed("limit", f, [], [0.5]), ints("where", 0), typed("mask", b, [3], [1, 0, 1]), ints("zero", 0), ints("one", 1)],
        [3, 2], ["n"], y_dtype=i)


def indexed(folder):
    n = helper.make_node
    save(folder, "indexed", 13, [
        n("Slice", ["x", "one", "end", "axes", "step"], ["s"]), n("Split", ["s", "parts"], ["a", "b"], axis=1),
        n("GatherElements", ["a", "g"], ["c"], axis=1), n("ScatterElements", ["c", "g", "u"], ["d"], axis=1),
        n("TopK", ["d", "k"], ["t", "places"], axis=1), n("ArgMax", ["t"], ["am"], axis=1, keepdims=0),
        n("OneHot", ["am", "depth", "values"], ["oh"]), n("CumSum", ["oh", "axis"], ["cs"]), n("Tile", ["cs", "reps"], ["ti"]),
        n("Where", ["cond", "ti", "ti"], ["y"])],
        [ints("one", 0), ints("end", 9), ints("axes", 1), ints("step", 2), ints("parts", 2, 1),
         typed("g", TensorProto.INT64, [1, 2], [1, 0]), weights("u", 1, 2), ints("k", 2), typed("depth", TensorProto.INT64, [], [3]),
         typed("values", TensorProto.FLOAT, [2], [0, 1]), typed("axis", TensorProto.INT64, [], [1]), ints("reps", 1, 2),
         typed("cond", TensorProto.BOOL, [1, 6], [1, 0, 1, 1, 0, 1])], [1, 6], [1, 6])
    save(folder, "sums", 17, [
        n("Einsum", ["x", "w"], ["e"], equation="bij,jk->bik"), n("LayerNormalization", ["e", "s"], ["l"], axis=-1),
        n("Sum", ["l", "s", "s"], ["t"]), n("Pow", ["t", "two"], ["p"]), n("Trilu", ["p"], ["r"], upper=0),
        n("DepthToSpace", ["r4"], ["d"], blocksize=2), n("ReduceL2", ["d"], ["q"], keepdims=0), n("Mul", ["r", "q"], ["y"])],
        [weights("w", 3, 4), weights("s", 4), typed("two", TensorProto.FLOAT, [], [2]), weights("r4", 1, 4, 2, 2)],
        ["N", 4, 3], ["N", 4, 4])
    half = helper.make_tensor("w", TensorProto.FLOAT16, [3, 3], np.arange(9).astype(np.float16).tobytes(), raw=True)
    save(folder, "half", 15, [
        n("MatMul", ["x", "w"], ["m"]), n("Softmax", ["m"], ["s"]), n("Cast", ["s"], ["c"], to=11), n("Gemm", ["c", "d"], ["g"]),
        n("CastLike", ["g", "x"], ["y"])],
        [half, typed("d", TensorProto.DOUBLE, [3, 2], [1, 2, 3, 4, 5, 6])], ["N", 3], ["N", 2], ir=8,
        dtype=TensorProto.FLOAT16)


def main(folder):
    n = helper.make_node
    convolutional(folder)
    recurrent(folder)
    control(folder)
    indexed(folder)
    save(folder, "mlp", 13, [
        n("Gemm", ["x", "w1", "b1"], ["h"], transB=1, alpha=0.5), n("Relu", ["h"], ["r"]),
        n("MatMul", ["r", "w2"], ["m"]), n("Add", ["m", "b2"], ["a"]), n("Softmax", ["a"], ["y"])],
        [weights("w1", 5, 4), weights("b1", 5), weights("w2", 5, 3), weights("b2", 3)], ["N", 4], ["N", 3])
    save(folder, "norm", 14, [
        n("BatchNormalization", ["x", "s", "b", "m", "v"], ["h"]), n("Tanh", ["h"], ["t"]), n("Flatten", ["t"], ["f"]),
        n("LogSoftmax", ["f"], ["y"])],
        [weights("s", 3), weights("b", 3), weights("m", 3), typed("v", TensorProto.FLOAT, [3], [1.0, 2.0, 3.0])],
        ["N", 3, 2], ["N", 6])
    save(folder, "shapes", 14, [
        n("Reshape", ["x", "s"], ["h"]), n("MatMul", ["l", "h"], ["g"]), n("MatMul", ["g", "x"], ["k"]),
        n("Dropout", ["k"], ["d", "mask"]), n("Cast", ["mask"], ["c"], to=1), n("Mul", ["d", "c"], ["e"]),
        n("Sigmoid", ["e"], ["y"])],
        [typed("s", TensorProto.INT64, [3], [0, 3, 2]), weights("l", 5, 3)], ["N", 2, 3], ["N", 5, 3])
    save(folder, "old", 6, [
        n("Add", ["x", "v"], ["a"], broadcast=1, axis=1), n("LeakyRelu", ["a"], ["b"], alpha=0.1),
        n("Dropout", ["b"], ["c"], is_test=1), n("Div", ["c", "d"], ["e"], broadcast=1), n("Softmax", ["e"], ["y"])],
        [weights("v", 3), weights("d", 1)], [1, 3, 2], [1, 3, 2], ir=3)
    save(folder, "types", 13, [
        n("Constant", [], ["i"], value=typed("", TensorProto.INT32, [2], [3, 4])),
        n("Constant", [], ["u"], value=typed("", TensorProto.UINT8, [2], [5, 6])),
        n("Cast", ["u"], ["v"], to=6), n("Mul", ["i", "v"], ["p"]), n("Div", ["p", "i"], ["q"]), n("Sub", ["q", "p"], ["o"]),
        n("Cast", ["o"], ["f"], to=1), n("Cast", ["h16"], ["g"], to=1), n("Cast", ["dd"], ["e"], to=1),
        n("Add", ["f", "g"], ["s"]), n("Add", ["s", "e"], ["t"]), n("Add", ["x", "t"], ["z"]), n("Identity", ["z"], ["y"])],
        [numpy_helper.from_array(np.array([1.5, 2.5], np.float16), "h16"), typed("dd", TensorProto.DOUBLE, [2], [1.0, 2.0])],
        ["N", 2], ["N", 2])
    save(folder, "subgraph", 13, [
        n("If", ["x"], ["y"],
          then_branch=helper.make_graph([n("Relu", ["x"], ["t"])], "then", [], [
              helper.make_tensor_value_info("t", TensorProto.FLOAT, [2])]),
          else_branch=helper.make_graph([n("Tanh", ["x"], ["e"])], "else", [], [
              helper.make_tensor_value_info("e", TensorProto.FLOAT, [2])]))], [], [2], [2])
    external = weights("w", 2)
    external.ClearField("raw_data")
    external.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "w.bin"), ("offset", "0"), ("length", "8")):
        entry = external.external_data.add()
        entry.key, entry.value = key, value
    save(folder, "external", 13, [n("Add", ["x", "w"], ["y"])], [external], ["N", 2], ["N", 2])


main(sys.argv[1])
