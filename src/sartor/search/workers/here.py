"""In this process, one after the other."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass

from sartor.search.workers.protocol import Evaluate, Measured
from sartor.space import Design


class Here:
    """This process evaluates, and does nothing else meanwhile."""

    @contextmanager
    def begin(self, evaluate: Evaluate) -> Iterator["_Alone"]:
        """Start nothing; see `Workers`."""
        yield _Alone(evaluate)


@dataclass(frozen=True, slots=True)
class _Alone:
    """A crew of this thread."""

    evaluate: Evaluate
    count: int = 1

    def submit(self, design: Design) -> "Future[Measured]":
        """Evaluate at once."""
        future: Future[Measured] = Future()
        try:
            future.set_result(self.evaluate(design))
        except Exception as error:  # noqa: BLE001 - the search tells what it was
            future.set_exception(error)
        return future
