"""Advice for an array, against networks that were built as advised."""

from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from sartor.deploy import export
from sartor.errors import OptionError
from sartor.graph import Effect, Graph, Operation, Products, Tensor
from sartor.graph.formats import read_onnx, read_tflite
from sartor.targets.simulated import DATAFLOWS, Array, advise, choose_group_size, simulate, wasted
from sartor.targets.simulated.advice import NEARBY
from sartor.targets.simulated.groups import group_size, larger_sizes, with_group_size
from sartor.targets.simulated.systolic import layer_cost
from sartor.targets.simulated.widths import widths, with_channels

AMPLE = 2**24


class Separable(nn.Module):
    """A stem, a block with a sum around it, and a classifier."""

    def __init__(self, stem: int = 16, inside: int = 24, size: int = 1) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, stem, 3, padding=1)
        self.expand = nn.Sequential(nn.Conv2d(stem, inside, 1), nn.ReLU())
        self.mix = nn.Sequential(
            nn.Conv2d(inside, inside, 3, padding=1, groups=inside // size), nn.ReLU()
        )
        self.project = nn.Conv2d(inside, stem, 1)
        self.rest = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(stem, 5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        y: torch.Tensor = self.rest(x + self.project(self.mix(self.expand(x))))
        return y


def built(folder: Path, **widths: int) -> Graph:
    export(Separable(**widths), folder / "it.onnx", (3, 12, 12))
    return read_onnx(folder / "it.onnx")


def test_widths_are_what_has_to_change_together(tmp_path: Path) -> None:
    found = {it.channels: it for it in widths(built(tmp_path))}
    assert set(found) == {16, 24}
    assert len(found[16].makers) == 2  # what a sum adds
    assert len(found[24].makers) == 1


@given(
    st.sampled_from([8, 16, 24, 40]),
    st.sampled_from([8, 24, 32, 56]),
    st.sampled_from(list(DATAFLOWS)),
)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_other_channels_cost_what_the_network_built_with_them_costs(
    tmp_path: Path, stem: int, inside: int, dataflow: str
) -> None:
    array = Array(dataflow=dataflow)
    one = built(tmp_path)
    for width in widths(one):
        wanted = {16: {"stem": stem}, 24: {"inside": inside}}[width.channels]
        other = simulate(built(tmp_path, **wanted), array)
        operations, tensors = with_channels(one, width, next(iter(wanted.values())))
        changed = {it.name: it for it in operations}
        costs = [
            layer_cost(changed.get(it.name, it), Graph((), tensors, tuple(tensors), ()), array)
            for it in one.operations
        ]
        assert [it.cycles for it in costs] == [it.cycles for it in other.layers]
        assert sum(it.macs for it in costs) == sum(it.macs for it in other.layers)


@pytest.mark.parametrize("size", [2, 3, 8, 24])
def test_larger_groups_cost_what_the_network_built_with_them_costs(
    tmp_path: Path, size: int
) -> None:
    one, other = built(tmp_path), built(tmp_path, size=size)
    (deep,) = (it for it in one.operations if it.effect is Effect.DEPTHWISE)
    (wide,) = (it for it in other.operations if it.name == deep.name)
    assert group_size(deep, one) == 1
    assert group_size(wide, other) == size
    assert size in larger_sizes(deep, one)
    assert with_group_size(deep, one, size).products == wide.products


def test_groups_that_cannot_be_are_refused(tmp_path: Path) -> None:
    one = built(tmp_path)
    (deep,) = (it for it in one.operations if it.effect is Effect.DEPTHWISE)
    with pytest.raises(OptionError, match="allowed: 1, 2, 3, 4"):
        with_group_size(deep, one, 5)
    with pytest.raises(OptionError, match="no convolution"):
        with_group_size(one.operations[-1], one, 2)


def test_the_depthwise_convolution_wastes_most_and_gets_larger_groups(tmp_path: Path) -> None:
    one, array = built(tmp_path, stem=32, inside=64), Array(rows=64, columns=64)
    (deep,) = (it for it in one.operations if it.effect is Effect.DEPTHWISE)
    assert wasted(one, array)[0].name == deep.name
    (advice,) = (it for it in advise(one, array) if it.what == "group size")
    assert advice.layers == (deep.name,)
    assert advice.before == 1
    assert advice.gain_cycles > 0
    assert advice.macs_after == advice.macs_before * int(advice.after)


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_what_is_advised_is_what_the_simulator_says(tmp_path: Path, dataflow: str) -> None:
    one = built(tmp_path, stem=34, inside=72)
    array = Array(rows=32, columns=32, dataflow=dataflow, dram_bytes_per_cycle=1e6)
    found = advise(one, array)
    assert [it.gain_cycles for it in found] == sorted(it.gain_cycles for it in found)[::-1]
    before = {it.name: it.cycles for it in simulate(one, array).layers}
    for it in found:
        if it.what == "channels":
            assert abs(int(it.after) - int(it.before)) <= NEARBY * int(it.before)
            assert it.gain_cycles >= 0
        else:
            assert it.cycles_before == before[it.layers[0]]
        if it.what == "dataflow":
            other = Array(rows=32, columns=32, dataflow=str(it.after), dram_bytes_per_cycle=1e6)
            after = {layer.name: layer.cycles for layer in simulate(one, other).layers}
            assert it.cycles_after == after[it.layers[0]] < it.cycles_before


def test_two_channels_more_than_the_columns_are_advised_away(tmp_path: Path) -> None:
    """34 channels fold twice over 32 columns."""
    one = built(tmp_path, stem=34, inside=64)
    found = advise(one, Array(rows=32, columns=32, dram_bytes_per_cycle=1e6))
    (fewer,) = (it for it in found if (it.what, it.before, it.after) == ("channels", 34, 32))
    assert len(fewer.layers) == 2
    assert fewer.better_used > 1.1


def grouped(channels: int, count: int) -> Graph:
    operation = Operation(
        "mix", "Conv", ("x",), ("y",), Effect.DEPTHWISE if count == channels else Effect.PRODUCTS,
        Products(count, 64, 9 * channels // count, channels // count),
    )  # fmt: skip
    tensors = {name: Tensor(name, (1, channels, 8, 8), 8) for name in "xy"}
    return Graph((operation,), tensors, ("x",), ("y",))


def ample(rows: int, columns: int) -> Array:
    """An array whose scratchpads hold everything."""
    return Array(
        rows=rows, columns=columns, input_bytes=AMPLE, weight_bytes=AMPLE, output_bytes=AMPLE
    )


def test_group_sizes_trade_energy_for_energy_per_multiply_add() -> None:
    found = choose_group_size(grouped(64, 64), ample(1024, 64))
    assert [it.group_size for it in found.sizes] == [1, 2, 4, 8, 16, 32, 64]
    energies = [it.energy_mj for it in found.sizes]
    each = [it.picojoules_per_mac for it in found.sizes]
    assert energies == sorted(energies)
    assert each == sorted(each)[::-1]
    assert [it.macs for it in found.sizes] == [64 * 9 * 64 * it.group_size for it in found.sizes]
    assert found.chosen.imbalance == min(it.imbalance for it in found.sizes)


def test_the_chosen_size_balances_what_grows_with_what_does_not() -> None:
    """With everything loaded once, and each sum in one fold, energy is a straight line."""
    found = choose_group_size(grouped(256, 256), ample(4096, 256))
    one, two = found.sizes[:2]
    slope = two.energy_mj - one.energy_mj
    rest = one.energy_mj - slope
    assert found.sizes[-1].energy_mj > slope * 256 + rest * 0.99
    balance = rest / slope
    assert balance / 2 <= found.chosen.group_size <= balance * 2


def test_networks_without_groups_are_refused(tmp_path: Path) -> None:
    export(nn.Conv2d(3, 8, 3), tmp_path / "it.onnx", (3, 8, 8))
    with pytest.raises(OptionError, match="no group convolution"):
        choose_group_size(read_onnx(tmp_path / "it.onnx"), Array())


def test_tflite_files_are_advised_on_alike(measuring_data: Path) -> None:
    """Keyword spotting: a convolution and four depthwise separable ones, of 64 channels."""
    pytest.importorskip("ai_edge_litert", reason="the extra litert is not installed")
    one = read_tflite(measuring_data / "mlperf_tiny" / "kws_ref_model.tflite")
    assert [(it.channels, len(it.makers)) for it in widths(one)] == [(64, 1)] * 5
    array = Array(rows=64, columns=64)
    choice = choose_group_size(one, array)
    assert len(choice.layers) == 4
    assert [it.group_size for it in choice.sizes] == [1, 2, 4, 8, 16, 32, 64]
    larger = [it for it in advise(one, array) if it.what == "group size"]
    assert {it.layers[0] for it in larger} == set(choice.layers)
