"""Ethos-U: vela's tables, and vela itself where it is installed."""

import importlib.util
from pathlib import Path

import pytest

from sartor.errors import DamagedFileError, MissingExtraError, OptionError
from sartor.targets.simulated.ethos_u import (
    ACCELERATORS,
    EthosU,
    estimate_ethos_u,
    open_ethos_u,
    read_estimate,
)

RECORDED = Path(__file__).with_name("vela")
SAID = """
Warning (supported operators) operator: SOFTMAX, ofm: 'Identity'
Reason: Operation has tensor with unsupported DataType Float32 (functional_1/dense/BiasAdd)
Feature-map dataTypes must be one of {"INT16", "INT32", "INT64", "INT8", "UINT8"}
"""
with_vela = pytest.mark.skipif(
    importlib.util.find_spec("ethosu") is None, reason="the extra ethos-u is not installed"
)
KNOWN = {
    "ad01_int8": (264_192, 0.75, 196.5, 2485),
    "kws_ref_model": (2_664_792, 21.7, 30.4, 5562),
    "vww_96_int8": (7_491_972, 72.7, 74.2, 2264),
    "pretrainedResnet_quant": (12_505_748, 50.6, 77.4, 2478),
}
"""By vela 5.2.0 for u55-128: multiply-adds, KiB of SRAM and of flash, inferences in a second."""


def test_devices_are_read() -> None:
    assert open_ethos_u("ethos-u:u55-128") == EthosU("u55-128")
    assert open_ethos_u("ethos-u:u85-256, optimise=size") == EthosU("u85-256", "size")
    assert {open_ethos_u(f"ethos-u:{it}").accelerator for it in ACCELERATORS} == {*ACCELERATORS}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ethosu:u55-128", "Did you mean 'ethos-u'"),
        ("ethos-u", "known: u55-32"),
        ("ethos-u:u55-129", "Did you mean 'u55-128'"),
        ("ethos-u:u55-128,optimise=sise", "Did you mean 'size'"),
        ("ethos-u:u55-128,optimize=size", "Did you mean 'optimise'"),
    ],
)
def test_what_is_not_understood_is_refused_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(OptionError, match=told):
        open_ethos_u(text)


def test_tables_are_read() -> None:
    """Recorded of keyword spotting with two operators left to the CPU; most layers cut out."""
    summary, layers = (
        (RECORDED / name).read_text() for name in ("kws_summary.csv", "kws_layers.csv")
    )
    found = read_estimate(EthosU(), summary, layers, SAID)
    assert (found.system, found.memory_mode) == ("Ethos_U55_High_End_Embedded", "Shared_Sram")
    assert found.clock_mhz == 500
    assert found.macs == 2_656_768
    assert found.latency_ms == pytest.approx(found.cycles / 500e3)
    assert found.inferences_per_second == pytest.approx(1e3 / found.latency_ms)
    assert round(found.sram_bytes / 1024, 2) == 21.67
    assert round(found.flash_bytes / 1024, 2) == 29.22
    assert found.dram_bytes == 0
    assert [it.kind for it in found.layers] == [
        "Conv2D", "Conv2D", "DepthwiseConv2D", "AvgPool", "FullyConnected", "Softmax",
    ]  # fmt: skip
    first = found.layers[0]
    assert (first.cycles, first.macs, first.sram_bytes) == (26185, 320_000, 12_976)
    assert [(it.kind, it.cycles) for it in found.on_cpu] == [("AvgPool", 0), ("Softmax", 0)]
    assert found.on_cpu[0].reason == ""
    reason = "SOFTMAX: Operation has tensor with unsupported DataType Float32"
    assert found.on_cpu[1].reason == reason


def test_without_vela_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sartor\[ethos-u\]'"):
        estimate_ethos_u(Path("it.tflite"), EthosU())


@with_vela
@pytest.mark.parametrize("name", KNOWN)
def test_networks_of_mlperf_tiny_have_their_known_costs(measuring_data: Path, name: str) -> None:
    found = estimate_ethos_u(measuring_data / "mlperf_tiny" / f"{name}.tflite", EthosU())
    macs, sram_kib, flash_kib, per_second = KNOWN[name]
    assert found.macs == macs
    assert found.sram_bytes / 1024 == pytest.approx(sram_kib, abs=0.051)
    assert found.flash_bytes / 1024 == pytest.approx(flash_kib, abs=0.051)
    assert round(found.inferences_per_second) == per_second
    assert found.on_cpu == ()
    assert sum(it.cycles for it in found.layers) == found.cycles


@with_vela
def test_optimising_size_needs_less_sram(measuring_data: Path) -> None:
    file = measuring_data / "mlperf_tiny" / "vww_96_int8.tflite"
    assert estimate_ethos_u(file, EthosU(optimise="size")).sram_bytes == 48 * 1024


@with_vela
def test_float_files_are_refused(measuring_data: Path) -> None:
    with pytest.raises(OptionError, match="computes in float, an Ethos-U in int8 or int16"):
        estimate_ethos_u(measuring_data / "mlperf_tiny" / "vww_96_float.tflite", EthosU())


@with_vela
def test_what_is_no_model_is_refused(measuring_data: Path, tmp_path: Path) -> None:
    file = tmp_path / "it.tflite"
    file.write_bytes(b"nothing at all")
    with pytest.raises(DamagedFileError, match=r"it\.tflite is no TFLite model"):
        estimate_ethos_u(file, EthosU())
    whole = (measuring_data / "mlperf_tiny" / "ad01_int8.tflite").read_bytes()
    file.write_bytes(whole[:20_000])
    with pytest.raises(DamagedFileError, match=r"vela cannot compile .*it\.tflite"):
        estimate_ethos_u(file, EthosU())


@with_vela
def test_vela_is_ended_when_time_is_up(measuring_data: Path) -> None:
    file = measuring_data / "mlperf_tiny" / "ad01_int8.tflite"
    with pytest.raises(OptionError, match=r"within 0\.01 s"):
        estimate_ethos_u(file, EthosU(), seconds=0.01)
