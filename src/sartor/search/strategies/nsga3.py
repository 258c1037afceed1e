"""NSGA-III: evolution towards directions that are spread over the front."""

from math import comb
from typing import Any

from sartor.search.evolve import POPULATION, Evolution
from sartor.search.protocol import STRATEGIES, Problem
from sartor.search.survival import by_pymoo


@STRATEGIES.register(
    "nsga3", "Evolution towards directions spread over the front.", "Deb and Jain 2014, NSGA-III"
)
def nsga3(problem: Problem, seed: int) -> Evolution:
    """Breed the designs that are nearest to directions spread over the front.

    Source:
        Deb and Jain 2014, IEEE TEC 18(4); survival computed by pymoo. Differs: see `Evolution`.
    """
    return Evolution(problem, seed, by_pymoo(_towards_directions, tournament=False))


def _towards_directions(width: int) -> Any:  # Any: pymoo is not typed
    from pymoo.algorithms.moo.nsga3 import ReferenceDirectionSurvival
    from pymoo.util.ref_dirs import get_reference_directions

    # Das and Dennis's directions, as many as a population has designs for.
    steps = 1
    while width > 1 and comb(steps + width, width - 1) <= POPULATION:
        steps += 1
    directions = get_reference_directions("das-dennis", width, n_partitions=steps)
    return ReferenceDirectionSurvival(directions)
