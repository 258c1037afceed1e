"""The energy of a network whose group convolutions all have groups of one size."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sartor.errors import OptionError
from sartor.graph import Graph, Operation, fold_rounding
from sartor.targets.simulated.groups import group_size, with_group_size
from sartor.targets.simulated.systolic import Array, computing_mj, layer_cost


@dataclass(frozen=True, slots=True)
class GroupEnergy:
    """What the group convolutions of a network cost together, with groups of one size."""

    group_size: int
    macs: int
    cycles: int
    computing_mj: float
    """Millijoules of the multiply-adds: grows with the group size."""
    moving_mj: float
    """Of moving data to the array and back: most of it does not."""

    @property
    def energy_mj(self) -> float:
        """Of both."""
        return self.computing_mj + self.moving_mj

    @property
    def picojoules_per_mac(self) -> float:
        """Of both, for each multiply-add: falls with the group size."""
        return self.energy_mj * 1e9 / self.macs

    @property
    def imbalance(self) -> float:
        """Energy times energy per multiply-add, of which one grows with the size and one falls."""
        return self.energy_mj * self.picojoules_per_mac


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """Group sizes, and the one that balances computing with moving data."""

    layers: tuple[str, ...]
    """The group convolutions, by name."""
    sizes: tuple[GroupEnergy, ...]
    """From the smallest."""

    @property
    def chosen(self) -> GroupEnergy:
        """The size of the lowest imbalance."""
        return min(self.sizes, key=lambda it: it.imbalance)


def choose_group_size(graph: Graph, array: Array) -> GroupChoice:
    """Compare constant group sizes for the group convolutions of a network on an array.

    Depthwise convolutions are group convolutions of size 1. With larger groups of the same number
    of channels there is more to compute, for the same features to be moved: the whole costs more
    energy and each multiply-add less. The size is chosen for which the product of both is lowest.
    Where groups of size G take a G + b, that is (a G + b)^2 / G: lowest at a G = b, where what
    grows with the size costs as much as what does not.

    Args:
        graph: With group convolutions.
        array: Whose table of energies counts.

    Raises:
        OptionError: The network has no group convolution, or no size divides all of them.

    Source:
        Jha et al. 2020, E2GC, arXiv:2006.15100 (one group size throughout, chosen by a balance
        between the costs of computing and of moving data). Differs: energies are those of a
        simulated array, the paper's model was made for GPUs; the balance is written as above, not
        with the paper's equations. Simplified: accuracy, for which the paper leaves room around
        the balance, is not looked at.
    """
    graph = fold_rounding(graph)
    grouped = [it for it in graph.operations if _is_grouped(it, graph)]
    if not grouped:
        raise OptionError(
            "the network has no group convolution; give one with depthwise or group convolutions."
        )
    sizes = tuple(_energy(grouped, graph, array, size) for size in _common_sizes(grouped, graph))
    return GroupChoice(tuple(it.name for it in grouped), sizes)


def _is_grouped(operation: Operation, graph: Graph) -> bool:
    products = operation.products
    return group_size(operation, graph) is not None and products is not None and products.count > 1


def _common_sizes(grouped: Sequence[Operation], graph: Graph) -> list[int]:
    """List the sizes that all of them can have."""
    present = [group_size(it, graph) or 1 for it in grouped]
    counts = [it.products.count for it in grouped if it.products is not None]
    channels = math.gcd(*(size * count for size, count in zip(present, counts, strict=True)))
    least = math.lcm(*present)
    sizes = [it for it in range(least, channels + 1, least) if channels % it == 0]
    if not sizes:
        raise OptionError(
            f"the group convolutions have no group size in common: they have groups of "
            f"{', '.join(map(str, sorted(set(present))))} channels, and {channels} divides all "
            "their channels; compare them one by one."
        )
    return sizes


def _energy(grouped: Sequence[Operation], graph: Graph, array: Array, size: int) -> GroupEnergy:
    costs = [layer_cost(with_group_size(it, graph, size), graph, array) for it in grouped]
    macs = sum(it.macs for it in costs)
    computing = computing_mj(macs, array)
    total = sum(it.energy_mj for it in costs)
    return GroupEnergy(size, macs, sum(it.cycles for it in costs), computing, total - computing)
