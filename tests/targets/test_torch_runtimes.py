"""PyTorch, ExecuTorch and GPUs run networks as the other runtimes do, in what they say."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from sartor import targets
from sartor.deploy.opening.modules import ModuleSource
from sartor.errors import DamagedFileError, MissingExtraError, OptionError
from sartor.targets import RUNTIMES, Protocol, TimedFile, inspect_file, reading, time_files
from sartor.targets.runtimes.torch import Torch

WORKER = "sartor.targets.worker"
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
ENDINGS = {"torch": ".pt2", "torch_compile": ".pt2", "executorch": ".pte"}


def installed(name: str) -> targets.Runtime:
    try:
        return RUNTIMES[name]()
    except MissingExtraError as error:
        pytest.skip(str(error))


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(16, 5),
    ).eval()  # fmt: skip


@pytest.fixture
def image() -> torch.Tensor:
    return torch.randn(1, 3, 12, 12, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def write(network: nn.Module, image: torch.Tensor, tmp_path: Path) -> Callable[..., Path]:
    source = ModuleSource("network", network, (image,))

    def written(ending: str, precision: str = "fp32", runtime: str = "") -> Path:
        return source.write(tmp_path, ending, precision, runtime)

    return written


@pytest.fixture
def file(write: Callable[..., Path]) -> Path:
    return write(".pt2")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["onnxruntime", "openvino", "torch", "torch_compile", "executorch"]
)
def test_every_runtime_computes_what_the_network_does(
    name: str, network: nn.Module, image: torch.Tensor, write: Callable[..., Path]
) -> None:
    runtime = installed(name)
    file = write(ENDINGS.get(name, ".onnx"), "fp32", name)
    program = runtime.compile(file, threads=1, precision="fp32")
    (port,) = program.inputs
    assert (port.shape, port.kind) == ((1, 3, 12, 12), "float32")
    assert program.executed == "fp32"
    with torch.no_grad():
        wanted = network(image).numpy()
    np.testing.assert_allclose(program.run(image.numpy())[0], wanted, atol=1e-5)


def test_a_profile_names_operators_and_the_modules_that_they_are_of(
    file: Path, image: torch.Tensor
) -> None:
    program = Torch().compile(file, threads=1, precision="fp32")
    steps = program.profile(image.numpy(), calls=2)
    assert [it.kind for it in steps] == [
        "aten.conv2d.default",
        "aten.batch_norm.default",
        "aten.relu.default",
        "aten.adaptive_avg_pool2d.default",
        "aten.flatten.using_ints",
        "aten.linear.default",
    ]
    assert steps[0].stands_for == ("0",)
    assert steps[0].reads == ((1, 3, 12, 12), (16, 3, 3, 3), (16,))
    assert steps[0].writes == ((1, 16, 12, 12),)
    assert all(it.precision == "fp32" and it.milliseconds > 0 for it in steps)


@pytest.mark.slow
def test_a_profile_of_what_was_compiled_names_its_kernels(file: Path, image: torch.Tensor) -> None:
    runtime = installed("torch_compile")
    program = runtime.compile(file, threads=1, precision="fp32")
    steps = program.profile(image.numpy(), calls=2)
    fused = [it.kind for it in steps if "cpp_fused" in it.kind]
    assert any("relu" in it for it in fused)
    assert len(steps) < 12
    assert all(it.milliseconds > 0 for it in steps)


def test_bf16_is_computed_in_bf16(network: nn.Module, file: Path, image: torch.Tensor) -> None:
    runtime = Torch()
    if "bf16" not in runtime.capabilities().float_precisions:
        pytest.skip("this CPU has no instructions for bf16")
    program = runtime.compile(file, threads=1, precision="bf16")
    assert program.executed == "bf16"
    assert {it.precision for it in program.profile(image.numpy(), calls=1)} == {"bf16"}
    found = program.run(image.numpy())[0]
    assert found.dtype == np.float32
    with torch.no_grad():
        wanted = network(image).numpy()
    assert 0 < np.abs(found - wanted).max() < 0.05


def test_a_cpu_without_instructions_for_bf16_does_not_offer_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    with pytest.raises(OptionError, match="torch executes here: fp32"):
        Torch().compile(file, threads=1, precision="bf16")


def test_threads_are_those_that_were_asked_for(file: Path) -> None:
    before = torch.get_num_threads()
    try:
        Torch().compile(file, threads=2, precision="fp32")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_arrays_that_cannot_be_written_are_read(file: Path, image: torch.Tensor) -> None:
    program = Torch().compile(file, threads=1, precision="fp32")
    array = image.numpy()
    array.setflags(write=False)
    np.testing.assert_array_equal(program.run(array)[0], program.run(array.copy())[0])


def test_a_compiler_that_is_missing_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"needs a C\+\+ compiler"):
        RUNTIMES["torch_compile"]()
    assert "torch_compile" not in reading(".pt2")


def test_another_format_is_refused(write: Callable[..., Path]) -> None:
    with pytest.raises(OptionError, match=r"torch cannot read .*files that end in: \.pt2"):
        Torch().compile(write(".onnx"), threads=1, precision="fp32")


def test_garbage_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "garbage.pt2"
    file.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(DamagedFileError, match=r"garbage\.pt2"):
        Torch().compile(file, threads=1, precision="fp32")


@pytest.mark.slow
def test_fresh_processes_time_programs_beside_others(write: Callable[..., Path]) -> None:
    files = {
        "torch": TimedFile(write(".pt2"), "torch", "fp32"),
        "onnxruntime": TimedFile(write(".onnx"), "onnxruntime", "fp32"),
    }
    how = Protocol(seconds_each=0.1, processes=1, worker=WORKER)
    timings = time_files(files, how)
    assert all(0 < it.low_ms <= it.median_ms <= it.high_ms for it in timings.values())
    assert all(0 < it.min_ms <= it.p10_ms <= it.p90_ms for it in timings.values())
    found = inspect_file(files["torch"], how, calls=2)
    assert found.executed == "fp32"
    assert found.steps[0].kind == "aten.conv2d.default"


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_int8_is_executed_in_int8(
    runtime: str, image: torch.Tensor, write: Callable[..., Path]
) -> None:
    found = installed(runtime)
    file = write(".onnx", "int8", runtime)
    program = found.compile(file, threads=1, precision="fp32")
    steps = program.profile(image.numpy(), calls=2)
    convolutions = [it for it in steps if "conv" in it.kind.lower()]
    assert convolutions
    assert {it.precision for it in convolutions} == {"int8"}


@pytest.mark.slow
def test_executorch_rounds_to_int8_and_stays_near(
    network: nn.Module, image: torch.Tensor, write: Callable[..., Path]
) -> None:
    runtime = installed("executorch")
    exact, rounded = write(".pte"), write(".pte", "int8")
    assert exact != rounded
    program = runtime.compile(rounded, threads=1, precision="fp32")
    with torch.no_grad():
        wanted = network(image).numpy()
    assert 0 < np.abs(program.run(image.numpy())[0] - wanted).max() < 0.1


def test_a_file_that_is_no_executorch_program_is_refused(tmp_path: Path) -> None:
    runtime = installed("executorch")
    file = tmp_path / "garbage.pte"
    file.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(DamagedFileError, match=r"garbage\.pte is no ExecuTorch program"):
        runtime.compile(file, threads=1, precision="fp32")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize("name", ["torch_cuda", "onnxruntime_cuda"])
def test_without_a_gpu_its_runtimes_say_what_is_missing(name: str) -> None:
    with pytest.raises(MissingExtraError, match="NVIDIA GPU"):
        RUNTIMES[name]()


def test_without_a_gpu_its_target_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(MissingExtraError, match="needs an NVIDIA GPU with its driver"):
        targets.open("cuda")


def test_the_cpu_has_no_runtimes_of_gpus() -> None:
    found = [*reading(".onnx"), *reading(".pt2")]
    assert not [name for name in found if name.endswith("cuda")]


@pytest.mark.gpu
@GPU
@pytest.mark.parametrize("precision", ["fp32", "tf32", "fp16", "bf16"])
def test_a_gpu_computes_what_the_network_does(
    precision: str, network: nn.Module, file: Path, image: torch.Tensor
) -> None:
    runtime = RUNTIMES["torch_cuda"]()
    if precision not in runtime.capabilities().float_precisions:
        pytest.skip(f"this GPU has no {precision}")
    program = runtime.compile(file, threads=1, precision=precision)
    assert program.executed == precision
    with torch.no_grad():
        wanted = network(image).numpy()
    atol = 1e-4 if precision == "fp32" else 0.05
    np.testing.assert_allclose(program.run(image.numpy())[0], wanted, atol=atol)
    steps = program.profile(image.numpy(), calls=2)
    assert {it.precision for it in steps} == {precision}
    assert sum(it.milliseconds for it in steps) > 0


@pytest.mark.gpu
@GPU
def test_onnxruntime_computes_on_a_gpu(
    network: nn.Module, write: Callable[..., Path], image: torch.Tensor
) -> None:
    runtime = installed("onnxruntime_cuda")
    program = runtime.compile(write(".onnx"), threads=1, precision="fp32")
    with torch.no_grad():
        wanted = network(image).numpy()
    np.testing.assert_allclose(program.run(image.numpy())[0], wanted, atol=1e-4)
