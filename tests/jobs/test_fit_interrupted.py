"""A fit that is killed or meets a full disk goes on, and ends as if nothing had been."""

import json
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
from hurried import BEGIN, FAMILY, hurry
from sartor.errors import RunFolderError
from sartor.jobs.fitting.building import save_weights

STEPS = 40
"""Enough for every stage to run; the networks are poor, and that does not matter here."""
PIXELS = 16
LIMIT = 3e6


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fit")


def fit(place: Path, out: str) -> sartor.Run:
    return sartor.fit(
        "sklearn:digits", out=place / out, steps=STEPS, picks=2, resolution=PIXELS,
        family=FAMILY, limits={"size_bytes": LIMIT}, cache=place / "cache",
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(place: Path) -> Iterator[sartor.Run]:
    """An unbroken run; others find its survey in the cache, and so predict the same latencies."""
    with pytest.MonkeyPatch.context() as patch:
        hurry(patch.setattr)
        yield fit(place, "run")


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_as_an_unbroken_one(run: sartor.Run, place: Path) -> None:
    code = BEGIN + (
        "import sartor; "
        "sartor.fit('sklearn:digits', steps=int(sys.argv[2]), picks=2, family=hurried.FAMILY, "
        "resolution=int(sys.argv[4]), limits={'size_bytes': float(sys.argv[5])}, "
        "cache=sys.argv[3], out=sys.argv[1])"
    )
    command = [sys.executable, "-c", code, str(place / "killed"), str(STEPS)]
    command += [str(place / "cache"), str(PIXELS), str(LIMIT)]
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


@pytest.fixture
def small_disk(place: Path) -> Iterator[Callable[[int], Path]]:
    """A disk of as many KiB as it is called with; what was there before stays."""
    disk = place / "disk"
    disk.mkdir(exist_ok=True)

    def sized(kibibytes: int) -> Path:
        how = f"size={kibibytes}k{',remount' if disk.is_mount() else ''}"
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
    for kibibytes in (128, 256, 512, 1024, 2048, 4096, 2**18):
        disk = small_disk(kibibytes)
        try:
            fit(place, "disk/run")
        except RunFolderError as error:
            assert "disk is full" in str(error)  # noqa: PT017  (it need not be raised)
            full += 1
        else:
            break
    assert full >= 3
    assert_same_result(disk / "run", run)


def test_weights_that_do_not_fit_are_told(small_disk: Callable[[int], Path]) -> None:
    file = small_disk(1024) / "network.safetensors"
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
