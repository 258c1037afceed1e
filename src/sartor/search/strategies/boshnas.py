"""BOSHNAS: gradient steps on the design itself, towards what a surrogate thinks possible."""

from typing import TYPE_CHECKING

import numpy as np

from sartor.search.feasible import sample_feasible, stratified
from sartor.search.front import Indices
from sartor.search.history import Remembering
from sartor.search.met import Met
from sartor.search.protocol import STRATEGIES, Numbers
from sartor.space import Design, Genes

if TYPE_CHECKING:
    from sartor.search.ascent import Bound

FIRST = 16
"""Designs spread over the cost before anything is learned."""
ALPHA, BETA = 0.1, 0.1
"""Shares of the designs that are chosen because they are uncertain, and for diversity."""
STARTS = 4
"""Trials from which each design is sought: the best one, and others by chance."""
POOL = 512
"""Draws that keep the limits, from which uncertain and diverse designs are chosen."""


@STRATEGIES.register(
    "boshnas",
    "Gradient steps on the design, by a surrogate that tells noise from ignorance.",
    "Tuli et al. 2022, FlexiBERT",
)
class Boshnas(Remembering):
    """Ask for the designs nearest to where the gradient of an upper confidence bound leads.

    Args:
        problem: The search.
        seed: 0 or more.

    Source:
        Tuli et al. 2022, arXiv:2205.11656, algorithm 1. Differs: designs come in batches. The
        nearest design is sought among random draws and the neighbours of those to which the inputs
        are rounded, as what was asked for or misses a limit cannot be taken. See `Bound` and
        `Surrogate`.
    """

    def ask(self, count: int) -> list[Design]:
        """Return the designs nearest to the best inputs; see `Strategy`."""
        from sartor.search.ascent import Bound

        history, problem, rng = self._history, self._history.problem, self._history.rng()
        if len(history.good) < FIRST:
            return history.asked(stratified(problem, count, rng, exclude=history.met))
        drawn = sample_feasible(problem, POOL, rng, exclude=history.met, wide=True)
        if not len(drawn):
            return []
        pool = rng.permutation(drawn)
        bound = Bound(history, pool, count, rng)
        seekers = np.repeat(np.arange(count), STARTS)
        goals = bound.ascended(self._starts(bound, count, rng), seekers)
        candidates = np.concatenate([pool, self._around(bound.nearest(goals), pool)])
        chosen = _chosen(bound, goals.reshape(count, STARTS, -1), candidates, len(pool), rng)
        return history.asked(candidates[chosen])

    def _starts(self, bound: "Bound", count: int, rng: np.random.Generator) -> Numbers:
        """Return the inputs from which each design is sought, (count * STARTS, options)."""
        places = rng.integers(len(self._history.good), size=(count, STARTS))
        places[:, 0] = [bound.measured(seeker).argmax() for seeker in range(count)]
        return bound.inputs(self._history.genes[places.ravel()])

    def _around(self, rounded: Genes, pool: Genes) -> Genes:
        """Return designs and their neighbours that are new and keep the limits, (n, choices)."""
        problem = self._history.problem
        met = self._history.met.copy()
        met.add(pool)
        once = Met(problem.coding).fresh(rounded)
        near = met.fresh(np.concatenate([once, *map(problem.coding.neighbours, once)]))
        return near[problem.within(near)]


def _chosen(
    bound: "Bound", goals: Numbers, candidates: Genes, pool: int, rng: np.random.Generator
) -> list[int]:
    """Choose one candidate after another: an uncertain or a random one, or the nearest to a goal.

    Args:
        bound: What each seeks.
        goals: Where each would like to be, (count, STARTS, options).
        candidates: Designs, (n, choices).
        pool: So many of the first are draws, in an order of chance.
        rng: Decides which kind each is.
    """
    inputs = bound.inputs(candidates)
    unsure = bound.uncertainty(inputs[:pool])
    left = np.ones(len(candidates), bool)
    chosen: list[int] = []
    for seeker, kind in enumerate(rng.random(len(goals))[: len(candidates)]):
        random: Indices = np.flatnonzero(left[:pool])
        if len(random) and kind < ALPHA:
            place = random[unsure[random].argmax()]
        elif len(random) and kind < ALPHA + BETA:
            place = random[0]
        else:
            gaps = ((goals[seeker][:, None] - inputs) ** 2).sum(axis=2)  # (STARTS, n)
            near = np.where(left, gaps, np.inf).argmin(axis=1)
            place = near[bound.of(inputs[near], np.full(STARTS, seeker)).argmax()]
        left[place] = False
        chosen.append(int(place))
    return chosen
