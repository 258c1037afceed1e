"""How large a network may be, given the time."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import sartor.jobs.fitting.affordable as room
from sartor.cost.designs import count
from sartor.jobs.fitting.asked import HEATS_SHARE, SHARES
from sartor.jobs.fitting.job import Job
from sartor.nets import mobile

FAMILY = mobile(resolution=16, channels=1, classes=3)
LARGEST, SMALLEST = (count(FAMILY, it()).macs for it in (FAMILY.largest, FAMILY.smallest))


class Folder:
    """Keeps records in memory."""

    def __init__(self) -> None:
        self.records: dict[str, Any] = {}

    def load_json_or_none(self, name: str) -> Any:
        return self.records.get(name)

    def save_json(self, name: str, plain: Any) -> None:
        self.records[name] = plain


def job(seconds: float | None, images: int = 1000) -> Job:
    said: list[str] = []
    made = SimpleNamespace(
        asked=SimpleNamespace(seconds=seconds, picks=4, seed=0),
        family=FAMILY,
        folder=Folder(),
        progress=SimpleNamespace(say=said.append, said=said),
        task=SimpleNamespace(train=np.zeros(images)),
    )
    return cast(Job, made)


@pytest.fixture(autouse=True)
def _rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """1,280 images a second in turn, and a quarter more side by side."""
    monkeypatch.setattr(room, "image_seconds", lambda *_: 1 / 1280)
    monkeypatch.setattr(room, "side_by_side_gain", lambda *_: 1.25)
    monkeypatch.setattr(room, "places", lambda: 2)


def test_twice_the_time_affords_twice_the_work() -> None:
    one, two = (room.affordable(job(it))[0].bound for it in (600.0, 1200.0))
    assert two == pytest.approx(2 * one)
    longest = 600 * SHARES["finish"] * (1 - HEATS_SHARE) * room.LARGEST
    assert one == pytest.approx(LARGEST * longest * 1.25 * 1280 / 1000 / room.EPOCHS)


@pytest.mark.parametrize(("at_a_time", "gain"), [(1, 1.25), (2, 0.8)])
def test_what_is_slower_side_by_side_is_taken_to_be_done_in_turn(
    monkeypatch: pytest.MonkeyPatch, at_a_time: int, gain: float
) -> None:
    usual = room.affordable(job(600.0))[0].bound
    monkeypatch.setattr(room, "places", lambda: at_a_time)
    monkeypatch.setattr(room, "side_by_side_gain", lambda *_: gain)
    assert room.affordable(job(600.0))[0].bound == pytest.approx(usual / 1.25)


def test_small_networks_are_always_affordable() -> None:
    assert room.affordable(job(1.0, images=10**6))[0].bound == room.SMALL * SMALLEST


def test_it_is_measured_once_and_said() -> None:
    asked = job(600.0)
    first = room.affordable(asked)
    asked.task.train = np.zeros(5)  # type: ignore[misc, assignment]
    assert room.affordable(asked) == first
    assert len(asked.progress.said) == 1  # type: ignore[attr-defined]


def test_a_budget_in_steps_sets_no_limit() -> None:
    assert room.affordable(job(None)) == ()
