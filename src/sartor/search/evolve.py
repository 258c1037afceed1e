"""Evolution: children of the designs that survive."""

from typing import Protocol

import numpy as np

from sartor.search.feasible import stratified
from sartor.search.history import Remembering
from sartor.search.met import Met
from sartor.search.protocol import Problem
from sartor.search.survival import Ranked, Survival
from sartor.space import Coding, Design, Genes

POPULATION = 40
ROUNDS = 8
"""Broods tried for one batch before random designs fill it."""
TRIES = 4
"""Broods at most, for children that are all new."""
CROSSED = 0.9
"""Share of the children that have two parents."""


class First(Protocol):
    """Draws up to `count` designs that keep the limits and are not excluded, (n, choices)."""

    def __call__(
        self, problem: Problem, count: int, rng: np.random.Generator, *, exclude: Met
    ) -> Genes: ...


class Evolution(Remembering):
    """Asks for children of the designs that survive of all trials so far.

    The population is made anew from all trials for every batch, so that nothing else need be kept.
    The first one is spread over the cost, and designs whose estimates miss a limit are never asked
    for.

    Args:
        problem: The search.
        seed: 0 or more.
        survival: Who survives.
        first: Draws the first population.
    """

    def __init__(
        self, problem: Problem, seed: int, survival: Survival, first: First = stratified
    ) -> None:
        super().__init__(problem, seed)
        self._survival, self._first = survival, first

    def ask(self, count: int) -> list[Design]:
        """Return children of the population; see `Strategy`."""
        history, problem, rng = self._history, self._history.problem, self._history.rng()
        if len(history.good) < POPULATION:
            return history.asked(self._first(problem, count, rng, exclude=history.met))
        ranked = self._survival(history.costs(), history.excess(), POPULATION, rng)
        parents = history.genes[ranked.chosen]
        met = history.met.copy()
        chosen = parents[:0]
        for _ in range(ROUNDS):
            children = breed(problem.coding, parents, ranked, 2 * count, rng, met)
            chosen = np.concatenate([chosen, children[problem.within(children)]])
            if len(chosen) >= count:
                break
        return history.filled(chosen, count, met, rng)

    def report(self) -> dict[str, float]:
        """Return the number of trials that the population is selected from."""
        return {"population": float(min(POPULATION, len(self._history.good)))}


def breed(
    coding: Coding, parents: Genes, ranked: Ranked, count: int, rng: np.random.Generator, met: Met
) -> Genes:
    """Make up to `count` new designs from survivors: binary tournaments, crossing, mutation.

    Args:
        coding: Crosses and mutates them.
        parents: The survivors, (n, choices), in the order of `ranked`.
        ranked: Who wins a tournament.
        count: Children wanted; four times as many are tried.
        rng: Randomness.
        met: Designs that are not wanted as children. Meets the children.
    """
    best_first = np.lexsort((-ranked.crowding, ranked.rank))
    children = parents[:0]
    for _ in range(TRIES):
        missing = count - len(children)
        if missing <= 0:
            break
        # Of each pair the one that stands better is a parent.
        places = rng.integers(len(parents), size=(2, missing, 2)).min(axis=2)
        ones, others = parents[best_first[places]]
        crossed = np.where(
            rng.random((missing, 1)) < CROSSED, coding.crossed(ones, others, rng), ones
        )
        mutated = coding.mutated(crossed, rng, 1 / len(coding.cardinalities))
        children = np.concatenate([children, met.fresh(mutated)])
    return children
