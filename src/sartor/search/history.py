"""What a strategy has been told and has asked for."""

import math
from collections.abc import Sequence

import numpy as np

from sartor.search.feasible import sample_feasible
from sartor.search.met import Met
from sartor.search.protocol import Numbers, Problem, Scored
from sartor.space import Design, Genes


class History:
    """The part of every strategy that remembers, and from which all its randomness comes.

    Args:
        problem: Of the search.
        seed: 0 or more.
    """

    def __init__(self, problem: Problem, seed: int) -> None:
        self.problem = problem
        self.seed = seed
        self.good: list[Scored] = []
        """Trials with a number for every objective, by batch, then in an order of their own."""
        self.genes: Genes = np.empty((0, len(problem.space)), np.int64)
        """Those of `good`, (n, choices)."""
        self.met = Met(problem.coding)
        """Designs told or asked for."""
        self.batch = 0
        """Number of the batch that is asked for next."""
        self._asks = 0
        self._columns: dict[str, Numbers] = {}

    def tell(self, trials: Sequence[Scored]) -> None:
        """Remember trials."""
        encoded = self.problem.space.encode([trial.design for trial in trials])
        self.met.add(encoded)
        whole = [place for place, trial in enumerate(trials) if self._is_whole(trial)]
        good, genes = [trials[place] for place in whole], encoded[whole]
        # Those of a later batch follow; only what comes late is sorted in among all others.
        if self.good and good and min(trial.batch for trial in good) <= self.good[-1].batch:
            good, genes = self.good + good, np.concatenate([self.genes, genes])
            self.good, self.genes = [], self.genes[:0]
        # Sorted, so that the order in which parallel evaluations end does not matter.
        order = sorted(range(len(good)), key=lambda it: (good[it].batch, good[it].design.id))
        self.good += [good[place] for place in order]
        self.genes = np.concatenate([self.genes, genes[order]])
        self.batch = max([self.batch, *(1 + trial.batch for trial in trials)])
        self._asks = 0
        self._columns.clear()

    def _is_whole(self, trial: Scored) -> bool:
        return all(math.isfinite(trial.values.get(it, math.nan)) for it in self.problem.objectives)

    def rng(self) -> np.random.Generator:
        """Return the randomness of one `ask`: of seed, batch and asks since the last tell."""
        seeds = [self.seed, self.batch, self._asks]
        self._asks += 1
        return np.random.default_rng(seeds)

    def asked(self, genes: Genes) -> list[Design]:
        """Remember designs that are about to be asked for, and return them."""
        self.met.add(genes)
        return self.problem.space.decode(genes)

    def filled(self, genes: Genes, count: int, met: Met, rng: np.random.Generator) -> list[Design]:
        """Ask for designs, and where they are too few for random ones that keep the limits.

        Args:
            genes: Designs that a strategy found, (n, choices), all in `met`.
            count: How many are wanted in all.
            met: Designs that are not wanted.
            rng: Randomness.

        Raises:
            LimitError: No design was found that keeps the limits.
        """
        if len(genes) < count:
            drawn = sample_feasible(self.problem, count - len(genes), rng, exclude=met)
            genes = np.concatenate([genes, drawn])
        return self.asked(genes[:count])

    def values(self, metric: str) -> Numbers:
        """Return the numbers of `good` for a metric, (n,), NaN where it was not measured."""
        if metric not in self._columns:
            column = [trial.values.get(metric, np.nan) for trial in self.good]
            self._columns[metric] = np.array(column, float)
        return self._columns[metric]

    def excess(self) -> Numbers:
        """Return by how much `good` miss the limits that were measured, (n,)."""
        measured = {limit.metric: self.values(limit.metric) for limit in self.problem.limits}
        return self.problem.excess(measured, len(self.good))

    def costs(self) -> Numbers:
        """Return the objectives of `good` as costs to be minimised, (n, m)."""
        columns = [
            self.values(name) * (1.0 if way == "min" else -1.0)
            for name, way in self.problem.objectives.items()
        ]
        return np.stack(columns, axis=1)


class Remembering:
    """What every strategy is made of: it remembers what it is told, and says nothing of itself.

    Args:
        problem: The search.
        seed: 0 or more.
    """

    keeps_limits = True

    def __init__(self, problem: Problem, seed: int) -> None:
        self._history = History(problem, seed)

    def tell(self, trials: Sequence[Scored]) -> None:
        """Take in trials; see `Strategy`."""
        self._history.tell(trials)

    def report(self) -> dict[str, float]:
        """Return nothing; see `Strategy`."""
        return {}
