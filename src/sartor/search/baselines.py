"""What a search is compared with: random designs of the same cost."""

import math

import numpy as np

from sartor.search.met import Met
from sartor.search.protocol import Numbers, Problem
from sartor.space import Design, Genes

STEPS = 150
"""Moves that a random design makes at most towards the cost."""


def same_cost(
    problem: Problem,
    cost: float,
    count: int,
    *,
    seed: int,
    metric: str = "latency_ms",
    tolerance: float = 0.15,
) -> list[Design]:
    """Draw random designs that cost as much as a given one.

    Each starts as a uniform draw, is left as it is where its cost is right, and is else changed
    choice by choice, always towards the cost, until it is: random in everything but the cost.

    Args:
        problem: Whose space, limits and estimate.
        cost: The cost to be met, in the unit of `metric`.
        count: How many designs are wanted.
        seed: Of the draw.
        metric: What the cost is; the estimate knows it.
        tolerance: Share by which the cost may differ, to both sides.

    Returns:
        Distinct designs that keep the limits; fewer than `count`, down to none, where they are not
        found in a bounded number of tries.
    """
    rng = np.random.default_rng(seed)
    coding = problem.coding
    found, met = coding.drawn(0, rng), Met(coding)
    walkers = coding.drawn(2 * count + 8, rng)
    away = _away(problem, walkers, cost, metric, tolerance)
    for _ in range(STEPS):
        arrived = away <= 0
        found = np.concatenate([found, met.fresh(walkers[arrived])])
        if len(found) >= count:
            break
        # An arrived one makes room for a new start.
        moved = np.where(
            arrived[:, None],
            coding.drawn(len(walkers), rng),
            coding.mutated(walkers, rng, 1 / len(problem.space)),
        )
        fresh = _away(problem, moved, cost, metric, tolerance)
        taken = (fresh <= away) | arrived
        walkers = np.where(taken[:, None], moved, walkers)
        away = np.where(taken, fresh, away)
    return problem.space.decode(found[:count])


def _away(problem: Problem, genes: Genes, cost: float, metric: str, tolerance: float) -> Numbers:
    """Return how far designs are from the cost (as a logarithm) and the limits; 0 where right."""
    numbers = problem.estimates(genes)
    assert metric in numbers, f"the estimate does not know {metric}"
    ratio = np.maximum(numbers[metric], np.finfo(float).tiny) / cost
    # Allowed are 1 - tolerance to 1 + tolerance of the cost, which is not even as a logarithm.
    over = np.log(ratio / (1 + tolerance))
    under = np.log((1 - tolerance) / ratio)
    far = np.maximum(0.0, np.maximum(over, under))
    total = far + problem.excess(numbers, len(genes))
    return np.where(np.isnan(total), math.inf, total)
