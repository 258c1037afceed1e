"""Widths of a network: channels that have to be changed together, and what then changes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sartor.graph import Effect, Graph, Operation, Tensor

KEEPS_CHANNELS = frozenset({
    "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "MaxPool", "Pad", "ReduceMean",
    "AVERAGE_POOL_2D", "MAX_POOL_2D", "MEAN", "PAD", "QLinearGlobalAveragePool",
    "QLinearAveragePool",
})  # fmt: skip
"""Operators that compute channel by channel, beside those whose effect says so."""
PASSES = frozenset({Effect.ELEMENTWISE, Effect.VIEW, Effect.DEPTHWISE})


@dataclass(frozen=True, slots=True)
class Width:
    """Channels that are written by some operations and read by others."""

    channels: int
    tensors: tuple[str, ...]
    """That have them."""
    makers: tuple[str, ...]
    """Convolutions and linear layers that write them, by name."""
    operations: tuple[Operation, ...]
    """All that read or write them, in the order of the graph."""


def widths(graph: Graph) -> tuple[Width, ...]:
    """Find the widths of a network that can be changed.

    Sums, gates and depthwise convolutions have their inputs and outputs equally wide. Inputs and
    outputs of the network stay, and so does what flows through operations that mix channels in
    other ways than a convolution or a linear layer: concatenation, attention, groups.
    """
    together = _Together(graph)
    for operation in graph.operations:
        _join(operation, graph, together)
    found = []
    for tensors in together.parts():
        width = _width(graph, tensors)
        if width is not None:
            found.append(width)
    return tuple(found)


def with_channels(
    graph: Graph, width: Width, channels: int
) -> tuple[tuple[Operation, ...], Mapping[str, Tensor]]:
    """Return the operations of a width, and all tensors, with another number of channels."""
    changed = set(width.tensors)
    tensors = dict(graph.tensors)
    for name in width.tensors:
        tensor = tensors[name]
        tensors[name] = replace(tensor, shape=(tensor.items // width.channels, channels))
    operations = []
    for operation in width.operations:
        products = operation.products
        if products is not None and operation.effect is Effect.DEPTHWISE:
            products = replace(products, count=channels)
        elif products is not None:
            if changed & set(operation.writes):
                products = replace(products, columns=channels)
            if changed & set(operation.reads):
                products = replace(products, inner=products.inner // width.channels * channels)
        operations.append(replace(operation, products=products))
    return tuple(operations), tensors


class _Together:
    """Tensors that are equally wide, found one pair after the other."""

    def __init__(self, graph: Graph) -> None:
        self._above = {name: name for name in graph.tensors}
        self.fixed = {*graph.inputs, *graph.outputs}

    def root(self, name: str) -> str:
        while self._above[name] != name:
            name = self._above[name]
        return name

    def join(self, *names: str) -> None:
        for name in names[1:]:
            self._above[self.root(name)] = self.root(names[0])

    def parts(self) -> list[tuple[str, ...]]:
        """Return tensors that belong together, without what is fixed."""
        parts: dict[str, list[str]] = {}
        for name in self._above:
            parts.setdefault(self.root(name), []).append(name)
        return [tuple(it) for it in parts.values() if self.fixed.isdisjoint(it)]


def _join(operation: Operation, graph: Graph, together: _Together) -> None:
    """Note what an operation says of the widths around it."""
    around = (*operation.reads, *operation.writes)
    if operation.effect in PASSES or operation.kind in KEEPS_CHANNELS:
        together.join(*around)
        return
    products = operation.products
    plain = (
        products is not None
        and products.count == 1
        and len(operation.reads) == len(operation.writes) == 1
        and products.columns in graph.tensors[operation.writes[0]].shape
        and products.rows * products.columns == graph.tensors[operation.writes[0]].items
    )
    if not plain:
        together.fixed.update(around)


def _width(graph: Graph, tensors: tuple[str, ...]) -> Width | None:
    """Describe tensors that are equally wide; None where that is not so, or nothing makes them."""
    own = set(tensors)
    operations = tuple(it for it in graph.operations if own & {*it.reads, *it.writes})
    makers, sides = [], set()
    for it in operations:
        if it.products is None:
            continue
        if it.effect is Effect.DEPTHWISE:
            sides.add(it.products.count)
        elif own & set(it.writes):
            makers.append(it.name)
            sides.add(it.products.columns)
    if not makers or len(sides) != 1:
        return None
    channels = sides.pop()
    numbers = [graph.tensors[name].items for name in tensors]
    numbers += [
        it.products.inner
        for it in operations
        if it.products is not None and it.effect is not Effect.DEPTHWISE and own & set(it.reads)
    ]
    if any(it % channels for it in numbers):
        return None
    return Width(channels, tensors, tuple(makers), operations)
