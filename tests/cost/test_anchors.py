"""Programs are timed again while the machine is slower than it was."""

from pathlib import Path

import pytest

from sartor import targets
from sartor.cost.anchors import Anchors, pace_of
from sartor.targets import Protocol, TimedFile, Timing
from sartor.targets.here import ThisMachine


def timing(ms: float, reason: str = "") -> Timing:
    return Timing(ms, ms, ms, ms, ms, ms, calls=1, rounds_ms=(ms,), reason=reason)


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Timing]]:
    """What the stopwatch will show, try by try."""
    script: list[dict[str, Timing]] = []

    def scripted(_: ThisMachine, files: dict[str, TimedFile], how: Protocol) -> dict[str, Timing]:
        assert how.seconds_each > 0
        now = script.pop(0)
        assert set(now) == set(files)
        return now

    monkeypatch.setattr(ThisMachine, "time_in_turn", scripted)
    return script


FILE = TimedFile(Path("it.onnx"), "onnxruntime", "fp32")


def watched() -> Anchors:
    return Anchors(targets.open("cpu"), {"small": FILE, "large": FILE})


def shown(slower: float, reason: str = "") -> dict[str, Timing]:
    return {
        "small": timing(slower, reason),
        "large": timing(4 * slower),
        "it": timing(3 * slower),
    }


def test_the_pace_is_the_geometric_mean_of_the_anchors(tries: list[dict[str, Timing]]) -> None:
    tries += [shown(1.0)]
    anchors, timings = watched().time({"it": FILE}, 0.1, 0)
    assert pace_of(anchors.values()) == pytest.approx(2.0)
    assert timings["it"].median_ms == 3.0


def test_a_slow_moment_is_waited_out(tries: list[dict[str, Timing]]) -> None:
    tries += [shown(1.0), shown(1.4), shown(1.05)]
    it = watched()
    it.time({"it": FILE}, 0.1, 0)
    anchors, timings = it.time({"it": FILE}, 0.1, 0)
    assert pace_of(anchors.values()) == pytest.approx(2.1)
    assert timings["it"].median_ms == pytest.approx(3.15)
    assert it.paces == pytest.approx([2.0, 2.1])


def test_a_rare_fast_moment_is_not_waited_for(tries: list[dict[str, Timing]]) -> None:
    """Beside it the machine was slow ever after."""
    it = watched()
    it.paces = [1.3, 2.0, 2.0, 2.1, 2.0]
    tries += [shown(1.0), shown(1.0)]
    it.time({"it": FILE}, 0.1, 0)
    assert len(tries) == 1


def test_the_best_of_a_few_tries_is_taken_where_it_stays_slow(
    tries: list[dict[str, Timing]],
) -> None:
    tries += [shown(1.0), shown(1.6), shown(1.3), shown(1.5), shown(1.0)]
    it = watched()
    it.time({"it": FILE}, 0.1, 0)
    anchors, _ = it.time({"it": FILE}, 0.1, 0)
    assert pace_of(anchors.values()) == pytest.approx(2.6)
    assert len(tries) == 1  # of the five: one at first, then as many as are allowed
    assert watched().tries == 3


def test_noise_is_divided_out_where_peace_is_not_asked_for(
    tries: list[dict[str, Timing]],
) -> None:
    tries += [shown(1.0, reason="the machine is too noisy"), shown(1.02)]
    it = watched()
    it.peace = False
    anchors, _ = it.time({"it": FILE}, 0.1, 0)
    assert pace_of(anchors.values()) == pytest.approx(2.0)
    assert len(tries) == 1


def test_a_noisy_moment_is_no_peace(tries: list[dict[str, Timing]]) -> None:
    tries += [shown(1.0, reason="the machine is too noisy"), shown(1.02)]
    anchors, _ = watched().time({"it": FILE}, 0.1, 0)
    assert pace_of(anchors.values()) == pytest.approx(2.04)
