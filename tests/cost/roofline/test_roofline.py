"""Roofs that are measured, kept, and compared with what was executed."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sartor import targets
from sartor.cost.profile import Executed, Profile
from sartor.cost.roofline import (
    Gap,
    Kernels,
    Peak,
    Roof,
    Roofline,
    efficiency_gap,
    measure_roofline,
    roofline_of,
)
from sartor.cost.roofline.kernels import write_products
from sartor.cost.roofline.measuring import clear_roofs
from sartor.errors import DamagedFileError, MeasurementError, UnknownNameError
from sartor.graph.formats import read_onnx
from sartor.targets import Step

ROOFS = Roofline(
    "onnxruntime",
    1,
    {"fp32": Peak(50e9, "Conv"), "int8": Peak(200e9, "QLinearConv")},
    (Roof(40e9, 1_000_000, "Add"), Roof(10e9, None, "Relu")),
)


def executed(
    milliseconds: float, macs: int, moved: int, precision: str = "fp32", kind: str = "Conv"
) -> Executed:
    return Executed(Step("it", kind, precision, milliseconds), ("it",), macs, "graph", moved)


def gap(*layers: Executed) -> Gap:
    return efficiency_gap(Profile(layers, ()), ROOFS)


def test_the_time_at_the_roof_is_that_of_computing_or_of_moving() -> None:
    assert ROOFS.attainable_ms(50_000_000, 1000, "fp32") == 1.0
    assert ROOFS.attainable_ms(50_000_000, 100_000_000, "fp32") == 10.0
    assert ROOFS.attainable_ms(0, 1_000_000, "fp32") == pytest.approx(0.025)
    assert ROOFS.attainable_ms(0, 1_000_001, "anything") == pytest.approx(0.1, rel=1e-5)
    assert ROOFS.attainable_ms(5, 5, "bf16") is None


def test_efficiency_lost_time_and_waterline_follow_their_definitions() -> None:
    found = gap(
        executed(4.0, 100_000_000, 1000), executed(1.0, 0, 100, kind="Add"),
        executed(0.5, 100_000_000, 1000, "int8"),
    )  # fmt: skip
    conv, add, rounded = found.layers
    assert [it.efficiency for it in found.layers] == [0.5, 0.0, 1.0]
    assert (conv.lost_ms, conv.bound, add.bound) == (2.0, "compute", "memory")
    assert rounded.lost_ms == 0
    assert found.efficiency == pytest.approx((2.0 + 0.5) / 5.5)
    assert list(found.lost_ms_by_kind()) == ["Conv", "Add"]
    assert found.first_to_mend() == (conv, add)


@given(
    st.lists(
        st.tuples(st.floats(1e-3, 100), st.integers(0, 10**10), st.integers(1, 10**9)),
        min_size=1,
        max_size=8,
    )
)
def test_what_is_lost_is_what_was_spent_above_the_roof(
    layers: list[tuple[float, int, int]],
) -> None:
    found = gap(*(executed(*it) for it in layers))
    assert found.spent_ms == pytest.approx(sum(ms for ms, _, _ in layers))
    assert found.at_peak_ms <= found.attainable_ms * (1 + 1e-9)
    for it in found.layers:
        assert it.attainable_ms is not None
        assert it.lost_ms == max(0.0, it.spent_ms - it.attainable_ms)
        if it.attainable_efficiency is not None:
            assert it.attainable_efficiency <= 1 + 1e-9
    shares = [it["share"] for it in found.operators_json()]
    assert sum(shares) == pytest.approx(1)


def test_an_operator_that_is_not_known_is_no_zero() -> None:
    step = Step("it", "Frobnicate", "fp32", 2.0)
    found = gap(Executed(step, (), 0, "unknown", 100), executed(1.0, 5, 5, "fp8"))
    (unknown, other) = found.operators_json()
    assert unknown["macs"] is unknown["flops"] is unknown["efficiency"] is None
    assert unknown["bound"] == other["bound"] == "unknown"
    assert other["macs"] == 5
    assert other["flops"] == 10
    assert found.attainable_ms == 3.0
    json.dumps(found.operators_json(), allow_nan=False)


def test_a_roof_of_its_own_is_clearly_higher_than_the_next() -> None:
    moves = [executed(ms, 0, 10**6 * size) for ms, size in
             ((0.01, 1), (0.031, 3), (0.2, 10), (5.1, 50), (10.0, 100))]  # fmt: skip
    roofs = clear_roofs(moves)
    assert [it.most_bytes for it in roofs] == [3_000_000, 10_000_000, None]
    assert [round(it.bytes_per_second / 1e9) for it in roofs] == [100, 50, 10]


def test_kernels_have_the_work_that_they_say(tmp_path: Path) -> None:
    write_products(tmp_path / "it.onnx")
    graph = read_onnx(tmp_path / "it.onnx")
    assert graph.uncounted == ()
    assert round(graph.macs / 1e6) == 713


SHORT = Kernels(lengths=(1 << 13, 1 << 16), seconds=0)


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_roofline_is_measured_once_and_kept(runtime: str, tmp_path: Path) -> None:
    target = targets.open("cpu", threads=1)
    found = roofline_of(target, runtime, tmp_path, SHORT)
    assert {"fp32", "int8"} <= set(found.peaks)
    assert all(1e8 < it.macs_per_second < 1e14 for it in found.peaks.values())
    speeds = [it.bytes_per_second for it in found.roofs]
    assert speeds == sorted(speeds, reverse=True)
    assert found.roofs[-1].most_bytes is None
    assert roofline_of(target, runtime, tmp_path, SHORT) == found  # twice would not be equal
    (file,) = tmp_path.iterdir()
    assert target.only(runtime).id in file.name
    file.write_text("{}")
    with pytest.raises(DamagedFileError, match="roofline"):
        roofline_of(target, runtime, tmp_path)


def test_a_runtime_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"known: .*onnxruntime"):
        roofline_of(targets.open("cpu"), "onyxruntime", tmp_path)


def test_a_runtime_that_tells_nothing_has_no_roofs() -> None:
    def silent(file: Path, precision: str, calls: int) -> Sequence[Step]:  # noqa: ARG001
        return ()

    with pytest.raises(MeasurementError, match="does not tell"):
        measure_roofline("litert", 1, silent, SHORT)


@pytest.mark.parametrize(
    "change",
    [{"roofs": []}, {"peaks": 3}, {"peaks": {"fp32": {"macs_per_second": 0, "kernel": ""}}},
     {"roofs": [{"bytes_per_second": 1, "most_bytes": 5, "kernel": ""}]}, {"threads": None}],
)  # fmt: skip
def test_what_is_no_roofline_is_refused(change: dict[str, object]) -> None:
    plain = json.loads(json.dumps(ROOFS.to_json()))
    assert Roofline.from_json(plain, "it.json") == ROOFS
    with pytest.raises(DamagedFileError, match=r"it\.json is no roofline"):
        Roofline.from_json(plain | change, "it.json")
