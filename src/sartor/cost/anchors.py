"""Anchors: networks that are timed with all others, to see how fast the machine is just then.

One that others use as well is at times slower by a third, for seconds or minutes. What was timed
then says little of what was timed at another moment, unless both are compared with the same.
"""

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field

import numpy as np

from sartor.targets import Target, TimedFile, Timing

SCALES = (0.1, 0.3, 0.6)
"""Of the designs that are anchors."""
USUAL = 25
"""Percentile of earlier paces that is waited for. The least may be a rare moment beside which all
others are slow: a benchmark that began with one timed every network three times."""


def pace_of(timings: Iterable[Timing]) -> float:
    """Return the milliseconds of the anchors, of whose timings it is the geometric mean."""
    return math.exp(np.mean([math.log(it.median_ms) for it in timings]))


@dataclass(slots=True)
class Anchors:
    """Files that stay the same. Used from several threads where a target is several boards.

    Args:
        target: Where they run.
        files: By names that no other file has.
        slow: Files are timed again where the anchors took this times what they usually do.
        tries: Times that files are timed at most.
        peace: They are timed again, too, where the time of an anchor is not trustworthy.
        clock: See `sartor_agent.experiment.CLOCKS`.
        paces: Milliseconds of the anchors in every experiment before, once each.
    """

    target: Target
    files: Mapping[str, TimedFile]
    _: KW_ONLY
    slow: float = 1.1
    tries: int = 3
    peace: bool = True
    clock: str = "wall"
    paces: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def time(
        self, files: Mapping[str, TimedFile], seconds_each: float, seed: int
    ) -> tuple[dict[str, Timing], dict[str, Timing]]:
        """Time files until the machine is as fast as it was, a few times; return the best try.

        Another's work on the same core slows some kernels more than others, which no factor for all
        of them can undo.

        Returns:
            The timings of the anchors, and those of the files that were timed in turn with them.

        Raises:
            MeasurementError: A process on a board crashed or did not end.
            BoardError: No board is left.
        """
        how = self.target.how(seconds_each=seconds_each, seed=seed, clock=self.clock)
        tries = []
        for _ in range(self.tries):
            timings = self.target.place.time_in_turn({**files, **self.files}, how)
            anchors = {name: timings.pop(name) for name in self.files}
            pace = pace_of(anchors.values())
            noisy = self.peace and not all(it.trustworthy for it in anchors.values())
            tries.append((noisy, pace, anchors, timings))
            if not noisy and pace < self.slow * self._usual():
                break
        _, pace, anchors, timings = min(tries, key=lambda it: it[:2])
        with self._lock:
            self.paces.append(pace)
        return anchors, timings

    def _usual(self) -> float:
        with self._lock:
            return float(np.percentile(self.paces, USUAL)) if self.paces else math.inf
