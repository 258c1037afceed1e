"""A survey that is killed in the middle goes on where it was."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from sartor import targets
from sartor.cost.anchors import Anchors
from sartor.cost.designs import Surveyor, deployed
from sartor.cost.designs.features import stack, usual_costs
from sartor.cost.designs.survey import Timed
from sartor.jobs import Silent
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.surveying import NETWORKS, survey_target
from sartor.nets import mobile
from sartor.space import Design
from sartor.study import RunFolder

FAMILY = mobile(resolution=16, channels=1, classes=3)
PACE = 0.03


class Stopwatch:
    """Stands in for timing: a machine of usual costs, on which a process is killed."""

    def __init__(self, killed_at: int = -1) -> None:
        self.killed_at = killed_at
        self.timed: list[int] = []

    def __call__(self, surveyor: Surveyor, numbers: range, _: object) -> None:
        if self.killed_at in numbers:
            raise KeyboardInterrupt
        for number in numbers:
            architecture = surveyor._architecture(number)
            for runtime in surveyor.runtimes:
                design = Design(deployed(architecture, runtime, "fp32"))
                ms = float((stack(FAMILY, [design]) @ usual_costs())[0])
                surveyor.timed.append(Timed(design, number, ms, 10_000, PACE))
            self.timed.append(number)


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    with RunFolder.open(tmp_path / "run", {}) as folder:
        yield cast(
            Job,
            SimpleNamespace(
                asked=SimpleNamespace(seed=0),
                limits=(),
                folder=folder,
                cache=tmp_path / "cache",
                progress=Silent(),
                target=targets.open("cpu").reading(".onnx"),
                family=FAMILY,
            ),
        )


def test_a_killed_survey_goes_on_with_the_next_chunk(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, unbroken = Stopwatch(killed_at=9), Stopwatch()
    monkeypatch.setattr(Surveyor, "_time", lambda *given: killed(*given))
    with pytest.raises(KeyboardInterrupt):
        survey_target(job, None)
    assert killed.timed == list(range(8))
    assert not job.folder.stage_done("survey")
    before = job.folder.spent("survey")
    assert before > 0
    monkeypatch.setattr(Surveyor, "_time", lambda *given: unbroken(*given))
    survey = survey_target(job, None)
    assert unbroken.timed == list(range(8, NETWORKS))
    assert {item.group for item in survey.timed} == set(range(NETWORKS))
    assert job.folder.stage_done("survey")
    assert job.folder.spent("survey") > before


def test_a_survey_that_was_killed_has_what_is_left_of_its_time(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    job.folder.spend("survey", 40.0)
    watch, given = Stopwatch(), []
    monkeypatch.setattr(Surveyor, "_time", lambda *chunk: watch(*chunk))
    run = Surveyor.run

    def noted(self: Surveyor, *, seconds: float | None, **_: object) -> None:
        given.append(seconds)
        run(self, seconds=None, networks=NETWORKS)

    monkeypatch.setattr(Surveyor, "run", noted)
    survey_target(job, 60.0)
    assert given == [pytest.approx(20.0, abs=1.0)]


@pytest.mark.parametrize("times", [0.7, 1.1, 2.0], ids=["faster now", "alike", "slower now"])
def test_a_survey_of_a_machine_that_others_had_slowed_is_made_anew(
    job: Job, monkeypatch: pytest.MonkeyPatch, times: float
) -> None:
    watch = Stopwatch()
    monkeypatch.setattr(Surveyor, "_time", lambda *given: watch(*given))
    survey_target(job, None)
    monkeypatch.setattr(Surveyor, "pace", lambda _: PACE * times)
    with RunFolder.open(job.folder.path.parent / "another", {}) as folder:
        cast(SimpleNamespace, job).folder = folder
        survey_target(job, None)
    assert len(watch.timed) == (2 if times < 0.8 else 1) * NETWORKS


def test_the_pace_of_a_machine_is_the_mean_of_networks_that_stay_the_same(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def time(anchors: Anchors, files: object, *_: object) -> object:
        asked.append(files)
        times = dict(zip(anchors.files, (0.01, 0.03, 0.09), strict=True))
        return {name: SimpleNamespace(median_ms=ms) for name, ms in times.items()}, {}

    monkeypatch.setattr(Anchors, "time", time)
    assert Surveyor(FAMILY, job.target, seed=0).pace() == pytest.approx(0.03)
    assert asked == [{}]
