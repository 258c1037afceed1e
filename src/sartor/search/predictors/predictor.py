"""Predict what an evaluation would measure, from the options of a design."""

from collections.abc import Callable

import numpy as np

from sartor.errors import DataError
from sartor.search.predictors import members as _  # noqa: F401
from sartor.search.predictors.encoder import ESTIMATED
from sartor.search.predictors.process import Process
from sartor.search.predictors.protocol import MEMBERS, Member, Prepared
from sartor.search.predictors.scales import Scale, fitting
from sartor.search.protocol import Numbers
from sartor.space import Encoded, Features
from sartor.units import Direction

LEAST_WEIGHT = 0.05
"""Members with a smaller say have none."""
ENOUGH = 30
"""Trials from which on other members than the process may have a say."""


class Prediction:
    """What a metric may be, for n designs.

    Args:
        scale: On which it was learned.
        mean: Expected scores, (n,).
        spread: Their standard deviations, (n,).
    """

    def __init__(self, scale: Scale, mean: Numbers, spread: Numbers) -> None:
        self._scale, self._mean, self._spread = scale, mean, spread

    def at(self, deviations: float) -> Numbers:
        """Return the values so many standard deviations above what is expected, (n,)."""
        return self._scale.at(self._mean, self._spread, deviations)

    @property
    def expected(self) -> Numbers:
        """The values that are expected (their medians), (n,)."""
        return self.at(0.0)


class Predictor:
    """An ensemble that learns one metric.

    A Gaussian process says how unsure it is, and on which scale the metric is learned best. The
    other members (`MEMBERS`) have the say that predicts best what was left out.

    Args:
        features: What the numbers of a design are.
        way: What is better.
        seed: Of the members, 0 or more.
        members: Names of those that may join the process.
        free: Draws designs that nobody evaluated, (n, features), whose estimates members may learn
            first. Called once at most; None where nothing is estimated.

    Source:
        Weights: Breiman 1996, Stacked regressions (not negative, from left-out predictions).
    """

    def __init__(
        self,
        features: Features,
        way: Direction,
        seed: int,
        members: tuple[str, ...] = (),
        free: Callable[[], Encoded] | None = None,
    ) -> None:
        self.rank_correlation = float("nan")
        """Spearman's, of values that the process predicts for trials that are left out."""
        self.error = float("nan")
        """Root mean square error of those predictions, in the unit of the metric."""
        self.weights: dict[str, float] = {"process": 1.0}
        """What each member has to say."""
        self._features, self._way, self._seed = features, way, seed
        self._names, self._free = members, free
        self._made: dict[str, Member] = {}
        self._members: dict[str, Member] = {}
        self._process = Process(features)
        self._kind = 0

    def tune(self, x: Encoded, values: Numbers) -> "Predictor":
        """Choose the scale, the parameters of the process and the say of the members.

        Args:
            x: Designs, (n, features).
            values: What was measured of them, (n,).

        Raises:
            DataError: There is nothing to learn from, or a value is not finite.
        """
        known, values = np.asarray(x, float), checked(values)
        scales = fitting(values, self._way)
        tried = [Process(self._features).tune(known, it.scores(values)) for it in scales]
        errors = [self._judged(p, s, known, values) for p, s in zip(tried, scales, strict=True)]
        self._kind = int(np.argmin(errors))
        self._process = tried[self._kind]
        self._weigh(known, scales[self._kind].scores(values))
        return self

    def fit(self, x: Encoded, values: Numbers) -> "Predictor":
        """Learn designs, (n, features), and what was measured of them, (n,), as it was tuned.

        Raises:
            DataError: There is nothing to learn from, or a value is not finite.
        """
        known, values = np.asarray(x, float), checked(values)
        scales = fitting(values, self._way)
        # Fewer are left where costs that were positive when it was tuned have turned negative.
        self._scale = scales[min(self._kind, len(scales) - 1)]
        self._judged(self._process, self._scale, known, values)
        for member in self._members.values():
            member.fit(known, self._scale.scores(values))
        left_out = self._process.left_out
        guess = self._scale.at(left_out, np.zeros_like(left_out), 0.0)
        self.rank_correlation = rank_correlation(values, guess)
        self.error = float(np.sqrt(np.mean((values - guess) ** 2)))
        return self

    def predict(self, x: Encoded) -> Prediction:
        """Predict the metric of designs, (n, features)."""
        if len(x) == 0:
            return Prediction(self._scale, np.empty(0), np.empty(0))
        mean, spread = self._process.predict(x)
        return Prediction(self._scale, self._together(x, mean), spread)

    def expected(self, x: Encoded) -> Numbers:
        """Predict the values that are expected of designs, (n,), at a fraction of the time."""
        if len(x) == 0:
            return np.empty(0)
        mean = self._together(x, self._process.mean(x))
        return self._scale.at(mean, np.zeros_like(mean), 0.0)

    def _together(self, x: Encoded, mean: Numbers) -> Numbers:
        mean = self.weights["process"] * mean
        for name, member in self._members.items():
            mean = mean + self.weights[name] * member.mean(x)
        return mean

    def _judged(self, process: Process, scale: Scale, x: Numbers, values: Numbers) -> float:
        scores = scale.scores(values)
        process.fit(x, scores)
        return scale.judge(scores, process.left_out, process.left_out_spread)

    def _weigh(self, x: Numbers, scores: Numbers) -> None:
        """Find the say of each member that predicts best what was left out."""
        from scipy.optimize import nnls

        self.weights, self._members = {"process": 1.0}, {}
        if len(scores) < ENOUGH or not self._names:
            return
        members = self._joining()
        for member in members.values():
            member.tune(x, scores)
        left_out = [self._process.left_out, *(it.left_out for it in members.values())]
        centre = scores.mean()
        found = nnls(np.stack(left_out, axis=1) - centre, scores - centre)[0]
        names = ["process", *members]
        total = found.sum()
        if total <= 0:
            return
        kept = {n: w / total for n, w in zip(names, found, strict=True) if w > LEAST_WEIGHT * total}
        whole = sum(kept.values())
        self.weights = {"process": 0.0} | {name: weight / whole for name, weight in kept.items()}
        self._members = {name: it for name, it in members.items() if name in kept}

    def _joining(self) -> dict[str, Member]:
        """Return the members that may join, made once, as some learn first what is free."""
        if not self._made:
            self._made = {name: MEMBERS[name](self._seed) for name in self._names}
            waiting = [it for it in self._made.values() if isinstance(it, Prepared)]
            if waiting and self._free is not None:
                x, free = self._free(), self._features.kinds == ESTIMATED
                for member in waiting:
                    member.prepare(x, free)
        return self._made


def rank_correlation(one: Numbers, other: Numbers) -> float:
    """Return Spearman's rank correlation, 0 where one side is constant, (n,) each."""
    from scipy.stats import rankdata

    first, second = rankdata(one), rankdata(other)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def checked(values: Numbers) -> Numbers:
    """Return values to learn from, (n,), as numbers.

    Raises:
        DataError: There is none, or one is not finite.
    """
    values = np.asarray(values, float)
    if len(values) == 0 or not np.isfinite(values).all():
        raise DataError(
            f"{np.isfinite(values).sum()} of {len(values)} values to learn from are finite; "
            "give at least one value, and none that is not finite."
        )
    return values
