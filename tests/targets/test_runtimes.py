"""Every runtime runs files as the others do, and refuses what is no file."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from sartor import targets
from sartor.deploy import export
from sartor.errors import DamagedFileError, MeasurementError, OptionError, UnknownNameError
from sartor.targets import RUNTIMES, Protocol, Runtime, TimedFile, inspect_file, reading, time_files
from sartor.targets.here import ThisMachine
from sartor.targets.runtimes import KINDS
from sartor_agent.program import Program, run_rows


@pytest.fixture(params=list(reading(".onnx")))
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return RUNTIMES[request.param]()


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(16, 5),
    ).eval()  # fmt: skip


@pytest.fixture
def file(network: nn.Module, tmp_path: Path) -> Path:
    export(network, tmp_path / "model.onnx", (3, 12, 12))
    return tmp_path / "model.onnx"


def test_a_program_computes_what_the_network_does(
    runtime: Runtime, file: Path, network: nn.Module
) -> None:
    images = np.random.default_rng(0).standard_normal((7, 3, 12, 12), np.float32)
    program = runtime.compile(file, threads=1, precision="fp32")
    with torch.no_grad():
        wanted = network(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(run_rows(program, [images])[0], wanted, atol=1e-4)
    assert program.executed == "fp32"
    (port,) = program.inputs
    assert port.shape == (1, 3, 12, 12)
    assert port.kind == "float32"


def test_many_images_give_what_single_ones_give(runtime: Runtime, file: Path) -> None:
    images = np.random.default_rng(1).standard_normal((5, 3, 12, 12), np.float32)
    program = runtime.compile(file, threads=1, precision="fp32")
    single = np.concatenate([program.run(images[i : i + 1])[0] for i in range(5)])
    np.testing.assert_allclose(run_rows(program, [images])[0], single, atol=1e-5)


def test_every_float_precision_is_the_one_that_is_executed(runtime: Runtime, file: Path) -> None:
    for precision in runtime.capabilities().float_precisions:
        assert runtime.compile(file, threads=1, precision=precision).executed == precision


def test_an_unknown_precision_is_refused(runtime: Runtime, file: Path) -> None:
    with pytest.raises(OptionError, match="executes"):
        runtime.compile(file, threads=1, precision="fp8")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_that_is_cut_off_is_refused(runtime: Runtime, file: Path, share: float) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DamagedFileError, match=r"model\.onnx"):
        runtime.compile(file, threads=1, precision="fp32")


def test_weights_in_other_files_are_refused(runtime: Runtime, file: Path) -> None:
    model = onnx.load(file)
    onnx.external_data_helper.convert_model_to_external_data(
        model, location="weights.bin", size_threshold=0
    )
    onnx.save(model, file)
    with pytest.raises(DamagedFileError, match="other files"):
        runtime.compile(file, threads=1, precision="fp32")


def test_an_operator_that_is_missing_is_named(runtime: Runtime, tmp_path: Path) -> None:
    node = helper.make_node("Frobnicate", ["x"], ["y"], domain="made.up")
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 4, 4]) for name in ("x", "y")
    ]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("made.up", 1)]
    file = tmp_path / "odd.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), file)
    with pytest.raises(OptionError, match="Frobnicate"):
        runtime.compile(file, threads=1, precision="fp32")


@pytest.mark.parametrize("name", list(RUNTIMES))
def test_what_a_runtime_reads_is_known_before_it_is_loaded(name: str) -> None:
    try:
        able = RUNTIMES[name]().capabilities()
    except ImportError as error:
        pytest.skip(f"{name} is not installed: {error}")
    assert (KINDS[name].formats, KINDS[name].device) == (able.formats, able.device)


def test_the_target_says_what_it_is() -> None:
    target = targets.open("cpu", threads=1).reading(".onnx")
    assert set(target.runtimes) <= set(RUNTIMES)
    assert len(target.id) == 12
    assert target.id == targets.open("cpu", threads=1).reading(".onnx").id
    assert targets.open("cpu:onnxruntime").id == target.only("onnxruntime").id
    assert {"cpu", "cores", "threads"} <= set(target.fingerprint)


@pytest.mark.parametrize(
    ("flags", "system", "largest"),
    [
        ("avx2 avx512f avx512_vnni", "Linux x86_64", 127),
        ("avx2 avx_vnni", "Linux x86_64", 127),
        ("avx2 avx512f", "Linux x86_64", 64),
        ("avx2", "Linux x86_64", 64),
        ("", "Windows AMD64", 64),
        ("asimd", "Linux aarch64", 127),
        ("", "Darwin arm64", 127),
    ],
)
def test_weights_are_as_large_as_sums_of_products_allow(
    flags: str, system: str, largest: int
) -> None:
    place = SimpleNamespace(fingerprint=lambda *_: {"flags": flags, "os": system})
    target = targets.Target("cpu", 1, {}, cast(targets.Place, place), {})
    assert target.largest_weight == largest
    if largest == 64:
        assert 2 * 255 * 64 < 2**15 <= 2 * 255 * 65, "two products, in 16 bits"


def test_a_target_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'cpu'"):
        targets.open("cpuu")
    with pytest.raises(OptionError, match=r"no runtime of cpu:onnxruntime reads \.tflite files"):
        targets.open("cpu:onnxruntime").reading(".tflite")
    with pytest.raises(OptionError, match="threads is 1000; allowed: 1 to"):
        targets.open("cpu", threads=1000)


def test_what_is_timed_again_is_not_loaded_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ThisMachine()
    other = file.with_name("other.onnx")
    other.write_bytes(file.read_bytes())
    loaded = []
    compiled = ThisMachine._compiled

    def noted(self: ThisMachine, it: TimedFile, how: Protocol) -> Program:
        loaded.append(it.file)
        return compiled(self, it, how)

    monkeypatch.setattr(ThisMachine, "_compiled", noted)
    how = Protocol(seconds_each=0.01)
    one, two = (TimedFile(it, "onnxruntime", "fp32") for it in (file, other))
    place.time_in_turn({"anchor": one}, how)
    place.time_in_turn({"anchor": one, "it": two}, how)
    assert loaded == [file, other]
    other.write_bytes(file.read_bytes() + b"\x12\x00")  # another file of the same name
    place.time_in_turn({"it": two}, how)
    assert loaded == [file, other, other]


@pytest.mark.slow
def test_fresh_processes_time_files_and_measure_memory(file: Path) -> None:
    target = targets.open("cpu").reading(".onnx")
    files = {name: TimedFile(file, name, "fp32") for name in target.runtimes}
    timings = time_files(files, Protocol(seconds_each=0.1, processes=2))
    assert set(timings) == set(files)
    for timing in timings.values():
        assert 0 < timing.low_ms <= timing.median_ms <= timing.high_ms
        assert 0 < timing.min_ms <= timing.p10_ms
        assert timing.low_ms <= timing.median_ms <= timing.high_ms
    for name in target.runtimes:
        grown = inspect_file(files[name]).peak_bytes
        assert 0 < grown < 500e6


def test_a_process_that_fails_is_named_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"not a model")
    with pytest.raises(MeasurementError, match=r"broken\.onnx failed: .*no ONNX model"):
        inspect_file(TimedFile(tmp_path / "broken.onnx", "onnxruntime", "fp32"))


def test_runtimes_that_do_not_read_a_format_are_not_loaded_for_it() -> None:
    """ExecuTorch takes ten seconds, and every fit asks for those that read ONNX."""
    code = (
        "import sys; from sartor import targets; found = targets.open('cpu').reading('.onnx'); "
        "assert 'onnxruntime' in found.runtimes; "
        "print([it for it in ('executorch', 'ai_edge_litert') if it in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
