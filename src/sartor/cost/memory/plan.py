"""The memory that an interpreter needs for what flows through a network."""

from dataclasses import dataclass, replace

from sartor.cost.memory.live import Memory, overwrites
from sartor.cost.memory.order import best_order
from sartor.cost.memory.packing import Buffer, pack
from sartor.graph import Graph, fold_rounding


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

    Weights are not counted, nor what an operation needs for itself. Inputs and outputs are. Values
    that a file rounds and restores between operators are the integers: see `fold_rounding`.
    """
    how = how or Interpreter()
    graph = fold_rounding(graph)
    plan = _plan(graph, how)
    if how.in_place and plan.arena_bytes > plan.peak_bytes:
        # What shares a place is in use for longer, and harder to place: in PNASNet-5 the block was
        # 4 % above its lower bound so, and at it with each tensor in a place of its own.
        apart = _plan(graph, replace(how, in_place=False))
        if apart.arena_bytes < plan.arena_bytes:
            return replace(apart, exact=plan.exact and apart.peak_bytes == plan.peak_bytes)
    return plan


def _plan(graph: Graph, how: Interpreter) -> MemoryPlan:
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


def spans(graph: Graph) -> dict[str, tuple[int, int]]:
    """Return the first and the last step at which each tensor is in use.

    Steps are places in the graph's order. What nothing reads ends before it begins.
    """
    first = dict.fromkeys(graph.inputs, 0)
    last = dict.fromkeys(graph.inputs, -1)
    for step, operation in enumerate(graph.operations):
        first.update(dict.fromkeys(operation.writes, step))
        last.update(dict.fromkeys((*operation.reads, *operation.writes), step))
    last.update(dict.fromkeys(graph.outputs, len(graph.operations)))
    return {name: (first[name], last[name]) for name in first}


def _buffers(graph: Graph, *, in_place: bool) -> list[Buffer]:
    """Return what has to be placed, for operations in the order of the graph."""
    used = spans(graph)
    owner = {name: name for name in used}
    buffers = []
    if in_place:
        for step, operation in enumerate(graph.operations):
            over = overwrites(graph, operation)
            ending = [it for it in over.reads if used[it][1] == step] if over else []
            if over is None or not ending:
                continue
            owner[operation.writes[0]] = owner[ending[0]]
            if over.beside_bytes:
                name = f"beside {operation.name}"
                buffers.append(Buffer(name, over.beside_bytes, step, step))
    for name in dict.fromkeys(owner.values()):
        shared = [used[it] for it, whose in owner.items() if whose == name]
        size = graph.tensors[name].size_bytes  # all of them are as large
        buffers.append(Buffer(name, size, min(it[0] for it in shared), max(it[1] for it in shared)))
    return [it for it in buffers if it.last >= it.first and it.size_bytes]
