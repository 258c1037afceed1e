"""Fronts: exact, never shrinking, diverse picks."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pymoo.operators.survival.rank_and_crowding.metrics import calc_crowding_distance

from sartor.search import choose, evenly, hypervolume, knee, non_dominated
from sartor.search.front import fronts, unsettled
from sartor.search.improve import NEARBY, SPACING, added, improving_batch
from sartor.search.survival import crowding
from sartor.units import Direction

Numbers = npt.NDArray[np.float64]
WAYS: list[Direction] = ["max", "min", "min"]
GRID = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.5])


def points(width: int) -> st.SearchStrategy[Numbers]:
    # Few different numbers, so that ties are common.
    return arrays(
        np.float64,
        st.tuples(st.integers(0, 25), st.just(width)),
        elements=st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.5, 5.0, math.nan]),
    )


def brute_force(values: Numbers, ways: list[Direction]) -> list[int]:
    costs = values * np.array([1 if way == "min" else -1 for way in ways])
    return [
        place
        for place, point in enumerate(costs)
        if not np.isnan(point).any()
        and not any((other <= point).all() and (other < point).any() for other in costs)
    ]


@pytest.mark.parametrize("width", [1, 2, 3])
@given(data=st.data())
def test_the_front_is_that_of_brute_force(width: int, data: st.DataObject) -> None:
    values = data.draw(points(width))
    assert non_dominated(values, WAYS[:width]).tolist() == brute_force(values, WAYS[:width])


@given(values=points(2), point=arrays(np.float64, (1, 2), elements=st.floats(0, 6)))
def test_adding_a_point_never_shrinks_the_hypervolume(values: Numbers, point: Numbers) -> None:
    before = hypervolume(values, ["max", "min"], [0.0, 6.0])
    after = hypervolume(np.vstack([values, point]), ["max", "min"], [0.0, 6.0])
    assert after >= before - 1e-12


@pytest.mark.parametrize("width", [1, 2, 3])
@given(data=st.data())
def test_what_a_point_adds_is_the_difference_of_hypervolumes(
    width: int, data: st.DataObject
) -> None:
    shape = st.tuples(st.integers(0, 12), st.just(width))
    front = data.draw(arrays(np.float64, shape, elements=st.floats(0, 1.2)))
    new = data.draw(arrays(np.float64, (3, width), elements=st.floats(0, 1.2)))
    ways: list[Direction] = ["min"] * width
    reference = np.full(width, 1.0)
    gains = added(front, new, reference)
    for point, gain in zip(new, gains, strict=True):
        after = hypervolume(np.vstack([front, point]), ways, reference)
        assert gain == pytest.approx(after - hypervolume(front, ways, reference), abs=1e-9)
        # Exactly, since roots are taken: that of what rounding leaves is no longer small.
        beaten = ((front <= point).all(axis=1) & (front < reference).all(axis=1)).any()
        assert gain >= 0
        assert not (beaten and gain)


def test_hypervolume_of_nothing_and_of_what_is_beyond_the_reference_is_zero() -> None:
    assert hypervolume(np.empty((0, 2)), ["max", "min"], [0.0, 1.0]) == 0
    assert hypervolume([[0.5, 2.0], [math.nan, 0.1]], ["max", "min"], [0.0, 1.0]) == 0


def test_choosing_takes_the_ends_the_knee_and_then_the_widest_gaps() -> None:
    values = [[0.5, 1.0], [0.55, 1.1], [0.8, 2.0], [0.85, 6.0], [0.9, 16.0], [0.1, 20.0]]
    assert choose(values, ["max", "min"], 1) == [4]
    assert choose(values, ["max", "min"], 2) == [4, 0]
    assert choose(values, ["max", "min"], 3) == [4, 0, 2]
    assert choose(values, ["max", "min"], 4) == [4, 0, 2, 3]
    assert sorted(choose(values, ["max", "min"], 50)) == [0, 1, 2, 3, 4]
    assert knee(values, ["max", "min"]) == 2


def test_choosing_from_nothing_equal_points_or_nan() -> None:
    assert choose(np.empty((0, 2)), ["max", "min"], 3) == []
    assert choose([[1.0, 1.0]] * 4, ["max", "min"], 3) == [0]
    assert choose([[math.nan, 1.0], [0.5, 1.0]], ["max", "min"], 3) == [1]
    assert knee([[math.nan, 1.0]], ["max", "min"]) is None


@given(values=points(2), count=st.integers(1, 8))
def test_chosen_points_are_different_and_on_the_front(values: Numbers, count: int) -> None:
    chosen = choose(values, ["max", "min"], count)
    front = non_dominated(values, ["max", "min"]).tolist()
    assert len(chosen) == len(set(chosen)) <= count
    assert set(chosen) <= set(front)
    assert bool(chosen) == bool(front)


def test_a_batch_is_spread_over_the_front() -> None:
    front = np.array([[0.0, 0.95], [0.95, 0.0]])
    sure = np.array([[0.1, 0.9], [0.5, 0.3], [0.51, 0.299], [0.9, 0.05]])
    chosen = improving_batch(front, np.stack([sure, sure]), sure, 3, np.ones(4))
    assert set(chosen.tolist()) == {0, 1, 3}


def test_weights_say_what_a_gain_counts() -> None:
    front = np.array([[0.0, 0.95], [0.95, 0.0]])
    sure = np.array([[0.1, 0.9], [0.5, 0.3]])
    weights = np.array([100.0, 1.0])
    assert improving_batch(front, sure[None], sure, 1, np.ones(2)).tolist() == [1]
    assert improving_batch(front, sure[None], sure, 1, weights).tolist() == [0]


def test_those_that_equal_a_chosen_one_count_less_only_where_spaced() -> None:
    front, expected = np.array([[0.4]]), np.array([[0.5], [0.5], [0.52]])
    possible = np.stack([expected - 0.3, expected + 0.3])
    batches = {
        spaced: improving_batch(front, possible, expected, 2, np.ones(3), spaced=spaced).tolist()
        for spaced in (True, False)
    }
    assert batches == {True: [0, 2], False: [0, 1]}


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("spaced", [True, False])
def test_no_candidate_stands_in_a_batch_twice(width: int, spaced: bool) -> None:
    # Each may turn out better than what is expected of it, so that it still promises something.
    expected = np.full((3, width), 0.5)
    possible = np.stack([expected - 0.3, expected + 0.3])
    front = np.full((1, width), 0.6)
    chosen = improving_batch(front, possible, expected, 8, np.ones(3), spaced=spaced)
    assert sorted(chosen.tolist()) == [0, 1, 2]


def test_a_batch_holds_nothing_that_adds_nothing() -> None:
    front = np.array([[0.0, 0.0]])
    beaten = np.array([[0.5, 0.5], [1.0, 0.2]])
    assert not len(improving_batch(front, beaten[None], beaten, 3, np.ones(2)))
    assert not len(improving_batch(front, np.empty((2, 0, 2)), np.empty((0, 2)), 3, np.empty(0)))


@pytest.mark.parametrize("width", [1, 2, 3])
def test_a_batch_of_one_is_what_adds_most(width: int) -> None:
    rng = np.random.default_rng(0)
    front, points = rng.random((6, width)), rng.random((30, width))
    gains = added(front, points, np.ones(width))
    chosen = improving_batch(front, points[None], points, 1, np.ones(30))
    assert chosen.tolist() == ([int(np.argmax(gains))] if gains.max() > 0 else [])


@given(
    matrix=arrays(np.float64, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=GRID),
    enough=st.integers(1, 40),
)
def test_fronts_are_peeled_off_one_by_one(matrix: Numbers, enough: int) -> None:
    peeled = fronts(matrix, enough)
    places = np.concatenate(peeled)
    assert len(set(places.tolist())) == len(places) >= min(enough, len(matrix))
    for number, front in enumerate(peeled):
        rest = np.setdiff1d(np.arange(len(matrix)), np.concatenate([[], *peeled[:number]]))
        beaten = [
            any((matrix[i] <= matrix[j]).all() and (matrix[i] < matrix[j]).any() for i in rest)
            for j in rest
        ]
        assert set(front.tolist()) == set(rest[~np.array(beaten)].astype(int).tolist())


@given(
    matrix=arrays(np.float64, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=GRID),
    count=st.integers(1, 40),
)
def test_crowding_is_that_of_pymoo_front_by_front(matrix: Numbers, count: int) -> None:
    peeled = fronts(matrix, count)
    ranks = np.repeat(np.arange(len(peeled)), [len(front) for front in peeled])
    found = crowding(matrix[np.concatenate(peeled)], ranks)
    expected = np.concatenate([calc_crowding_distance(matrix[front]) for front in peeled])
    np.testing.assert_allclose(found, expected)


@given(data=st.data(), width=st.integers(1, 2), count=st.integers(1, 6), spaced=st.booleans())
def test_a_batch_is_chosen_as_if_all_gains_were_known_anew(
    data: st.DataObject, width: int, count: int, spaced: bool
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    front, possible = rng.random((4, width)), rng.random((3, 90, width))
    expected, weights = possible.mean(axis=0), rng.choice([1.0, 5.0], 90)
    chosen = improving_batch(front, possible, expected, count, weights, spaced=spaced)
    known, near = front, np.ones(90)
    for place in chosen.tolist():
        gains = [np.sqrt(added(known, points, np.ones(width))) for points in possible]
        scores = weights * near * np.mean(gains, axis=0)
        assert scores[place] == pytest.approx(scores.max())
        distance = np.abs(expected - expected[place]).max(axis=1)
        if spaced:
            apart = NEARBY + (1 - NEARBY) * distance * SPACING * count
            near = np.minimum(near, np.minimum(1, apart))
        near[place] = 0.0
        known = np.vstack([known, expected[place]])


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(-1, 1)), min_size=1, max_size=8).map(sorted),
    st.integers(1, 9),
    st.booleans(),
)
def test_steps_are_as_even_as_any_choice_makes_them(
    points: list[tuple[float, float]], count: int, handicapped: bool
) -> None:
    values = np.array([value for value, _ in points])
    handicaps = np.array([handicap if handicapped else 0.0 for _, handicap in points])
    found = evenly(values, count, handicaps if handicapped else None)
    assert len(found) == min(count, len(values))
    assert found == sorted(set(found))
    assert len(values) - 1 in found
    if len(found) < 2:
        return
    assert found[0] == 0

    def unevenness(places: Sequence[int]) -> float:
        steps = np.diff(values[list(places)])
        return float(np.sum(steps**2 + 2 * steps * handicaps[list(places[:-1])]))

    others = itertools.combinations(range(1, len(values) - 1), len(found) - 2)
    best = min(unevenness((0, *between, len(values) - 1)) for between in others)
    assert unevenness(found) == pytest.approx(best, abs=1e-9)


def test_handicaps_add_what_is_lost_to_those_that_are_taken_too_slow() -> None:
    """Demands lie anywhere between the ends; each is met by the first network that is as good."""
    values, handicaps = np.array([0.0, 0.9, 1.1, 1.7, 2.5]), np.array([0.0, 0.2, -0.1, 0.1, 0.0])
    places = evenly(values, 4, handicaps)
    demands = np.linspace(0, 2.5, 100_001)

    def lost(chosen: Sequence[int]) -> float:
        as_good = (values - handicaps)[list(chosen)]
        taken = values[list(chosen)][np.searchsorted(as_good, demands)]
        return float(np.mean(taken - demands))

    others = [(0, *between, 4) for between in itertools.combinations((1, 2, 3), 2)]
    assert lost(places) == min(lost(chosen) for chosen in others)
    assert places != evenly(values, 4)


@given(values=points(3), half=st.floats(0, 2))
def test_a_point_is_unsettled_where_another_may_beat_it(values: Numbers, half: float) -> None:
    low, high = values - half, values + half
    found = set(unsettled(low, high, ["min"] * 3).tolist())
    for place, worst in enumerate(high):
        others = np.delete(low, place, axis=0)
        beaten = ((others <= worst).all(axis=1) & (others < worst).any(axis=1)).any()
        assert (place in found) == bool(beaten)


@given(values=points(2))
def test_without_intervals_what_is_unsettled_is_not_on_the_front(values: Numbers) -> None:
    front = set(non_dominated(values, ["min", "min"]).tolist())
    whole = set(np.flatnonzero(~np.isnan(values).any(axis=1)).tolist())
    assert set(unsettled(values, values, ["min", "min"]).tolist()) == whole - front
