"""Walks that make a design cheaper step by step, made anew from the trials that were told."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sartor.search.feasible import cost_metric
from sartor.search.front import Indices
from sartor.search.history import History
from sartor.search.protocol import Numbers, Problem
from sartor.space import Genes

STEP = 0.01
"""Share of the first design's cost by which each step must lower it: MobileNetV3's."""


@dataclass(frozen=True, slots=True)
class Around:
    """A design's price, and what each of its choices can be changed to, in the order of trial."""

    price: float
    options: list[tuple[Genes, Numbers]]
    """For each choice the designs, (options, choices), and their prices, (options,)."""


class Prices:
    """What a design costs to a walk, and which of its options it tries.

    The estimate of the cost counts where there is one, and the dearest option is tried first.
    Without one it is the measured cost, NaN until it is known: options are tried one after another,
    of ordered choices those below, the nearest first. Without any cost it is the size: how far the
    options stand from the first ones.

    Args:
        problem: The search.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._estimated = cost_metric(problem)
        costly = [name for name, way in problem.objectives.items() if way == "min"]
        costly += [limit.metric for limit in problem.limits]
        self.metric = self._estimated or next(iter(costly), None)
        """The metric that is the cost; None where it is the size."""
        self.known = self.metric is None or self._estimated is not None
        """Prices are known before anything is evaluated."""
        self._arounds: dict[int, Around] = {}

    def of(self, genes: Genes) -> Numbers:
        """Return the prices of designs, (n, choices), as far as they are known at once, (n,)."""
        if not self.known or not len(genes):
            return np.full(len(genes), np.nan)
        if self._estimated is not None:
            return self._problem.estimates(genes)[self._estimated]
        last = np.maximum(self._problem.coding.cardinalities - 1, 1)
        sizes: Numbers = (genes / last).sum(axis=1)
        return sizes

    def around(self, at: Genes) -> Around:
        """Return the price of a design, (choices,), and what can be tried in its place."""
        key = int(self._problem.coding.keys(at[None])[0])
        if key not in self._arounds:
            self._arounds[key] = self._looked_at(at)
        return self._arounds[key]

    @cached_property
    def dearest(self) -> Genes:
        """The design with the last options, made dearer choice by choice as far as it goes."""
        space = self._problem.space
        at: Genes = space.encode([space.extreme(-1)])[0]
        price = float(self.of(at[None])[0])
        while self.known:
            near = self._problem.coding.neighbours(at)
            prices = np.nan_to_num(self.of(near), nan=-np.inf)
            if prices.max(initial=-np.inf) <= price:
                break
            at, price = near[np.argmax(prices)], float(prices.max())
        return at

    def _looked_at(self, at: Genes) -> Around:
        coding = self._problem.coding
        near = coding.neighbours(at)
        price, *others = self.of(np.vstack([at, near]))
        prices = np.array(others)
        active = np.flatnonzero(coding.active(at[None])[0])
        changed = np.repeat(active, coding.cardinalities[active] - 1)  # (n,)
        options = []
        for choice in active:
            own = np.flatnonzero(changed == choice)
            if self.known:
                own = own[np.argsort(-prices[own], kind="stable")]
                own = own[prices[own] < price]
            elif self._problem.space.choices[choice].ordered:
                own = own[near[own, choice] < at[choice]][::-1]
            options.append((near[own], prices[own]))
        return Around(float(price), options)


class Walks:
    """Walks as far as the trials of a history let them go.

    Args:
        history: The trials. A design that was asked for and has no numbers counts as failed.
        prices: What designs cost.
    """

    def __init__(self, history: History, prices: Prices) -> None:
        self._history, self._prices, self._problem = history, prices, history.problem
        keys = history.problem.coding.keys(history.genes).tolist()
        self._places = dict(zip(keys, range(len(keys)), strict=True))
        estimates = self._problem.estimates(history.genes)
        metric = prices.metric
        self._paid = history.values(metric) if metric is not None else prices.of(history.genes)
        if metric in estimates:
            self._paid = estimates[metric]
        self._gained = _accuracy(history, metric)
        numbers = {it.metric: history.values(it.metric) for it in self._problem.limits} | estimates
        self._within = self._problem.excess(numbers, len(keys)) <= 0

    def path(self, start: Genes) -> list[Genes]:
        """Return the designs, (choices,), that a walk has come through, the first one included."""
        return self._walked(start)[0]

    def waiting(self, start: Genes) -> Genes:
        """Return the designs, (n, choices), that a walk must know to go on; none at its end."""
        return self._walked(start)[1]

    def _walked(self, start: Genes) -> tuple[list[Genes], Genes]:
        at, path = start, [start]
        place = self._place(at)
        first = self._prices.around(at).price if place is None else self._paid[place]
        least = STEP * abs(float(first))
        none = self._history.genes[:0]
        if place is None:
            if self._history.met.knows(at[None])[0]:
                return path, none
            return path, np.vstack([at, self._proposals(at, first, least)])
        while not self._is_over(place):
            proposals = self._proposals(at, float(self._paid[place]), least)
            unknown = proposals[~self._history.met.knows(proposals)]
            if len(unknown):
                return path, unknown
            places = [it for it in map(self._place, proposals) if it is not None]
            if not places:
                break
            place = self._best(place, np.array(places))
            at = self._history.genes[place]
            path.append(at)
        return path, none

    def _proposals(self, at: Genes, price: float, least: float) -> Genes:
        """Return one design for each choice that can lower the price by enough, (n, choices).

        The first of its options that does, or that must be evaluated to be sure.
        """
        enough, lesser = [self._history.genes[:0]], [self._history.genes[:0]]
        for rows, known in self._prices.around(at).options:
            falls = price - (known if self._prices.known else self._measured(rows))
            stops = falls >= least
            if not self._prices.known:
                stops |= ~self._history.met.knows(rows)
            first = np.flatnonzero(stops)[:1]
            enough.append(rows[first])
            falls = np.nan_to_num(falls, nan=0.0)
            lesser.append(rows[[np.argmax(falls)]] if falls.max(initial=0.0) > 0 else rows[:0])
        found = np.concatenate(enough)
        return found if len(found) else np.concatenate(lesser)

    def _best(self, place: int, places: Indices) -> int:
        """Return the place with the largest ratio of the change in accuracy to that in cost."""
        gained = self._gained[places] - self._gained[place]
        saved = self._paid[place] - self._paid[places]
        return int(places[np.argmax(gained / saved)])

    def _is_over(self, place: int) -> bool:
        """Tell whether the limits are kept and nothing is gained by a still lower cost."""
        if not self._problem.limits or self._prices.metric in self._problem.objectives:
            return False
        return bool(self._within[place])

    def _measured(self, rows: Genes) -> Numbers:
        places = [self._place(row) for row in rows]
        return np.array([np.nan if it is None else self._paid[it] for it in places], float)

    def _place(self, row: Genes) -> int | None:
        return self._places.get(int(self._problem.coding.keys(row[None])[0]))


def _accuracy(history: History, cost: str | None) -> Numbers:
    """Return the first objective that is not the cost, more being better, (n,)."""
    for name, way in history.problem.objectives.items():
        if name != cost:
            return history.values(name) * (1.0 if way == "max" else -1.0)
    return np.zeros(len(history.good))
