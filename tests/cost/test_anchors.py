"""Programs are timed again while the machine is slower than it was."""

from typing import Any

import pytest

from sartor.cost import anchors
from sartor.cost.anchors import TRIES, Anchors
from sartor.targets import Timing


def timing(ms: float, reason: str = "") -> Timing:
    return Timing(ms, ms, ms, ms, ms, ms, calls=1, rounds_ms=(ms,), reason=reason)


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Timing]]:
    """What the stopwatch will show, try by try."""
    script: list[dict[str, Timing]] = []

    def scripted(programs: dict[str, Any], **_: object) -> dict[str, Timing]:
        now = script.pop(0)
        assert set(now) == set(programs)
        return now

    monkeypatch.setattr(anchors, "time_in_turn", scripted)
    return script


def watched() -> Anchors:
    return Anchors({"small": object(), "large": object()})  # type: ignore[dict-item]


def shown(slower: float, reason: str = "") -> dict[str, Timing]:
    return {
        "small": timing(slower, reason),
        "large": timing(4 * slower),
        "it": timing(3 * slower),
    }


def test_the_pace_is_the_geometric_mean_of_the_anchors(tries: list[dict[str, Timing]]) -> None:
    tries += [shown(1.0)]
    pace, timings = watched().time({"it": object()}, 0.1, 0)  # type: ignore[dict-item]
    assert pace == pytest.approx(2.0)
    assert timings["it"].median_ms == 3.0


def test_a_slow_moment_is_waited_out(tries: list[dict[str, Timing]]) -> None:
    tries += [shown(1.0), shown(1.4), shown(1.05)]
    it = watched()
    it.time({"it": object()}, 0.1, 0)  # type: ignore[dict-item]
    pace, timings = it.time({"it": object()}, 0.1, 0)  # type: ignore[dict-item]
    assert pace == pytest.approx(2.1)
    assert timings["it"].median_ms == pytest.approx(3.15)
    assert it.least == pytest.approx(2.0)


def test_the_best_of_a_few_tries_is_taken_where_it_stays_slow(
    tries: list[dict[str, Timing]],
) -> None:
    tries += [shown(1.0), shown(1.6), shown(1.3), shown(1.5), shown(1.0)]
    it = watched()
    it.time({"it": object()}, 0.1, 0)  # type: ignore[dict-item]
    pace, _ = it.time({"it": object()}, 0.1, 0)  # type: ignore[dict-item]
    assert pace == pytest.approx(2.6)
    assert len(tries) == 1  # of the five: one at first, then as many as are allowed
    assert TRIES == 3


def test_a_noisy_moment_is_no_peace(tries: list[dict[str, Timing]]) -> None:
    tries += [shown(1.0, reason="the machine is too noisy"), shown(1.02)]
    pace, _ = watched().time({"it": object()}, 0.1, 0)  # type: ignore[dict-item]
    assert pace == pytest.approx(2.04)
