"""Times programs of a survey beside anchors, as far as possible as if nobody else computed."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sartor.cost.anchors import pace_of
from sartor.targets import Program
from sartor_agent.experiment import Clock, time_calls

ANCHOR = "anchor "
"""Begins the names of anchors."""
NOTHING = "nothing"
"""A call that does nothing: its time, that of reading the clock, is taken off the others."""
SLOW = 1.3
"""Programs are timed again where the anchors took this times their least: the machine then is not
the same one. Smaller differences are divided out; waiting for them to pass cost half of a survey on
a machine that others used as well."""
TRIES = 2
"""Times that programs are timed at most."""


@dataclass(slots=True)
class Stopwatch:
    """Times programs in turn with anchors; see `sartor.cost.anchors`.

    Args:
        anchors: Programs that stay the same.
        threads: Of one call. On one thread the time is that of the processor: what a call waits
            for others to use the core is no cost of the network.
    """

    anchors: Mapping[str, Program]
    threads: int
    least: float = math.inf
    """The shortest pace so far, milliseconds."""

    @property
    def clock(self) -> Clock:
        """What is read before and after a call."""
        return time.process_time_ns if self.threads == 1 else time.perf_counter_ns

    def time(
        self, programs: Mapping[str, Program], seconds_each: float, seed: int
    ) -> tuple[float, dict[str, float]]:
        """Time programs until the machine is as fast as it was, a few times; return the best try.

        Returns:
            The pace, milliseconds: the geometric mean of the anchors; and the milliseconds of each.
        """
        rng = np.random.default_rng(seed)
        calls = {
            name: program.prepare(*(port.noise(rng) for port in program.inputs))
            for name, program in {**programs, **self._named()}.items()
        }
        calls[NOTHING] = lambda: None
        best: tuple[float, dict[str, float]] | None = None
        for _ in range(TRIES):
            found = time_calls(calls, seconds_each=seconds_each, seed=seed, clock=self.clock)
            pace = pace_of(found[name] for name in self._named())
            if best is None or pace < best[0]:
                nothing = found[NOTHING].median_ms
                best = pace, {name: found[name].median_ms - nothing for name in programs}
            if pace < SLOW * self.least:
                break
        assert best is not None
        self.least = min(self.least, best[0])
        return best

    def _named(self) -> dict[str, Program]:
        return {ANCHOR + name: it for name, it in self.anchors.items()}
