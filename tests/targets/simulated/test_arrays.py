"""Systolic arrays as a user writes them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sartor.errors import OptionError, SartorError, UnknownNameError
from sartor.targets.simulated import DATAFLOWS, Array, open_array
from sartor.targets.texts import read_bytes


def test_sizes_alone_leave_the_rest_as_it_is() -> None:
    assert open_array("systolic:64x32") == Array(rows=64, columns=32)


def test_every_option_is_read() -> None:
    read = open_array("systolic:8x4, dataflow=input, sram=96KiB, dram=4GB/s, clock=500MHz, bits=16")
    assert read == Array(
        rows=8,
        columns=4,
        dataflow="input",
        item_bits=16,
        input_bytes=32 * 1024,
        weight_bytes=32 * 1024,
        output_bytes=32 * 1024,
        dram_bytes_per_cycle=8.0,
        clock_mhz=500.0,
    )


@given(
    st.integers(1, 4096), st.integers(1, 4096), st.sampled_from(list(DATAFLOWS)), st.integers(1, 99)
)
def test_what_is_written_is_what_is_read(rows: int, columns: int, flow: str, dram: int) -> None:
    read = open_array(f"systolic:{rows}x{columns},dataflow={flow},dram={dram}B/cycle,bits=32")
    expected = Array(rows=rows, columns=columns, dataflow=flow, item_bits=32)
    assert (read.rows, read.columns, read.dataflow) == (rows, columns, expected.dataflow)
    assert read.dram_bytes_per_cycle == dram
    assert read.item_bits == 32


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("systolc:8x8", "Did you mean 'systolic'"),
        ("systolic", "ROWSxCOLUMNS"),
        ("systolic:8", "systolic:64x64"),
        ("systolic:8x8x8", "ROWSxCOLUMNS"),
        ("systolic:0x8", "above 0"),
        ("systolic:8x8,dataflw=output", "Did you mean 'dataflow'"),
        ("systolic:8x8,sram", "NAME=VALUE"),
        ("systolic:8x8,sram=64", "known: B, kB"),
        ("systolic:8x8,sram=-5KB", "above 0"),
        ("systolic:8x8,sram=1e999KB", "above 0"),
        ("systolic:8x8,sram=2B", "above 0"),
        ("systolic:8x8,clock=1parsec", "GHz"),
        ("systolic:8x8,dram=5ms", "B/cycle"),
        ("systolic:8x8,bits=7", "8, 16 or 32"),
        ("systolic:8x8,bits=eight", "8, 16 or 32"),
        ("systolic:8x8,bits=8,bits=16", "twice"),
    ],
)
def test_what_is_not_understood_is_refused_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(OptionError, match=told) as error:
        open_array(text)
    assert "\n" not in str(error.value)


def test_a_misspelt_dataflow_is_corrected() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'weight'"):
        open_array("systolic:8x8,dataflow=wieght")


@given(st.text(alphabet="systolic:x,=0123456789.KBe-", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(SartorError):
        assert open_array(f"systolic:{text}").rows > 0


def test_less_than_a_byte_is_refused() -> None:
    with pytest.raises(OptionError, match="one byte"):
        read_bytes("sram", "0.2B", "64KB")
