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


def save(folder, name, opset, nodes, initializers, x_shape, y_shape, ir=7):
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, x_shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, y_shape)
    graph = helper.make_graph(nodes, name, [x], [y], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
    with open(f"{folder}/{name}.onnx", "wb") as file:
        file.write(model.SerializeToString())


def main(folder):
    n = helper.make_node
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
