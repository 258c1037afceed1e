"""The main job, from data to verified files, killed, resumed and asked wrongly."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from torch import nn

import sartor
from sartor.errors import (
    BudgetError,
    DataError,
    LimitError,
    OptionError,
    RunFolderError,
    SartorError,
)
from sartor.jobs.fitting.asked import SHARES, Shares
from sartor.jobs.fitting.building import save_weights

STEPS = 40
"""Enough for every stage to run; the networks are poor, and that does not matter here."""
PIXELS = 16


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fit")


def fit(place: Path, out: str, **changed: Any) -> sartor.Run:
    asked: dict[str, Any] = {"steps": STEPS, "picks": 2, "resolution": PIXELS}
    asked["cache"] = place / "cache"
    return sartor.fit("sklearn:digits", out=place / out, **(asked | changed))


@pytest.fixture(scope="module")
def run(place: Path) -> sartor.Run:
    return fit(place, "run", versus=["mobilenetv3_small_050"], limits={"size_bytes": 3e6})


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
    again = fit(place, "run", versus=["mobilenetv3_small_050"], limits={"size_bytes": 3e6})
    assert again.summary == run.summary
    assert time.monotonic() - began < 30


@pytest.mark.slow
def test_asking_for_something_else_in_the_folder_is_refused(run: sartor.Run, place: Path) -> None:
    assert run.folder == place / "run"
    with pytest.raises(RunFolderError, match=r"seed.*0.*7"):
        fit(place, "run", versus=["mobilenetv3_small_050"], limits={"size_bytes": 3e6}, seed=7)


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_as_an_unbroken_one(run: sartor.Run, place: Path) -> None:
    """The survey is shared through the cache, so that both predict the same latencies."""
    code = (
        "import sys, sartor; sartor.fit('sklearn:digits', steps=int(sys.argv[2]), picks=2, "
        "resolution=int(sys.argv[4]), "
        "limits={'size_bytes': 3e6}, versus=['mobilenetv3_small_050'], "
        "cache=sys.argv[3], out=sys.argv[1])"
    )
    command = [sys.executable, "-c", code, str(place / "killed"), str(STEPS)]
    command += [str(place / "cache"), str(PIXELS)]
    marks = ("stages/train.json", "study.db", "finish/plan.json")
    for mark in marks:
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while process.poll() is None and not (place / "killed" / mark).exists():
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert_same_result(place / "killed", run)


@pytest.mark.slow
def test_a_run_that_is_killed_while_it_tunes_side_by_side_goes_on(place: Path) -> None:
    """With two threads, and so two trainings at a time: the other tests have one."""
    out = place / "side-by-side"
    code = (
        "import sys, sartor; sartor.fit('sklearn:digits', minutes=1, picks=3, "
        "resolution=int(sys.argv[3]), cache=sys.argv[2], out=sys.argv[1])"
    )
    command = [sys.executable, "-c", code, str(out), str(place / "cache"), str(PIXELS)]
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)
    while process.poll() is None and not (out / "finish/plan.json").exists():
        time.sleep(0.05)
    time.sleep(2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "summary.json").exists()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert len(summary["picks"]) == 3
    for pick in summary["picks"]:
        assert (out / pick["file"]).exists()


@pytest.fixture
def small_disk(place: Path) -> Iterator[Callable[[int], Path]]:
    """A disk of as many MB as it is called with; what was there before stays."""
    disk = place / "disk"
    disk.mkdir(exist_ok=True)

    def sized(megabytes: int) -> Path:
        how = f"size={megabytes}m{',remount' if disk.is_mount() else ''}"
        made = ["mount", "-t", "tmpfs", "-o", how, "tmpfs", str(disk)]
        if shutil.which("mount") is None or subprocess.run(made, capture_output=True).returncode:
            pytest.skip("mounting a small disk is not allowed here")
        return disk

    yield sized
    subprocess.run(["umount", "--lazy", str(disk)], check=False, capture_output=True)


@pytest.mark.slow
def test_a_disk_that_fills_up_loses_nothing(
    run: sartor.Run, place: Path, small_disk: Callable[[int], Path]
) -> None:
    """It grows each time it was full, as when a user makes room."""
    full = 0
    for megabytes in (1, 2, 4, 8, 16, 32, 64, 256):
        disk = small_disk(megabytes)
        try:
            fit(place, "disk/run", versus=["mobilenetv3_small_050"], limits={"size_bytes": 3e6})
        except RunFolderError as error:
            assert "disk is full" in str(error)  # noqa: PT017  (it need not be raised)
            full += 1
        else:
            break
    assert full >= 3
    assert_same_result(disk / "run", run)


def test_weights_that_do_not_fit_are_told(small_disk: Callable[[int], Path]) -> None:
    file = small_disk(1) / "network.safetensors"
    with pytest.raises(RunFolderError, match="disk is full"):
        save_weights(nn.Linear(1024, 1024), file)
    assert not file.exists()


def assert_same_result(folder: Path, run: sartor.Run) -> None:
    """The folder holds the very networks of an unbroken run."""
    summary = json.loads((folder / "summary.json").read_text())

    def essence(found: Any) -> Any:
        networks = sorted(found["picks"], key=lambda it: it["id"])
        return [(it["id"], it["accuracy"], it["tuned_accuracy"], it["design"]) for it in networks]

    assert essence(summary) == essence(run.summary)
    for it in summary["picks"]:
        assert (folder / it["file"]).read_bytes() == (run.folder / it["file"]).read_bytes()


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
