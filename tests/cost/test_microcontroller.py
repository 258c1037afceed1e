"""What fits on a microcontroller."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sartor.cost.microcontroller import Microcontroller, fit_on, open_microcontroller
from sartor.errors import OptionError
from sartor.graph import Effect, Graph, Operation, Tensor
from sartor.graph.formats import read_tflite


def forked() -> Graph:
    """A wide tensor that shrinks; the file runs the other branch first."""
    sizes = {"x": 10, "a": 40, "b": 40, "c": 1, "d": 1, "y": 1}
    operations = tuple(
        Operation(written, "Conv", reads, (written,), Effect.PRODUCTS)
        for written, reads in (
            ("a", ("x",)), ("b", ("x",)), ("c", ("b",)), ("d", ("a",)), ("y", ("c", "d")),
        )
    )  # fmt: skip
    tensors = {name: Tensor(name, (size,), 8) for name, size in sizes.items()}
    return Graph(operations, tensors, ("x",), ("y",))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of 1000 bytes."""
    (tmp_path / "it.tflite").write_bytes(bytes(1000))
    return tmp_path / "it.tflite"


def test_memories_are_read() -> None:
    assert open_microcontroller("mcu:sram=320KB,flash=1MB") == Microcontroller(320_000, 1_000_000)
    given = open_microcontroller("mcu:flash=1MiB,sram=320KiB,runtime=50KB,stack=2KiB")
    assert given == Microcontroller(320 * 1024, 2**20, 50_000, 2048)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mcuu:sram=1KB,flash=1KB", "Did you mean 'mcu'"),
        ("mcu", "how much sram"),
        ("mcu:sram=1KB", "how much flash"),
        ("mcu:sram=1KB,flahs=1KB", "Did you mean 'flash'"),
        ("mcu:sram=lots,flash=1KB", "write a number and a unit"),
        ("mcu:sram=1ms,flash=1KB", "unknown unit 'ms'"),
        ("mcu:sram=0KB,flash=1KB", "above 0"),
    ],
)
def test_what_is_not_understood_is_refused_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(OptionError, match=told):
        open_microcontroller(text)


def test_memories_that_cannot_be_are_refused() -> None:
    with pytest.raises(OptionError, match="above 0"):
        Microcontroller(0, 1)
    with pytest.raises(OptionError, match="0 or more"):
        Microcontroller(1, 1, stack_bytes=-1)


def test_a_network_that_fits_in_another_order_says_so(file: Path) -> None:
    found = fit_on(Microcontroller(60, 2000), forked(), file)
    assert (found.sram_bytes, found.least_sram_bytes) == (90, 51)
    assert found.sram_over_bytes == 30
    assert found.widest is not None
    assert found.widest.name == "b"
    assert found.best_order.exact
    assert not found.fits
    assert found.fits_reordered


def test_code_and_stacks_count_where_they_are_given(file: Path) -> None:
    found = fit_on(Microcontroller(100, 1400, runtime_bytes=500, stack_bytes=20), forked(), file)
    assert (found.sram_bytes, found.flash_bytes) == (110, 1500)
    assert (found.sram_over_bytes, found.flash_over_bytes) == (10, 100)
    assert not found.fits_reordered


@given(st.integers(1, 200), st.integers(1, 2000))
@settings(deadline=None)
def test_it_fits_where_nothing_is_missing(sram: int, flash: int) -> None:
    found = fit_on(Microcontroller(sram, flash), forked(), Path(__file__))
    assert found.fits == (found.sram_over_bytes == 0 and found.flash_over_bytes == 0)
    assert found.least_sram_bytes <= found.best_order.arena_bytes <= found.plan.arena_bytes
    assert found.sram_over_bytes == max(0, 90 - sram)


@pytest.mark.parametrize(
    ("name", "peak_kib"),
    [("pretrainedResnet_quant", 48.0), ("kws_ref_model", 15.6), ("vww_96_int8", 54.0)],
)
def test_networks_of_mlperf_tiny_need_their_published_memory(
    measuring_data: Path, name: str, peak_kib: float
) -> None:
    pytest.importorskip("ai_edge_litert", reason="the extra litert is not installed")
    file = measuring_data / "mlperf_tiny" / f"{name}.tflite"
    found = fit_on(open_microcontroller("mcu:sram=320KB,flash=1MB"), read_tflite(file), file)
    assert round(found.plan.peak_bytes / 1024, 1) == peak_kib
    assert found.file_bytes == file.stat().st_size
    assert found.fits
