"""AGE-MOEA: evolution that learns the curvature of the front."""

import importlib.util
from typing import Any

import numpy as np

from sartor.errors import MissingExtraError
from sartor.search.evolve import Evolution
from sartor.search.front import fronts
from sartor.search.protocol import STRATEGIES, Numbers, Problem
from sartor.search.survival import by_pymoo


@STRATEGIES.register(
    "agemoea", "Evolution that learns the curvature of the front.", "Panichella 2019, AGE-MOEA"
)
def agemoea(problem: Problem, seed: int) -> Evolution:
    """Breed the designs that are near the ideal and far apart, in the norm that fits the front.

    The curvature of the first front gives the exponent p of a norm: 1 for a flat front, 2 for a
    round one. Proximity and diversity are both measured in it.

    Raises:
        MissingExtraError: The extra agemoea is not installed.

    Source:
        Panichella 2019, GECCO, algorithm 1; the survival score of the first front is computed by
        pymoo, see `ByGeometry`. Differs: see `Evolution`.
    """
    if importlib.util.find_spec("numba") is None:
        raise MissingExtraError(
            "agemoea needs its extra; install it with: pip install 'sartor[agemoea]'."
        )
    return Evolution(problem, seed, by_pymoo(_by_geometry, tournament=True))


class ByGeometry:
    """The survival of AGE-MOEA, in the form of pymoo's `Survival`.

    pymoo 0.6.2's own leaves the scores of the last front at 0 and cuts it by chance, and compares
    scaled costs with an ideal that is not; so pymoo computes the geometry, and the scores of the
    other fronts are computed here.
    """

    def do(
        self,
        problem: object,  # noqa: ARG002
        population: Any,  # Any: pymoo is not typed
        *,
        n_survive: int,
        random_state: np.random.Generator,  # noqa: ARG002
    ) -> Any:
        """Return those of a population that survive, with their `rank` and `crowding`."""
        costs = np.asarray(population.get("F"), float)
        # From the ideal, which pymoo subtracts from the first front alone.
        costs = costs - costs.min(axis=0)
        peeled = fronts(costs, n_survive)
        scores = [*_scores([costs[front] for front in peeled])]
        order = [np.argsort(-score, kind="stable") for score in scores]
        places = np.concatenate([front[it] for front, it in zip(peeled, order, strict=True)])
        survivors = population[places[:n_survive]]
        ranks = np.repeat(np.arange(len(peeled)), [len(front) for front in peeled])
        score = np.concatenate([score[it] for score, it in zip(scores, order, strict=True)])
        survivors.set("rank", ranks[:n_survive])
        survivors.set("crowding", score[:n_survive])
        return survivors


def _by_geometry(width: int) -> ByGeometry:  # noqa: ARG001
    return ByGeometry()


def _scores(peeled: list[Numbers]) -> list[Numbers]:
    """Score the designs of each front: diverse and near on the first, near on the others."""
    score, p, unit = geometry(peeled[0])
    near = [1.0 / np.linalg.norm(front / unit, p, axis=1) for front in peeled[1:]]
    return [score, *near]


def geometry(front: Numbers) -> tuple[Numbers, float, Numbers]:
    """Measure a first front.

    Args:
        front: Costs of which the ideal is 0, (p, m).

    Returns:
        How far its designs are from their two nearest and how near to the ideal, (p,), infinite for
        its ends; the exponent of its norm; and the unit of each cost, (m,).

    Source:
        Panichella 2019, sections 3.1 to 3.3; computed by pymoo.
    """
    from pymoo.algorithms.moo.age import AGEMOEASurvival

    with np.errstate(divide="ignore", invalid="ignore"):  # where all costs are equal
        ideal = np.zeros(front.shape[1])
        score, p, unit = AGEMOEASurvival().survival_score(front.copy(), ideal)
    scores = np.nan_to_num(np.asarray(score, float), nan=0.0, posinf=np.inf)
    units = np.asarray(unit, float)
    return scores, float(p), np.where(units > 0, units, 1.0)
