"""A survey of kernels repeats by its seed, and goes on where it was stopped."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from sartor import targets
from sartor.cost.kernels import Asked, KernelSurveyor, kernel_survey_file, survey_kernels, surveyor
from sartor.cost.kernels.extract import kernels_of
from sartor.cost.kernels.kernel import Kernel
from sartor.cost.kernels.sketch import Sketch
from sartor.errors import DamagedFileError, DataError, OptionError, UnknownNameError
from sartor.graph.formats import read_onnx
from sartor.nets import mobile
from sartor.targets import Protocol, Step, TimedFile, Timing
from sartor.targets.here import ThisMachine

CHUNKS = 5


def made_up_times(
    _: ThisMachine, files: Mapping[str, TimedFile], how: Protocol
) -> dict[str, Timing]:
    assert how.seconds_each > 0
    assert how.clock == "processor"
    times = {}
    for name, it in files.items():
        value = 1e-3 + read_onnx(it.file).macs / 2e7
        times[name] = Timing(value, value, value, value, value, value, 1, (value,))
    return times


def made_up_shares(
    steps: Sequence[Step], runtime: str
) -> tuple[tuple[Kernel, ...], tuple[float, ...]]:
    kernels = kernels_of(steps, runtime)
    return kernels, tuple(1 / len(kernels) for _ in kernels)


@pytest.fixture
def fake_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times are told by what is executed; the worst networks are looked for early and often."""
    monkeypatch.setattr(surveyor, "kernels_and_shares", made_up_shares)
    monkeypatch.setattr(ThisMachine, "time_in_turn", made_up_times)
    monkeypatch.setattr(surveyor, "CHUNK", 4)
    monkeypatch.setattr(surveyor, "PILOT", 4)
    monkeypatch.setattr(surveyor, "ROUND", 2)


def fresh(seed: int = 0) -> KernelSurveyor:
    family = mobile(resolution=28, channels=1, classes=10)
    return KernelSurveyor(targets.open("cpu"), "onnxruntime", ("fp32",), seed, family)


@pytest.mark.usefixtures("fake_clock")
def test_a_survey_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole, first, second = fresh(), fresh(), fresh()
    told: list[float] = []
    whole.run(seconds=1e6, chunks=CHUNKS, report=lambda share, _: told.append(share))
    file = tmp_path / "progress.jsonl"
    first.run(seconds=1e6, chunks=CHUNKS - 1, keep=first.keep_in(file))
    with file.open("a") as opened:
        opened.write('[{"origin": "a kill came h')
    second.load(file)
    assert second.chunks == CHUNKS - 1
    second.run(seconds=1e6, chunks=CHUNKS, keep=second.keep_in(file))
    plain = [it.to_json() for it in whole.samples]
    assert [it.to_json() for it in second.samples] == plain
    assert len(plain) == 4 * CHUNKS
    assert [json.loads(line) for line in file.read_text().splitlines()] == [
        plain[start : start + 4] for start in range(0, len(plain), 4)
    ]
    assert told == pytest.approx([place / CHUNKS for place in range(CHUNKS)], abs=1e-6)
    assert any("family" in it["origin"] for it in plain)


@pytest.mark.usefixtures("fake_clock")
def test_another_seed_times_other_networks() -> None:
    one, other = fresh(), fresh(seed=1)
    one.run(seconds=1e6, chunks=1)
    other.run(seconds=1e6, chunks=1)
    assert {it.origin for it in one.samples}.isdisjoint(it.origin for it in other.samples)


@pytest.mark.usefixtures("fake_clock")
def test_a_damaged_progress_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "progress.jsonl"
    file.write_text("nonsense\n[]\n")
    with pytest.raises(DamagedFileError, match=r"line 1 of .* is damaged"):
        fresh().load(file)


def test_without_seconds_nothing_is_surveyed() -> None:
    with pytest.raises(DataError, match="more seconds"):
        survey_kernels(targets.open("cpu"), Asked(seconds=0))


@pytest.mark.usefixtures("fake_clock")
def test_several_boards_time_the_networks_that_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, together = fresh(), fresh()
    alone.run(seconds=1e6, chunks=CHUNKS)
    monkeypatch.setattr(ThisMachine, "at_once", 3)
    kept = []
    together.run(seconds=1e6, chunks=CHUNKS, keep=lambda: kept.append(together.chunks))
    assert [it.to_json() for it in together.samples] == [it.to_json() for it in alone.samples]
    assert kept == list(range(1, CHUNKS + 1))


def test_what_the_target_lacks_is_refused() -> None:
    target = targets.open("cpu")
    with pytest.raises(UnknownNameError, match=r"unknown runtime 'tvm'; known: .*onnxruntime"):
        KernelSurveyor(target, "tvm", ("fp32",), 0)
    with pytest.raises(OptionError, match="precision is 'int4'; onnxruntime executes here"):
        KernelSurveyor(target, "onnxruntime", ("fp32", "int4"), 0)


def test_surveys_of_different_things_are_kept_in_different_files(tmp_path: Path) -> None:
    target = targets.open("cpu")
    files = [
        kernel_survey_file(tmp_path, target, it)
        for it in (Asked(), Asked(seed=1), Asked(runtime="openvino"), Asked(precisions=("fp32",)))
    ]
    assert len(set(files)) == 4
    assert all(target.only("onnxruntime").id in files[place].name for place in (0, 1, 3))


def test_no_sort_of_block_is_most_of_the_worst_nor_is_what_was_varied() -> None:
    sketches: list[Sketch] = [
        {"block": block, "width": width}
        for width, block in enumerate(["plain", "plain", "ghost", "plain", "dense", "plain"])
    ]
    near: Sketch = {"block": "dense", "width": 9, "varied": 1}
    found = surveyor.worst_of_each([near, *sketches])
    assert [it["width"] for it in found] == [0, 1, 2, 4]
