"""Candidates share the time that there is."""

import pytest

from sartor.jobs.fitting.candidates import Candidate
from sartor.jobs.fitting.together import train_together
from sartor.space import Design
from sartor.train import Crew, Report

CANDIDATES = [Candidate(Design({"a": at}), "pick", {}) for at in range(4)]
COSTS = {it.id: cost for it, cost in zip(CANDIDATES, (1.0, 4.0, 16.0, 3.0), strict=True)}


def trained(places: int, seconds: float | None) -> tuple[list[str], list[float | None]]:
    """Return the order in which candidates were trained, and their seconds as they were given."""
    order: list[str] = []

    def train(candidate: Candidate, own: float | None, report: Report) -> float | None:
        report(1.0, 0.5)
        order.append(candidate.id)
        return own

    crew = Crew(lambda _, __: None, places)
    return order, train_together(crew, CANDIDATES, COSTS, "tuning", seconds, train)


def test_the_costliest_begins_and_results_keep_their_order() -> None:
    order, seconds = trained(1, 240.0)
    assert order == [CANDIDATES[at].id for at in (2, 1, 3, 0)]
    assert seconds == pytest.approx([10.0, 40.0, 160.0, 30.0])


def test_two_at_a_time_have_longer_and_end_in_time() -> None:
    """The costliest has one place for all of the time, the others share the second."""
    _, seconds = trained(2, 240.0)
    assert seconds == pytest.approx([15.0, 60.0, 240.0, 45.0])


def test_a_budget_in_steps_gives_no_seconds() -> None:
    assert trained(1, None)[1] == [None] * 4
