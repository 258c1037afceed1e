"""Sentences say what the numbers say."""

from typing import Any

import pytest
from summaries import sample

from sartor.report import called, interval, outcome, verdict, warnings
from sartor.report.text import reasons


@pytest.fixture
def summary() -> dict[str, Any]:
    return sample()


def test_an_interval_has_one_unit() -> None:
    assert (
        interval("accuracy", {"value": 0.5, "low": 0.4, "high": 0.6}) == "50.00 % (40.00 to 60.00)"
    )
    assert (
        interval("size_bytes", {"value": 1e6, "low": 9e5, "high": 2e6}) == "1 MB (900 kB to 2 MB)"
    )
    assert interval("latency_ms", {"value": 2, "low": None, "high": None}) == "2 ms"


def test_the_headline_says_what_was_found(summary: dict[str, Any]) -> None:
    first, best, fastest = outcome(summary)
    assert (
        first
        == "4 networks are ready to ship; all keep latency ≤ 0.25 ms and size ≤ 500 kB, verified."
    )
    assert best.startswith("The most accurate is pick 4: 98.61 %")
    assert fastest.startswith("The fastest is pick 1: 93.61 %")


def test_the_fastest_is_found_whatever_the_order(summary: dict[str, Any]) -> None:
    summary["picks"].reverse()
    assert outcome(summary)[2].startswith("The fastest is pick 4: 93.61 %")


@pytest.mark.parametrize(
    ("verified", "said"), [(0.03, "1.50 times slower"), (0.016, "1.25 times faster")]
)
def test_another_speed_than_in_the_survey_is_told(
    verified: float, said: str, summary: dict[str, Any]
) -> None:
    assert not any("than when it was surveyed" in it for it in warnings(summary))
    summary["target"]["pace"] = {"surveyed_ms": 0.02, "verified_ms": verified}
    assert any(said in it for it in warnings(summary))


def test_a_verdict_names_picks_as_people_do(summary: dict[str, Any]) -> None:
    assert verdict(summary)[0].startswith("Pick 3 beats a random design")
    assert not any("c5517be013" in sentence for sentence in verdict(summary))


def test_a_pick_is_compared_with_the_next_faster(summary: dict[str, Any]) -> None:
    text = " ".join(reasons(summary["picks"][1], summary))
    assert "Against pick 1 it takes 1.43 times as long and is 2.78 points more accurate" in text
    assert "intervals overlap" in text
    assert "latency 0.0588 ms (76 % inside the limit)" in text
    assert "Runs in openvino as mixed" in text


def test_a_pick_that_another_beats_says_so(summary: dict[str, Any]) -> None:
    summary["front"] = summary["front"][1:]
    assert "at least as good in every respect" in " ".join(reasons(summary["picks"][0], summary))
    assert "at least as good" not in " ".join(reasons(summary["picks"][1], summary))


def test_warnings_name_what_is_doubtful(summary: dict[str, Any]) -> None:
    noisy, rough, skipped = warnings(summary)
    assert noisy.startswith("The latency of pick 4 is not trustworthy")
    assert "openvino int8 (83 %)" in rough
    assert skipped == "1 item that could not be read was left out: scan <17>.png."


def test_a_proxy_that_misleads_is_a_warning(summary: dict[str, Any]) -> None:
    summary["search"]["rank_correlation_proxy_verified"] = 0.1
    assert any("ranked the finished networks poorly" in it for it in warnings(summary))


def test_rivals_have_the_name_that_the_user_gave(summary: dict[str, Any]) -> None:
    rival = summary["baselines"]["versus"][0]
    assert called(rival, summary) == "mobilenetv3_small_050 at 32 pixels"
