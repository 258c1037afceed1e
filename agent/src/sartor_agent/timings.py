"""What experiments find: times with intervals, and ratios of programs that were timed in turn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

RESAMPLES = 400
WIDEST = 0.05
"""Width of a 95 % interval, as a share of the value, above which a number is not trustworthy."""
WIDEST_RATIO = 0.04
"""The same for the 99 % interval of a ratio."""
LARGEST_DRIFT = 1.5
"""Ratio of the slowest to the fastest smoothed reference above which no number is trustworthy."""
FEWEST_PARTS = 3
"""Copies of a program from which on they tell how far loading it anew moves its time."""
SURE = 0.99
"""Of intervals of ratios. Stricter than that of times: who compares five networks makes ten
comparisons, and a difference that is none is worse than one that is overlooked."""
STUDENT = (
    63.66, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.250, 3.169, 3.106, 3.055, 3.012,
    2.977, 2.947, 2.921, 2.898, 2.878, 2.861, 2.845,
)  # fmt: skip
"""Quantiles of Student's t for two-sided intervals of 99 %, with 1, 2, ... degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What an experiment found for one program, in milliseconds per call."""

    median_ms: float
    """Median over rounds; a round is the lower quartile of a block of calls (by the clock of the
    processor its mean), brought to the speed of the quiet machine by the reference that is timed
    before and after it."""
    low_ms: float
    """Lower end of the 95 % bootstrap interval of that median."""
    high_ms: float
    min_ms: float
    """Fastest call, not corrected; so are the two below."""
    p10_ms: float
    p90_ms: float
    calls: int
    rounds_ms: tuple[float, ...]
    """The corrected rounds, for paired ratios with programs timed in the same experiment."""
    reason: str = ""
    """Why the number is not trustworthy; empty if it is."""
    parts: tuple[int, ...] = ()
    """Rounds of each copy of the program that was loaded, in every process; empty for one."""

    @property
    def trustworthy(self) -> bool:
        """The interval is narrow and the machine was steady."""
        return not self.reason

    @property
    def rounds(self) -> int:
        """Number of rounds."""
        return len(self.rounds_ms)

    def less(self, milliseconds: float) -> "Timing":
        """Return the same without what each call spent on something else."""
        named = ("median_ms", "low_ms", "high_ms", "min_ms", "p10_ms", "p90_ms")
        return replace(
            self,
            **{name: getattr(self, name) - milliseconds for name in named},
            rounds_ms=tuple(it - milliseconds for it in self.rounds_ms),
        )


@dataclass(frozen=True, slots=True)
class Ratio:
    """How two programs compare, from rounds in which both were timed."""

    value: float
    """Of (first / second)."""
    low: float
    """Lower end of the 99 % interval."""
    high: float
    reason: str = ""
    """Why the number is not trustworthy; empty if it is."""

    @property
    def equal(self) -> bool:
        """The interval contains 1: no difference was found."""
        return self.low <= 1 <= self.high


def ratio(one: Timing, other: Timing, seed: int = 0) -> Ratio:
    """Compare two programs that were timed in turn in one experiment.

    Where a program's memory lies moves its time by a percent or two, for as long as it is loaded:
    rounds of one copy tell nothing of that. Where there are several copies, the interval is that of
    the mean over copies, by Student's t; otherwise it is a bootstrap over rounds, too narrow by as
    much.
    """
    paired = np.log(np.array(one.rounds_ms) / np.array(other.rounds_ms))
    if len(one.parts) < FEWEST_PARTS:
        low, high = interval(paired, seed, SURE)
        return _ratio(float(np.median(paired)), low, high)
    centres = [np.median(part) for part in np.split(paired, np.cumsum(one.parts)[:-1])]
    middle = float(np.mean(centres))
    freedom = len(centres) - 1
    quantile = STUDENT[min(freedom, len(STUDENT)) - 1]
    half = quantile * float(np.std(centres, ddof=1)) / len(centres) ** 0.5
    return _ratio(middle, middle - half, middle + half)


def _ratio(middle: float, low: float, high: float) -> Ratio:
    """Make a ratio of its logarithms."""
    wide = np.expm1(high - low) > WIDEST_RATIO
    reason = f"the interval is {100 * np.expm1(high - low):.0f} % wide; the machine is too noisy"
    value, low, high = np.exp([middle, low, high]).tolist()
    return Ratio(value, low, high, reason if wide else "")


def interval(
    values: npt.NDArray[np.float64], seed: int = 0, sure: float = 0.95
) -> tuple[float, float]:
    """Return the bootstrap interval of the median of `values`, (n,), that holds it so surely."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(values), size=(RESAMPLES, len(values)))
    medians = np.median(values[drawn], axis=1)
    low, high = np.quantile(medians, ((1 - sure) / 2, (1 + sure) / 2))
    return float(low), float(high)


def doubts(middle: float, low: float, high: float, swing: float) -> str:
    """Say why a number is not trustworthy, or return nothing."""
    width = (high - low) / middle
    if width > WIDEST:
        return f"the interval is {100 * width:.0f} % wide; the machine is too noisy"
    if swing > LARGEST_DRIFT:
        return f"the machine's speed changed {swing:.1f} times during the experiment"
    return ""


def pool(parts: Sequence[Timing]) -> Timing:
    """Join the timings of one program from several processes.

    The value is the median of all rounds. The interval also covers the median of every process:
    where a program's memory lies changes its speed, and only a new process draws that anew.
    """
    values = np.concatenate([np.array(part.rounds_ms) for part in parts])
    low, high = interval(values)
    medians = [part.median_ms for part in parts]
    low, high = min(low, *medians), max(high, *medians)
    middle = float(np.median(values))
    return Timing(
        median_ms=middle,
        low_ms=low,
        high_ms=high,
        min_ms=min(part.min_ms for part in parts),
        p10_ms=float(np.median([part.p10_ms for part in parts])),
        p90_ms=float(np.median([part.p90_ms for part in parts])),
        calls=sum(part.calls for part in parts),
        rounds_ms=tuple(values.tolist()),
        parts=tuple(part.rounds for part in parts),
        reason=doubts(middle, low, high, 1.0) or next((p.reason for p in parts if p.reason), ""),
    )
