"""From numbers to places on an axis, and round numbers to write beside it."""

import math
from dataclasses import dataclass

ROUND = ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))
"""Digits of the ticks of a logarithmic axis, the densest first."""


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high`, drawn from pixel `start` to pixel `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the pixel at which `value` stands; beyond the ends if it is beyond the axis."""
        if self.log:
            share = math.log(max(value, 1e-12) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Tell whether `value` is on the axis."""
        return self.low <= value <= self.high

    def ticks(self, count: int = 6) -> list[float]:
        """Return about `count` round values.

        Example:
            >>> Scale(0.02, 3, 0, 1, log=True).ticks()
            [0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0]
            >>> Scale(91.2, 95.1, 0, 1).ticks(4)
            [92.0, 93.0, 94.0, 95.0]
        """
        if not self.log or self.high / self.low < 5:
            return _even(self.low, self.high, count)
        choices = [_decades(self.low, self.high, factors) for factors in ROUND]
        return next((ticks for ticks in choices if len(ticks) <= count + 1), choices[-1])


def padded(
    values: list[float], *, log: bool = False, pad: float = 0.08, least: float = 0.0
) -> tuple[float, float]:
    """Return the ends of an axis that holds all values with some room.

    Args:
        values: At least one, all above 0 where `log`.
        log: The axis is logarithmic.
        pad: Room at each end, as a share of the range.
        least: The smallest range; a difference, or a ratio above 1 where `log`.
    """
    low, high = min(values), max(values)
    if log:
        low, high = math.log(low), math.log(high)
        least = math.log(least) if least > 0 else 0.0
    missing = max(0.0, least - (high - low)) / 2
    room = pad * max(high - low, least)
    low, high = low - missing - room, high + missing + room
    return (math.exp(low), math.exp(high)) if log else (low, high)


def _even(low: float, high: float, count: int) -> list[float]:
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _decades(low: float, high: float, factors: tuple[float, ...]) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [float(f"{factor}e{power}") for power in powers for factor in factors]
    return [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]
