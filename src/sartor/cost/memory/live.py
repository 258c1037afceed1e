"""Which tensors are in memory while each operation runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from sartor.graph import Effect, Graph, Operation


@dataclass(frozen=True, slots=True)
class Overwrites:
    """An operation may write over any one of some inputs."""

    reads: tuple[str, ...]
    beside_bytes: int
    """What it needs meanwhile."""


def overwrites(graph: Graph, operation: Operation) -> Overwrites | None:
    """Say which inputs of the size of its output an operation may write over, where they are read
    no more.

    Element by element, or, in a depthwise convolution, channel by channel: the channel that is
    computed stands aside until the whole of it is there.

    Source:
        Lin et al. 2020, MCUNet, arXiv:2007.10319, section 3.2 (in-place depthwise convolution).
    """
    free = {Effect.ELEMENTWISE, Effect.VIEW, Effect.DEPTHWISE}
    if len(operation.writes) != 1 or operation.effect not in free:
        return None
    written = graph.tensors[operation.writes[0]].size_bytes
    distinct = dict.fromkeys(operation.reads)
    fitting = tuple(name for name in distinct if graph.tensors[name].size_bytes == written)
    if not fitting:
        return None
    if operation.effect is not Effect.DEPTHWISE:
        return Overwrites(fitting, 0)
    assert operation.products is not None, operation.name
    return Overwrites(fitting, written // operation.products.count)


class Memory:
    """How many bytes are live after any set of operations that were run.

    Sets of operations are integers with a bit for each.

    Args:
        graph: What is run.
        in_place: Operations write over an input that is read no more, where they can.
    """

    def __init__(self, graph: Graph, *, in_place: bool = False) -> None:
        self.count = len(graph.operations)
        self.everything = (1 << self.count) - 1
        self._bytes = {name: tensor.size_bytes for name, tensor in graph.tensors.items()}
        self._kept = set(graph.outputs)
        self._readers: dict[str, int] = dict.fromkeys(graph.tensors, 0)
        self._reads: list[tuple[str, ...]] = []
        self._writes: list[tuple[str, ...]] = []
        writer: dict[str, int] = {}
        self.before: list[int] = []
        """For each operation, those that have to be run before it."""
        for place, operation in enumerate(graph.operations):
            reads = tuple(dict.fromkeys(operation.reads))
            for name in reads:
                self._readers[name] |= 1 << place
            self._reads.append(reads)
            self._writes.append(operation.writes)
            self.before.append(sum({1 << writer[name] for name in reads if name in writer}))
            writer.update(dict.fromkeys(operation.writes, place))
        self._over = [overwrites(graph, it) if in_place else None for it in graph.operations]
        self.start = sum(
            self._bytes[n] for n in graph.inputs if self._readers[n] or n in self._kept
        )
        """Bytes of the inputs."""

    def run(self, done: int, live: int, place: int) -> tuple[int, int]:
        """Run one more operation.

        Args:
            done: Operations that were run.
            live: Bytes that are live then.
            place: The operation.

        Returns:
            The bytes that are live while it runs, and after it.
        """
        after = done | 1 << place
        written = sum(self._bytes[name] for name in self._writes[place])
        freed = {name for name in self._reads[place] if self._is_free(name, after)}
        while_running = live + written
        over = self._over[place]
        if over is not None and not freed.isdisjoint(over.reads):
            while_running = live + over.beside_bytes  # the output takes the place of an input
        lost = sum(self._bytes[name] for name in freed)
        lost += sum(self._bytes[name] for name in self._writes[place] if self._is_free(name, after))
        return while_running, live + written - lost

    def ready(self, done: int) -> list[int]:
        """Return the operations that can be run next."""
        return [
            place
            for place in range(self.count)
            if not done >> place & 1 and self.before[place] & ~done == 0
        ]

    def profile(self, order: Sequence[int]) -> list[int]:
        """Return the bytes that are live while each operation runs, in an order of all."""
        done, live, found = 0, self.start, []
        for place in order:
            while_running, live = self.run(done, live, place)
            done |= 1 << place
            found.append(while_running)
        return found

    def _is_free(self, name: str, done: int) -> bool:
        return name not in self._kept and self._readers[name] & ~done == 0
