"""Early exit: uniform draws within the limits, and no evaluation beyond them."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from toy import Toy

from sartor.search import Problem
from sartor.search.met import Met
from sartor.search.protocol import STRATEGIES
from sartor.search.strategies.eeea import early_exit
from sartor.space import Choice, Design, Space
from sartor.units import parse_limit

TOY = Toy()
SPACE = Space([Choice(f"c{number}", tuple(range(4)), ordered=True) for number in range(3)])


def total(designs: Sequence[Design]) -> Mapping[str, npt.NDArray[np.float64]]:
    return {"latency_ms": np.array([float(sum(it.values())) for it in designs])}  # type: ignore[arg-type]


def drawn(problem: Problem, count: int, seed: int) -> npt.NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    return early_exit(problem, count, rng, exclude=Met(problem.coding))


def test_every_design_within_the_limit_is_drawn_as_often_as_another() -> None:
    # 20 of the 64 designs have a sum of at most 3; 500 draws of 4 take each 100 times, +- 4 sigma.
    problem = Problem(SPACE, limits=(parse_limit("latency=3ms"),), estimate=total)
    rows = np.concatenate([drawn(problem, 4, seed) for seed in range(500)])
    _, counts = np.unique(rows, axis=0, return_counts=True)
    assert len(counts) == 20
    assert counts.sum() == 2000
    assert 60 < counts.min() <= counts.max() < 140


def test_it_is_what_uniform_draws_leave_in_their_order() -> None:
    limit = parse_limit("latency=2ms")
    problem = TOY.problem(limit)
    uniform = problem.coding.drawn(256, np.random.default_rng(5))
    kept = uniform[problem.estimates(uniform)["latency_ms"] <= limit.bound]
    np.testing.assert_array_equal(drawn(problem, 16, 5), kept[:16])


def test_no_design_is_evaluated_beyond_the_limit_however_dear_most_are() -> None:
    limit = parse_limit("latency=0.7ms")  # which one in a thousand keeps
    problem = TOY.problem(limit)
    uniform = problem.coding.drawn(5000, np.random.default_rng(0))
    assert (problem.estimates(uniform)["latency_ms"] <= limit.bound).mean() < 0.002
    rows = drawn(problem, 16, 1)
    assert len(np.unique(rows, axis=0)) == 16
    assert problem.estimates(rows)["latency_ms"].max() <= limit.bound


def test_a_search_begins_with_these_draws_and_not_with_a_spread_sample() -> None:
    problem = TOY.problem(parse_limit("latency=3ms"))
    asked = STRATEGIES["eeea"](problem, 3).ask(16)
    rng = np.random.default_rng([3, 0, 0])
    assert asked == problem.space.decode(early_exit(problem, 16, rng, exclude=Met(problem.coding)))
    assert asked != STRATEGIES["nsga2"](problem, 3).ask(16)


def test_a_space_of_which_little_is_left_gives_that() -> None:
    problem = Problem(SPACE, limits=(parse_limit("latency=1ms"),), estimate=total)
    rows = drawn(problem, 16, 0)  # 000, 001, 010, 100
    assert sorted(rows.sum(axis=1).tolist()) == [0, 1, 1, 1]
