"""AGE-MOEA: the curvature of the front, and who survives by it."""

import importlib.util

import numpy as np
import numpy.typing as npt
import pytest

from sartor.errors import MissingExtraError
from sartor.search import Problem
from sartor.search.protocol import STRATEGIES
from sartor.search.strategies import agemoea
from sartor.search.survival import Ranked, by_pymoo
from sartor.space import Choice, Space

SPACE = Space([Choice("x", (0, 1, 2), ordered=True)])
Numbers = npt.NDArray[np.float64]


def survive(matrix: Numbers, count: int, excess: Numbers | None = None) -> Ranked:
    pytest.importorskip("numba", reason="the extra agemoea is not installed")
    select = by_pymoo(lambda _: agemoea.ByGeometry(), tournament=True)
    missed = np.zeros(len(matrix)) if excess is None else excess
    return select(matrix, missed, count, np.random.default_rng(0))


def norm_of(points: Numbers) -> float:
    pytest.importorskip("numba", reason="the extra agemoea is not installed")
    return agemoea.geometry(points)[1]


@pytest.mark.parametrize("p", [0.5, 1.0, 2.0])
def test_the_norm_is_that_of_the_front(p: float) -> None:
    angle = np.linspace(0, np.pi / 2, 41)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1) ** (2 / p)
    assert norm_of(points) == pytest.approx(p, rel=1e-6)


def test_on_a_round_front_the_score_is_distance_over_norm() -> None:
    angle = np.array([0.0, 0.25, 0.5, 0.75, 1.0]) * np.pi / 2
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    ranked = survive(points, 5)
    crowding = dict(zip(ranked.chosen.tolist(), ranked.crowding.tolist(), strict=True))
    assert crowding[0] == crowding[4] == np.inf
    # The middle one is first: as far from both ends, and 1 from the ideal in the norm 2.
    assert crowding[2] == pytest.approx(2 * np.linalg.norm(points[2] - points[0]), rel=1e-6)
    near = np.linalg.norm(points[1] - points[0]) + np.linalg.norm(points[1] - points[2])
    assert crowding[1] == pytest.approx(near, rel=1e-6)


def test_the_last_front_is_cut_by_the_distance_to_the_ideal() -> None:
    # pymoo 0.6.2 itself keeps (4, 1), the last one of its list.
    points = np.array([[0, 3], [1, 1], [3, 0], [1, 4], [2, 2], [4, 1.0]])
    for shift in (0.0, -10.0):  # where the ideal lies does not matter
        assert sorted(survive(points + shift, 4).chosen.tolist()) == [0, 1, 2, 4]


def test_fronts_come_first_and_the_ends_of_the_first_stay() -> None:
    rng = np.random.default_rng(1)
    points = rng.random((60, 2))
    ranked = survive(points, 20)
    assert (np.diff(ranked.rank) >= 0).all()
    left = np.setdiff1d(np.arange(60), ranked.chosen)
    no_worse = np.all(points[ranked.chosen][None] <= points[left][:, None], axis=2)
    assert np.all(np.any(no_worse, axis=1))
    assert {int(points[:, 0].argmin()), int(points[:, 1].argmin())} <= set(ranked.chosen.tolist())


@pytest.mark.parametrize("objectives", [1, 2, 3])
@pytest.mark.parametrize("kind", ["equal", "few values", "one", "two"])
def test_ties_and_small_populations_have_scores_that_are_numbers(
    objectives: int, kind: str
) -> None:
    rng = np.random.default_rng(0)
    points = {
        "equal": np.full((9, objectives), 0.5),
        "few values": rng.integers(3, size=(50, objectives)).astype(float),
        "one": rng.random((1, objectives)),
        "two": rng.random((2, objectives)),
    }[kind]
    ranked = survive(points, 40)
    assert len(set(ranked.chosen.tolist())) == min(40, len(points))
    assert not np.isnan(ranked.crowding).any()


def test_those_beyond_the_limits_come_last() -> None:
    excess = np.array([0.2, 0.0, 0.1, 0.0])
    ranked = survive(np.array([[0, 0], [1, 2], [0, 0], [2, 1.0]]), 3, excess)
    assert sorted(ranked.chosen[:2].tolist()) == [1, 3]
    assert ranked.chosen[2] == 2


def test_without_its_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sartor\[agemoea\]'"):
        STRATEGIES["agemoea"](Problem(SPACE), 0)
