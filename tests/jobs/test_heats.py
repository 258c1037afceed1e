"""Which candidates win their heats."""

from dataclasses import replace

from sartor.jobs.fitting.candidates import Candidate
from sartor.jobs.fitting.heats import Heat, winners
from sartor.space import Design
from sartor.units import Measurement


def heats(points: list[tuple[float, float]], costs: list[float] | None = None) -> list[Heat]:
    """Heats of these accuracies and latencies; without costs the slower is the larger."""
    found = []
    for at, (accuracy, latency) in enumerate(points):
        promised = {"latency_ms": Measurement(latency, "predicted")}
        candidate = Candidate(Design({"at": at}), "pick", promised)
        cost = latency if costs is None else costs[at]
        inherited, tuned = Measurement(0.1, "proxy"), Measurement(accuracy, "proxy")
        found.append(Heat(candidate, inherited, tuned, cost))
    return found


def near(
    points: list[tuple[float, float]], error: float, costs: list[float] | None = None
) -> list[Heat]:
    """Heats whose accuracies have this standard error."""
    return [
        replace(
            it,
            tuned=Measurement(
                it.tuned.value, "proxy", it.tuned.value - 2 * error, it.tuned.value + 2 * error
            ),
        )
        for it in heats(points, costs)
    ]


def chosen(points: list[tuple[float, float]], count: int) -> set[int]:
    return {it.design.integer("at") for it in winners(heats(points), count)}


def test_what_a_faster_one_beats_is_left_out() -> None:
    assert chosen([(0.8, 1), (0.9, 2), (0.85, 4), (0.95, 8)], 3) == {0, 1, 3}


def test_the_next_best_fill_up_where_the_front_is_short() -> None:
    assert chosen([(0.9, 1), (0.8, 2), (0.85, 4), (0.7, 8)], 2) in ({0, 1}, {0, 2})
    assert chosen([(0.9, 1), (0.8, 2)], 5) == {0, 1}


def test_the_most_accurate_and_the_fastest_are_always_chosen() -> None:
    points = [(0.5 + 0.01 * at, 1.0 + at) for at in range(30)]
    assert {0, 29} <= chosen(points, 4)
    assert len(chosen(points, 4)) == 4


def test_a_slower_one_within_an_error_of_a_faster_one_may_yet_win() -> None:
    points = [(0.80, 1.0), (0.90, 2.0), (0.895, 16.0), (0.85, 32.0)]
    assert {it.design.integer("at") for it in winners(near(points, 0.01), 3)} == {0, 1, 2}
    assert {it.design.integer("at") for it in winners(near(points, 0.001), 2)} == {0, 1}


def test_a_slower_one_that_is_not_larger_must_be_more_accurate_already() -> None:
    """One is slow for its precision only: no tuning will make up for that."""
    points, costs = [(0.80, 1.0), (0.90, 8.0), (0.905, 20.0)], [1.0, 8.0, 8.4]
    assert {it.design.integer("at") for it in winners(near(points, 0.01, costs), 2)} == {0, 1}
    assert {it.design.integer("at") for it in winners(near(points, 0.001, costs), 2)} == {0, 2}


def test_the_chosen_lie_evenly_wherever_most_was_gained() -> None:
    points = [(0.55, 13.6), (0.61, 26.2), (0.65, 31.7), (0.66, 36.3), (0.71, 86.0), (0.73, 142.0)]
    assert chosen(points, 4) == {0, 3, 4, 5}
    assert chosen(points, 1) == {5}


def test_of_two_that_are_as_fast_the_more_accurate_is_chosen() -> None:
    points = [(0.5, 1.0), (0.6, 3.9), (0.61, 4.05), (0.605, 4.2), (0.8, 16.0)]
    assert {it.design.integer("at") for it in winners(near(points, 0.1), 3)} == {0, 2, 4}


def test_of_neighbours_the_one_above_the_trend_is_chosen() -> None:
    """A straight line but for two that are as far from the middle, one on either side of it."""
    latencies = [1.0, 2.0, 3.6, 4.4, 8.0, 16.0]
    errors = [0.2 * latency**-0.25 for latency in latencies]
    for better, worse in ((2, 3), (3, 2)):
        bent = list(errors)
        bent[better] *= 0.95
        bent[worse] *= 1.05
        points = list(zip((1 - error for error in bent), latencies, strict=True))
        found = {it.design.integer("at") for it in winners(near(points, 0.002), 3)}
        assert found == {0, better, 5}


def test_a_difference_that_is_chance_moves_nothing() -> None:
    points = [(0.5, 1.0), (0.55, 2.0), (0.56, 3.9), (0.62, 4.6), (0.6, 8.0), (0.65, 16.0)]
    for error, expected in ((0.2, 2), (0.002, 3)):
        found = {it.design.integer("at") for it in winners(near(points, error), 3)}
        assert found == {0, expected, 5}


def test_a_heat_survives_being_written() -> None:
    heat = heats([(0.8, 1.0)])[0]
    assert Heat.from_json(heat.to_json()) == heat
