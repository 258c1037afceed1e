"""Anchors: networks that are timed with all others, to see how fast the machine is just then.

One that others use as well is at times slower by a third, for seconds or minutes. What was timed
then says little of what was timed at another moment, unless both are compared with the same.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from sartor.targets import Program, Timing, time_in_turn

SCALES = (0.1, 0.3, 0.6)
"""Of the designs that are anchors."""
SLOW = 1.1
"""Programs are timed again where the anchors took this times their least."""
TRIES = 3
"""Times that programs are timed at most."""


def pace_of(timings: Iterable[Timing]) -> float:
    """Return the milliseconds of the anchors, of whose timings it is the geometric mean."""
    return math.exp(np.mean([math.log(it.median_ms) for it in timings]))


@dataclass(slots=True)
class Anchors:
    """Programs that stay the same.

    Args:
        programs: By names that no other program has.
    """

    programs: Mapping[str, Program]
    least: float = math.inf
    """The shortest milliseconds so far."""

    def time(
        self, programs: Mapping[str, Program], seconds_each: float, seed: int
    ) -> tuple[float, dict[str, Timing]]:
        """Time programs until the machine is as fast as it was, a few times; return the best try.

        Another's work on the same core slows some kernels more than others, which no factor for all
        of them can undo.

        Returns:
            The milliseconds of the anchors, timed in turn with the programs, and all timings.
        """
        tries = []
        for _ in range(TRIES):
            timings = time_in_turn(
                {**programs, **self.programs}, seconds_each=seconds_each, seed=seed
            )
            anchors = [timings[name] for name in self.programs]
            pace = pace_of(anchors)
            noisy = not all(it.trustworthy for it in anchors)
            tries.append((noisy, pace, timings))
            if not noisy and pace < SLOW * self.least:
                break
        _, pace, timings = min(tries, key=lambda it: it[:2])
        self.least = min(self.least, pace)
        return pace, timings
