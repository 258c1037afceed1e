"""The page needs nothing else, tells everything, and cannot be broken by what it shows."""

import re
from pathlib import Path
from typing import Any

import pytest
from pages import Reader, read_page
from summaries import sample, without_networks

from sartor.errors import DamagedFileError
from sartor.report import write_report
from sartor.report.page import page

MOST_BYTES = 300_000


@pytest.fixture
def summary() -> dict[str, Any]:
    return sample()


@pytest.fixture
def unkept() -> dict[str, Any]:
    return without_networks()


def read(summary: dict[str, Any]) -> Reader:
    return read_page(page(summary))


def test_page_is_small_and_loads_nothing(summary: dict[str, Any]) -> None:
    html = page(summary)
    assert len(html.encode()) < MOST_BYTES
    assert not re.search(r"https?://|@import|url\(|<link|<iframe", html)
    assert all(link.startswith("designs/") for link in read(summary).links)


def test_names_of_classes_are_text(summary: dict[str, Any]) -> None:
    assert "<b>x</b>" not in page(summary)
    assert "<b>x</b>" in "".join(read(summary).text)


@pytest.mark.parametrize("field", ["name", "source", "fingerprint"])
def test_nothing_of_the_data_becomes_markup(field: str, summary: dict[str, Any]) -> None:
    summary["task"][field] = '</title></script><script>alert("1")</script>$body'
    summary["picks"][0]["runtime"] = summary["verdict"]["sentences"][0] = "<script>alert(2)"
    assert "<script>alert" not in page(summary)


def test_every_network_stands_there_with_its_numbers(summary: dict[str, Any]) -> None:
    text = " ".join(read(summary).text)
    for name in ("pick 1", "pick 4", "random design", "hand-made design", "mobilenetv3_small_050"):
        assert name in text
    for number in ("97.78 %", "0.0903 ms", "95.28 %", "0.231 ms", "121 kB"):
        assert number in text


def test_every_number_in_the_tables_has_its_provenance(summary: dict[str, Any]) -> None:
    numbers = re.findall(r'<span class="number">(.*?)</span>', page(summary))
    assert len(numbers) > 60
    assert all('class="mark ' in number for number in numbers)


def test_untrustworthy_latencies_are_marked(summary: dict[str, Any]) -> None:
    assert "not trustworthy" in page(summary)
    for network in summary["picks"]:
        network["latency_trustworthy"] = True
    assert "not trustworthy" not in page(summary)


def test_a_promise_is_judged_at_the_speed_of_the_survey(summary: dict[str, Any]) -> None:
    pick = summary["picks"][0]
    promised = pick["promised"]["latency_ms"]["value"]
    pick["latency_ms"]["value"] = 1.5 * 1.02 * promised
    summary["target"]["pace"] = {"surveyed_ms": 0.02, "verified_ms": 0.03}
    text = read(summary).text
    assert "+53.0 %" in text
    assert "+2.0 %" in text


def test_limits_that_are_not_kept_are_the_headline(unkept: dict[str, Any]) -> None:
    text = " ".join(read(unkept).text)
    assert "No network keeps latency ≤ 0.25 ms and size ≤ 500 kB." in text
    assert "0.262 ms verified" in text


def test_a_run_of_one_network_and_nothing_else_has_a_page(
    unkept: dict[str, Any], summary: Any
) -> None:
    one = summary["picks"][:1]
    bare = unkept | {"status": "done", "picks": one, "front": one, "limits": [], "survey": []}
    bare["search"] = summary["search"] | {"trials": [], "rank_correlation_proxy_verified": None}
    assert "One network is ready to ship" in " ".join(read(bare).text)


def test_a_page_with_thousands_of_trials_stays_small(summary: dict[str, Any]) -> None:
    summary["search"]["trials"] *= 100
    assert len(page(summary).encode()) < 2 * MOST_BYTES


def test_what_cannot_be_reported_leaves_the_old_page(
    summary: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    write_report(summary, file)
    before = file.read_bytes()
    with pytest.raises(DamagedFileError):
        write_report(summary | {"picks": None}, file)
    assert file.read_bytes() == before
    assert [it.name for it in tmp_path.iterdir()] == ["report.html"]
