"""The systolic array, against the integers of SCALE-Sim and what cannot be otherwise."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sartor.errors import OptionError, UnknownNameError
from sartor.graph import Effect, Graph, Operation, Products, Tensor
from sartor.targets.simulated import DATAFLOWS, Array, open_array, simulate
from sartor.targets.simulated.systolic import compute_cycles

PUBLISHED = json.loads(Path(__file__).with_name("scale_sim.json").read_text())
"""Layers as products (m, k, n), and their cycles by size of the array and dataflow."""


def network(operation: Operation, read: tuple[int, ...], written: tuple[int, ...]) -> Graph:
    tensors = {"x": Tensor("x", read, 8), "y": Tensor("y", written, 8)}
    return Graph((operation,), tensors, ("x",), ("y",))


def convolution(channels: int, outputs: int, size: int, groups: int = 1) -> Graph:
    """A 3x3 convolution with padding."""
    products = Products(groups, size * size, 9 * channels // groups, outputs // groups)
    effect = Effect.DEPTHWISE if groups == channels else Effect.PRODUCTS
    operation = Operation("conv", "Conv", ("x",), ("y",), effect, products)
    return network(operation, (1, channels, size, size), (1, outputs, size, size))


@pytest.mark.parametrize("size", PUBLISHED["cycles"])
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_cycles_are_those_of_scale_sim(size: str, dataflow: str) -> None:
    array = open_array(f"systolic:{size},dataflow={dataflow}")
    found = [compute_cycles(Products(1, *it), array) for it in PUBLISHED["layers"].values()]
    assert found == PUBLISHED["cycles"][size][dataflow]


sizes = st.integers(1, 64)


@given(
    st.sampled_from(list(DATAFLOWS)), sizes, sizes, st.integers(1, 300), st.sampled_from([4, 16])
)
def test_no_array_does_more_than_it_can(
    dataflow: str, channels: int, outputs: int, pixels: int, side: int
) -> None:
    array = Array(rows=side, columns=side, dataflow=dataflow)
    products = Products(1, pixels, channels, outputs)
    operation = Operation("conv", "Conv", ("x",), ("y",), Effect.PRODUCTS, products)
    one = network(operation, (1, channels, pixels, 1), (1, outputs, pixels, 1))
    (layer,) = simulate(one, array).layers
    assert 0 < layer.utilisation(array) <= 1
    least = channels * pixels + channels * outputs + pixels * outputs
    assert layer.dram_bytes >= least
    assert layer.sram_bytes >= least


@given(st.sampled_from(list(DATAFLOWS)), st.floats(1, 64))
def test_more_bandwidth_waits_less(dataflow: str, bandwidth: float) -> None:
    one = convolution(64, 64, 28)
    slow = simulate(one, Array(dataflow=dataflow, dram_bytes_per_cycle=bandwidth))
    fast = simulate(one, Array(dataflow=dataflow, dram_bytes_per_cycle=2 * bandwidth))
    assert fast.cycles <= slow.cycles
    assert fast.layers[0].compute_cycles == slow.layers[0].compute_cycles


def test_a_depthwise_convolution_fills_one_column() -> None:
    array = Array(dram_bytes_per_cycle=1e9)
    wide = simulate(convolution(64, 64, 28), array).layers[0]
    deep = simulate(convolution(64, 64, 28, groups=64), array).layers[0]
    assert deep.macs * 64 == wide.macs
    assert deep.cycles * 64 > 10 * wide.cycles
    assert deep.utilisation(array) < 9 / 256


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_a_scratchpad_that_holds_everything_loads_everything_once(dataflow: str) -> None:
    one = convolution(32, 48, 14)
    ample = Array(dataflow=dataflow, input_bytes=2**24, weight_bytes=2**24, output_bytes=2**24)
    tight = Array(dataflow=dataflow, input_bytes=2**10, weight_bytes=2**10, output_bytes=2**10)
    least = 32 * 14 * 14 + 9 * 32 * 48 + 48 * 14 * 14
    assert simulate(one, ample).layers[0].dram_bytes == least
    assert simulate(one, tight).layers[0].dram_bytes > least
    assert simulate(one, tight).energy_mj > simulate(one, ample).energy_mj


def test_what_is_not_known_is_named_and_in_no_sum() -> None:
    operation = Operation("odd", "Recurrence", ("x",), ("y",))
    found = simulate(network(operation, (1, 8), (1, 8)), Array())
    assert found.unknown == ("Recurrence",)
    assert found.cycles == 0


def test_an_array_that_cannot_be_is_refused() -> None:
    with pytest.raises(OptionError, match="rows"):
        Array(rows=0)
    with pytest.raises(OptionError, match="8, 16 or 32"):
        Array(item_bits=5)
    with pytest.raises(UnknownNameError, match="weight"):
        Array(dataflow="wieght")
