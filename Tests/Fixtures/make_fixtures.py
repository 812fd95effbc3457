#!/usr/bin/env python3
"""Makes Tests/Fixtures/graphs: small ONNX graphs with inputs and the outputs ONNX Runtime gives for them.

Needs numpy, onnx and onnxruntime; the results are committed. For each graph NAME there are NAME.onnx and NAME.io.npz,
which holds in:<input> and out:<output>, each with a leading axis of samples.

    make_fixtures.py             makes all graphs
    make_fixtures.py MODEL.onnx NAME    stores only NAME.io.npz for a model that is elsewhere
"""
import os
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "graphs")
SAMPLES = 2


class Builder:
    """A graph under construction; every method adds a node and returns its output's name."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.weights, self.count = [], [], 0

    def constant(self, array):
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weight(self, *shape, scale=None):
        fan = np.prod(shape[1:]) if len(shape) > 1 else 1
        scale = scale if scale is not None else 1 / np.sqrt(fan)
        return self.constant((self.random.standard_normal(shape) * scale).astype(np.float32))

    def op(self, kind, *inputs, outputs=1, **attributes):
        names = [f"v{self.count + i}" for i in range(outputs)]
        self.count += outputs
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=f"{kind}_{names[0]}", **attributes))
        return names[0] if outputs == 1 else names

    def conv(self, x, cin, cout, k, group=1, **attributes):
        return self.op("Conv", x, self.weight(cout, cin // group, k, k), self.weight(cout), group=group, **attributes)

    def norm(self, x, c):
        variance = self.constant(self.random.uniform(0.5, 2, c).astype(np.float32))
        return self.op("BatchNormalization", x, self.weight(c), self.weight(c), self.weight(c), variance)


def residual(b):
    x = b.op("Relu", b.norm(b.conv("x", 3, 8, 3, pads=[1, 1, 1, 1]), 8))
    y = b.norm(b.conv(b.op("Relu", b.norm(b.conv(x, 8, 8, 3, pads=[1, 1, 1, 1]), 8)), 8, 8, 3, pads=[1, 1, 1, 1]), 8)
    x = b.op("MaxPool", b.op("Relu", b.op("Add", y, x)), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    x = b.op("Flatten", b.op("GlobalAveragePool", x))
    return [b.op("Softmax", b.op("Gemm", x, b.weight(5, 8), b.weight(5), transB=1))], {"x": [1, 3, 16, 16]}


def mobile(b):
    zero, six = b.constant(np.float32(0)), b.constant(np.float32(6))
    x = b.op("Clip", b.conv("x", 3, 8, 3, strides=[2, 2], auto_pad="SAME_UPPER"), zero, six)
    x = b.op("HardSwish", b.conv(x, 8, 8, 5, group=8, strides=[2, 2], pads=[2, 2, 2, 2]))
    s = b.op("Sigmoid", b.conv(b.op("Relu", b.conv(b.op("GlobalAveragePool", x), 8, 4, 1)), 4, 8, 1))
    x = b.op("Mul", x, s)
    x = b.op("LeakyRelu", b.conv(x, 8, 12, 1), alpha=0.1)
    return [b.conv(x, 12, 6, 3, group=3, dilations=[2, 2], pads=[2, 2, 2, 2])], {"x": [1, 3, 18, 17]}


def decoder(b):
    low = b.op("Relu", b.conv("x", 4, 6, 3, strides=[2, 2], pads=[1, 1, 1, 1]))
    none, scales = b.constant(np.zeros(0, np.float32)), b.constant(np.array([1, 1, 2, 2], np.float32))
    up = b.op("Resize", low, none, scales, mode="nearest", coordinate_transformation_mode="asymmetric",
              nearest_mode="floor")
    x = b.op("Concat", up, "x", axis=1)
    x = b.op("ConvTranspose", x, b.weight(10, 3, 3, 3), b.weight(6), group=2, strides=[2, 2], pads=[1, 1, 1, 1],
             output_padding=[1, 1])
    return [b.op("Sigmoid", x), low], {"x": [1, 4, 8, 8]}


def resize(b):
    none = b.constant(np.zeros(0, np.float32))
    outputs = []
    for mode in ["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"]:
        for size in [[1, 2, 13, 4], [1, 2, 3, 9], [1, 2, 1, 18]]:
            sizes = b.constant(np.array(size, np.int64))
            outputs.append(b.op("Resize", "x", none, none, sizes, mode="linear", coordinate_transformation_mode=mode))
            outputs.append(b.op("Resize", "x", none, none, sizes, mode="nearest", coordinate_transformation_mode=mode,
                                nearest_mode="round_prefer_floor" if mode == "half_pixel" else "ceil"))
    return outputs, {"x": [1, 2, 6, 9]}


def gru(b):
    x = b.op("Transpose", "x", perm=[1, 0, 2])
    y, _ = b.op("GRU", x, b.weight(2, 24, 5), b.weight(2, 24, 8), b.weight(2, 48), outputs=2, hidden_size=8,
                direction="bidirectional", linear_before_reset=1)
    y = b.op("Reshape", b.op("Transpose", y, perm=[0, 2, 1, 3]), b.constant(np.array([0, 0, -1], np.int64)))
    _, h = b.op("GRU", y, b.weight(1, 18, 16), b.weight(1, 18, 6), outputs=2, hidden_size=6, direction="reverse")
    h = b.op("Squeeze", h, b.constant(np.array([0], np.int64)))
    return [b.op("Gemm", h, b.weight(6, 4), b.weight(4))], {"x": [1, 10, 5]}


def lstm(b):
    h0, c0 = b.weight(2, 1, 7), b.weight(2, 1, 7)
    y, h, c = b.op("LSTM", "x", b.weight(2, 28, 3), b.weight(2, 28, 7), b.weight(2, 56), "", h0, c0, outputs=3,
                   hidden_size=7, direction="bidirectional")
    return [b.op("Tanh", y), h, c], {"x": [9, 1, 3]}


def attention(b):
    x = b.op("LayerNormalization", "x", b.weight(16), b.weight(16), axis=-1)
    heads = []
    for _ in range(3):
        h = b.op("Add", b.op("MatMul", x, b.weight(16, 16, scale=0.25)), b.weight(16))
        h = b.op("Reshape", h, b.constant(np.array([1, 6, 4, 4], np.int64)))
        heads.append(b.op("Transpose", h, perm=[0, 2, 1, 3]))
    q, k, v = heads
    scores = b.op("Div", b.op("MatMul", q, b.op("Transpose", k, perm=[0, 1, 3, 2])), b.constant(np.float32(2)))
    y = b.op("Transpose", b.op("MatMul", b.op("Softmax", scores, axis=-1), v), perm=[0, 2, 1, 3])
    y = b.op("Add", "x", b.op("Reshape", y, b.constant(np.array([1, 6, 16], np.int64))))
    one, half = b.constant(np.float32(1)), b.constant(np.float32(0.5))
    h = b.op("MatMul", y, b.weight(16, 32, scale=0.25))
    erf = b.op("Add", b.op("Erf", b.op("Div", h, b.constant(np.float32(2**0.5)))), one)
    return [b.op("MatMul", b.op("Mul", b.op("Mul", h, erf), half), b.weight(32, 16, scale=0.2))], {"x": [1, 6, 16]}


def shapes(b):
    dims = b.op("Shape", "x")
    first = b.op("Gather", dims, b.constant(np.array(0, np.int64)), axis=0)
    first = b.op("Unsqueeze", first, b.constant(np.array([0], np.int64)))
    last = b.op("Slice", dims, b.constant(np.array([2], np.int64)), b.constant(np.array([4], np.int64)))
    pixels = b.op("Mul", b.op("Gather", last, b.constant(np.array([0], np.int64))), b.constant(np.array([5], np.int64)))
    target = b.op("Concat", first, b.constant(np.array([-1], np.int64)), b.op("Cast", pixels, to=TensorProto.INT64), axis=0)
    x = b.op("Reshape", "x", target)
    low, high = b.op("Split", x, b.constant(np.array([10, 20], np.int64)), outputs=2, axis=2)
    return [b.op("ReduceMean", low, axes=[1], keepdims=0), b.op("Pad", high, b.constant(np.array([0, 1, 2, 0, 0, 1], np.int64)))], {"x": [1, 4, 6, 5]}


def pools(b):
    outputs = [b.op("AveragePool", "x", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1], count_include_pad=i,
                    ceil_mode=0) for i in (0, 1)]
    outputs.append(b.op("AveragePool", "x", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1))
    outputs.append(b.op("AveragePool", "x", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_LOWER"))
    outputs.append(b.op("MaxPool", "x", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, dilations=[2, 1]))
    outputs.append(b.op("MaxPool", "x", kernel_shape=[2, 2], strides=[3, 1], auto_pad="SAME_UPPER"))
    outputs.append(b.op("GlobalMaxPool", "x"))
    line = b.op("Reshape", "x", b.constant(np.array([1, 3, -1], np.int64)))
    line = b.op("Conv", line, b.weight(4, 3, 5), pads=[4, 0], dilations=[2], strides=[3])
    outputs.append(b.op("MaxPool", line, kernel_shape=[3], strides=[2], pads=[1, 1]))
    return outputs, {"x": [1, 3, 8, 7]}


def mixed(b):
    x = b.op("InstanceNormalization", "x", b.weight(8), b.weight(8))
    y = b.op("DepthToSpace", x, blocksize=2, mode="CRD")
    y = b.op("SpaceToDepth", b.op("PRelu", y, b.weight(2, 1, 1)), blocksize=2)
    outputs = [b.op("LogSoftmax", y, axis=1), b.op("ReduceSum", y, b.constant(np.array([2, 3], np.int64)))]
    outputs += [b.op("ReduceMax", y, axes=[1]), b.op("ReduceMin", y, axes=[-1], keepdims=0)]
    return outputs + [b.op("ReduceMean", y, axes=[0, 2, 3], keepdims=0)], {"x": [1, 8, 3, 4]}


GRAPHS = [residual, mobile, decoder, resize, gru, lstm, attention, shapes, pools, mixed]


def store(model, name, seed):
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    random = np.random.default_rng(seed)
    arrays = {}
    for _ in range(SAMPLES):
        feeds = {}
        for value in session.get_inputs():
            shape = [d if isinstance(d, int) else 1 for d in value.shape]
            feeds[value.name] = random.standard_normal(shape).astype(np.float32)
        results = session.run(None, feeds)
        for key, array in feeds.items():
            arrays.setdefault("in:" + key, []).append(array)
        for value, array in zip(session.get_outputs(), results):
            arrays.setdefault("out:" + value.name, []).append(array)
    np.savez_compressed(os.path.join(FOLDER, name + ".io.npz"), **{k: np.stack(v) for k, v in arrays.items()})


def main():
    os.makedirs(FOLDER, exist_ok=True)
    if len(sys.argv) == 3:
        store(onnx.load(sys.argv[1]), sys.argv[2], seed=1)
        return
    for seed, make in enumerate(GRAPHS):
        builder = Builder(seed)
        outputs, inputs = make(builder)
        graph = helper.make_graph(
            builder.nodes, make.__name__,
            [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in inputs.items()],
            [helper.make_empty_tensor_value_info(name) for name in outputs], builder.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        model = onnx.shape_inference.infer_shapes(model)
        onnx.checker.check_model(model)
        onnx.save(model, os.path.join(FOLDER, make.__name__ + ".onnx"))
        store(model, make.__name__, seed)


if __name__ == "__main__":
    main()
