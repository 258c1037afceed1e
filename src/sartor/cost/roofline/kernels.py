"""Small files that show how fast a device can multiply and move."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from sartor.deploy.graph import INPUT, OUTPUT

IR_VERSION, OPSET = 9, 17
SIDE, START = 32, 128
"""Rows and columns, and channels, of what the first convolution reads."""
CONVOLUTIONS = ((128, 3, 1), (512, 1, 1), (128, 1, 1), (256, 3, 2), (256, 3, 1), (1024, 1, 1),
                (256, 1, 1))  # fmt: skip
"""Output channels, kernel and stride, one after the other. Wide enough that every kernel of a
runtime is busy, and of several shapes: which one is the fastest depends on the instructions."""
LAST = 1024
"""Columns of the matrix product at the end."""
LENGTHS = (1 << 15, 1 << 17, 1 << 19, 1 << 21, 1 << 23)
"""Numbers of the tensors that are moved: 0.4 to 100 MB are read and written for a sum. Shorter
ones take so little that a profile, in whole microseconds, cannot tell how long; three times the
longest was not slower."""


def write_products(file: Path) -> None:
    """Write a chain of convolutions and a matrix product, with random weights: 714 million
    multiply-adds.
    """
    rng = np.random.default_rng(0)
    nodes, weights = [], []
    channels, side, value = START, SIDE, INPUT
    for place, (wide, kernel, stride) in enumerate(CONVOLUTIONS):
        weight = rng.standard_normal((wide, channels, kernel, kernel), np.float32)
        weight /= np.sqrt(channels * kernel * kernel)  # what flows stays as large as it is
        weights.append(numpy_helper.from_array(weight, f"weight{place}"))
        pad = kernel // 2
        nodes.append(
            helper.make_node(
                "Conv",
                [value, f"weight{place}"],
                [f"value{place}"],
                f"conv{place}",
                kernel_shape=[kernel, kernel],
                strides=[stride, stride],
                pads=[pad] * 4,
            )
        )
        channels, side, value = wide, side // stride, f"value{place}"
    weights += [
        numpy_helper.from_array(np.array([channels, side * side]), "shape"),
        numpy_helper.from_array(rng.standard_normal((side * side, LAST), np.float32), "matrix"),
    ]
    nodes += [
        helper.make_node("Reshape", [value, "shape"], ["rows"], "reshape"),
        helper.make_node("MatMul", ["rows", "matrix"], [OUTPUT], "product"),
    ]
    read = [(INPUT, [1, START, SIDE, SIDE])]
    _write(file, nodes, read, [(OUTPUT, [channels, LAST])], weights)


def write_moves(file: Path, length: int) -> None:
    """Write a sum of two tensors and a copy of one, which do next to no arithmetic.

    Args:
        file: Written.
        length: Numbers of each tensor.
    """
    nodes = [
        helper.make_node("Add", ["one", "other"], ["sum"], "add"),
        helper.make_node("Relu", ["one"], ["copy"], "relu"),
    ]
    shape = [1, 16, length // 16]
    ends = [[(name, shape) for name in pair] for pair in (("one", "other"), ("sum", "copy"))]
    _write(file, nodes, ends[0], ends[1])


def _write(
    file: Path,
    nodes: Sequence[NodeProto],
    read: Sequence[tuple[str, list[int]]],
    written: Sequence[tuple[str, list[int]]],
    weights: Sequence[TensorProto] = (),
) -> None:
    ports = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in some]
        for some in (read, written)
    ]
    graph = helper.make_graph(nodes, "kernels", ports[0], ports[1], weights)
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    file.write_bytes(model.SerializeToString(deterministic=True))
