"""What is read back is checked, and refused with a sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
from summaries import sample

from sartor.errors import DamagedFileError, RunFolderError
from sartor.report import check_summary, networks, read_summary


@pytest.fixture
def summary() -> dict[str, Any]:
    return sample()


def test_a_summary_is_read_back_as_it_was(summary: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    assert read_summary(tmp_path) == summary


def test_a_folder_without_a_summary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"holds no summary\.json"):
        read_summary(tmp_path)


@pytest.mark.parametrize("content", [b"", b'{"version": 1, "sta', b"[1, 2]", b"\xff\xfe", b"{}"])
def test_a_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_bytes(content)
    with pytest.raises(DamagedFileError):
        read_summary(tmp_path)


def test_another_version_is_refused(summary: dict[str, Any]) -> None:
    with pytest.raises(RunFolderError, match="version 2"):
        check_summary(summary | {"version": 2})


def test_the_message_names_the_field_that_is_missing(summary: dict[str, Any]) -> None:
    del summary["baselines"]["scaled"]["verified"][0]["runtime"]
    with pytest.raises(DamagedFileError, match=r"baselines\.scaled\.verified\[0\].*'runtime'"):
        check_summary(summary)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "fast", None])
def test_what_is_no_number_is_refused(value: object, summary: dict[str, Any]) -> None:
    summary["picks"][0]["latency_ms"]["value"] = value
    with pytest.raises(DamagedFileError, match="no number"):
        check_summary(summary)


@pytest.mark.parametrize("value", [0, -1.0, "fast", None])
def test_a_pace_that_is_none_is_refused(value: object, summary: dict[str, Any]) -> None:
    summary["target"]["pace"]["surveyed_ms"] = value
    with pytest.raises(DamagedFileError, match=r"target\.pace\.surveyed_ms"):
        check_summary(summary)


def test_every_verified_network_is_listed_once(summary: dict[str, Any]) -> None:
    listed = networks(summary)
    assert [it["role"] for it in listed] == [*4 * ["pick"], "random", "scaled", "versus"]
    assert len({it["id"] for it in listed}) == len(listed)
