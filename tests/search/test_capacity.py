"""The designs of the largest capacity at each cost."""

from collections.abc import Sequence

import numpy as np
import pytest

from sartor.errors import LimitError
from sartor.search import OBJECTIVES, Problem, richest, sample_feasible
from sartor.search.protocol import Numbers
from sartor.space import Choice, Design, Space
from sartor.units import Limit

SPACE = Space([Choice(f"layer{at}", tuple(range(1, 17)), ordered=True) for at in range(6)])
PRICES = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])


def estimate(designs: Sequence[Design]) -> dict[str, Numbers]:
    """Layers do equal work at different prices: the first are the best to widen."""
    widths = np.array([[it.integer(f"layer{at}") for at in range(6)] for it in designs], float)
    work = widths.sum(1)
    ones = np.ones_like(work)
    return {"macs": work, "entropy": ones, "resolution": ones, "latency_ms": widths @ PRICES}


def problem(*limits: Limit) -> Problem:
    return Problem(SPACE, OBJECTIVES, limits, estimate)


def test_it_comes_near_the_best_at_every_cost() -> None:
    found = richest(problem(), 12, seed=0)
    numbers = estimate(found)
    assert len(found) == 12
    assert (np.diff(numbers["latency_ms"]) > 0).all()
    assert (np.diff(numbers["macs"]) > 0).all()
    for design, work, cost in zip(found, numbers["macs"], numbers["latency_ms"], strict=True):
        best, left = 6.0, cost - PRICES.sum()
        for price in PRICES:  # widen the cheapest layer first: what cannot be beaten
            steps = min(15.0, left // price)
            best, left = best + steps, left - steps * price
        assert work >= 0.9 * best, design


def test_random_designs_do_less_at_the_same_cost() -> None:
    numbers = estimate(richest(problem(), 24, seed=1))
    random = estimate(SPACE.decode(sample_feasible(problem(), 200, np.random.default_rng(1))))
    at_equal_cost = np.interp(random["latency_ms"], numbers["latency_ms"], numbers["macs"])
    assert (at_equal_cost > random["macs"]).mean() > 0.95


def test_limits_hold() -> None:
    found = richest(problem(Limit("latency_ms", 60.0, "max")), 8, seed=0)
    assert len(found) == 8
    assert estimate(found)["latency_ms"].max() <= 60
    with pytest.raises(LimitError):
        richest(problem(Limit("latency_ms", 1.0, "max")), 8, seed=0)


def test_a_seed_gives_the_same_designs() -> None:
    assert richest(problem(), 5, seed=3) == richest(problem(), 5, seed=3)


def test_fixed_options_are_kept() -> None:
    found = richest(problem(), 6, seed=0, fixed={"layer5": 3})
    assert len(found) == 6
    assert {it["layer5"] for it in found} == {3}


@pytest.mark.parametrize("measure", ["macs", "entropy", "resolution"])
def test_work_depth_and_detail_count(measure: str) -> None:
    """Two designs of the same cost, of which one has more of something."""
    choices = Space([Choice("has", ("more", "less"))])

    def equal(designs: Sequence[Design]) -> dict[str, Numbers]:
        numbers = dict.fromkeys(
            ("macs", "entropy", "resolution", "latency_ms"), np.ones(len(designs))
        )
        some = np.array([{"more": 2.0, "less": 1.0}[it.text("has")] for it in designs])
        return numbers | {measure: some}

    (best,) = richest(Problem(choices, OBJECTIVES, (), equal), 3, seed=0)
    assert best["has"] == "more"


def test_depth_counts_for_more_than_work() -> None:
    """Half of the depth with three times the work is less, with five times it is more."""
    shapes = Space([Choice("shape", ("deep", "wide"))])

    def best(work: float) -> object:
        def equal(designs: Sequence[Design]) -> dict[str, Numbers]:
            deep = np.array([it["shape"] == "deep" for it in designs])
            ones = np.ones(len(designs))
            return {
                "macs": np.where(deep, 1.0, work),
                "entropy": np.where(deep, 2.0, 1.0),
                "resolution": ones,
                "latency_ms": ones,
            }

        (found,) = richest(Problem(shapes, OBJECTIVES, (), equal), 3, seed=0)
        return found["shape"]

    assert best(3.0) == "deep"
    assert best(5.0) == "wide"
