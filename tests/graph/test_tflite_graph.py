"""Graphs of TFLite files: MLPerf Tiny's networks, and hostile files."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sartor.cost.memory import plan_memory
from sartor.errors import DamagedFileError, OptionError, SartorError
from sartor.graph import Graph
from sartor.graph.formats import read_tflite

pytest.importorskip("ai_edge_litert", reason="the extra litert is not installed")

PUBLISHED = {
    "pretrainedResnet_quant": (12_501_632, 48.0),
    "kws_ref_model": (2_656_768, 15.6),
    "vww_96_int8": (7_489_664, 54.0),
    "ad01_int8": (264_192, 0.8),
}
"""Multiply-adds of convolutions and linear layers, and KiB at the peak in the order of the file."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_networks_of_mlperf_tiny_have_their_published_costs(
    measuring_data: Path, name: str
) -> None:
    graph = read_tflite(measuring_data / "mlperf_tiny" / f"{name}.tflite")
    macs, peak = PUBLISHED[name]
    assert graph.uncounted == ()
    assert graph.macs == macs
    plan = plan_memory(graph)
    assert round(plan.stored_peak_bytes / 1024, 1) == peak
    assert plan.peak_bytes <= plan.stored_peak_bytes


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "it.tflite"
    for content in (b"", b"nothing at all", b"\x00\x00\x00\x00TFL3"):
        file.write_bytes(content)
        with pytest.raises(DamagedFileError, match=r"it\.tflite"):
            read_tflite(file)


def test_shapes_cannot_be_given(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="--shape"):
        read_tflite(tmp_path / "it.tflite", {"x": (1,)})


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_read_or_refused(
    measuring_data: Path, tmp_path: Path, data: st.DataObject
) -> None:
    content = bytearray((measuring_data / "mlperf_tiny" / "ad01_int8.tflite").read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    with contextlib.suppress(SartorError):
        assert isinstance(read_tflite(broken), Graph)
