"""What networks cost: measured, counted, and told when they cannot be."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

import sartor
from sartor.deploy import export
from sartor.errors import MissingExtraError, OptionError, UnknownNameError
from sartor.jobs.measuring.asked import read_shapes

SHORT = {"seconds": 0.05, "processes": 2}


def plain(channels: int = 8) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, channels, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(channels, 5),
    ).eval()  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    export(plain(), tmp_path / "model.onnx", (3, 16, 16))
    return tmp_path / "model.onnx"


@pytest.fixture
def odd(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of one operator."""

    def write(kind: str, *shapes: list[int | str], domain: str = "") -> Path:
        names = [f"x{at}" for at in range(len(shapes))]
        node = helper.make_node(kind, names, ["y"], domain=domain)
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in zip(names, shapes, strict=True)
        ]
        free = [f"free{at}" for at in range(len(shapes[0]))]
        output = helper.make_tensor_value_info("y", TensorProto.FLOAT, free)
        graph = helper.make_graph([node], "g", inputs, [output])
        opsets = [helper.make_opsetid("", 17)]
        if domain:
            opsets.append(helper.make_opsetid(domain, 1))
        file = tmp_path / f"{kind}.onnx"
        onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), file)
        return file

    return write


@pytest.mark.slow
def test_networks_are_measured_and_compared(file: Path, tmp_path: Path) -> None:
    larger = tmp_path / "larger.onnx"
    export(plain(64), larger, (3, 16, 16))
    measured = sartor.measure([file, larger], **SHORT)  # type: ignore[arg-type]
    small, large = measured.networks
    assert (small.name, large.name) == (str(file), str(larger))
    assert small.macs == 3 * 9 * 8 * 256 + 8 * 5
    assert small.parameters == 3 * 9 * 8 + 8 + 8 * 5 + 5
    assert small.size_bytes == file.stat().st_size
    assert small.activations is not None
    assert small.activations.peak == 2 * 8 * 256 * 4, "before and after the activation"
    assert small.precision == "fp32"
    assert small.runtime == "onnxruntime"
    assert small.latency_ms is not None
    assert small.latency_ms.provenance == "verified"
    assert small.peak_bytes is not None
    (compared,) = measured.ratios
    assert (compared.one, compared.other) == (small.name, large.name)
    assert compared.ratio.value < 1
    told = json.loads(str(measured))
    assert told["networks"][0]["flops"] == 2 * small.macs
    assert told["ratios"][0]["value"] == compared.ratio.value
    assert told["target"]["onnxruntime"]


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_precision_is_the_one_that_was_executed(file: Path, runtime: str) -> None:
    (network,) = sartor.measure(
        file, target=f"cpu:{runtime}", precision="int8", **SHORT  # type: ignore[arg-type]
    ).networks  # fmt: skip
    assert network.precision == "int8"
    assert network.size_bytes < 3 * file.stat().st_size


@pytest.mark.slow
def test_one_that_fails_takes_no_other_with_it(
    file: Path, odd: Callable[..., Path], tmp_path: Path
) -> None:
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(file.read_bytes()[:200])
    unknown = odd("Frobnicate", [1, 4], domain="made.up")
    absent = tmp_path / "absent.onnx"
    measured = sartor.measure([cut, file, unknown, absent], **SHORT)  # type: ignore[arg-type]
    assert [it.name for it in measured.networks] == [str(file)]
    reasons = {Path(it.name).name: it.reason for it in measured.failed}
    assert "damaged" in reasons["cut.onnx"]
    assert "Frobnicate" in reasons["Frobnicate.onnx"]
    assert set(reasons) == {"cut.onnx", "Frobnicate.onnx", "absent.onnx"}


@pytest.mark.slow
def test_a_free_shape_is_asked_for(odd: Callable[..., Path]) -> None:
    file = odd("Relu", ["n", 3, "h", "w"])
    (failed,) = sartor.measure(file, **SHORT).failed  # type: ignore[arg-type]
    assert "--shape x0=" in failed.reason
    (network,) = sartor.measure(
        file, shapes={"x0": (1, 3, 8, 8)}, **SHORT  # type: ignore[arg-type]
    ).networks  # fmt: skip
    assert network.activations is not None
    assert network.activations.peak == 2 * 3 * 64 * 4


@pytest.mark.slow
def test_networks_may_read_several_inputs(odd: Callable[..., Path]) -> None:
    file = odd("MatMul", [4, 6], [6, 5])
    (network,) = sartor.measure(file, **SHORT).networks  # type: ignore[arg-type]
    assert network.macs == 4 * 6 * 5


def test_a_simulated_array_answers_as_a_device(file: Path) -> None:
    (network,) = sartor.measure(file, target="systolic:16x16").networks
    assert network.latency_ms is not None
    assert network.latency_ms.provenance == "predicted"
    assert network.details["cycles"] == sum(it["cycles"] for it in network.details["layers"])


@pytest.mark.parametrize(("sram", "fits"), [("17KB", True), ("16KB", False)])
def test_a_microcontroller_says_whether_a_network_fits(file: Path, sram: str, fits: bool) -> None:
    """Before and after the activation there are 2 * 8 * 256 * 4 = 16,384 bytes."""
    (network,) = sartor.measure(file, target=f"mcu:sram={sram},flash=1MB").networks
    assert network.details["fits"] is fits
    assert any("SRAM" in note for note in network.notes) is not fits
    assert network.latency_ms is None


def test_what_is_not_understood_is_refused(file: Path) -> None:
    with pytest.raises(UnknownNameError, match="target"):
        sartor.measure(file, target="cpuu")
    with pytest.raises(UnknownNameError, match="runtime"):
        sartor.measure(file, target="cpu:onnx")
    with pytest.raises(OptionError, match="precision"):
        sartor.measure(file, precision="fp8")
    with pytest.raises(OptionError, match="threads is 1000"):
        sartor.measure(file, threads=1000)
    with pytest.raises(OptionError, match="no network"):
        sartor.measure([])
    with pytest.raises((OptionError, MissingExtraError)):
        sartor.measure(file, target="ethos-u:u99-1")


@pytest.mark.parametrize("text", ["1,3", "x=", "x=a", "x=0,3", "=1"])
def test_a_shape_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="write INPUT=SIZES"):
        read_shapes([text])


def test_hostile_files_end_in_a_sentence(tmp_path: Path, file: Path) -> None:
    """Bytes of a model are changed at random; the caller neither crashes nor hangs."""
    rng = np.random.default_rng(0)
    content = np.frombuffer(file.read_bytes(), np.uint8)
    files = []
    for number in range(6):
        changed = content.copy()
        places = rng.integers(0, len(changed), 40)
        changed[places] = rng.integers(0, 256, len(places))
        files.append(tmp_path / f"hostile{number}.onnx")
        files[-1].write_bytes(changed.tobytes())
    measured = sartor.measure(files, target="systolic:8x8")
    assert len(measured.networks) + len(measured.failed) == len(files)
    assert all(it.reason.endswith((".", ")", "]", '"', "'")) or it.reason for it in measured.failed)
