"""What evaluates designs: several at a time, some of which fail, hang or die."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager
from typing import Protocol

from sartor.space import Design
from sartor.units import Measurement

Measured = Mapping[str, Measurement | float]
Evaluate = Callable[[Design], Measured]
"""Measures a design: numbers by metric. Plain numbers count as proxies."""


class Crew(Protocol):
    """Workers that are at work. One thread calls it."""

    @property
    def count(self) -> int:
        """Evaluations that run at the same time."""
        ...

    def submit(self, design: Design) -> "Future[Measured]":
        """Begin an evaluation.

        The future raises what the evaluation raised, or a MeasurementError where it took too long
        or its workers died again and again. Asked only when less than `count` are running.
        """
        ...


class Workers(Protocol):
    """A place where designs are evaluated."""

    def begin(self, evaluate: Evaluate) -> AbstractContextManager[Crew]:
        """Start the workers; leaving the context ends them with all that they are at.

        Raises:
            OptionError: The evaluation cannot be sent to them.
        """
        ...


def results(
    crew: Crew, designs: Iterable[Design], stop: Callable[[], bool]
) -> Iterator[tuple[Design, "Future[Measured]"]]:
    """Evaluate designs and yield each as it ends.

    Args:
        crew: Who evaluates.
        designs: Begun in this order.
        stop: Asked before each; when it returns True no more are begun, and those that run are
            waited for.
    """
    waiting = iter(designs)
    running: dict[Future[Measured], Design] = {}
    while True:
        while len(running) < crew.count and not stop():
            design = next(waiting, None)
            if design is None:
                break
            running[crew.submit(design)] = design
        if not running:
            return
        ended, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in ended:
            yield running.pop(future), future
