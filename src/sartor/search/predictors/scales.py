"""Scales on which metrics are learned, and how unsure a value is that was learned on one."""

from typing import Protocol

import numpy as np

from sartor.search.protocol import Numbers
from sartor.units import Direction

FENCE = 1.5
"""Interquartile ranges beyond the quartiles at which the bad ones are cut off (Tukey)."""
CHEAPER = 0.7
"""A design is not expected to cost less than so much of the cheapest one known."""
BROKEN, AMONG = 2, 16
"""Cheapest ones that may be broken and cost next to nothing: so many, and one among so many."""
LEAST, MOST = 0.003, 0.5
"""Relative errors that are thought possible."""


class Scale(Protocol):
    """Brings values to scores that a model learns, and what it says of scores back to values."""

    def scores(self, values: Numbers) -> Numbers:
        """Return scores to learn from, (n,)."""
        ...

    def judge(self, scores: Numbers, left_out: Numbers, spread: Numbers) -> float:
        """Take in how well scores were predicted that were left out.

        Args:
            scores: Of trials, (n,).
            left_out: What was predicted for each by a model that did not know it, (n,).
            spread: The standard deviations that it gave, (n,).

        Returns:
            The typical error of a value, relative to the value.
        """
        ...

    def at(self, mean: Numbers, spread: Numbers, deviations: float) -> Numbers:
        """Return the values so many standard deviations worse or better than is expected, (n,)."""
        ...


class Distances:
    """The logarithm of the distance to the best there can be, for what is to be high.

    Going from 94.0 to 94.4 % is then as much as from 84 to 85 %. The worst are cut off: a few
    broken designs would else outweigh all differences between good ones.

    Args:
        values: Those that are known, (n,).
    """

    def __init__(self, values: Numbers) -> None:
        first, third = np.quantile(values, [0.25, 0.75])
        is_share = values.min() >= 0 and values.max() < 1
        reach = (third - first) or np.ptp(values) or 1.0
        self._best = 1.0 if is_share else float(values.max() + reach)
        first, third = np.quantile(self._plain(values), [0.25, 0.75])
        self._worst = first - FENCE * (third - first)
        self._calibration = 1.0

    def scores(self, values: Numbers) -> Numbers:
        """Return scores; see `Scale`."""
        scores: Numbers = np.maximum(self._plain(values), self._worst)
        return scores

    def judge(self, scores: Numbers, left_out: Numbers, spread: Numbers) -> float:
        """Widen or narrow what the model thinks of its errors; see `Scale`."""
        self._calibration = float(
            np.sqrt(np.mean(((scores - left_out) / spread) ** 2)).clip(0.5, 2)
        )
        return float(np.median(np.abs(scores - left_out)))

    def at(self, mean: Numbers, spread: Numbers, deviations: float) -> Numbers:
        """Return values; see `Scale`."""
        scores = mean + deviations * self._calibration * spread
        values: Numbers = self._best - np.exp(-np.clip(scores, -40, 40))
        return values

    def _plain(self, values: Numbers) -> Numbers:
        logarithms: Numbers = -np.log(np.maximum(self._best - values, 1e-9))
        return logarithms


class Amounts:
    """What adds up and is learned as it is, though its errors are relative to it, as times are.

    Args:
        values: Those that are known, (n,), all positive.
    """

    def __init__(self, values: Numbers) -> None:
        self._least = CHEAPER * float(np.sort(values)[min(BROKEN, len(values) // AMONG)])
        self._error, self._usual = MOST, 1.0

    def scores(self, values: Numbers) -> Numbers:
        """Return the values; see `Scale`."""
        return values

    def judge(self, scores: Numbers, left_out: Numbers, spread: Numbers) -> float:
        """Find the relative error; see `Scale`."""
        self._usual = float(np.median(spread))
        self._error = _typical(np.log(np.maximum(left_out, self._least) / scores))
        return self._error

    def at(self, mean: Numbers, spread: Numbers, deviations: float) -> Numbers:
        """Return values; see `Scale`."""
        error = np.clip(self._error * spread / self._usual, LEAST, MOST)
        values: Numbers = np.maximum(mean, self._least) * np.exp(deviations * error)
        return values


class Logarithms:
    """What multiplies."""

    def __init__(self) -> None:
        self._error, self._usual = MOST, 1.0

    def scores(self, values: Numbers) -> Numbers:
        """Return the logarithms; see `Scale`."""
        logarithms: Numbers = np.log(values)
        return logarithms

    def judge(self, scores: Numbers, left_out: Numbers, spread: Numbers) -> float:
        """Find the relative error; see `Scale`."""
        self._usual = float(np.median(spread))
        self._error = _typical(left_out - scores)
        return self._error

    def at(self, mean: Numbers, spread: Numbers, deviations: float) -> Numbers:
        """Return values; see `Scale`."""
        error = np.clip(self._error * spread / self._usual, LEAST, MOST)
        # Bounded, so that a wild guess is a large number and not an infinite one.
        values: Numbers = np.exp(np.clip(mean + deviations * error, -80, 80))
        return values


class Plain:
    """What is to be low and may be negative: the worst are cut off.

    Args:
        values: Those that are known, (n,).
    """

    def __init__(self, values: Numbers) -> None:
        first, third = np.quantile(values, [0.25, 0.75])
        self._worst = third + FENCE * (third - first) if third > first else float(values.max())
        self._unit = float(third - first) or 1.0
        self._calibration = 1.0

    def scores(self, values: Numbers) -> Numbers:
        """Return scores; see `Scale`."""
        return np.minimum(values, self._worst)

    def judge(self, scores: Numbers, left_out: Numbers, spread: Numbers) -> float:
        """Widen or narrow what the model thinks of its errors; see `Scale`."""
        self._calibration = float(
            np.sqrt(np.mean(((scores - left_out) / spread) ** 2)).clip(0.5, 2)
        )
        return float(np.median(np.abs(scores - left_out))) / self._unit

    def at(self, mean: Numbers, spread: Numbers, deviations: float) -> Numbers:
        """Return values; see `Scale`."""
        values: Numbers = mean + deviations * self._calibration * spread
        return values


def fitting(values: Numbers, way: Direction) -> list[Scale]:
    """Return the scales on which values may be learned; what is left out tells which is right.

    Args:
        values: Those that are known, (n,).
        way: What is better.
    """
    if way == "max":
        return [Distances(values)]
    return [Amounts(values), Logarithms()] if values.min() > 0 else [Plain(values)]


def _typical(errors: Numbers) -> float:
    """Return the standard deviation of errors, without the outliers among them."""
    return float(np.clip(1.4826 * np.median(np.abs(errors)), LEAST, MOST))
