"""A memory plan layer by layer: what is live while each operation runs, and where it lies."""

from dataclasses import dataclass

from sartor.cost.memory.packing import Buffer
from sartor.cost.memory.plan import MemoryPlan, spans


@dataclass(frozen=True, slots=True)
class PlannedLayer:
    """What is in memory while one operation runs."""

    name: str
    kind: str
    """Operator, as the file calls it."""
    live_bytes: int
    tensors: tuple[str, ...]
    """That are live, by name: what it reads and writes, and what is read later."""
    buffers: tuple[Buffer, ...]
    """The places that are in use, from the lowest; tensors that share one bear the name of the
    first that lay there."""


def planned_layers(plan: MemoryPlan) -> tuple[PlannedLayer, ...]:
    """Return a row for each operation, in the order in which they are run."""
    used = spans(plan.graph)
    rows = []
    for step, (operation, live) in enumerate(
        zip(plan.graph.operations, plan.live_bytes, strict=True)
    ):
        tensors = tuple(name for name, (first, last) in used.items() if first <= step <= last)
        places = [it for it in plan.buffers if it.first <= step <= it.last]
        places.sort(key=lambda it: it.offset)
        rows.append(PlannedLayer(operation.name, operation.kind, live, tensors, tuple(places)))
    return tuple(rows)


def widest_layer(plan: MemoryPlan) -> PlannedLayer | None:
    """Return the first layer at the peak of live bytes; None where there is no operation."""
    return max(planned_layers(plan), key=lambda it: it.live_bytes, default=None)
