"""The designs that do the most at each cost, by estimates alone."""

from collections.abc import Sequence

import numpy as np

from sartor.search.evolve import breed, survive
from sartor.search.feasible import sample_feasible
from sartor.search.front import choose, non_dominated
from sartor.search.protocol import Numbers, Problem
from sartor.space import Design
from sartor.units import Direction

POPULATION, GENERATIONS = 64, 40
WAYS: tuple[Direction, ...] = ("min", "min")


def richest(problem: Problem, count: int, *, seed: int, cost: str = "latency_ms") -> list[Design]:
    """Find the designs of the largest capacity at each cost.

    Capacity is multiply-adds times the root of parameters: the former alone would favour large
    maps, the latter alone small ones. Nothing has to be trained for it, and at equal cost on the
    device it tells much of the accuracy that a network can reach.

    Args:
        problem: Whose space, limits and estimate, which knows `macs`, `params` and `cost`.
        count: How many are wanted, spread over the costs; fewer are returned where there are fewer.
        seed: Of the evolution.
        cost: What is paid.

    Returns:
        Designs that keep the limits, cheapest first.

    Source:
        White et al. 2022, "A deeper look at zero-cost proxies for lightweight NAS": the numbers of
        parameters and of operations are hard to beat as estimates without training. The evolution
        is that of NSGA-II (Deb et al. 2002).
    """
    rng = np.random.default_rng(seed)
    designs = sample_feasible(problem, POPULATION, rng, wide=True)
    matrix, excess = _costs(problem, designs, cost)
    for _ in range(GENERATIONS):
        ranked = survive(matrix, excess, POPULATION, rng)
        designs = [designs[place] for place in ranked.chosen]
        matrix, excess = matrix[ranked.chosen], excess[ranked.chosen]
        children = breed(problem.space, designs, ranked, POPULATION, rng, set(designs))
        if not children:
            break
        more, missed = _costs(problem, children, cost)
        designs += children
        matrix, excess = np.vstack([matrix, more]), np.concatenate([excess, missed])
    kept = np.flatnonzero(excess <= 0)
    front = kept[non_dominated(matrix[kept], WAYS)]
    chosen = front[choose(matrix[front], WAYS, count)]
    return [designs[place] for place in chosen[np.argsort(matrix[chosen, 1])]]


def _costs(problem: Problem, designs: Sequence[Design], cost: str) -> tuple[Numbers, Numbers]:
    """Return (n, 2): minus the logarithm of the capacity, and that of the cost; and the excess."""
    numbers = problem.estimates(designs)
    capacity = np.log(numbers["macs"]) + 0.5 * np.log(numbers["params"])
    return np.stack([-capacity, np.log(numbers[cost])], 1), problem.excess(numbers, len(designs))
