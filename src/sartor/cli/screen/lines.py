"""Progress as plain lines, for logs and pipes."""

import time
from collections.abc import Callable, Mapping
from typing import TextIO

from sartor.cli.screen.forecast import Forecast, lasting

EVERY = 10.0
"""Seconds between two lines of the same stage."""


class Lines:
    """Writes a line when a stage ends, and every few seconds in between.

    Args:
        stream: Where to.
        clock: Seconds from any start.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._forecast = Forecast(clock)
        self._written = clock()
        self._best = ""

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Take note of the plan."""
        self._forecast.plan(seconds)

    def stage(self, name: str) -> None:
        """Write that the stage before has ended."""
        if name == self._forecast.name:
            return  # the job went through it again; the log need not tell
        self.close()
        self._forecast.stage(name)
        self._written = self._clock()

    def update(self, share: float, note: str = "") -> None:
        """Write how far the stage is, unless that was written a moment ago."""
        self._forecast.update(share)
        if self._clock() - self._written < EVERY:
            return
        self._written = self._clock()
        left = self._forecast.left
        parts = [
            f"{self._forecast.name} {100 * self._forecast.done:.0f} %",
            note,
            "" if left is None else f"about {lasting(left)} left",
            self._best and f"best so far {self._best}",
        ]
        self._write(", ".join(part for part in parts if part))

    def best(self, text: str) -> None:
        """Take note of the best design for the next line."""
        self._best = text

    def say(self, sentence: str) -> None:
        """Write a sentence."""
        self._write(sentence)

    def close(self) -> None:
        """Write that the last stage has ended."""
        if self._forecast.name:
            self._write(f"{self._forecast.name}: {lasting(self._forecast.elapsed)}")
        self._forecast.stage("")

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()
