"""Where the trials of a study are written down."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from sartor.study.records import Trial
from sartor.units import Limit


class Ledger(Protocol):
    """Trials in the order in which they were added, and the limits that they shall keep."""

    @property
    def limits(self) -> tuple[Limit, ...] | None:
        """The limits that were last recorded, None where none ever were."""
        ...

    def record_limits(self, limits: Sequence[Limit]) -> None:
        """Write down limits in the place of those that stand there."""
        ...

    def add(self, trial: Trial) -> list[Trial]:
        """Write a trial; return what is new, as `news` does, this one with its number among it."""
        ...

    def news(self) -> list[Trial]:
        """Return the trials that were not returned before, in their order."""
        ...

    def close(self) -> None:
        """Close what is open; nothing waits to be written."""
        ...


class Memory:
    """A ledger that keeps nothing: who adds trials has them, and no one else can."""

    limits: tuple[Limit, ...] | None = None

    def __init__(self) -> None:
        self._count = 0

    def record_limits(self, limits: Sequence[Limit]) -> None:
        """Keep limits; see `Ledger`."""
        self.limits = tuple(limits)

    def add(self, trial: Trial) -> list[Trial]:
        """Number a trial; see `Ledger`."""
        self._count += 1
        return [replace(trial, number=self._count - 1)]

    def news(self) -> list[Trial]:
        """Return nothing; see `Ledger`."""
        return []

    def close(self) -> None:
        """Do nothing; see `Ledger`."""
