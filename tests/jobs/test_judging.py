"""The verdict says no more than the intervals allow."""

from typing import Any

import pytest

from sartor.jobs.fitting.judging import verdict


def network(key: str, accuracy: float, latency: float, error: float = 0.01) -> dict[str, Any]:
    return {
        "id": key,
        "name": key,
        "accuracy": {"value": accuracy, "low": accuracy - error, "high": accuracy + error},
        "latency_ms": {"value": latency, "low": 0.99 * latency, "high": 1.01 * latency},
        "promised": {"accuracy": {"value": 0.8}},
    }


def judged(picks: list[dict[str, Any]], rival: dict[str, Any]) -> tuple[bool | None, list[str]]:
    baselines = {
        "random": {"verified": None, "accuracy": None},
        "scaled": {"verified": []},
        "versus": [rival],
    }
    result = verdict(picks, baselines, "")
    assert result["beats_random"] is result["beats_scaled"] is None
    return result["beats_versus"], result["sentences"]


@pytest.mark.parametrize(
    ("accuracy", "latency", "expected", "words"),
    [
        (0.90, 0.5, True, "Pick a beats rival: 2.00 times its speed, as accurate."),
        (0.93, 1.0, True, "1.00 times its speed, at +3.00 points of accuracy."),
        (0.91, 1.0, False, "Pick a does not clearly beat rival"),
        (0.89, 0.5, False, "2.00 times its speed, at -1.00 points of accuracy."),
        (0.95, 1.1, False, "0.91 times its speed, at +5.00 points of accuracy."),
    ],
    ids=["faster", "better", "within the error", "less accurate", "slower"],
)
def test_a_rival_is_beaten_beyond_the_intervals(
    accuracy: float, latency: float, expected: bool, words: str
) -> None:
    beaten, sentences = judged([network("a", accuracy, latency)], network("rival", 0.9, 1.0))
    assert beaten is expected
    assert words in sentences[0]


def test_the_fastest_pick_that_beats_a_rival_is_named() -> None:
    picks = [network("slow", 0.95, 0.8), network("fast", 0.91, 0.4), network("poor", 0.5, 0.1)]
    beaten, sentences = judged(picks, network("rival", 0.9, 1.0))
    assert beaten
    assert sentences == [
        "Pick fast beats rival: 2.50 times its speed, at +1.00 points of accuracy."
    ]


def test_without_picks_nothing_is_beaten() -> None:
    assert judged([], network("rival", 0.9, 1.0)) == (None, [])
