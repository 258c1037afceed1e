"""What ONNX operators do, and how much they multiply."""

import math
from collections.abc import Mapping, Sequence

from sartor.graph.formats.operators import effect_of
from sartor.graph.graph import Attribute, Effect, Products

Shape = Sequence[int]

CONVOLUTIONS = {"Conv": 1, "ConvInteger": 1, "FusedConv": 1, "NhwcFusedConv": 1, "QLinearConv": 3}
"""Operators, and the position of the weight among their inputs."""
MATRICES = {
    "FusedMatMul": 1, "Gemm": 1, "FusedGemm": 1, "MatMul": 1, "MatMulInteger": 1,
    "QGemm": 3, "QLinearMatMul": 3,
}  # fmt: skip


def what_it_does(
    kind: str, reads: Sequence[Shape], written: Shape, attributes: Mapping[str, Attribute]
) -> tuple[Effect, Products | None]:
    """Return the effect of an operator, and its products where it has some.

    Args:
        kind: Operator.
        reads: Shapes of all its inputs, constants too, in order.
        written: Shape of its first output.
        attributes: Of the node.
    """
    if kind in CONVOLUTIONS:
        return _convolution(reads[0], reads[CONVOLUTIONS[kind]], written, attributes)
    if kind == "ConvTranspose":
        return _transposed(reads[0], reads[1], attributes)
    if kind in MATRICES:
        return Effect.PRODUCTS, _matrices(kind, reads[0], written, attributes)
    return effect_of("onnx", kind), None


def _convolution(
    read: Shape, weight: Shape, written: Shape, attributes: Mapping[str, Attribute]
) -> tuple[Effect, Products]:
    """Weights are (o, i / groups, ...), images (n, i, ...)."""
    groups = int(attributes.get("group", 1))  # type: ignore[arg-type]
    pixels = written[0] * math.prod(written[2:])
    products = Products(groups, pixels, math.prod(weight[1:]), weight[0] // groups)
    depthwise = 1 < groups == read[1] == weight[0]
    return (Effect.DEPTHWISE if depthwise else Effect.PRODUCTS), products


def _transposed(
    read: Shape, weight: Shape, attributes: Mapping[str, Attribute]
) -> tuple[Effect, Products]:
    """Weights are (i, o / groups, ...): every number read is multiplied with all of its group."""
    groups = int(attributes.get("group", 1))  # type: ignore[arg-type]
    pixels = read[0] * math.prod(read[2:])
    return Effect.PRODUCTS, Products(groups, pixels, read[1] // groups, math.prod(weight[1:]))


def _matrices(
    kind: str, read: Shape, written: Shape, attributes: Mapping[str, Attribute]
) -> Products:
    """Products over the last two dimensions; those before them are a batch."""
    if kind in ("Gemm", "FusedGemm", "QGemm"):
        inner = read[0] if attributes.get("transA") else read[1]
        return Products(1, written[0], inner, written[1])
    inner = read[-2] if attributes.get("transA") and len(read) > 1 else read[-1]
    rows, columns = (1, *written)[-2:] if len(written) else (1, 1)
    return Products(math.prod(written[:-2]), rows, inner, columns)
