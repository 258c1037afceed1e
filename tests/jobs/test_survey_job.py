"""A survey learns a target; networks are predicted by its file."""

from pathlib import Path

import pytest
import torch
from torch import nn

import sartor
from sartor.deploy import export
from sartor.errors import BudgetError, DamagedFileError, OptionError, UnknownNameError


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Survey ONNX Runtime in fp32, shortly."""
    folder = tmp_path_factory.mktemp("survey")
    found = sartor.survey(
        precisions=("fp32",), minutes=0.2, out=folder / "here.json", cache=folder / "cache"
    )
    assert found.file == folder / "here.json"
    assert found.survey.runtime == "onnxruntime"
    assert found.survey.errors["fp32"].networks_held_out >= 12
    return found.file


@pytest.fixture
def network(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3), nn.ReLU())
    export(nn.Sequential(*layers).eval(), tmp_path / "network.onnx", (3, 32, 32))
    return tmp_path / "network.onnx"


@pytest.mark.slow
def test_a_network_is_predicted_by_the_file_of_a_survey(file: Path, network: Path) -> None:
    (found,) = sartor.measure(network, target=f"survey:{file}").networks
    assert found.latency_ms is not None
    assert found.latency_ms.provenance == "predicted"
    assert found.latency_ms.low is not None
    assert found.latency_ms.high is not None
    assert found.latency_ms.value > 0
    assert found.latency_ms.low <= found.latency_ms.value <= found.latency_ms.high
    assert 0 < found.details["coverage"] <= 1
    assert found.timing is None


@pytest.mark.slow
def test_a_survey_that_is_none_is_refused(file: Path, network: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.json"
    cut.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(DamagedFileError):
        sartor.measure(network, target=f"survey:{cut}")


def test_what_cannot_be_surveyed_is_refused(network: Path, tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match="minutes is 0"):
        sartor.survey(minutes=0.0)
    with pytest.raises(UnknownNameError, match=r"unknown target 'systolic'; known: .*cpu"):
        sartor.survey("systolic:8x8")
    with pytest.raises(UnknownNameError, match="runtime"):
        sartor.survey("cpu:onnx")
    with pytest.raises(UnknownNameError, match="space"):
        sartor.survey(space="mobil")
    with pytest.raises(OptionError, match="space 'mobile@x'"):
        sartor.survey(space="mobile@x")
    with pytest.raises(OptionError, match="there is no survey"):
        sartor.measure(network, target=f"survey:{tmp_path / 'absent.json'}")
