"""The designs that can do most at each cost, by estimates alone."""

from collections.abc import Mapping

import numpy as np

from sartor.search.evolve import breed
from sartor.search.feasible import sample_feasible
from sartor.search.front import choose, non_dominated
from sartor.search.met import Met
from sartor.search.protocol import Numbers, Problem
from sartor.search.survival import survive
from sartor.space import Design, Genes, Option
from sartor.units import Direction

POPULATION, GENERATIONS = 64, 40
WAYS: tuple[Direction, ...] = ("min", "min")


def richest(
    problem: Problem,
    count: int,
    *,
    seed: int,
    cost: str = "latency_ms",
    fixed: Mapping[str, Option] | None = None,
) -> list[Design]:
    """Find the designs of the largest capacity at each cost.

    Capacity is multiply-adds times the square of the entropy times the resolution: work, depth and
    detail. Nothing has to be trained for it, and at equal cost on the device it tells much of the
    accuracy that a network can reach. Work alone prefers wide and shallow networks, entropy alone
    narrow ones that no training brings far, and both wide ones that read small images.

    Args:
        problem: Whose space, limits and estimate, which knows `macs`, `entropy`, `resolution`
            and `cost`.
        count: How many are wanted, spread over the costs; fewer are returned where there are fewer.
        seed: Of the evolution.
        cost: What is paid.
        fixed: Options that all of them have, where they have the choice.

    Returns:
        Designs that keep the limits, cheapest first.

    Raises:
        LimitError: None keeps the limits.

    Source:
        Entropy: Shen et al. 2023, arXiv:2303.02165 (DeepMAD). Differs: it is weighed against the
        cost on the device, together with the work and the resolution, by the evolution of NSGA-II
        (Deb et al. 2002).
    """
    rng = np.random.default_rng(seed)
    space, coding = problem.space, problem.coding
    places = {space.position(it): space[it].index(to) for it, to in (fixed or {}).items()}
    met = Met(coding)
    drawn = sample_feasible(problem, POPULATION, rng, wide=True)
    genes = met.fresh(coding.fixed(drawn, places, rng))
    matrix, excess = _costs(problem, genes, cost)
    for _ in range(GENERATIONS):
        ranked = survive(matrix, excess, POPULATION, rng)
        genes, matrix = genes[ranked.chosen], matrix[ranked.chosen]
        excess = excess[ranked.chosen]
        bred = breed(coding, genes, ranked, POPULATION, rng, met.copy())
        children = met.fresh(coding.fixed(bred, places, rng))
        if not len(children):
            break
        more, missed = _costs(problem, children, cost)
        genes = np.concatenate([genes, children])
        matrix, excess = np.vstack([matrix, more]), np.concatenate([excess, missed])
    kept = np.flatnonzero(excess <= 0)
    front = kept[non_dominated(matrix[kept], WAYS)]
    chosen = front[choose(matrix[front], WAYS, count)]
    return space.decode(genes[chosen[np.argsort(matrix[chosen, 1])]])


def _costs(problem: Problem, genes: Genes, cost: str) -> tuple[Numbers, Numbers]:
    """Return (n, 2): minus the logarithm of the capacity, and that of the cost; and the excess."""
    numbers = problem.estimates(genes)
    depth = 2 * np.log(numbers["entropy"])
    capacity = np.log(numbers["macs"]) + depth + np.log(numbers["resolution"])
    return np.stack([-capacity, np.log(numbers[cost])], 1), problem.excess(numbers, len(genes))
