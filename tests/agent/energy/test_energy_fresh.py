"""Energy of a file, measured in processes of their own."""

import os
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from sartor_agent.energy import Energy, NotAvailable, chain, measure_energy
from sartor_agent.errors import MeasurementError
from sartor_agent.fresh import Protocol, TimedFile

FAKE = '''
"""A worker whose device has a counter of its own."""

from energy_fakes import Steady

from sartor_agent.energy import known
from sartor_agent.runtimes import RUNTIMES
from sartor_agent.worker import main

provider = Steady(watts=20.0)


class Counting:
    """A runtime whose programs take two joules a call."""

    def __init__(self):
        self.library = RUNTIMES["onnxruntime"]()

    def compile(self, file, **how):
        program = self.library.compile(file, **how)
        program.prepare = lambda *arrays: provider.call(2.0)
        return program


known.PROVIDERS.clear()
known.PROVIDERS["steady"] = lambda: provider
main({"onnxruntime": Counting})
'''


@pytest.fixture
def file(tmp_path: Path) -> TimedFile:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 8]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", ends[:1], ends[1:])
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), tmp_path / "it.onnx")
    return TimedFile(tmp_path / "it.onnx", "onnxruntime", "fp32")


def test_processes_measure_and_are_pooled(
    file: TimedFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "counting_worker.py").write_text(FAKE)
    for place in (tmp_path, Path(__file__).parent):
        monkeypatch.setenv("PYTHONPATH", str(place), prepend=os.pathsep)
    how = Protocol(processes=2, seconds_each=0.0, worker="counting_worker")
    found = measure_energy(file, how)
    assert isinstance(found, Energy)
    assert found.above_idle.joules == pytest.approx(2.0)
    assert found.idle_watts == pytest.approx(20.0)
    assert len(found.above_idle.windows) == 14
    assert isinstance(found.covers, tuple)


def test_a_device_without_a_provider_says_so_and_never_zero(file: TimedFile) -> None:
    found = measure_energy(file, Protocol(processes=1, seconds_each=0.0))
    if all(it.available() for it in chain() if "cpu" in it.processors):
        assert isinstance(found, NotAvailable)
        assert [name for name, _ in found.reasons] == [it.name for it in chain()]
        assert all(reason.endswith((".", "'")) for _, reason in found.reasons)
    else:
        assert isinstance(found, NotAvailable) or found.gross.joules > 0


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    absent = TimedFile(tmp_path / "absent.onnx", "onnxruntime", "fp32")
    with pytest.raises(MeasurementError, match=r"absent\.onnx"):
        measure_energy(absent, Protocol(processes=1))
