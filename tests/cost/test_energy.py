"""Energy by the table of energies, and where it takes the place of a measurement."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sartor.cost import energy
from sartor.cost.energy import Estimate, energy_of, estimate_energy
from sartor.errors import OptionError
from sartor.graph import Effect, Graph, Operation, Products, Tensor
from sartor.graph.formats import read_tflite
from sartor.targets import TimedFile
from sartor.targets.simulated import Array, energy_table, simulate
from sartor_agent.energy import Energy, NotAvailable, PerCall

FILE = TimedFile(Path("it.onnx"), "onnxruntime", "fp32")
BLIND = NotAvailable((("rapl", "no counter."),))


def layer(number: int, bits: int, effect: Effect = Effect.PRODUCTS) -> Operation:
    """A 1x1 convolution of 4 channels on 10 pixels."""
    products = Products(1, 10, 4, 4) if effect is Effect.PRODUCTS else None
    weight = (Tensor(f"w{number}", (4, 4, 1, 1), bits),) if products else ()
    kind = {Effect.PRODUCTS: "Conv", Effect.UNKNOWN: "Frobnicate"}.get(effect, "Other")
    name = f"{kind}{number}"
    return Operation(name, kind, (f"t{number}",), (f"t{number + 1}",), effect, products, weight)


def chain(effects: list[Effect], bits: int = 32) -> Graph:
    operations = tuple(layer(number, bits, it) for number, it in enumerate(effects))
    tensors = {f"t{i}": Tensor(f"t{i}", (1, 4, 10, 1), bits) for i in range(len(effects) + 1)}
    return Graph(operations, tensors, ("t0",), (f"t{len(effects)}",))


def estimated(found: Estimate | NotAvailable) -> Estimate:
    assert isinstance(found, Estimate)
    return found


@pytest.mark.parametrize(("bits", "mac_pj"), [(8, 0.3), (16, 1.5), (32, 4.6)])
def test_a_convolution_takes_what_the_table_says(bits: int, mac_pj: float) -> None:
    found = estimated(estimate_energy(chain([Effect.PRODUCTS], bits)))
    moved = (40 + 16 + 40) * bits // 8
    assert (found.macs, found.moved_bytes) == (160, moved)
    assert found.mac_joules == pytest.approx(160 * mac_pj * 1e-12)
    assert found.joules == pytest.approx((160 * mac_pj + moved * 243.75) * 1e-12)
    assert found.low_joules == pytest.approx((160 * mac_pj + moved * 2.5) * 1e-12)


def test_the_array_that_loads_everything_once_takes_the_same() -> None:
    graph = chain([Effect.PRODUCTS] * 3, 8)
    simulated = simulate(graph, Array(item_bits=8))
    on_chip = sum(it.sram_bytes for it in simulated.layers) * energy_table().sram_pj_per_byte
    found = estimated(estimate_energy(graph))
    assert found.joules == pytest.approx(simulated.energy_mj / 1e3 - on_chip / 1e12)


@given(st.lists(st.sampled_from([Effect.PRODUCTS, Effect.ELEMENTWISE]), min_size=2, max_size=9))
def test_operations_add_up(effects: list[Effect]) -> None:
    whole = estimated(estimate_energy(chain(effects)))
    parts = [estimated(estimate_energy(chain([it]))) for it in effects]
    assert whole.joules == pytest.approx(sum(it.joules for it in parts))
    assert whole.macs == sum(it.macs for it in parts)
    assert whole.low_joules < whole.joules


def test_a_view_takes_nothing() -> None:
    with_view = estimated(estimate_energy(chain([Effect.PRODUCTS, Effect.VIEW])))
    without = estimated(estimate_energy(chain([Effect.PRODUCTS])))
    assert with_view.joules == without.joules


def test_narrower_numbers_take_less() -> None:
    graph = chain([Effect.PRODUCTS, Effect.LIGHT])
    by_bits = [estimated(estimate_energy(graph, bits)).joules for bits in (8, 16, 32)]
    assert by_bits == sorted(by_bits)
    assert by_bits[-1] == estimated(estimate_energy(graph)).joules
    assert by_bits[0] == pytest.approx(
        estimated(estimate_energy(chain([Effect.PRODUCTS, Effect.LIGHT], 8))).joules
    )


def test_numbers_between_two_widths_take_what_the_wider_takes() -> None:
    assert estimated(estimate_energy(chain([Effect.PRODUCTS], 4))).mac_joules == pytest.approx(
        160 * 0.3e-12
    )


def test_what_is_not_known_is_named_and_never_zero() -> None:
    found = estimated(estimate_energy(chain([Effect.PRODUCTS, Effect.UNKNOWN])))
    assert found.unknown == ("Frobnicate",)
    assert "Not known, and in no sum: Frobnicate." in str(found)
    too_wide = estimated(estimate_energy(chain([Effect.PRODUCTS], 64)))
    assert too_wide.unknown == ("Conv",)
    assert too_wide.macs == 0


@pytest.mark.parametrize("effects", [[], [Effect.VIEW], [Effect.UNKNOWN, Effect.VIEW]])
def test_a_network_of_which_nothing_is_known_has_no_estimate(effects: list[Effect]) -> None:
    found = estimate_energy(chain(effects))
    assert isinstance(found, NotAvailable)
    assert "it knows no operation of the network" in str(found)


def test_an_estimate_says_that_it_is_one_by_which_table_and_what_it_leaves_out() -> None:
    found = estimated(estimate_energy(chain([Effect.PRODUCTS])))
    assert (found.provider, found.measured) == ("model", False)
    assert str(found).startswith("estimated, not measured: ")
    assert "table 1 of Horowitz 2014" in str(found)
    assert "idle power" in str(found)


def test_a_width_that_the_table_lacks_is_refused() -> None:
    with pytest.raises(OptionError, match="item_bits is 12; allowed: 8, 16, 32"):
        estimate_energy(chain([Effect.PRODUCTS]), 12)


def answers(monkeypatch: pytest.MonkeyPatch, found: Energy | NotAvailable) -> None:
    monkeypatch.setattr(energy, "measure_energy", lambda *_: found)


def test_a_measurement_goes_before_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    one = PerCall(2.0, 1.9, 2.1, (2.0,))
    measured = Energy(one, one, 5.0, 10, 1.0, "rapl", ("package-0",))
    answers(monkeypatch, measured)
    assert energy_of(FILE, chain([Effect.PRODUCTS]), estimate=True) is measured


def test_the_model_answers_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, BLIND)
    graph = chain([Effect.PRODUCTS])
    found = energy_of(FILE, graph)
    assert isinstance(found, NotAvailable)
    assert [name for name, _ in found.reasons] == ["rapl", "model"]
    assert "it was not asked for" in str(found)
    assert energy_of(FILE, graph, estimate=True) == estimate_energy(graph)


def test_where_the_model_knows_nothing_either_everyone_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers(monkeypatch, BLIND)
    found = energy_of(FILE, chain([Effect.UNKNOWN]), estimate=True)
    assert isinstance(found, NotAvailable)
    assert found.reasons[0] == BLIND.reasons[0]
    assert "Frobnicate" in found.reasons[1][1]


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "macs"), [("pretrainedResnet_quant", 12_501_632), ("kws_ref_model", 2_656_768)]
)
def test_published_networks_are_counted_whole(measuring_data: Path, name: str, macs: int) -> None:
    pytest.importorskip("ai_edge_litert", reason="the extra litert is not installed")
    graph = read_tflite(measuring_data / "mlperf_tiny" / f"{name}.tflite")
    found = estimated(estimate_energy(graph))
    assert found.macs == graph.macs == macs
    assert found.unknown == ()
    assert found.low_joules < found.joules
