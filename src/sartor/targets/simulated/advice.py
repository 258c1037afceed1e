"""Which layers waste an array, and what nearby would use it better."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sartor.graph import Graph, Operation, Tensor, fold_rounding
from sartor.targets.simulated.dataflows import DATAFLOWS
from sartor.targets.simulated.groups import group_size, larger_sizes, with_group_size
from sartor.targets.simulated.systolic import Array, layer_cost, simulate
from sartor.targets.simulated.widths import Width, widths, with_channels

NEARBY = 0.25
"""Share of its channels by which a width is changed at most."""
STEP = 8
"""Channels are a multiple of this, of the rows, or of the columns."""
WORTH = 1.05
"""Fewer channels have to use the array this many times as well to be advised."""


@dataclass(frozen=True, slots=True)
class Waste:
    """A layer, and the cycles in which the array could have done all of its work elsewhere."""

    name: str
    kind: str
    cycles: int
    utilisation: float
    """Share of the multiply-adds that the array could do and does, 0 to 1."""
    wasted_cycles: int
    """Cycles beyond those that the multiply-adds fill."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One change, and what the layers that it touches then cost by the simulator."""

    what: Literal["channels", "group size", "dataflow"]
    layers: tuple[str, ...]
    """What is changed: for channels the layers that write them."""
    before: int | str
    after: int | str
    cycles_before: int
    """Of all layers that the change touches."""
    cycles_after: int
    macs_before: int
    macs_after: int

    @property
    def gain_cycles(self) -> int:
        """Cycles that it saves."""
        return self.cycles_before - self.cycles_after

    @property
    def better_used(self) -> float:
        """Utilisation afterwards as a multiple of that before, over the layers it touches."""
        before = self.macs_before / self.cycles_before
        return self.macs_after / self.cycles_after / before if before else 0.0


def wasted(graph: Graph, array: Array) -> tuple[Waste, ...]:
    """Return the layers that multiply matrices, those that waste most of the array first."""
    elements = array.rows * array.columns
    found = [
        Waste(
            it.name,
            it.kind,
            it.cycles,
            it.utilisation(array),
            it.cycles - math.ceil(it.macs / elements),
        )
        for it in simulate(graph, array).layers
        if it.macs
    ]
    return tuple(sorted(found, key=lambda it: -it.wasted_cycles))


def advise(graph: Graph, array: Array) -> tuple[Advice, ...]:
    """Return changes that use the array better, each by itself, those that save most first.

    Group convolutions, of which depthwise ones are the smallest, get larger groups where that takes
    no more cycles. Channels become fewer where the cycles saved are clearly a larger share than the
    multiply-adds given up, or more where the array has room: the most that take no more cycles.
    Layers get the dataflow that takes fewest cycles, for an array that can change it.

    Args:
        graph: Any network.
        array: What it would run on.

    Source:
        Jha et al. 2020, DRACO, arXiv:2006.15103 (processing elements that memory-bound layers leave
        idle are filled by changing the network, not the hardware: more channels in the groups of
        its convolutions). Differs: channels and dataflows too; the array is that of `simulate`.
        Simplified: what a change does to accuracy is left to training and search.
    """
    graph = fold_rounding(graph)
    found: list[Advice] = []
    for operation in graph.operations:
        if operation.products is not None:
            found.extend(_other_groups(operation, graph, array))
            found.extend(_other_dataflow(operation, graph, array))
    for width in widths(graph):
        found.extend(_other_channels(width, graph, array))
    return tuple(sorted(found, key=lambda it: (-it.gain_cycles, -it.better_used)))


def _other_groups(operation: Operation, graph: Graph, array: Array) -> list[Advice]:
    """Offer the group size that takes fewest cycles, of equal ones the largest."""
    now = layer_cost(operation, graph, array)
    costs = {
        size: layer_cost(with_group_size(operation, graph, size), graph, array)
        for size in larger_sizes(operation, graph)
    }
    size = min(costs, key=lambda it: (costs[it].cycles, -it), default=None)
    if size is None or costs[size].cycles > now.cycles:
        return []
    cost, present = costs[size], group_size(operation, graph)
    assert present is not None, operation.name
    cycles, macs = (now.cycles, cost.cycles), (now.macs, cost.macs)
    return [Advice("group size", (operation.name,), present, size, *cycles, *macs)]


def _other_dataflow(operation: Operation, graph: Graph, array: Array) -> list[Advice]:
    costs = {
        name: layer_cost(operation, graph, replace(array, dataflow=name)) for name in DATAFLOWS
    }
    now, best = array.dataflow, min(DATAFLOWS, key=lambda it: costs[it].cycles)
    if costs[best].cycles >= costs[now].cycles:
        return []
    cycles, macs = (costs[now].cycles, costs[best].cycles), costs[now].macs
    return [Advice("dataflow", (operation.name,), now, best, *cycles, macs, macs)]


def _other_channels(width: Width, graph: Graph, array: Array) -> list[Advice]:
    """Offer fewer channels that use the array better, and more that cost nothing."""
    now = _total(width.operations, graph.tensors, array)
    offers = []
    for channels in _nearby(width.channels, array):
        changed = _total(*with_channels(graph, width, channels), array)
        cycles, macs = (now[0], changed[0]), (now[1], changed[1])
        offers.append(Advice("channels", width.makers, width.channels, channels, *cycles, *macs))
    fewer = [it for it in offers if it.macs_after < it.macs_before and it.gain_cycles > 0]
    more = [it for it in offers if it.macs_after > it.macs_before and it.gain_cycles >= 0]
    best = max(fewer, key=lambda it: it.better_used, default=None)
    chosen = [best] if best is not None and best.better_used >= WORTH else []
    return chosen + more[-1:]


def _nearby(channels: int, array: Array) -> list[int]:
    """List other numbers of channels, in order."""
    least = math.ceil(channels * (1 - NEARBY))
    most = math.floor(channels * (1 + NEARBY))
    steps = (STEP, array.rows, array.columns)
    found = {it for step in steps for it in range(-(-least // step) * step, most + 1, step)}
    return sorted(found - {0, channels})


def _total(
    operations: Sequence[Operation], tensors: Mapping[str, Tensor], array: Array
) -> tuple[int, int]:
    """Return the cycles and the multiply-adds of operations."""
    written = {name for it in operations for name in it.writes}
    read = tuple(dict.fromkeys(n for it in operations for n in it.reads if n not in written))
    part = Graph(tuple(operations), tensors, read, ())
    costs = simulate(part, array).layers
    return sum(it.cycles for it in costs), sum(it.macs for it in costs)
