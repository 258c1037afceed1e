"""Predictor-guided search, the default: predict to propose, measure to accept."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sartor.search.evolve import breed
from sartor.search.feasible import sample_feasible, stratified
from sartor.search.front import costs, non_dominated
from sartor.search.history import History
from sartor.search.improve import improving_batch
from sartor.search.met import Met
from sartor.search.predictors import Encoder, Predictor
from sartor.search.protocol import STRATEGIES, Numbers, Problem, Scored
from sartor.search.survival import survive
from sartor.space import Design, Genes
from sartor.units import Direction

FIRST = 32
"""Trials spread over the cost before anything is predicted."""
POPULATION = 160
GENERATIONS = 14
"""Of the evolution on predictions: about 2,400 designs, a second for 100 choices."""
CANDIDATES = 600
"""Of those, from which a batch is chosen."""
POSSIBILITIES = 8
"""Outcomes over which the improvement by a design is averaged."""
BEYOND = 0.2
"""How far a design may lie beyond the best so far and count for it, in units of the range."""
EXPLORE = 8
"""One design in so many is drawn at random, which keeps the predictor honest."""


@STRATEGIES.register(
    "predictor",
    "An accuracy predictor proposes, evaluations correct it.",
    "LINAS, arXiv:2202.12954",
)
class PredictorGuided:
    """Evaluate a spread sample, learn to predict, evolve on predictions, evaluate the best, repeat.

    Args:
        problem: The search.
        seed: 0 or more.

    Source:
        Cummings et al. 2022, arXiv:2202.12954 (LINAS). Differs: an ensemble says how unsure it is,
        and the batch is chosen for the hypervolume it may add rather than from the last population.
    """

    def __init__(self, problem: Problem, seed: int) -> None:
        self._history = History(problem, seed)

    def ask(self, count: int) -> list[Design]:
        """Return the designs that promise most; see `Strategy`."""
        history = self._history
        rng = history.rng()
        if len(history.good) < FIRST:
            drawn = stratified(history.problem, count, rng, exclude=history.met)
            return history.asked(drawn)
        model = _Model(history)
        candidates = _evolve(model, history, rng)
        chosen = history.asked(_choose(model, history, candidates, count - count // EXPLORE))
        return chosen + self._explore(count - len(chosen), rng)

    def tell(self, trials: Sequence[Scored]) -> None:
        """Take in trials; see `Strategy`."""
        self._history.tell(trials)

    def report(self) -> dict[str, float]:
        """Return how well the predictor ranks trials that it was not fitted on, and its error."""
        return _Model(self._history).report() if self._history.good else {}

    def _explore(self, count: int, rng: np.random.Generator) -> list[Design]:
        """Ask for draws from everywhere: an even spread of so few would be the ends each time."""
        history = self._history
        if count < 1:
            return []
        drawn = sample_feasible(history.problem, 16 * count, rng, exclude=history.met, wide=True)
        return history.asked(rng.permutation(drawn)[:count])


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What is known of designs before they are evaluated."""

    expected: Numbers
    """Costs, (n, m); logarithms where the model predicts those."""
    excess: Numbers
    """By how much the limits are missed, (n,)."""
    possible: Numbers
    """Costs as they may turn out, each as likely as another, (possibilities, n, m)."""


class _Model:
    """Estimates where there are some, and predictors of everything else that matters."""

    def __init__(self, history: History) -> None:
        self.problem = history.problem
        self._encode = Encoder(self.problem.coding)
        estimates = self.problem.estimates(history.genes)
        features = self._encode(history.genes, estimates)
        ways = {it.metric: _better(it.direction) for it in self.problem.limits}
        ways.update(self.problem.objectives)
        self._logarithmic: dict[str, bool] = {}
        self._predictors: dict[str, Predictor] = {}
        for metric, way in ways.items():
            values = history.values(metric)
            known = np.isfinite(values)
            self._logarithmic[metric] = way == "min" and bool((values[known] > 0).all())
            if metric not in estimates and known.any():
                y = self._to_scale(metric, values[known])
                self._predictors[metric] = Predictor(history.seed).fit(features[known], y)

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

    def outlook(self, genes: Genes, *, possibilities: int = 0) -> _Outlook:
        """Estimate and predict designs in one go.

        Args:
            genes: Designs, (n, choices).
            possibilities: Outcomes to think of for each.
        """
        numbers = self.problem.estimates(genes)
        features = self._encode(genes, numbers)
        guesses = {name: it.predict(features) for name, it in self._predictors.items()}
        deviations = _deviations(len(guesses), possibilities)
        expected = {name: self._from_scale(name, it.expected) for name, it in guesses.items()}
        possible = [
            {
                name: self._from_scale(name, guess.at(float(deviation)))
                for (name, guess), deviation in zip(guesses.items(), row, strict=True)
            }
            for row in deviations
        ]
        width = len(self.problem.objectives)
        return _Outlook(
            expected=self.on_scale(numbers | expected),
            excess=self.problem.excess(numbers | expected, len(genes)),
            possible=np.array([self.on_scale(numbers | it) for it in possible]).reshape(
                possibilities, len(genes), width
            ),
        )

    def on_scale(self, numbers: dict[str, Numbers]) -> Numbers:
        """Bring the objectives to costs, (n, m), costs that span decades to their logarithms."""
        names = self.problem.objectives
        columns = [self._to_scale(name, numbers[name]) for name in names]
        matrix = costs(np.stack(columns, axis=1), self.problem.directions)
        # An estimate that is no number is as bad as can be, and must not stop the sorting.
        return np.nan_to_num(matrix, nan=1e30, posinf=1e30, neginf=-1e30)

    def _to_scale(self, metric: str, values: Numbers) -> Numbers:
        if not self._logarithmic[metric]:
            return values
        return np.log(np.maximum(values, np.finfo(float).tiny))

    def _from_scale(self, metric: str, values: Numbers) -> Numbers:
        # Bounded, so that a wild guess is a large number and not an infinite one.
        return np.exp(np.clip(values, -80, 80)) if self._logarithmic[metric] else values


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


def _evolve(model: _Model, history: History, rng: np.random.Generator) -> Genes:
    """Evolve on predictions, from the trials and a spread sample; return the best, best first."""
    problem = model.problem
    met = Met(problem.coding)
    spread = stratified(problem, POPULATION // 4, rng, exclude=history.met)
    genes = met.fresh(np.concatenate([history.genes, spread]))
    outlook = model.outlook(genes)
    expected, excess = outlook.expected, outlook.excess
    places = np.arange(len(genes))
    for _ in range(GENERATIONS):
        ranked = survive(expected[places], excess[places], POPULATION, rng)
        places = places[ranked.chosen]
        children = breed(problem.coding, genes[places], ranked, POPULATION, rng, met)
        if not len(children):
            break  # a small space of which every design was met
        outlook = model.outlook(children)
        places = np.concatenate([places, len(genes) + np.arange(len(children))])
        genes = np.concatenate([genes, children])
        expected = np.concatenate([expected, outlook.expected])
        excess = np.concatenate([excess, outlook.excess])
    new = np.flatnonzero(~history.met.knows(genes))
    best = survive(expected[new], excess[new], CANDIDATES, rng).chosen if len(new) else new
    return genes[new[best]]


def _choose(model: _Model, history: History, candidates: Genes, count: int) -> Genes:
    """Choose the batch that may add most to the front of what was measured."""
    if not len(candidates) or count < 1:
        return candidates[:0]
    outlook = model.outlook(candidates, possibilities=POSSIBILITIES)
    kept = np.flatnonzero(outlook.excess <= 0)
    front = _front(model, history)
    # The scale is that of what was measured: a crowd of broken designs of which a little is hoped
    # would else stretch it, until a batch is made of nothing else.
    scale = front if len(front) else outlook.expected[kept]
    if len(scale) == 0:
        return candidates[:0]
    low, high = _fences(scale[non_dominated(scale, ["min"] * scale.shape[1])])
    unit = np.where(high > low, high - low, 1.0)
    shares = [
        np.clip((points - low) / unit, -BEYOND, 1)
        for points in (front, outlook.possible[:, kept], outlook.expected[kept])
    ]
    chosen = improving_batch(shares[0], shares[1], shares[2], count)
    # Where nothing more is gained by what is expected, the candidates follow in their order.
    order = list(dict.fromkeys([*chosen, *range(len(kept))]))
    return candidates[kept[order[:count]]]


def _fences(points: Numbers) -> tuple[Numbers, Numbers]:
    """Return the range of a front per objective, (m,) each, without its outliers.

    A design that is broken and therefore very cheap is on every front; it must not stretch the
    scale until all that matters looks alike.
    """
    first, third = np.quantile(points, [0.25, 0.75], axis=0)
    reach = 1.5 * (third - first)
    return np.maximum(points.min(axis=0), first - reach), np.minimum(
        points.max(axis=0), third + reach
    )


def _front(model: _Model, history: History) -> Numbers:
    """Return the measured costs of the trials that keep the limits, (p, m)."""
    good = history.good
    names = {*model.problem.objectives, *(limit.metric for limit in model.problem.limits)}
    numbers = {name: history.values(name) for name in names}
    # What was not measured of a trial cannot speak against it.
    known = {name: values for name, values in numbers.items() if np.isfinite(values).all()}
    kept = model.problem.excess(known, len(good)) <= 0
    return model.on_scale(numbers)[kept]
