"""What is known of designs before they are evaluated: estimates and predictions together."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sartor.search.front import Indices, costs
from sartor.search.history import History
from sartor.search.predictors import Encoder, Predictor
from sartor.search.protocol import Numbers, Problem
from sartor.search.survival import survive
from sartor.space import Encoded, Genes
from sartor.units import Direction

MOST = 400
"""Trials that are learned at most: the time grows with their third power."""
GROWTH = 1.2
"""What takes long in learning is done anew when the trials are so many times more."""
FIRST = 32
"""The smallest number of trials at which that is so."""
FREE = 2000
"""Designs of which members learn the estimates, where there are some, before they learn trials."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Estimates and predictions of n designs."""

    expected: Numbers
    """Costs, (n, m), on the scale of the problem."""
    excess: Numbers
    """By how much the limits are missed as is expected, (n,)."""
    barred: npt.NDArray[np.bool_]
    """The estimates alone miss a limit, (n,)."""
    possible: Numbers
    """Costs as they may turn out, each as likely as another, (possibilities, n, m)."""
    missed: Numbers
    """By how much the limits are missed then, (possibilities, n)."""


class Oracle:
    """Estimates where there are some, and predictors of everything else that matters.

    Args:
        history: What it learns from.
        members: Of the predictors, beside the process.
    """

    def __init__(self, history: History, members: tuple[str, ...] = ()) -> None:
        self._history, self._members = history, members
        self.problem: Problem = history.problem
        extreme = self.problem.space.extreme(0)
        known = self.problem.estimates(self.problem.space.encode([extreme]))
        self._estimated = tuple(sorted(known))
        self._encode = Encoder(self.problem.coding, self._estimated)
        ways = {it.metric: _better(it.direction) for it in self.problem.limits}
        ways.update(self.problem.objectives)
        self._ways = {name: way for name, way in ways.items() if name not in known}
        self._made = {name: self._predictor(name) for name in self._ways}
        self._predictors: dict[str, Predictor] = {}
        """Those that have something to learn from."""
        self._tuned = 0
        self._seen = -1

    @property
    def predicted(self) -> tuple[str, ...]:
        """Metrics that matter and have no estimate."""
        return tuple(self._ways)

    def learn(self) -> None:
        """Learn the trials that the history has now.

        What takes long is done at trial counts that grow by a fifth, and depends on nothing but
        the trials until then, so that a search that is gone on with finds the same.
        """
        count = len(self._history.good)
        if count == self._seen:
            return
        self._seen = count
        step = _step(count)
        if step != self._tuned:
            self._tuned = step
            self._predictors = {
                metric: self._made[metric].tune(x, values)
                for metric, (x, values) in self._known(step).items()
            }
        for metric, (x, values) in self._known(count).items():
            if metric in self._predictors:
                self._predictors[metric].fit(x, values)

    def report(self) -> dict[str, float]:
        """Return rank correlation and error of the first objective that is predicted."""
        for metric in self.problem.objectives:
            if metric in self._predictors:
                predictor = self._predictors[metric]
                return {
                    "predictor_rank_correlation": predictor.rank_correlation,
                    "predictor_error": predictor.error,
                }
        return {}

    def outlook(self, genes: Genes, *, possibilities: int = 0) -> Outlook:
        """Estimate and predict designs in one go.

        Args:
            genes: Designs, (n, choices).
            possibilities: Outcomes to think of for each.
        """
        numbers = self.problem.estimates(genes)
        features = self._encode(genes, numbers)
        if not possibilities:
            expected = {name: it.expected(features) for name, it in self._predictors.items()}
            return self._of(numbers, expected, [], len(genes))
        guesses = {name: it.predict(features) for name, it in self._predictors.items()}
        expected = {name: it.expected for name, it in guesses.items()}
        outcomes = [
            {
                name: guess.at(float(deviation))
                for (name, guess), deviation in zip(guesses.items(), row, strict=True)
            }
            for row in _deviations(len(guesses), possibilities)
        ]
        return self._of(numbers, expected, outcomes, len(genes))

    def _of(
        self,
        estimates: dict[str, Numbers],
        expected: dict[str, Numbers],
        outcomes: list[dict[str, Numbers]],
        count: int,
    ) -> Outlook:
        shape = (len(outcomes), count)
        missed = [self.problem.excess(estimates | it, count) for it in outcomes]
        possible = [self.on_scale(estimates | it) for it in outcomes]
        return Outlook(
            expected=self.on_scale(estimates | expected),
            excess=self.problem.excess(estimates | expected, count),
            barred=self.problem.excess(estimates, count) > 0,
            possible=np.array(possible).reshape(*shape, len(self.problem.objectives)),
            missed=np.array(missed).reshape(shape),
        )

    def on_scale(self, numbers: dict[str, Numbers]) -> Numbers:
        """Bring the objectives to costs, (n, m), on the scale on which they are compared."""
        columns = []
        for name in self.problem.objectives:
            values = numbers[name]
            if name in self.problem.logarithmic:
                values = np.log(np.maximum(values, np.finfo(float).tiny))
            columns.append(values)
        matrix = costs(np.stack(columns, axis=1), self.problem.directions)
        # An estimate that is no number is as bad as can be, and must not stop the sorting.
        return np.nan_to_num(matrix, nan=1e30, posinf=1e30, neginf=-1e30)

    def measured(self) -> Numbers:
        """Return the costs of all trials on that scale, (n, m)."""
        names = self.problem.objectives
        return self.on_scale({name: self._history.values(name) for name in names})

    def _predictor(self, metric: str) -> Predictor:
        way, seed = self._ways[metric], self._history.seed
        free = self._free if self._estimated else None
        return Predictor(self._encode.features, way, seed, self._members, free)

    def _free(self) -> Encoded:
        """Draw designs small and large, with their estimates, (FREE, features)."""
        rng = np.random.default_rng([self._history.seed, FREE])
        genes = self.problem.coding.leaning(rng.random(FREE), rng)
        return self._encode(genes, self.problem.estimates(genes))

    def _known(self, count: int) -> dict[str, tuple[Encoded, Numbers]]:
        """Return what is learned of the first trials, by metric: their features and values."""
        if not self._ways:
            return {}
        chosen = self._chosen(count)
        genes = self._history.genes[chosen]
        x = self._encode(genes, self.problem.estimates(genes))
        columns = {metric: self._history.values(metric)[chosen] for metric in self._ways}
        there = {metric: np.isfinite(values) for metric, values in columns.items()}
        return {m: (x[there[m]], it[there[m]]) for m, it in columns.items() if there[m].any()}

    def _chosen(self, count: int) -> Indices:
        """Choose which of the first trials are learned: the best half, and others by chance."""
        if count <= MOST:
            return np.arange(count)
        history = self._history
        rng = np.random.default_rng([history.seed, _step(count)])
        matrix, excess = history.costs()[:count], history.excess()[:count]
        best = survive(matrix, excess, MOST // 2, rng).chosen
        others = np.setdiff1d(np.arange(count), best)
        drawn = rng.choice(others, MOST - len(best), replace=False)
        return np.sort(np.concatenate([best, drawn]))


def _step(count: int) -> int:
    """Return the largest number of trials, of those that grow by a fifth, that is there."""
    if count < FIRST:
        return count
    return int(FIRST * GROWTH ** math.floor(math.log(count / FIRST, GROWTH) + 1e-9))


def _deviations(metrics: int, count: int) -> Numbers:
    """Spread `count` possibilities evenly over normal distributions, (count, metrics).

    The metrics are paired at random, always in the same way: they are unsure independently.
    """
    from scipy.stats import norm

    even = norm.ppf((np.arange(count) + 0.5) / count) if count else np.empty(0)
    rng = np.random.default_rng(0)
    columns = [rng.permutation(even) for _ in range(metrics)]
    return np.stack(columns, axis=1) if columns else np.empty((count, 0))


def _better(bound: Direction) -> Direction:
    """Return what is better of a metric that has a limit: less under an upper bound."""
    return "min" if bound == "max" else "max"
