"""How many numbers of a network were learnt."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sartor.graph import Effect, Graph, Operation, Tensor

if TYPE_CHECKING:
    from torch import nn

WEIGHTED = (Effect.PRODUCTS, Effect.DEPTHWISE)
STATISTICS = {"BatchNormalization": 2}
"""Operators with constants that were gathered, not learnt, and how many come before them."""
LEARNING = frozenset({
    "Add", "Mul", "PRelu", "LayerNormalization", "GroupNormalization", "InstanceNormalization",
    "SkipLayerNormalization", "RMSNormalization", "Gather",
    "ADD", "MUL", "PRELU", "GATHER", "EMBEDDING_LOOKUP",
})  # fmt: skip
"""Operators beside convolutions and matrices whose constants are biases, scales or embeddings."""


def count_parameters(network: "nn.Module | Graph") -> int:
    """Count what was learnt.

    Of a module: its parameters, tensors that share memory once. Of a file: the numbers, floats or
    integers, of the constants with more than one number that convolutions, matrix products, norms,
    sums, products and tables read, each constant once. Running means and variances do not count.
    Batch norms that were folded into convolutions are no longer in a file, and the scales of
    operators that take integers and scales together (QLinearConv) cannot be told from biases, so
    that a file's number is near its module's, not equal to it.

    Args:
        network: A module, or the graph of a file.
    """
    if isinstance(network, Graph):
        return sum({it.name: it.items for it in _learnt(network)}.values())
    held = {(it.data_ptr() or id(it), it.shape, it.stride()): it for it in network.parameters()}
    return sum(it.numel() for it in held.values())


def _learnt(graph: Graph) -> Iterator[Tensor]:
    for operation in graph.operations:
        yield from (it for it in _constants(operation) if it.items > 1)


def _constants(operation: Operation) -> tuple[Tensor, ...]:
    kind = operation.kind
    if kind in STATISTICS:
        return operation.constants[: STATISTICS[kind]]
    if kind.startswith(("QLinear", "QGemm")):
        return tuple(it for it in operation.constants if len(it.shape) > 1)
    if operation.effect in WEIGHTED or kind in LEARNING:
        return operation.constants
    return ()
