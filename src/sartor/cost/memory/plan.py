"""The memory that an interpreter needs for what flows through a network."""

from collections.abc import Sequence
from dataclasses import dataclass

from sartor.cost.memory.live import Memory, overwrites
from sartor.cost.memory.order import best_order
from sartor.cost.memory.packing import Buffer, pack
from sartor.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """How the memory is used."""

    reorder: bool = True
    """Operations are run in the order that needs least, not in that of the file."""
    in_place: bool = False
    """Operations write over an input that is read no more, where they can."""
    alignment: int = 1
    """Bytes; tensors begin at multiples of it."""


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """When and where each tensor lies."""

    graph: Graph
    """In the order in which it is run."""
    live_bytes: tuple[int, ...]
    """In use while each operation runs."""
    stored_peak_bytes: int
    """The most that is live in the order of the file."""
    buffers: tuple[Buffer, ...]
    """What is placed; tensors that lie in the place of another share its buffer."""
    exact: bool
    """No order needs less than `peak_bytes`; False also where the order is that of the file."""

    @property
    def peak_bytes(self) -> int:
        """The most that is live: the lower bound of the block in this order."""
        return max(self.live_bytes, default=0)

    @property
    def arena_bytes(self) -> int:
        """Size of the block that holds everything where it was placed."""
        return max((it.end for it in self.buffers), default=0)

    @property
    def total_bytes(self) -> int:
        """Of all tensors, each in a place of its own."""
        return sum(tensor.size_bytes for tensor in self.graph.tensors.values())


def plan_memory(graph: Graph, how: Interpreter | None = None) -> MemoryPlan:
    """Plan the memory for everything that flows through a network.

    Weights are not counted, nor what an operation needs for itself. Inputs and outputs are.
    """
    how = how or Interpreter()
    memory = Memory(graph, in_place=how.in_place)
    stored = tuple(range(len(graph.operations)))
    stored_peak = max(memory.profile(stored), default=memory.start)
    places, exact = stored, False
    if how.reorder:
        order = best_order(memory)
        places, exact = order.places, order.exact
    ordered = graph.in_order(places)
    return MemoryPlan(
        ordered,
        tuple(memory.profile(places)),
        stored_peak,
        tuple(pack(_buffers(ordered, in_place=how.in_place), alignment=how.alignment)),
        exact,
    )


def _buffers(graph: Graph, *, in_place: bool) -> list[Buffer]:
    """Return what has to be placed, for operations in the order of the graph."""
    first = dict.fromkeys(graph.inputs, 0)
    last = dict.fromkeys(graph.inputs, -1)
    for step, operation in enumerate(graph.operations):
        first.update(dict.fromkeys(operation.writes, step))
        last.update(dict.fromkeys((*operation.reads, *operation.writes), step))
    last.update(dict.fromkeys(graph.outputs, len(graph.operations)))
    owner = {name: name for name in first}
    buffers = []
    if in_place:
        for step, operation in enumerate(graph.operations):
            over = overwrites(graph, operation)
            if over is None or last[over.read] != step or over.read in graph.outputs:
                continue
            owner[operation.writes[0]] = owner[over.read]
            if over.beside_bytes:
                name = f"beside {operation.name}"
                buffers.append(Buffer(name, over.beside_bytes, step, step))
    for name in dict.fromkeys(owner.values()):
        shared = [it for it, whose in owner.items() if whose == name]
        buffers.append(_together(graph, name, shared, first, last))
    return [it for it in buffers if it.last >= it.first and it.size_bytes]


def _together(
    graph: Graph, name: str, shared: Sequence[str], first: dict[str, int], last: dict[str, int]
) -> Buffer:
    size = graph.tensors[name].size_bytes  # all of them are as large
    return Buffer(name, size, min(first[it] for it in shared), max(last[it] for it in shared))
