"""How the time of the finish is divided."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from sartor.jobs.fitting.finishing import BESIDE, LEAST_LEFT, Finisher, Plan


def left(spent: float, seconds: float | None = 1000.0, candidates: int = 6) -> float | None:
    """Return the time for tuning when `spent` seconds of the finish are."""
    nothing = cast(Any, None)
    finisher = Finisher(nothing, nothing, nothing, nothing, nothing, nothing, seconds)
    plan = Plan(cast(Any, (SimpleNamespace(),) * candidates), (), "")
    return finisher.time_left(plan, spent)


def test_tuning_has_the_time_that_the_heats_left_but_for_exporting() -> None:
    assert left(150.0) == pytest.approx(1000 - 150 - 6 * BESIDE)
    assert left(160.0) == pytest.approx(1000 - 160 - 6 * BESIDE)


def test_exporting_takes_only_a_part_of_a_short_finish() -> None:
    assert left(6.0, seconds=40.0) == pytest.approx(40 - 6 - 4)


def test_tuning_is_not_given_up_where_what_came_before_took_long() -> None:
    assert left(5000.0) == 1000 * LEAST_LEFT


def test_a_budget_in_steps_gives_no_time() -> None:
    assert left(150.0, seconds=None) is None
