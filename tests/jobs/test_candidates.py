"""Which designs are finished."""

from sartor.jobs.fitting.candidates import entrants, next_best
from sartor.jobs.fitting.searching import CAPACITY, SEARCH
from sartor.search import Problem, Study
from sartor.space import Choice, Design, Space
from sartor.study import Trial
from sartor.units import Measurement

SPACE = Space([Choice("a", tuple(range(50)))])


def study(points: list[tuple[float, float]], rich: frozenset[int] = frozenset()) -> Study:
    trials = tuple(
        Trial(
            number,
            Design({"a": number}),
            {
                "accuracy": Measurement(accuracy, "proxy"),
                "latency_ms": Measurement(latency, "predicted"),
                "size_bytes": Measurement(1e4 * latency, "predicted"),
            },
            CAPACITY if number in rich else SEARCH,
            0,
        )
        for number, (accuracy, latency) in enumerate(points)
    )
    return Study(Problem(SPACE), trials, {}, False)


def latencies(found: Study, count: int) -> list[float]:
    return [it.promised["latency_ms"].value for it in entrants(found, count)]


def test_picks_lie_across_the_front() -> None:
    found = study([(0.5, 1), (0.6, 2.2), (0.7, 4), (0.8, 16), (0.4, 3), (0.3, 7)])
    assert latencies(found, 4) == [1, 2.2, 4, 16]


def test_every_range_of_latencies_has_its_best() -> None:
    found = study([(0.9, 1), (0.87, 2), (0.88, 5), (0.872, 6), (0.869, 20), (0.89, 100)])
    assert latencies(found, 4) == [1, 5, 20, 100]


def test_designs_of_large_capacity_enter_beside_the_best_by_their_proxies() -> None:
    points = [(0.9, 1.0), (0.88, 2.0), (0.89, 10.0), (0.875, 20.0), (0.87, 19.0)]
    assert latencies(study(points, frozenset({1, 3, 4})), 4) == [1, 2, 10, 20]


def test_empty_ranges_are_made_up_for_by_the_front() -> None:
    found = study([(0.5, 1), (0.6, 1.1), (0.7, 1.2), (0.9, 100)])
    assert latencies(found, 4) == [1, 1.1, 1.2, 100]


def test_what_is_slower_and_far_less_accurate_does_not_enter() -> None:
    assert latencies(study([(0.9, 1), (0.88, 2), (0.7, 4), (0.87, 8)]), 4) == [1, 2, 8]
    assert latencies(study([(1.0, 1), (0.99, 2), (0.998, 3), (0.9, 8)]), 4) == [1, 3]


def test_one_design_is_one_pick() -> None:
    assert latencies(study([(0.9, 1)]), 4) == [1]


def test_what_misses_a_limit_is_replaced_by_the_best_that_costs_less() -> None:
    found = study([(0.9, 10), (0.8, 6), (0.85, 7), (0.95, 12)])
    missed = entrants(found, 1)[0]
    assert missed.promised["latency_ms"].value == 12
    fresh = next_best(found, missed, {missed.id})
    assert fresh is not None
    assert fresh.promised["latency_ms"].value == 10
    assert next_best(found, fresh, {it.design.id for it in found.trials}) is None
