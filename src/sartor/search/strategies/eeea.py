"""NSGA-II whose first population is drawn at random, what is too dear being left early."""

import numpy as np

from sartor.search.evolve import Evolution
from sartor.search.feasible import CHUNK, TRIES, sample_feasible
from sartor.search.met import Met
from sartor.search.protocol import STRATEGIES, Problem
from sartor.search.survival import survive
from sartor.space import Genes


@STRATEGIES.register(
    "eeea",
    "Evolution from uniform draws, left early where they are too dear.",
    "Termritthikun et al. 2021, EEEA-Net",
)
def eeea(problem: Problem, seed: int) -> Evolution:
    """Breed as NSGA-II does, from a first population of uniform draws within the limits.

    Source:
        Termritthikun et al. 2021, arXiv:2108.06156, early-exit population initialisation: a random
        design is left before anything is spent on it where its parameters exceed beta. Differs: all
        limits on estimates take the place of the one on parameters; see `early_exit` for limits
        that uniform draws hardly ever keep. Children must keep the limits too; see `Evolution`.
    """
    return Evolution(problem, seed, survive, first=early_exit)


def early_exit(problem: Problem, count: int, rng: np.random.Generator, *, exclude: Met) -> Genes:
    """Draw uniformly, and leave each design whose estimates miss a limit.

    What is left is uniform over the designs that keep the limits, whereas `stratified` spreads them
    over the cost.

    Args:
        problem: Whose space and limits.
        count: How many are wanted; fewer are returned where no others are found.
        rng: Randomness.
        exclude: Designs that are not wanted.

    Returns:
        Designs, (n, choices).

    Raises:
        LimitError: None keeps the limits.

    Source:
        Termritthikun et al. 2021, arXiv:2108.06156. Differs: the paper draws until the population
        is full, which may never be. Here a number of draws is the end, after which the nearest
        ones are repaired, as `sample_feasible` does; those are not uniform.
    """
    met = exclude.copy()
    kept = problem.coding.drawn(0, rng)
    for _ in range(-(-TRIES // CHUNK)):
        drawn = met.fresh(problem.coding.drawn(CHUNK, rng))
        kept = np.concatenate([kept, drawn[problem.within(drawn)]])[:count]
        if len(kept) == count:
            return kept
    repaired = sample_feasible(problem, count - len(kept), rng, exclude=met)
    return np.concatenate([kept, repaired])
