"""Designs within limits: found in bounded time, spread over the cost, random at equal cost."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from toy import Toy

from sartor.errors import LimitError
from sartor.search import Problem, same_cost, sample_feasible, stratified
from sartor.search.met import Met
from sartor.space import Choice, Design, Space
from sartor.units import parse_limit

TOY = Toy()


def sample(problem: Problem, count: int, rng: np.random.Generator) -> list[Design]:
    return problem.space.decode(sample_feasible(problem, count, rng))


def test_a_limit_that_uniform_draws_never_keep_is_met_by_repair() -> None:
    problem = TOY.problem(parse_limit("latency=0.75ms"))
    rng = np.random.default_rng(0)
    assert min(TOY.latency_ms(TOY.space.sample(rng)) for _ in range(300)) > 0.75
    found = sample(problem, 40, rng)
    assert len(set(found)) == 40
    assert max(TOY.latency_ms(design) for design in found) <= 0.75


def test_limits_that_cannot_be_met_end_after_bounded_tries() -> None:
    asked: list[Design] = []

    def estimate(designs: Sequence[Design]) -> Mapping[str, npt.NDArray[np.float64]]:
        asked.extend(designs)
        return TOY.estimate(designs)

    problem = Problem(TOY.space, limits=(parse_limit("latency=0.05ms"),), estimate=estimate)
    with pytest.raises(LimitError, match=r"latency <= 0\.05 ms: the nearest of 5,\d+ tried has"):
        sample_feasible(problem, 10, np.random.default_rng(0))
    assert len(asked) < 6000


def test_limits_that_exclude_one_another_in_the_space_are_named_together() -> None:
    def estimate(designs: Sequence[Design]) -> Mapping[str, npt.NDArray[np.float64]]:
        widths = np.array([design.number("width") for design in designs])
        return {"latency_ms": widths, "size_bytes": 100.0 - widths}

    space = Space([Choice("width", tuple(range(1, 99)), ordered=True)])
    limits = (parse_limit("latency=40ms"), parse_limit("size=50B"))
    with pytest.raises(LimitError, match=r"latency <= 40 ms and size <= 50 B together"):
        sample_feasible(
            Problem(space, limits=limits, estimate=estimate), 3, np.random.default_rng(0)
        )


def test_an_estimate_that_is_nan_keeps_no_limit() -> None:
    def estimate(designs: Sequence[Design]) -> Mapping[str, npt.NDArray[np.float64]]:
        numbers = dict(TOY.estimate(designs))["latency_ms"]
        return {"latency_ms": np.where(numbers < 1.5, np.nan, numbers)}

    problem = Problem(TOY.space, limits=(parse_limit("latency=2ms"),), estimate=estimate)
    found = sample(problem, 30, np.random.default_rng(0))
    assert min(TOY.latency_ms(design) for design in found) >= 1.5


def test_estimates_that_are_never_numbers_are_told() -> None:
    def estimate(designs: Sequence[Design]) -> dict[str, npt.NDArray[np.float64]]:
        return {"latency_ms": np.full(len(designs), np.nan)}

    problem = Problem(TOY.space, limits=(parse_limit("latency=2ms"),), estimate=estimate)
    with pytest.raises(LimitError, match=r"latency is no number for any of .* tried"):
        sample(problem, 30, np.random.default_rng(0))


def test_a_stratified_sample_reaches_both_ends_of_the_cost() -> None:
    rng = np.random.default_rng(0)
    uniform = np.log([TOY.latency_ms(TOY.space.sample(rng)) for _ in range(32)])
    spread = np.log(
        [TOY.latency_ms(it) for it in TOY.space.decode(stratified(TOY.problem(), 32, rng))]
    )
    cheapest = TOY.space.extreme(0, {f"stage{stage}.kind": "ghost" for stage in range(4)})
    dearest = TOY.space.extreme(-1, {f"stage{stage}.kind": "fused" for stage in range(4)})
    whole = np.log(TOY.latency_ms(dearest) / TOY.latency_ms(cheapest))
    assert np.ptp(uniform) < 0.75 * whole
    assert np.ptp(spread) > 0.95 * whole
    # Evenly: no fifth of the range holds more than twice its share.
    assert np.histogram(spread, 5)[0].max() <= 2 * 32 / 5


def test_what_is_excluded_is_not_drawn() -> None:
    space = Space([Choice("x", tuple(range(6)))])
    known = Met(space.coding)
    known.add(np.arange(4)[:, None])
    found = sample_feasible(Problem(space), 6, np.random.default_rng(0), exclude=known)
    assert sorted(found[:, 0]) == [4, 5]
    known.add(found)
    assert len(sample_feasible(Problem(space), 6, np.random.default_rng(0), exclude=known)) == 0


@pytest.mark.parametrize("cost", [0.85, 2.0, 5.5])
def test_random_designs_of_the_same_cost_cost_the_same(cost: float) -> None:
    found = same_cost(TOY.problem(), cost, 20, seed=0)
    assert len(set(found)) == 20
    ratios = np.array([TOY.latency_ms(design) for design in found]) / cost
    assert ratios.min() >= 0.85
    assert ratios.max() <= 1.15
    assert found == same_cost(TOY.problem(), cost, 20, seed=0)
    # Random in everything but the cost: every kind occurs where it can.
    if cost == 2.0:
        kinds = {design["stage0.kind"] for design in found}
        assert kinds == {"plain", "fused", "ghost"}


def test_random_designs_of_a_cost_that_none_has_are_none() -> None:
    assert same_cost(TOY.problem(), 1000.0, 5, seed=0) == []
