"""Joining the steps of a program with the graph of its file."""

import math
from collections.abc import Iterator, Sequence

from sartor.cost.profile.executed import Counted, Executed, Profile
from sartor.cost.profile.kinds import MOVERS, is_light, is_view, multiplies
from sartor.cost.profile.names import Names
from sartor.cost.profile.shapes import products_of
from sartor.graph import Effect, Graph, Operation
from sartor.targets import Step

ITEM_BYTES = {"fp32": 4, "int8": 1, "bf16": 2, "fp16": 2, "int64": 8, "int32": 4, "bool": 1}
"""Where a runtime tells shapes but not bytes."""


def join_steps(steps: Sequence[Step], graph: Graph) -> Profile:
    """Find out which operations of a file each step computes, and how much work that is.

    Steps that name operations, or tensors that these write, compute them. An operation that no
    step names was fused: one that multiplies matrices with what reads it, another with what it
    reads. Files whose operations have no names leave matrix products over; they go, in order, to
    steps of as many multiply-adds.

    Args:
        steps: In the order in which they were executed.
        graph: Of the file that was executed, with the shapes that were executed.
    """
    place = _Placing(steps, graph)
    place.named()
    place.fused_multiplying()
    place.by_work()
    place.fused_others()
    members: list[list[int]] = [[] for _ in steps]
    for operation, step in sorted(place.step_of.items()):
        members[step].append(operation)
    executed = tuple(
        _executed(step, [graph.operations[at] for at in found])
        for step, found in zip(steps, members, strict=True)
    )
    unplaced = tuple(
        it.name
        for at, it in enumerate(graph.operations)
        if it.products is not None and at not in place.step_of
    )
    return Profile(executed, unplaced)


def _executed(step: Step, operations: Sequence[Operation]) -> Executed:
    macs, counted = _work(step, operations)
    return Executed(step, tuple(it.name for it in operations), macs, counted, _moved(step))


def _work(step: Step, operations: Sequence[Operation]) -> tuple[int, Counted]:
    known = [it.products.macs for it in operations if it.products is not None]
    if known:
        return sum(known), "graph"
    products = products_of(step) if multiplies(step.kind) else None
    if products is not None:
        return products.macs, "shapes"
    if any(it.effect is Effect.UNKNOWN for it in operations):
        return 0, "unknown"
    return 0, "graph" if operations or is_light(step.kind) else "unknown"


def _moved(step: Step) -> int:
    if is_view(step.kind):
        return 0
    if step.read_bytes is not None and step.written_bytes is not None:
        return step.read_bytes + step.written_bytes
    items = sum(math.prod(shape) for shape in (*step.reads, *step.writes))
    return items * ITEM_BYTES.get(step.precision, 4)


class _Placing:
    """Finds the step of every operation."""

    def __init__(self, steps: Sequence[Step], graph: Graph) -> None:
        self.step_of: dict[int, int] = {}
        self._steps = steps
        self._operations = graph.operations
        self._names = Names(graph)
        self._writer = {name: at for at, it in enumerate(graph.operations) for name in it.writes}
        self._readers: dict[str, list[int]] = {}
        for at, operation in enumerate(graph.operations):
            for name in operation.reads:
                self._readers.setdefault(name, []).append(at)

    def named(self) -> None:
        """Place what steps name; of several, that which can compute it, then the first."""
        claims: dict[int, list[int]] = {}
        for number, step in enumerate(self._steps):
            if step.kind in MOVERS:
                continue
            for operation in self._names.named(step):
                if self._may_compute(step, operation):
                    claims.setdefault(operation, []).append(number)
        for operation, numbers in claims.items():
            able = [it for it in numbers if multiplies(self._steps[it].kind)]
            has_products = self._operations[operation].products is not None
            self.step_of[operation] = able[0] if able and has_products else numbers[0]

    def fused_multiplying(self) -> None:
        """Place matrix products with the nearest step after them that has none of its own."""
        free = self._free()
        for at in self._left():
            step = next((it for it in self._after(at) if it in free), None)
            if step is not None:
                self.step_of[at] = step
                free.remove(step)

    def by_work(self) -> None:
        """Place matrix products that are left with the first steps of as many multiply-adds."""
        shaped = {it: products_of(self._steps[it]) for it in sorted(self._free())}
        work = {it: found.macs for it, found in shaped.items() if found is not None}
        for at, macs in self._left().items():
            step = next((it for it, counted in work.items() if counted == macs), None)
            if step is not None:
                self.step_of[at] = step
                del work[step]

    def fused_others(self) -> None:
        """Place the rest with what wrote what they read; at the input, with what reads them."""
        for at, operation in enumerate(self._operations):
            before = [self._writer[name] for name in operation.reads if name in self._writer]
            self._join(at, max((self.step_of.get(it, -1) for it in before), default=-1))
        for at in range(len(self._operations) - 1, -1, -1):
            self._join(at, next(iter(self._after(at)), -1))

    def _free(self) -> set[int]:
        """Return the steps that multiply matrices and have no operation yet that does."""
        taken = {
            step for at, step in self.step_of.items() if self._operations[at].products is not None
        }
        able = {number for number, step in enumerate(self._steps) if multiplies(step.kind)}
        return able - taken

    def _left(self) -> dict[int, int]:
        """Return the multiply-adds of the operations that have some and no step yet."""
        return {
            at: it.products.macs
            for at, it in enumerate(self._operations)
            if it.products is not None and at not in self.step_of
        }

    def _join(self, operation: int, step: int) -> None:
        multiplying = self._operations[operation].products is not None
        if step >= 0 and operation not in self.step_of and not multiplying:
            self.step_of[operation] = step

    def _may_compute(self, step: Step, operation: int) -> bool:
        """Tell whether a step that names an operation computes it.

        What a runtime says outright holds; a name alone may be that of something beside it.
        """
        multiplying = self._operations[operation].products is not None
        return bool(step.stands_for) or multiplies(step.kind) or not multiplying

    def _after(self, operation: int) -> Iterator[int]:
        """Yield the steps that read what an operation writes, through others that have no step."""
        waiting, seen = [operation], {operation}
        while waiting:
            for reader in self._read_by(waiting.pop(0)):
                if reader in seen:
                    continue
                seen.add(reader)
                if reader in self.step_of:
                    yield self.step_of[reader]
                else:
                    waiting.append(reader)

    def _read_by(self, operation: int) -> list[int]:
        written = self._operations[operation].writes
        return [reader for name in written for reader in self._readers.get(name, [])]
