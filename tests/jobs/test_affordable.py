"""How large a network may be, given the time."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

import sartor.jobs.fitting.affordable as room
from sartor.cost import count
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
    """128 images in 0.1 s: 1,280 a second."""
    images = torch.zeros(128, 1, 16, 16)
    source = SimpleNamespace(at=lambda _: (images, torch.zeros(128, dtype=torch.long)))
    monkeypatch.setattr(room, "batches", lambda *_: source)
    monkeypatch.setattr(room, "step_seconds", lambda *_: {False: 0.2, True: 0.1})


def test_twice_the_time_affords_twice_the_work() -> None:
    one, two = (room.affordable(job(it))[0].bound for it in (600.0, 1200.0))
    assert two == pytest.approx(2 * one)
    longest = 600 * SHARES["finish"] * (1 - HEATS_SHARE) * room.SLOWEST
    assert one == pytest.approx(LARGEST * longest * 1280 / 1000 / room.EPOCHS)


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
