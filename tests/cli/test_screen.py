"""Progress: how far, how long, and not more often than is good."""

import io
import time
from dataclasses import dataclass

import pytest
from rich.console import Console

from sartor.cli.screen import Forecast, Lines, listening
from sartor.cli.screen.lines import EVERY
from sartor.cli.screen.live import LiveScreen

PLAN = {"survey": 10.0, "train": 60.0, "search": 30.0}


@dataclass
class Clock:
    """A clock that a test turns."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_plan_is_believed_at_first() -> None:
    forecast = Forecast(Clock())
    assert forecast.left is None
    forecast.plan(PLAN)
    assert forecast.left == 100
    assert forecast.share == 0
    forecast.stage("train")
    assert forecast.left == 90
    assert forecast.share == 0.1


def test_time_passes_without_updates() -> None:
    clock = Clock()
    forecast = Forecast(clock)
    forecast.plan(PLAN)
    forecast.stage("train")
    clock.now = 20
    assert forecast.left == 70
    clock.now = 100
    assert forecast.left == 30


def test_a_stage_that_is_slower_than_planned_is_believed() -> None:
    clock = Clock()
    forecast = Forecast(clock)
    forecast.plan(PLAN)
    forecast.stage("train")
    clock.now = 60
    forecast.update(0.25)
    assert forecast.left == 180 + 30


def test_a_stage_that_goes_on_is_not_taken_for_a_fast_one() -> None:
    clock = Clock()
    forecast = Forecast(clock)
    forecast.plan(PLAN)
    forecast.stage("train")
    clock.now = 1
    forecast.update(0.5)  # what an earlier session did
    clock.now = 11
    forecast.update(0.6)
    assert forecast.left == pytest.approx(40 + 30)


@pytest.mark.parametrize("share", [-1.0, 0.0, 1.0, 2.0])
def test_shares_stay_shares(share: float) -> None:
    forecast = Forecast(Clock())
    forecast.plan(PLAN)
    forecast.stage("search")
    forecast.update(share)
    assert 0.7 <= forecast.share <= 1
    assert forecast.left is not None
    assert 0 <= forecast.left <= 30


def test_a_stage_that_was_not_planned_is_no_accident() -> None:
    forecast = Forecast(Clock())
    forecast.plan(PLAN)
    forecast.stage("surprise")
    assert forecast.share == 0
    assert forecast.left == 100


def test_lines_are_written_now_and_then() -> None:
    clock, stream = Clock(), io.StringIO()
    lines = Lines(stream, clock)
    lines.plan(PLAN)
    lines.stage("train")
    lines.best("93 % (proxy)")
    for tenth in range(1, 301):
        clock.now = tenth / 10
        lines.update(tenth / 600, "step 3")
    lines.say("a [sentence]")
    lines.stage("search")
    lines.close()
    written = stream.getvalue().splitlines()
    assert len(written) == 30 / EVERY + 3
    assert written[0] == "train 17 %, step 3, about 1 min 20 s left, best so far 93 % (proxy)"
    assert written[-3:] == ["a [sentence]", "train: 30 s", "search: 0 s"]


def test_a_stage_that_begins_twice_is_told_once() -> None:
    stream = io.StringIO()
    lines = Lines(stream, Clock())
    for name in ("finish", "finish", "verify"):
        lines.stage(name)
    lines.close()
    assert stream.getvalue() == "finish: 0 s\nverify: 0 s\n"


def test_a_pipe_gets_plain_lines_and_no_colours() -> None:
    stream = io.StringIO()
    with listening(quiet=False, stream=stream) as progress:
        assert isinstance(progress, Lines)
        progress.stage("train")
    assert stream.getvalue() == "train: 0 s\n"


def test_an_error_does_not_end_a_stage() -> None:
    stream = io.StringIO()
    listener = listening(quiet=False, stream=stream)
    progress = listener.__enter__()
    assert progress is not None
    progress.stage("train")
    error = KeyError()
    assert not listener.__exit__(KeyError, error, None)
    assert stream.getvalue() == ""


def test_quiet_lends_no_listener() -> None:
    stream = io.StringIO()
    with listening(quiet=True, stream=stream) as progress:
        assert progress is None
    assert stream.getvalue() == ""


def test_a_terminal_shows_stage_time_left_and_the_best() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100, color_system=None)
    screen = LiveScreen(console)
    screen.open()
    screen.plan(PLAN)
    screen.stage("survey")
    screen.stage("train")
    screen.update(0.5, "step 12")
    screen.best("93 % (proxy)")
    console.print(screen)
    screen.say("3 duplicates [were] dropped")
    screen.stage("search")
    screen.close()
    shown = stream.getvalue()
    assert "✓ survey" in shown
    assert "✓ train" in shown
    assert "40 %  about 1 min 0 s left" in shown
    assert "70 %  about 30 s left" in shown
    assert "best so far: 93 % (proxy)" in shown
    assert "3 duplicates [were] dropped" in shown


def test_an_interrupted_stage_is_not_shown_as_done() -> None:
    stream = io.StringIO()
    screen = LiveScreen(Console(file=stream, force_terminal=True, width=100, color_system=None))
    screen.open()
    screen.stage("train")
    screen.close(whole=False)
    assert "✓" not in stream.getvalue()


def test_clocks_are_monotonic_by_default() -> None:
    forecast = Forecast()
    forecast.stage("train")
    assert 0 <= forecast.elapsed <= time.monotonic()
