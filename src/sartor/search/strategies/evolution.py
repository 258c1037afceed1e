"""Regularised evolution: the youngest breed, the old die."""

import numpy as np

from sartor.search.history import Remembering
from sartor.search.met import Met
from sartor.search.protocol import STRATEGIES
from sartor.search.survival import survive
from sartor.space import Design, Genes

POPULATION = 50
SAMPLE = 10
"""Members of which the best is a parent."""
TRIES = 32
"""Mutations of a parent at most, for a child that is new and keeps the limits."""


@STRATEGIES.register(
    "evolution", "The youngest designs are mutated.", "Real et al. 2019, arXiv:1802.01548"
)
class RegularisedEvolution(Remembering):
    """Ask for mutations of the best of a few designs, drawn from the youngest.

    A design dies of age, not of being beaten: one that was lucky once has no children for ever.

    Args:
        problem: The search.
        seed: 0 or more.

    Source:
        Real et al. 2019, arXiv:1802.01548, algorithm 1 (population 50, sample 10 in place of 100
        and 25, for fewer evaluations). Differs: with several objectives the best of a sample is
        that of NSGA-II's selection; children come in batches.
    """

    def ask(self, count: int) -> list[Design]:
        """Return mutations of the best of samples; see `Strategy`."""
        history, rng = self._history, self._history.rng()
        met = history.met.copy()
        chosen = history.genes[:0]
        if len(history.good) >= POPULATION:
            chosen = self._children(count, met, rng)
        return history.filled(chosen, count, met, rng)

    def report(self) -> dict[str, float]:
        """Return the size of the population."""
        return {"population": float(min(POPULATION, len(self._history.good)))}

    def _children(self, count: int, met: Met, rng: np.random.Generator) -> Genes:
        history, problem = self._history, self._history.problem
        young = slice(len(history.good) - POPULATION, None)
        matrix = history.costs()[young]
        excess = history.excess()[young]
        genes = history.genes[young]
        chosen = genes[:0]
        for _ in range(count):
            sample = rng.choice(POPULATION, SAMPLE, replace=False)
            best = sample[survive(matrix[sample], excess[sample], 1, rng).chosen]
            tried = np.repeat(genes[best], TRIES, axis=0)
            mutated = problem.coding.mutated(tried, rng, 0.0)
            new = mutated[~met.knows(mutated)]
            kept = new[problem.within(new)][:1]
            met.add(kept)
            chosen = np.concatenate([chosen, kept])
        return chosen
