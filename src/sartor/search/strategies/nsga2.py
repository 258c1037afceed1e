"""NSGA-II: plain multi-objective evolution."""

from sartor.search.evolve import Evolution
from sartor.search.protocol import STRATEGIES, Problem
from sartor.search.survival import survive


@STRATEGIES.register("nsga2", "Multi-objective evolution.", "Deb et al. 2002, NSGA-II")
def nsga2(problem: Problem, seed: int) -> Evolution:
    """Breed the best designs so far, those first that are alone on their front.

    Source:
        Deb et al. 2002, IEEE TEC 6(2). Differs: see `Evolution`.
    """
    return Evolution(problem, seed, survive)
