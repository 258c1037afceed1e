"""Measurements and limits as a user types them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sartor.errors import LimitError, OptionError, SartorError, UnknownNameError
from sartor.registry import Registry
from sartor.units import METRICS, Limit, parse_limit, read_limits, show


@pytest.mark.parametrize(
    ("text", "metric", "bound", "direction"),
    [
        ("latency=5ms", "latency_ms", 5.0, "max"),
        ("latency<=500us", "latency_ms", 0.5, "max"),
        (" latency = 0.002 s ", "latency_ms", 2.0, "max"),
        ("size=2MB", "size_bytes", 2e6, "max"),
        ("size=1MiB", "size_bytes", 2.0**20, "max"),
        ("memory<=64MB", "peak_bytes", 64e6, "max"),
        ("accuracy=90%", "accuracy", 0.9, "min"),
        ("accuracy>=0.9", "accuracy", 0.9, "min"),
        ("macs=10M", "macs", 1e7, "max"),
        ("params<=1e5", "params", 1e5, "max"),
        ("latency_ms=5ms", "latency_ms", 5.0, "max"),
    ],
)
def test_a_limit_is_read(text: str, metric: str, bound: float, direction: str) -> None:
    limit = parse_limit(text)
    assert (limit.metric, limit.direction) == (metric, direction)
    assert limit.bound == pytest.approx(bound)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("latency=5 lightyears", "unknown unit 'lightyears'.*known: ns, us"),
        ("latency=5", "unknown unit ''"),
        ("latency=fast", "not understood"),
        ("latency", "write NAME=VALUE"),
        ("latnecy=5ms", "Did you mean 'latency'"),
        ("latency=0.5x", "relative"),
        ("latency=-5ms", "allowed: a number above 0"),
        ("latency=nan ms", "not understood"),
        ("size=2ms", "unknown unit 'ms'"),
    ],
)
def test_nonsense_gets_a_sentence(text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        parse_limit(text)


def test_the_tightest_of_several_bounds_holds() -> None:
    limits = read_limits(["latency=5ms", "latency=3ms", "latency=4ms"])
    assert limits == (Limit("latency_ms", 3.0, "max"),)


def test_bounds_that_exclude_one_another_are_refused() -> None:
    with pytest.raises(LimitError, match="latency >= 10 ms and latency <= 5 ms exclude"):
        read_limits(["latency<=5ms", "latency>=10ms"])


def test_limits_are_also_numbers_by_metric() -> None:
    assert read_limits({"latency_ms": 5}) == (Limit("latency_ms", 5.0, "max"),)
    with pytest.raises(OptionError, match="unknown limit 'latency_s'"):
        read_limits({"latency_s": 5})


@given(
    metric=st.sampled_from(sorted(METRICS)),
    bound=st.floats(1e-3, 1e9),
    direction=st.sampled_from(["max", "min"]),
    value=st.floats(0, 1e10),
)
def test_a_limit_is_kept_exactly_where_nothing_is_in_excess(
    metric: str, bound: float, direction: str, value: float
) -> None:
    limit = Limit(metric, bound, direction)  # type: ignore[arg-type]
    assert limit.keeps(value) == (value <= bound if direction == "max" else value >= bound)
    assert not limit.keeps(float("nan"))


@given(st.floats(1e-6, 1e12))
def test_what_is_shown_is_near_what_is_meant(value: float) -> None:
    shown = show("size_bytes", value)
    number, unit = shown.split()
    factor = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]
    assert float(number) * factor == pytest.approx(value, rel=0.01, abs=0.5)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    things: Registry[int] = Registry("thing")
    things.register("onnxruntime", "One.")(1)
    with pytest.raises(UnknownNameError) as caught:
        things["onnxruntim"]
    assert str(caught.value) == (
        "unknown thing 'onnxruntim'; known: onnxruntime. Did you mean 'onnxruntime'?"
    )
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, SartorError)
    with pytest.raises(ValueError, match="registered twice"):
        things.register("onnxruntime", "Another.")(2)
