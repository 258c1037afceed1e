"""The memory of int8 files, and the plan as a table."""

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from sartor.cost.memory import Interpreter, plan_memory, planned_layers, widest_layer
from sartor.deploy import export, quantize
from sartor.graph import Effect, Graph, Operation, Tensor
from sartor.graph.formats import read_onnx


class Residual(nn.Module):
    """Two convolutions and what they read."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(channels, channels, 3, padding=1)
        self.act = nn.ReLU()
        self.two = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.two(self.act(self.one(x)))
        return x + y


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same small network in float and in int8."""
    folder = tmp_path_factory.mktemp("rounded")
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), Residual(16), Residual(16),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 4),
    )  # fmt: skip
    export(network, folder / "float.onnx", (3, 20, 20))
    images = np.random.default_rng(0).normal(size=(4, 3, 20, 20)).astype(np.float32)
    quantize(folder / "float.onnx", folder / "int8.onnx", images, runtime="onnxruntime")
    return folder / "float.onnx", folder / "int8.onnx"


@pytest.mark.parametrize("in_place", [False, True])
def test_an_int8_file_needs_a_quarter(files: tuple[Path, Path], in_place: bool) -> None:
    how = Interpreter(in_place=in_place)
    floats, integers = (plan_memory(read_onnx(file), how) for file in files)
    assert floats.peak_bytes == 3 * 16 * 400 * 4  # what a block reads, and around its convolution
    assert integers.peak_bytes * 4 == floats.peak_bytes
    assert integers.arena_bytes * 4 == floats.arena_bytes
    assert integers.graph.macs == floats.graph.macs


def test_what_is_planned_is_what_onnx_runtime_executes(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    """Oracle: the operators of ONNX Runtime's optimised graph."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 3  # that such a file is for this machine only
    onnxruntime.InferenceSession(str(files[1]), options, providers=["CPUExecutionProvider"])
    executed = [it.op_type for it in onnx.load(tmp_path / "optimized.onnx").graph.node]
    plain = [it.replace("QLinear", "").replace("QGemm", "Gemm") for it in executed]
    planned = plan_memory(read_onnx(files[1])).graph.operations
    assert Counter(it.kind for it in planned) == Counter(plain)


def test_weights_of_an_int8_file_have_8_bits(files: tuple[Path, Path]) -> None:
    floats, integers = (
        [it.constants[0] for it in read_onnx(file).operations if it.kind == "Conv"]
        for file in files
    )
    assert [it.shape for it in integers] == [it.shape for it in floats]
    assert {it.item_bits for it in floats} == {32}
    assert {it.item_bits for it in integers} == {8}


def test_an_operation_writes_over_whichever_input_is_free() -> None:
    """The first input of the sum is read again later, the second is not."""
    tensors = {name: Tensor(name, (1, 100), 8) for name in "xaby"}
    operations = (
        Operation("a", "Conv", ("x",), ("a",), Effect.PRODUCTS),
        Operation("b", "Add", ("x", "a"), ("b",), Effect.ELEMENTWISE),
        Operation("y", "Conv", ("x", "b"), ("y",), Effect.PRODUCTS),
    )
    one = Graph(operations, tensors, ("x",), ("y",))
    plan = plan_memory(one, Interpreter(in_place=True))
    assert plan.live_bytes == (200, 200, 300)
    assert {it.name for it in plan.buffers} == {"x", "a", "y"}


def test_a_table_says_what_is_live_and_where(files: tuple[Path, Path]) -> None:
    plan = plan_memory(read_onnx(files[0]))
    rows = planned_layers(plan)
    assert [it.name for it in rows] == [it.name for it in plan.graph.operations]
    for row, operation in zip(rows, plan.graph.operations, strict=True):
        assert {*operation.reads, *operation.writes} <= set(row.tensors)
        assert sum(plan.graph.tensors[name].size_bytes for name in row.tensors) == row.live_bytes
        assert sum(it.size_bytes for it in row.buffers) == row.live_bytes
        assert [it.offset for it in row.buffers] == sorted(it.offset for it in row.buffers)
    widest = widest_layer(plan)
    assert widest is not None
    assert widest.live_bytes == plan.peak_bytes


def test_a_network_without_operations_has_no_widest_layer() -> None:
    one = Graph((), {"x": Tensor("x", (1,), 8)}, ("x",), ("x",))
    assert widest_layer(plan_memory(one)) is None
