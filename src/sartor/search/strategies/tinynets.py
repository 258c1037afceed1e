"""TinyNets: how resolution, depth and width follow from the cost, read off the best trials."""

import warnings
from typing import Any

import numpy as np

from sartor.search.axes import Axes
from sartor.search.front import Indices, fronts
from sartor.search.history import Remembering
from sartor.search.protocol import STRATEGIES, Numbers, Problem, logarithms
from sartor.search.walk import Prices
from sartor.space import Design, Genes

FIRST = 32
"""Trials with levels of chance before anything is regressed."""
SHARE = 0.2
"""Of the trials, front by front, from which the formula is read: the paper's."""
FEWEST, MOST = 8, 100
LEVELS = np.linspace(0, 1, 9)
"""Of the axis that follows from the cost: those that are tried."""
SPARE = 4
"""Designs that are thought of for each that is asked for: some are known, some miss a limit."""
NEAREST = 3
"""Trials nearest to a cost, of which one gives the choices without an order."""


@STRATEGIES.register(
    "tinynets",
    "Resolution, depth and width as they follow from the cost on the front.",
    "Han et al. 2020, arXiv:2010.14819",
)
class TinyNets(Remembering):
    """Ask for designs whose axes follow a regression on the cost over the best trials.

    First come designs of chance levels on every axis (`Axes`). Then each axis is regressed on the
    logarithm of the cost over the best fifth of the trials; but one of them, that by which the cost
    changes most, is set so that the cost is met.

    Args:
        problem: The search.
        seed: 0 or more.

    Source:
        Han et al. 2020, arXiv:2010.14819, section 4: fronts of random designs, Gaussian process
        regression with an RBF kernel of resolution and depth, and the width from the rest. Differs:
        the axes are those of the space, as the names of ordered choices tell them; the width is the
        axis by which an estimate of the cost changes most, and where there is none all axes are
        regressed. Costs are at the limit, and spread from the cheapest to it where the cost is an
        objective. What is asked for is a draw of the regression and not its mean, and joins the
        trials, so that the formula is corrected. Choices without an order, which the paper has not,
        are those of a good trial of about that cost, with some changed.
    """

    def __init__(self, problem: Problem, seed: int) -> None:
        super().__init__(problem, seed)
        self._axes, self._prices = Axes(problem.space), Prices(problem)
        self._closing = self._steepest()

    def ask(self, count: int) -> list[Design]:
        """Return designs that follow the formula; see `Strategy`."""
        history, problem, rng = self._history, self._history.problem, self._history.rng()
        if len(history.good) < FIRST:
            drawn = problem.coding.drawn(SPARE * count, rng)
            levels = rng.random((len(drawn), len(self._axes.names)))
            thought_of = self._axes.moved(drawn, levels, rng)
        else:
            thought_of = self._following(SPARE * count, rng)
        fresh = history.met.copy().fresh(thought_of)
        chosen = fresh[problem.within(fresh)][:count]
        met = history.met.copy()
        met.add(chosen)
        return history.filled(chosen, count, met, rng)

    def _following(self, count: int, rng: np.random.Generator) -> Genes:
        """Return designs that follow the formula, (count, choices)."""
        best = self._best()
        genes = self._history.genes[best]
        costs = logarithms(self._costs()[best])
        goals = self._goals(costs, count, rng)
        levels = _regressed(costs, self._axes.levels(genes), goals, rng)
        near = np.abs(costs - goals[:, None]).argsort(axis=1, kind="stable")[:, :NEAREST]
        parents = genes[near[np.arange(count), rng.integers(near.shape[1], size=count)]]
        coding = self._history.problem.coding
        base = coding.mutated(parents, rng, 1 / len(coding.cardinalities))
        if self._closing is None:
            return self._axes.moved(base, levels, rng)
        return self._closed(base, levels, goals, rng)

    def _closed(
        self, base: Genes, levels: Numbers, goals: Numbers, rng: np.random.Generator
    ) -> Genes:
        """Set the axis that is left so that the logarithms of costs come near to goals, (n,)."""
        assert self._closing is not None
        tried = np.repeat(levels[:, None], len(LEVELS), axis=1)  # (n, LEVELS, axes)
        tried[:, :, self._closing] = LEVELS
        rows = np.repeat(base, len(LEVELS), axis=0)
        moved = self._axes.moved(rows, tried.reshape(len(rows), -1), rng)
        problem = self._history.problem
        away = np.abs(logarithms(self._prices.of(moved)) - np.repeat(goals, len(LEVELS)))
        away += problem.excess(problem.estimates(moved), len(moved))
        away = np.where(np.isfinite(away), away, np.finfo(float).max).reshape(-1, len(LEVELS))
        nearest: Genes = moved.reshape(*away.shape, -1)[np.arange(len(base)), away.argmin(axis=1)]
        return nearest

    def _goals(self, costs: Numbers, count: int, rng: np.random.Generator) -> Numbers:
        """Return the logarithms of the costs that are wanted, (count,)."""
        problem, metric = self._history.problem, self._prices.metric
        bounds = [
            it.bound for it in problem.limits if it.metric == metric and it.direction == "max"
        ]
        top = float(np.log(min(bounds))) if bounds else float(costs.max())
        bottom = min(float(costs.min()), top)
        if bounds and metric not in problem.objectives:
            return np.full(count, top)
        return rng.uniform(bottom, top, count)

    def _best(self) -> Indices:
        """Return the best trials, front by front, of those that keep the limits but the cost's."""
        history, problem = self._history, self._history.problem
        metrics = {it.metric for it in problem.limits} - {self._prices.metric}
        numbers = {name: np.nan_to_num(history.values(name), nan=np.inf) for name in metrics}
        excess = problem.excess(numbers, len(history.good))
        costs = self._costs()
        kept = np.flatnonzero((excess <= excess.min()) & np.isfinite(costs))
        if not len(kept):
            kept = np.arange(len(costs))
        matrix = np.hstack([history.costs()[kept], costs[kept, None]])
        wanted = int(np.clip(SHARE * len(kept), FEWEST, MOST))
        peeled = np.concatenate(fronts(np.nan_to_num(matrix), wanted))
        return kept[peeled[:MOST]]

    def _costs(self) -> Numbers:
        """Return the costs of all trials, (n,)."""
        if self._prices.known:
            return self._prices.of(self._history.genes)
        assert self._prices.metric is not None
        return self._history.values(self._prices.metric)

    def _steepest(self) -> int | None:
        """Return the axis along which the known cost changes most, or None."""
        axes, problem = len(self._axes.names), self._history.problem
        if not self._prices.known or not axes:
            return None
        levels = np.full((2 * axes, axes), 0.5)
        levels[np.arange(axes), np.arange(axes)] = 0
        levels[axes + np.arange(axes), np.arange(axes)] = 1
        middle = problem.space.encode([problem.space.extreme(-1)]).repeat(2 * axes, axis=0)
        genes = self._axes.moved(middle, levels, np.random.default_rng(0))
        low, high = logarithms(self._prices.of(genes)).reshape(2, axes)
        return int(np.argmax(high - low))


def _regressed(
    costs: Numbers, levels: Numbers, goals: Numbers, rng: np.random.Generator
) -> Numbers:
    """Draw the level of each axis as it follows from costs.

    Args:
        costs: Logarithms of the costs of trials, (n,).
        levels: Of those trials, (n, axes).
        goals: Logarithms of the costs that are wanted, (g,).
        rng: Randomness.

    Returns:
        Levels, (g, axes).
    """
    centre, unit = costs.mean(), float(costs.std()) or 1.0
    x, wanted = ((costs - centre) / unit)[:, None], ((goals - centre) / unit)[:, None]
    columns = []
    for level in levels.T:
        mean, spread = _fitted(x, level).predict(wanted, return_std=True)
        columns.append(np.clip(mean + spread * rng.standard_normal(len(goals)), 0, 1))
    return np.stack(columns, axis=1) if columns else np.empty((len(goals), 0))


def _fitted(x: Numbers, level: Numbers) -> Any:  # Any: scikit-learn is not typed
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    kernel = ConstantKernel(1.0) * RBF(1.0, (0.3, 10.0)) + WhiteKernel(0.1, (1e-3, 1.0))
    with warnings.catch_warnings():
        # A bound that is met is meant: of ten trials no shorter wave can be told.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return GaussianProcessRegressor(kernel, normalize_y=True).fit(x, level)
