"""A new device is learnt from ten networks, where others were surveyed."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from worlds import network, pointwise, pool, sample, true_time

from sartor import targets
from sartor.cost.kernels import (
    KernelSurvey,
    TransferredSurvey,
    load_survey,
    transfer_survey,
    transferred,
)
from sartor.cost.kernels.chains import write_chain
from sartor.cost.kernels.kernel import Kernel
from sartor.cost.kernels.survey import survey_of
from sartor.errors import DamagedFileError, OptionError
from sartor.graph.formats import read_onnx
from sartor.study import read_json, write_json
from sartor.targets import Protocol, TimedFile, Timing
from sartor.targets.here import ThisMachine

SIZES = (7, 14, 28)


def chain(seed: int) -> str:
    """A sketch that is written as a network, whatever kernels a sample gives it."""
    rng = np.random.default_rng(seed)
    return json.dumps({
        "block": "plain", "depth": 1, "size": int(rng.choice(SIZES)), "width": 8, "outputs": 8,
        "kernel": 1, "stride": 1, "activation": "relu", "number": seed,
    })  # fmt: skip


def surveyed(factor: float, name: str) -> KernelSurvey:
    """A device on which all takes `factor` times as long as in the world of `worlds`."""
    samples = []
    for seed in range(60):
        one = sample(seed)
        samples.append(replace(one, origin=chain(seed), milliseconds=one.milliseconds * factor))
    return survey_of({"cpu": name, "threads": 1}, "onnxruntime", [0], samples)


@pytest.fixture(scope="module")
def known() -> list[KernelSurvey]:
    return [surveyed(1.0, "one"), surveyed(2.0, "two")]


@pytest.fixture
def new(known: list[KernelSurvey], monkeypatch: pytest.MonkeyPatch) -> TransferredSurvey:
    """A device that is three times as slow as the first known one."""
    by_number = {json.loads(it.origin)["number"]: it for it in known[0].samples}

    def made_up(
        _: ThisMachine, files: Mapping[str, TimedFile], how: Protocol, report: object = None
    ) -> dict[str, Timing]:
        assert how.processes >= 3
        assert report is None
        assert all(read_onnx(it.file).macs > 0 for it in files.values())
        found = {}
        for name, chosen in zip(files, seen, strict=True):
            value = 3 * by_number[chosen].milliseconds
            found[name] = Timing(value, value, value, value, value, value, 1, (value,))
        return found

    seen: list[int] = []
    written = write_chain

    def noted(sketch: Mapping[str, int | str], file: Path) -> tuple[int, int, int]:
        if "number" in sketch:
            seen.append(int(sketch["number"]))
        return written(sketch, file)

    monkeypatch.setattr(transferred, "write_chain", noted)
    monkeypatch.setattr(ThisMachine, "time_files", made_up)
    return transfer_survey(targets.open("cpu"), known, runtime="onnxruntime")


def test_networks_of_a_slower_device_are_predicted(new: TransferredSurvey) -> None:
    networks = [network(seed) for seed in range(100, 120)]
    truth = np.array([3 * (sum(map(true_time, it)) + 0.003) for it in networks])
    found = new.predict(networks)
    error = np.abs(np.array([it.milliseconds for it in found]) / truth - 1)
    assert np.median(error) < 0.1
    assert all(it.low_ms <= it.milliseconds <= it.high_ms for it in found)
    assert len(new.samples) == 10
    (error_told,) = new.errors.values()
    assert error_told.networks_held_out == 10


def test_what_the_known_devices_do_not_know_lowers_the_coverage(new: TransferredSurvey) -> None:
    strange = replace(pointwise(14, 64, 64), kind="Strange")
    plain, other = new.predict([(pool(7, 16),), (pool(7, 16), strange)])
    assert plain.coverage == 1
    assert other.coverage < 1
    assert other.unknown == ("Strange fp32 pointwise in blocks",)


def test_it_is_read_as_it_was_written(new: TransferredSurvey, tmp_path: Path) -> None:
    file = tmp_path / "new.json"
    new.save(file)
    again = load_survey(file)
    assert isinstance(again, TransferredSurvey)
    networks: list[tuple[Kernel, ...]] = [network(200), network(201)]
    assert again.predict(networks) == new.predict(networks)
    assert again.samples == new.samples
    plain = read_json(file)
    damages: list[dict[str, object]] = [
        {"transferred": 9},
        {"device": {}},
        {"known": [{}]},
        {"samples": 1},
    ]
    for changes in damages:
        write_json(file, plain | changes)
        with pytest.raises(DamagedFileError):
            load_survey(file)


def test_what_cannot_be_transferred_is_refused(known: list[KernelSurvey]) -> None:
    target = targets.open("cpu")
    with pytest.raises(OptionError, match="networks is 3; allowed: 5 or more"):
        transfer_survey(target, known, runtime="onnxruntime", networks=3)
    with pytest.raises(OptionError, match="hold 120 networks"):
        transfer_survey(target, known, runtime="onnxruntime", networks=500)
    with pytest.raises(OptionError, match="is of onnxruntime, the new device is surveyed in open"):
        transfer_survey(target, known, runtime="openvino")
