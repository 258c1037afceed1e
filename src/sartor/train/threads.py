"""How many threads compute, decided by the stopwatch while training goes on."""

import statistics
import time
from collections.abc import Callable

import torch

PERIOD = 20.0
"""Seconds between two trials."""
TRIAL = 8
"""Steps of a trial, and steps before it that it is compared with."""
BETTER = 0.9
"""Share of the time of a step below which the other number of threads is taken."""


class Threads:
    """Tries one thread against all of them, now and then, and stays with the faster.

    Where another process takes one of two cores, two threads wait for one another at every
    operation, and a step takes up to ten times as long as with one thread (docs/benchmarks.md).

    Args:
        most: Threads of the machine.
        clock: Seconds since some moment.
        use: Sets the number of threads.
    """

    def __init__(
        self,
        most: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        use: Callable[[int], None] = torch.set_num_threads,
    ) -> None:
        self.most = torch.get_num_threads() if most is None else most
        self.current = self.most
        self._clock = clock
        self._use = use
        self._recent: list[float] = []
        self._usual = 0.0
        self._trying = 0
        self._due = clock()

    def step(self, seconds: float) -> None:
        """Take note of how long a step took, and decide with how many threads the next goes."""
        if self.most == 1:
            return
        self._recent.append(seconds)
        if len(self._recent) < TRIAL:
            return
        measured = statistics.median(self._recent[-TRIAL:])
        if self._trying:
            self._end_trial(measured)
        elif self._clock() >= self._due:
            self._usual = measured
            self._trying = 1 if self.current > 1 else self.most
            self._use(self._trying)
            self._recent.clear()
        else:
            del self._recent[:-TRIAL]

    def give_back(self) -> None:
        """Let all threads compute again: the training is over."""
        self._use(self.most)

    def _end_trial(self, measured: float) -> None:
        if measured < BETTER * self._usual:
            self.current = self._trying
        self._use(self.current)
        self._trying = 0
        self._recent.clear()
        self._due = self._clock() + PERIOD
