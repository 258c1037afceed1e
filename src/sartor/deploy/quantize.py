"""From a float file to one that computes in int8, in the form its runtime executes best."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, helper, numpy_helper

from sartor.deploy.graph import INPUT
from sartor.deploy.ranges import Range, ranges
from sartor.errors import unknown_name
from sartor_agent.program import Array

WEIGHTED = ("Conv", "Gemm", "MatMul")
LEVELS = 255
"""Steps of an unsigned 8-bit activation."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """Which values of a graph are rounded for a runtime."""

    ops: frozenset[str]
    """Operators whose inputs are rounded."""
    outputs: bool
    """Their outputs are rounded as well, so that integers flow from one to the next."""


SCHEMES = {
    # Rounding the inputs of ReLUs as well cuts them off from their convolutions: against this
    # table, MobileNetV2 at 64 pixels took 1.47 times as long, MnasNet-A1 at 96 1.39 times, eight
    # random designs 1.08 times, with larger errors. Without gates and pools: 1.00 to 1.04 times.
    # Inputs only: 3 to 4 times with h-swish. Logits too: 1.6 times with 1000 classes. s8
    # activations: 1.4 to 2 times. H-swish too makes no difference: it is computed in float.
    "onnxruntime": Scheme(
        frozenset({*WEIGHTED, "Add", "Mul", "GlobalAveragePool", "MaxPool"}), outputs=True
    ),
    # What follows a convolution is fused with it in float: with outputs rounded, networks with
    # h-swish took 1.09 to 1.24 times as long, others as long. With sums, gates and pools: no
    # difference, so sums of residuals stay exact.
    "openvino": Scheme(frozenset(WEIGHTED), outputs=False),
}


def quantize(
    source: Path,
    target: Path,
    calibration: npt.NDArray[np.float32] | Sequence[Mapping[str, Array]],
    *,
    runtime: str,
    keep_float: Callable[[str], bool] | Collection[str] = (),
    largest_weight: int = 127,
) -> None:
    """Quantize a file statically: per-channel s8 weights, u8 activations, as QDQ nodes.

    Args:
        source: A float file, of any origin.
        target: Written.
        calibration: What the extremes of activations are taken over: preprocessed images,
            (n, c, h, w), for files that `export` wrote; for others, what each input reads, by
            name, call by call.
        runtime: For which the file is meant.
        keep_float: Names of nodes that stay in float, or a function that tells.
        largest_weight: The largest integer of a weight that the device computes exactly with.

    Raises:
        UnknownNameError: No scheme for the runtime is known.

    Source:
        Jacob et al. 2018, arXiv:1712.05877, section 3.
    """
    if runtime not in SCHEMES:
        raise unknown_name("runtime", runtime, SCHEMES)
    keeps = keep_float if callable(keep_float) else frozenset(keep_float).__contains__
    graph = _Rounding(_named(onnx.load(source)), SCHEMES[runtime], keeps, largest_weight)
    if isinstance(calibration, np.ndarray):
        calibration = [{INPUT: image[None]} for image in calibration]
    graph.apply(calibration)
    target.write_bytes(graph.model.SerializeToString(deterministic=True))


def _named(model: onnx.ModelProto) -> onnx.ModelProto:
    """Give a name of its own to every node that has none."""
    taken: set[str] = set()
    for place, node in enumerate(model.graph.node):
        if not node.name or node.name in taken:
            node.name = f"{node.op_type}_{place}"
        taken.add(node.name)
    return model


class _Rounding:
    """A graph into which Q and DQ nodes are put."""

    def __init__(
        self,
        model: onnx.ModelProto,
        scheme: Scheme,
        keeps: Callable[[str], bool],
        largest_weight: int,
    ) -> None:
        self.model = model
        self._largest = largest_weight
        self._constants = {it.name: it for it in model.graph.initializer}
        self._results = {it.name for it in model.graph.output}
        self._readers: dict[str, list[NodeProto]] = {}
        for node in model.graph.node:
            for value in node.input:
                self._readers.setdefault(value, []).append(node)
        self._chosen = {
            node.name: node
            for node in model.graph.node
            if node.op_type in scheme.ops and self._can_be_rounded(node) and not keeps(node.name)
        }
        self._scheme = scheme
        self._grids: dict[str, tuple[np.float32, np.uint8]] = {}
        self._new: dict[str, npt.NDArray[np.generic]] = {}

    def _can_be_rounded(self, node: NodeProto) -> bool:
        """Tell whether a node, if it is one that has a weight, has a constant one."""
        if node.op_type not in WEIGHTED:
            return True
        weight = self._constants.get(node.input[1])
        return weight is not None and (node.op_type == "Conv" or len(weight.dims) == 2)

    def apply(self, calibration: Sequence[Mapping[str, Array]]) -> None:
        """Rewrite the graph."""
        values = self._rounded()
        if not values:
            return
        self._grids = {
            name: grid(it) for name, it in ranges(self.model, values, calibration).items()
        }
        graph = self.model.graph
        nodes = [
            it for port in graph.input if port.name in self._grids for it in self._pair(port.name)
        ]
        for node in graph.node:
            nodes.extend(self._rewrite(node))
            for value in node.output:
                if value in self._grids:
                    nodes.extend(self._pair(value))
        used = {value for node in nodes for value in node.input}
        kept = [it for it in graph.initializer if it.name in used]
        kept += [numpy_helper.from_array(np.asarray(it), name) for name, it in self._new.items()]
        del graph.node[:], graph.initializer[:]
        graph.node.extend(nodes)
        graph.initializer.extend(kept)

    def _rounded(self) -> list[str]:
        """List the values that are rounded."""
        found: dict[str, None] = {}
        for node in self._chosen.values():
            if node.op_type in WEIGHTED:
                found.update(dict.fromkeys(self._around(node)))
        for name, node in list(self._chosen.items()):
            around = self._around(node)
            if found.keys().isdisjoint(around):
                # Nothing beside it is int8, as in a transformer: it would only lose by rounding.
                del self._chosen[name]
            else:
                found.update(dict.fromkeys(around))
        return list(found)

    def _around(self, node: NodeProto) -> list[str]:
        """List the values that a node reads, and what it gives where the scheme rounds that."""
        values = [it for it in node.input if it and it not in self._constants]
        if self._scheme.outputs:
            given = self._after_activation(node)
            values += [given] if given not in self._results else []
        return values

    def _after_activation(self, node: NodeProto) -> str:
        """Return the output of a node, or of the ReLU that its runtime fuses with it."""
        value = str(node.output[0])
        readers = self._readers.get(value, [])
        if len(readers) == 1 and readers[0].op_type in ("Relu", "Clip"):
            return str(readers[0].output[0])
        return value

    def _rewrite(self, node: NodeProto) -> Iterator[NodeProto]:
        """Let a node read what is rounded."""
        changed = NodeProto()
        changed.CopyFrom(node)
        for place, value in enumerate(node.input):
            # All readers take the rounded value: a second, unrounded one would keep the float
            # tensor alive beside the integers.
            if value in self._grids and (self._scheme.outputs or node.name in self._chosen):
                changed.input[place] = f"{value}.rounded"
        if node.name in self._chosen and node.op_type in WEIGHTED:
            yield from self._round_weights(node, changed)
        yield changed

    def _pair(self, value: str) -> Iterator[NodeProto]:
        scale, zero = self._grids[value]
        names = [f"{value}.scale", f"{value}.zero"]
        self._new |= dict(zip(names, (np.array(scale), np.array(zero)), strict=True))
        yield helper.make_node(
            "QuantizeLinear", [value, *names], [f"{value}.int8"], name=f"{value}.quantize"
        )
        yield helper.make_node(
            "DequantizeLinear",
            [f"{value}.int8", *names],
            [f"{value}.rounded"],
            name=f"{value}.dequantize",
        )

    def _round_weights(self, node: NodeProto, changed: NodeProto) -> Iterator[NodeProto]:
        """Store weights as s8, one symmetric scale per output, and the bias as s32."""
        weight = numpy_helper.to_array(self._constants[node.input[1]])
        has_bias = len(node.input) > 2
        bias = numpy_helper.to_array(self._constants[node.input[2]]) if has_bias else np.zeros(1)
        input_scale = self._grids[node.input[0]][0]
        axis = _axis_of_outputs(node)
        rest = tuple(it for it in range(weight.ndim) if it != axis)
        scale = np.abs(weight).max(rest) / self._largest  # (o,)
        scale[scale == 0] = 1
        # A channel of tiny weights must not make its bias overflow 32 bits.
        scale = np.maximum(scale, np.abs(bias) / input_scale / 2**30).astype(np.float32)
        columns = np.expand_dims(scale, rest)
        integers = np.clip(np.rint(weight / columns), -self._largest, self._largest).astype(np.int8)
        # Named after the node: PyTorch's exporter lets layers share equal constants, and their
        # inputs have scales of their own.
        yield self._constant(f"{node.name}.weight", integers, scale, axis)
        changed.input[1] = f"{node.name}.weight.rounded"
        if has_bias:
            bias_scale = (scale * input_scale).astype(np.float32)
            rounded = np.rint(bias / bias_scale).astype(np.int32)
            yield self._constant(f"{node.name}.bias", rounded, bias_scale)
            changed.input[2] = f"{node.name}.bias.rounded"

    def _constant(
        self,
        name: str,
        integers: npt.NDArray[np.integer],
        scale: npt.NDArray[np.float32],
        axis: int = 0,
    ) -> NodeProto:
        names = [f"{name}.integers", f"{name}.scale", f"{name}.zero"]
        zero = np.zeros(len(scale), integers.dtype)
        self._new |= dict(zip(names, (integers, scale, zero), strict=True))
        return helper.make_node(
            "DequantizeLinear", names, [f"{name}.rounded"], name=f"{name}.dequantize", axis=axis
        )


def _axis_of_outputs(node: NodeProto) -> int:
    """Return the axis of a weight along which the outputs stand."""
    turned = any(it.name == "transB" and it.i == 1 for it in node.attribute)
    return 0 if node.op_type == "Conv" or turned else 1


def grid(extremes: Range) -> tuple[np.float32, np.uint8]:
    """Return the step of an unsigned 8-bit grid over a range, and the integer that stands for 0."""
    low, high = extremes
    step = (high - low) / LEVELS
    if step < 1e-38:
        return np.float32(1), np.uint8(0)
    return np.float32(step), np.uint8(round(-low / step))
