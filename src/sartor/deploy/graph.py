"""An ONNX graph under construction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

import sartor
from sartor.errors import OptionError

OPSET = 18
"""Both runtimes know every operator of it, and the reductions with axes as inputs."""
IR_VERSION = 9
INPUT, OUTPUT = "input", "logits"
IMAGES = 1
"""Images per call. OpenVINO compiles other kernels where the number is free: over eight random
designs of the mobile family the same file with one image was 1.19 times faster in fp32, 1.20 in
bf16 and 1.26 in int8. ONNX Runtime does not care."""

NO_SHAPE_BYTES = 4096
"""A constant with more bytes is a weight."""

Attribute = int | float | str | Sequence[int]


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor that flows through the graph, by its name."""

    name: str


class Graph:
    """Nodes and constants, in the order of computation; values are named after their nodes."""

    def __init__(self) -> None:
        self.nodes: dict[str, onnx.NodeProto] = {}
        self.constants: dict[str, npt.NDArray[np.generic]] = {}
        self.shared: set[Value] = set()
        """Values with more than one reader."""

    def constant(self, name: str, array: npt.NDArray[np.generic]) -> Value:
        """Keep `array` in the file under `name`."""
        self.constants[name] = array
        return Value(name)

    def node(self, op: str, inputs: Sequence[Value], name: str, **attributes: Attribute) -> Value:
        """Append an operation and return its output."""
        names = [value.name for value in inputs]
        # make_node drops nothing and orders attributes, so equal networks give equal bytes.
        self.nodes[name] = helper.make_node(
            op,
            names,
            [name],
            name=name,
            **attributes,  # type: ignore[arg-type]
        )
        return Value(name)

    def unique(self, name: str) -> str:
        """Return `name`, or `name_2`, `name_3`, ... where nodes have it already."""
        count, candidate = 1, name
        while candidate in self.nodes or candidate == INPUT:
            count += 1
            candidate = f"{name}_{count}"
        return candidate

    def model(
        self, output: Value, shape: tuple[int, int, int], opset: int = OPSET
    ) -> onnx.ModelProto:
        """Finish the graph.

        Args:
            output: What the file computes; it is called `logits` in the file.
            shape: Channels, rows and columns of the input.
            opset: Version of the operators.

        Raises:
            OptionError: A weight is NaN or infinite.
        """
        self._rename(output.name, OUTPUT)
        finite = {name: _finite(array, name) for name, array in self.constants.items()}
        # Of weights, shapes say enough: with their numbers inference takes forty times as long.
        light = [_without_numbers(it, name) for name, it in finite.items()]
        inferred = onnx.shape_inference.infer_shapes(self._model(shape, None, light, opset))
        found = inferred.graph.output[0].type.tensor_type
        # A shape that is not known is none; without dimensions it would be that of one number.
        given = (
            [it.dim_value or None for it in found.shape.dim] if found.HasField("shape") else None
        )
        weights = [numpy_helper.from_array(it, name) for name, it in finite.items()]
        return self._model(shape, given, weights, opset)

    def _model(
        self,
        shape: tuple[int, int, int],
        output: Sequence[int | None] | None,
        constants: Sequence[TensorProto],
        opset: int,
    ) -> onnx.ModelProto:
        graph = helper.make_graph(
            list(self.nodes.values()),
            "network",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [IMAGES, *shape])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, output)],
            list(constants),
        )
        return helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", opset)],
            ir_version=IR_VERSION,
            producer_name="sartor",
            producer_version=sartor.__version__,
        )

    def _rename(self, old: str, new: str) -> None:
        """Give the output of a node another name; the node keeps its own."""
        for node in self.nodes.values():
            for names in (node.input, node.output):
                for index, name in enumerate(names):
                    if name == old:
                        names[index] = new


def _without_numbers(array: npt.NDArray[np.generic], name: str) -> TensorProto:
    """Return a constant without its numbers, unless it is small: shapes may depend on it."""
    if array.nbytes <= NO_SHAPE_BYTES:
        return numpy_helper.from_array(array, name)
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    return TensorProto(name=name, data_type=kind, dims=array.shape)


def _finite(array: npt.NDArray[np.generic], name: str) -> npt.NDArray[np.generic]:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise not_finite(name)
    return np.ascontiguousarray(array)


def not_finite(name: str) -> OptionError:
    """Build the error for a network whose training has diverged."""
    return OptionError(
        f"the weight {name!r} is not finite (NaN or infinite), so the network cannot be exported; "
        "its training has diverged: train it again with a lower learning rate, or export an "
        "earlier checkpoint."
    )
