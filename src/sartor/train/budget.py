"""How long a training may go on."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sartor.errors import BudgetError


@dataclass(slots=True)
class Budget:
    """A number of steps, or of seconds. Only a budget in steps is reproducible.

    Args:
        steps: Steps in all, or None.
        seconds: Seconds in all, or None.
        spent: Seconds that earlier sessions used.
        clock: Seconds since some moment.
    """

    steps: int | None = None
    seconds: float | None = None
    spent: float = 0.0
    clock: Callable[[], float] = time.monotonic
    _started: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.seconds is None):
            raise BudgetError("a budget is either in steps or in seconds; give one of them.")
        self._started = self.clock()

    def elapsed(self) -> float:
        """Return the seconds used, those of earlier sessions counted in."""
        return self.spent + self.clock() - self._started

    def share(self, step: int) -> float:
        """Return which share, 0 to 1, is used up before `step`."""
        if self.steps is not None:
            return min(1.0, step / self.steps)
        assert self.seconds is not None
        if self.seconds <= 0:
            return 1.0  # what came before took all of the time
        return min(1.0, self.elapsed() / self.seconds)
