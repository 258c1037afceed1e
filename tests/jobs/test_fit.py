"""The main job, from data to verified files, and asked wrongly."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sartor
from hurried import FAMILY, hurry
from sartor.errors import (
    BudgetError,
    DataError,
    LimitError,
    OptionError,
    RunFolderError,
    SartorError,
)
from sartor.jobs.fitting.asked import SHARES, Shares
from sartor.study import Trials

STEPS = 40
"""Enough for every stage to run; the networks are poor, and that does not matter here."""
PIXELS = 16


ASKED: dict[str, Any] = {
    "versus": ["mobilenetv3_small_050"],
    "limits": {"size_bytes": 3e6, "params": "<=0.5x"},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fit")


@pytest.fixture(scope="module", autouse=True)
def hurried() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        hurry(patch.setattr)
        yield


def fit(place: Path, out: str, **changed: Any) -> sartor.Run:
    asked: dict[str, Any] = {"steps": STEPS, "picks": 2, "resolution": PIXELS, "family": FAMILY}
    asked["cache"] = place / "cache"
    return sartor.fit("sklearn:digits", out=place / out, **(asked | changed))


@pytest.fixture(scope="module")
def run(place: Path) -> sartor.Run:
    return fit(place, "run", **ASKED)


@pytest.mark.slow
def test_a_run_ends_with_verified_networks(run: sartor.Run) -> None:
    summary = run.summary
    assert summary["status"] == "done"
    assert 1 <= len(summary["picks"]) <= 2
    for it in (*summary["picks"], *summary["baselines"]["versus"]):
        assert it["accuracy"]["provenance"] == it["latency_ms"]["provenance"] == "verified"
        assert (run.folder / it["file"]).stat().st_size == it["size_bytes"]
        card = json.loads((run.folder / it["card"]).read_text())
        assert card["accuracy"] == it["accuracy"]
        assert (run.folder / it["file"]).with_name("predict.py").exists()
    assert all(it["size_bytes"] <= 3e6 for it in summary["picks"])
    assert summary["baselines"]["random"]["count"] >= 1
    assert run.report.read_text().startswith("<!doctype html>")
    latencies = [it["latency_ms"]["value"] for it in summary["picks"]]
    assert latencies == sorted(latencies)


@pytest.mark.slow
def test_a_relative_limit_is_of_the_first_network_to_compare_with(run: sartor.Run) -> None:
    (rival,) = run.summary["baselines"]["versus"]
    bounds = {it["metric"]: it["bound"] for it in run.summary["limits"]}
    assert bounds == {"size_bytes": 3e6, "params": rival["params"] / 2}
    assert "params <= 0.5x" in run.summary["asked"]["limits"]
    trials = Trials.read(run.folder / "study.db").all()
    assert all(it.value("params") <= bounds["params"] for it in trials if it.origin == "search")


@pytest.mark.slow
def test_the_summary_follows_its_schema(run: sartor.Run) -> None:
    from importlib import resources

    import jsonschema

    schema = resources.files("sartor.report").joinpath("summary.schema.json").read_text()
    jsonschema.validate(json.loads((run.folder / "summary.json").read_text()), json.loads(schema))


@pytest.mark.slow
def test_a_pick_is_the_most_accurate_within_a_latency(run: sartor.Run) -> None:
    best = run.pick()
    assert best["accuracy"]["value"] == max(it["accuracy"]["value"] for it in run.summary["picks"])
    with pytest.raises(LimitError, match="The fastest takes"):
        run.pick(latency_ms=1e-9)


@pytest.mark.slow
def test_asking_again_gives_the_same_result_at_once(run: sartor.Run, place: Path) -> None:
    began = time.monotonic()
    again = fit(place, "run", **ASKED)
    assert again.summary == run.summary
    assert time.monotonic() - began < 30


@pytest.mark.slow
def test_asking_for_something_else_in_the_folder_is_refused(run: sartor.Run, place: Path) -> None:
    assert run.folder == place / "run"
    with pytest.raises(RunFolderError, match=r"seed.*0.*7"):
        fit(place, "run", **ASKED, seed=7)


@pytest.mark.slow
def test_a_limit_that_nothing_meets_stops_the_job_before_training(place: Path) -> None:
    with pytest.raises(LimitError, match=r"even the smallest design misses .* times the limit"):
        fit(place, "fast", limits=["latency=10ns"])
    assert not (place / "fast" / "supernet").exists()


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"target": "cpuu"}, SartorError, "Did you mean 'cpu'"),
        ({"family": "mobil"}, SartorError, "Did you mean 'mobile'"),
        ({"strategy": "predicter"}, SartorError, "Did you mean 'predictor'"),
        ({"limits": ["latency=5 lightyears"]}, OptionError, "unknown unit 'lightyears'"),
        ({"limits": ["latency<=1ms", "latency>=2ms"]}, LimitError, "exclude one another"),
        ({"limits": ["latency=0.5x"]}, OptionError, "no network is named to relate it to"),
        (
            {"limits": ["accuracy=1x"], "versus": ["mobilenetv3_small_050"]},
            OptionError,
            "is not known of a network before it is trained; allowed: latency, size, macs, params",
        ),
        ({"steps": 1}, BudgetError, "steps is 1; allowed: 20 or more"),
        ({"steps": None, "minutes": 0.01}, BudgetError, "minutes is 0.01; allowed: 1 or more"),
        ({"minutes": 3}, OptionError, "either minutes or steps"),
        ({"picks": 0}, OptionError, "picks is 0"),
        ({"threads": 0}, OptionError, "threads is 0"),
        ({"versus": ["mobilenetv3_smal_100"]}, OptionError, "Did you mean 'mobilenetv3_small_100'"),
    ],
)
def test_bad_options_get_a_sentence(
    tmp_path: Path, changed: dict[str, Any], error: type[SartorError], message: str
) -> None:
    with pytest.raises(error, match=message):
        fit(tmp_path, "run", **changed)


def test_data_that_is_not_there_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        sartor.fit(tmp_path / "nothing", steps=STEPS, out=tmp_path / "run", cache=tmp_path)


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    from sartor.study import RunFolder

    with (
        RunFolder.open(tmp_path / "run", {"a": 1}),
        pytest.raises(RunFolderError, match="in use"),
    ):
        fit(tmp_path, "run")


def test_time_that_one_stage_leaves_goes_to_the_others() -> None:
    shares = Shares(1000.0)
    assert sum(SHARES.values()) == pytest.approx(1.0)
    assert shares.seconds("survey", {}) == pytest.approx(1000 * SHARES["survey"])
    late = 1 - SHARES["survey"]
    assert shares.seconds("train", {"survey": 0.0}) == pytest.approx(1000 * SHARES["train"] / late)
    spent = {"survey": 100.0, "train": 500.0, "search": 100.0, "finish": 20.0}
    late = SHARES["finish"] + SHARES["verify"]
    assert shares.seconds("finish", spent) == pytest.approx(300 * SHARES["finish"] / late)
    assert shares.seconds("verify", spent) == pytest.approx(280)
    assert shares.seconds("finish", {"train": 5000.0}) == 0.0


def test_what_came_later_takes_nothing_from_a_stage_when_a_run_goes_on() -> None:
    """Else the networks compared with would be trained for less, by what they had already had."""
    shares, before = Shares(1000.0), {"prepare": 10.0, "survey": 40.0, "train": 150.0}
    later = {"search": 50.0, "finish": 700.0, "versus": 400.0, "verify": 20.0}
    for stage in SHARES:
        names = ["prepare", *SHARES, "versus"]
        known = {n: s for n, s in (before | later).items() if names.index(n) < names.index(stage)}
        assert shares.seconds(stage, before | later) == shares.seconds(stage, known)


@pytest.mark.slow
def test_numbers_that_are_promised_are_not_confused_with_verified_ones(run: sartor.Run) -> None:
    for it in run.summary["picks"]:
        assert it["promised"]["accuracy"]["provenance"] == "proxy"
        assert it["promised"]["latency_ms"]["provenance"] == "predicted"
    trials = run.summary["search"]["trials"]
    assert {trial["accuracy"]["provenance"] for trial in trials} == {"proxy"}
    assert {trial["latency_ms"]["provenance"] for trial in trials} == {"predicted"}
