"""How the time of the finish is divided."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from sartor.jobs.fitting.candidates import Candidate
from sartor.jobs.fitting.finishing import BESIDE, LEAST_LEFT, Finisher, Plan
from sartor.space import Design


def finisher(seconds: float | None = None, costs: dict[str, float] | None = None) -> Finisher:
    nothing = cast(Any, None)
    builder = cast(Any, SimpleNamespace(cost=lambda it: (costs or {})[it.id]))
    return Finisher(nothing, nothing, nothing, nothing, nothing, builder, seconds)


def plan(*roles: str, reference: int = 0) -> Plan:
    candidates = tuple(Candidate(Design({"at": at}), role, {}) for at, role in enumerate(roles))
    return Plan(candidates, (), candidates[reference].id)


def left(spent: float, seconds: float | None = 1000.0) -> float | None:
    """Return the time for tuning when `spent` seconds of the finish are."""
    return finisher(seconds).time_left(plan(*["pick"] * 6), spent)


def test_tuning_has_the_time_that_the_heats_left_but_for_exporting() -> None:
    assert left(150.0) == pytest.approx(1000 - 150 - 6 * BESIDE)
    assert left(160.0) == pytest.approx(1000 - 160 - 6 * BESIDE)


def test_exporting_takes_only_a_part_of_a_short_finish() -> None:
    assert left(6.0, seconds=40.0) == pytest.approx(40 - 6 - 4)


def test_tuning_is_not_given_up_where_what_came_before_took_long() -> None:
    assert left(5000.0) == 1000 * LEAST_LEFT


def test_a_budget_in_steps_gives_no_time() -> None:
    assert left(150.0, seconds=None) is None


def test_baselines_have_the_time_of_the_pick_that_they_are_compared_with() -> None:
    """Whatever a step of theirs takes: depthwise ones would have most of the time."""
    asked = plan("pick", "pick", "random", "scaled", reference=1)
    known = {it.id: cost for it, cost in zip(asked.candidates, (1.0, 4.0, 9.0, 0.5), strict=True)}
    costs = finisher(costs=known).training_costs(asked)
    assert [costs[it.id] for it in asked.candidates] == [1.0, 4.0, 4.0, 4.0]


def test_a_reference_that_was_replaced_leaves_baselines_the_time_of_the_cheapest() -> None:
    asked = plan("pick", "pick", "random", reference=2)
    known = {it.id: cost for it, cost in zip(asked.candidates, (3.0, 4.0, 9.0), strict=True)}
    assert finisher(costs=known).training_costs(asked)[asked.candidates[2].id] == 3.0
