"""A board with real runtimes measures real files, and refuses hostile ones."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from agents import Agent, running
from sartor.errors import MeasurementError
from sartor.targets.remote import Board
from sartor_agent import device, fresh
from sartor_agent.fresh import Protocol, TimedFile

REAL = {"worker": "sartor_agent.worker"}
HOW = Protocol(processes=1, seconds_each=0.1)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with running(Agent(tmp_path_factory.mktemp("agent"), REAL)) as agent, agent.board() as one:
        yield one


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a product with a matrix, for any number of rows."""
    weight = np.random.default_rng(0).standard_normal((64, 10)).astype(np.float32)
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])
        for name, width in (("x", 64), ("y", 10))
    ]
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = helper.make_graph(
        [node], "g", ends[:1], ends[1:], [numpy_helper.from_array(weight, "w")]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.save(model, tmp_path / "product.onnx")
    return tmp_path / "product.onnx"


def test_a_real_file_is_inspected_and_timed_as_here(board: Board, file: Path) -> None:
    it = TimedFile(file, "onnxruntime", "fp32", {"x": (4, 64)})
    there, here = board.inspect_file(it, calls=3), fresh.inspect_file(it, calls=3)
    assert there.executed == here.executed == "fp32"
    assert there.inputs == here.inputs
    assert [step.kind for step in there.steps] == [step.kind for step in here.steps] != []
    timing = board.time_files({"it": it}, HOW)["it"]
    assert 0 < timing.low_ms <= timing.median_ms <= timing.high_ms
    assert 0 < timing.min_ms <= timing.p10_ms
    assert timing.rounds >= 7


def test_the_board_of_this_machine_has_its_fingerprint(board: Board) -> None:
    assert board.fingerprint(1) == device.fingerprint(1, device.installed())
    assert board.cores == device.cores()


def test_weights_in_other_files_are_refused(board: Board, file: Path) -> None:
    model = onnx.load(file)
    onnx.external_data_helper.convert_model_to_external_data(
        model, location="../../secret", size_threshold=0
    )
    file.write_bytes(model.SerializeToString())
    with pytest.raises(MeasurementError, match="keeps weights in other files"):
        board.inspect_file(TimedFile(file, "onnxruntime", "fp32"))


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\x80\x04.", b"import os\n", b"\x00" * 99]
)
def test_what_is_no_model_is_refused(board: Board, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(MeasurementError, match=r"does not take \S+product\.onnx"):
        board.inspect_file(TimedFile(file, "onnxruntime", "fp32"))


def test_a_program_that_needs_more_memory_than_there_is_fails_alone(
    board: Board, file: Path
) -> None:
    it = TimedFile(file, "onnxruntime", "fp32", {"x": (1, 64)})
    with pytest.raises(MeasurementError, match=r"product\.onnx failed"):
        board.inspect_file(it, Protocol(most_bytes=64 * 2**20))
    assert board.inspect_file(it).executed == "fp32"
