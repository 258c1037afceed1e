"""Predictor-guided search, the default: predict to propose, measure to accept."""

from functools import cached_property

import numpy as np

from sartor.search.candidates import evolved, neighbours, whole
from sartor.search.feasible import sample_feasible, stratified
from sartor.search.front import Indices, fronts
from sartor.search.history import Remembering
from sartor.search.improve import improving_batch
from sartor.search.met import Met
from sartor.search.outlook import Oracle, Outlook
from sartor.search.protocol import STRATEGIES, Numbers, Problem
from sartor.space import Design, Genes

FIRST, OF_MANY = 16, 32
"""Trials spread over the cost before anything is predicted: the latter for a front in a space that
is not looked at whole, where their ends say how far designs count."""
POSSIBILITIES, ALONE = 16, 128
"""Outcomes over which the improvement by a design is averaged: of a front, and in one objective,
where they cost little, and a limit makes what improves rare."""
FENCE = 1.5
"""Interquartile ranges beyond the quartiles of the first trials at which costs do not count."""
BEYOND = 0.3
"""How far a design may lie beyond the best so far and count for it, in units of the range."""
NEIGHBOUR = 5.0
"""What the gain counts that a neighbour of the front promises, against that by any other, in a
space that is looked at whole. Where candidates are evolved, they are near the front anyway."""
AROUND = 10
"""Designs whose neighbours are meant, at least: where the front has fewer, with those behind it."""
MARGIN = 0.4
"""How far beyond the dearest design that is expected to be best in something others count, in units
of the range (docs/benchmarks.md)."""
TINY = 1e-12
EXPLORE = 8
"""One design in so many, on average, is drawn at random where a front is sought and only evolved
candidates are looked at: predictors are never told else that they are wrong elsewhere. Where all
designs are candidates, what is uncertain is chosen anyway, and in one objective it pays more to
climb: there nothing is drawn until a search is stuck (docs/benchmarks.md)."""
STUCK, ASTRAY = 16, 4
"""Trials that brought nothing better, after which a search is stuck where one objective is all that
is predicted of a small space: one design in `ASTRAY` is then drawn at random, since there is always
one more of a kind to try, and nothing that is learned speaks of another kind."""


class PredictorGuided(Remembering):
    """Evaluate a spread sample, learn to predict, evolve on predictions, evaluate the best, repeat.

    The batch is chosen for the hypervolume it may add. In a small space designs that differ in one
    choice from the front count more: where a front is, more of it is near, and predictors that look
    at a whole space tend to miss just that (docs/benchmarks.md).

    Args:
        problem: The search.
        seed: 0 or more.
        members: Of the predictors, beside the Gaussian process.

    Source:
        Cummings et al. 2022, arXiv:2202.12954 (LINAS). Differs: predictors say how unsure they are,
        and the batch is chosen for the hypervolume it may add rather than from the last population.
    """

    def __init__(self, problem: Problem, seed: int, members: tuple[str, ...] = ()) -> None:
        super().__init__(problem, seed)
        self._oracle = Oracle(self._history, members)
        self._alone = len(problem.objectives) == 1  # no front is sought

    def ask(self, count: int) -> list[Design]:
        """Return the designs that promise most; see `Strategy`."""
        history = self._history
        rng = history.rng()
        if len(history.good) < self._first:
            drawn = stratified(history.problem, count, rng, exclude=history.met)
            return history.asked(drawn)
        self._oracle.learn()
        chosen = history.asked(self._promising(count - self._at_random(count, rng), rng))
        return chosen + self._explore(count - len(chosen), rng)

    def report(self) -> dict[str, float]:
        """Return how well the predictor ranks trials that it did not know, and its error."""
        if self._history.good:
            self._oracle.learn()
        return self._oracle.report()

    def _at_random(self, count: int, rng: np.random.Generator) -> int:
        if not (self._spreads or self._stuck):
            return 0
        of = EXPLORE if self._spreads else ASTRAY
        return count // of + int(rng.random() < (count % of) / of)

    def _explore(self, count: int, rng: np.random.Generator) -> list[Design]:
        """Ask for draws from everywhere: an even spread of so few would be the ends each time."""
        history = self._history
        if count < 1:
            return []
        drawn = sample_feasible(history.problem, 16 * count, rng, exclude=history.met, wide=True)
        return history.asked(rng.permutation(drawn)[:count])

    def _promising(self, count: int, rng: np.random.Generator) -> Genes:
        """Choose the batch that may add most to the front of what was measured."""
        history, oracle = self._history, self._oracle
        costs = oracle.measured()
        kept = self._kept()
        peeled = [kept[front] for front in fronts(costs[kept], AROUND)]
        front, around = peeled[0], neighbours(history, np.concatenate(peeled))
        candidates = self._candidates(around, rng)
        if not len(candidates) or count < 1:
            return candidates[:0]
        possibilities = ALONE if self._alone else POSSIBILITIES
        outlook = oracle.outlook(candidates, possibilities=possibilities)
        if not len(front):
            return candidates[np.argsort(outlook.excess, kind="stable")[:count]]
        best = costs[front].min(axis=0)
        # A front alone is crowded where designs are cheap, the first trials may lack its other end.
        worst = np.maximum(_worst(costs[: self._first]), _worst(costs[front]))
        worst = np.maximum(worst, _other_ends(outlook, best))
        unit = np.maximum(worst - best, TINY)
        known = np.minimum((costs[front] - best) / unit, 1.0)
        expected = np.maximum((outlook.expected - best) / unit, -BEYOND)
        possible = np.maximum((outlook.possible - best) / unit, -BEYOND)
        possible[outlook.missed > 0] = np.inf
        weights = self._weights(candidates, around)
        # Designs that are expected to be equally good in one objective need not be alike.
        spaced = not self._alone
        chosen = improving_batch(known, possible, expected, count, weights, spaced=spaced)
        # Where nothing more is to be gained, those follow that are expected to be least behind.
        left = np.setdiff1d(np.arange(len(candidates)), chosen)
        order = left[np.lexsort((_behind(known, expected[left]), outlook.excess[left]))]
        best_first: Indices = np.concatenate([chosen, order])
        return candidates[best_first[:count]]

    def _weights(self, candidates: Genes, around: Genes) -> Numbers:
        if self._whole is None:
            return np.ones(len(candidates))
        met = Met(self._history.problem.coding)
        met.add(around)
        return np.where(met.knows(candidates), NEIGHBOUR, 1.0)

    def _candidates(self, around: Genes, rng: np.random.Generator) -> Genes:
        if self._whole is None:
            return evolved(self._oracle, self._history, around, rng)
        return self._whole[~self._history.met.knows(self._whole)]

    @cached_property
    def _whole(self) -> Genes | None:
        """All designs, where the space is small."""
        return whole(self._history.problem)

    @property
    def _first(self) -> int:
        return OF_MANY if self._spreads else FIRST

    @property
    def _spreads(self) -> bool:
        """A front is sought, and only a part of the space is ever looked at."""
        return self._whole is None and not self._alone

    @property
    def _stuck(self) -> bool:
        """Nothing better has come for long, of the one thing that is predicted."""
        if not self._alone or self._whole is None or len(self._oracle.predicted) != 1:
            return False
        kept = self._kept()
        best = kept[self._oracle.measured()[kept, 0].argmin()] if len(kept) else -1
        return len(self._history.good) - 1 - int(best) >= STUCK

    def _kept(self) -> Indices:
        """Return the trials that keep the limits, as far as these were measured of all."""
        history = self._history
        numbers = {it.metric: history.values(it.metric) for it in history.problem.limits}
        # What was not measured of a trial cannot speak against it.
        known = {name: values for name, values in numbers.items() if np.isfinite(values).all()}
        return np.flatnonzero(history.problem.excess(known, len(history.good)) <= 0)


@STRATEGIES.register(
    "predictor",
    "A Gaussian process proposes, evaluations correct it.",
    "LINAS, arXiv:2202.12954",
)
def predictor(problem: Problem, seed: int) -> PredictorGuided:
    """Search guided by a Gaussian process alone, which needed the fewest evaluations."""
    return PredictorGuided(problem, seed)


def _worst(costs: Numbers) -> Numbers:
    """Return the highest costs that are no outliers, (m,), of trials, (n, m)."""
    first, third = np.quantile(costs, [0.25, 0.75], axis=0)
    worst: Numbers = np.minimum(costs.max(axis=0), third + FENCE * (third - first))
    return worst


def _other_ends(outlook: Outlook, best: Numbers) -> Numbers:
    """Return what counts at least, (m,): a margin beyond designs expected to be best in something.

    Where all trials are cheap, the dearest designs would else be beyond what counts, and the end of
    the front at which they stand would never be looked at.
    """
    kept = outlook.expected[outlook.excess <= 0]
    if not len(kept):
        return best
    dearest: Numbers = kept[kept.argmin(axis=0)].max(axis=0)
    return dearest + MARGIN * (dearest - best)


def _behind(front: Numbers, points: Numbers) -> Numbers:
    """Return by how much each point must become better in all costs to be on the front, (n,)."""
    away = np.full(len(points), -np.inf)
    for known in front:
        away = np.maximum(away, (points - known).min(axis=1))
    return away
