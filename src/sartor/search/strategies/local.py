"""Local search: the neighbours of the best designs."""

import numpy as np

from sartor.search.feasible import stratified
from sartor.search.front import Indices, non_dominated
from sartor.search.history import Remembering
from sartor.search.protocol import STRATEGIES
from sartor.space import Design

FIRST = 16
"""Designs spread over the cost from which it starts."""


@STRATEGIES.register(
    "local", "The neighbours of the best designs.", "White et al. 2020, arXiv:2005.02960"
)
class Local(Remembering):
    """Ask for designs that differ in one choice from one on the front, until all are known.

    Where the neighbours of the whole front were evaluated it is a local optimum; designs drawn at
    random are new starts.

    Args:
        problem: The search.
        seed: 0 or more.

    Source:
        White et al. 2020, arXiv:2005.02960, algorithm 1, for one objective; Paquete et al. 2004
        (Pareto local search) for several. Differs: neighbours come in batches.
    """

    def ask(self, count: int) -> list[Design]:
        """Return neighbours of the front; see `Strategy`."""
        history, problem, rng = self._history, self._history.problem, self._history.rng()
        if len(history.good) < FIRST:
            return history.asked(stratified(problem, count, rng, exclude=history.met))
        met = history.met.copy()
        chosen = history.genes[:0]
        for place in rng.permutation(self._front()):
            around = met.fresh(rng.permutation(problem.coding.neighbours(history.genes[place])))
            chosen = np.concatenate([chosen, around[problem.within(around)]])
            if len(chosen) >= count:
                break
        return history.filled(chosen, count, met, rng)

    def report(self) -> dict[str, float]:
        """Return the number of designs whose neighbours are looked at."""
        return {"front": float(len(self._front()))} if self._history.good else {}

    def _front(self) -> Indices:
        """Return which trials no other one beats, of those that are nearest to the limits."""
        history = self._history
        excess = history.excess()
        near = np.flatnonzero(excess <= excess.min())
        matrix = history.costs()[near]
        return near[non_dominated(matrix, ["min"] * matrix.shape[1])]
