"""Measurements and limits as a user types them."""

import contextlib
from random import Random
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sartor.errors import LimitError, OptionError
from sartor.units import (
    METRICS,
    Direction,
    Limit,
    Measurement,
    Metric,
    divide_limits,
    parse_limit,
    parse_quantity,
    read_limits,
    show,
)


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


# What one of each unit is, from the definitions of the units, in the unit of the metric's name.
ONE = {
    "latency": {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3, "min": 6e4},
    "size": {"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9}
    | {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3},
    "macs": {"": 1, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9},
    "accuracy": {"": 1, "%": 0.01},
}
ONE |= {"memory": ONE["size"], "params": ONE["macs"]}


@given(st.data(), st.floats(1e-3, 1e6))
def test_every_unit_is_read_as_it_is_defined(data: st.DataObject, number: float) -> None:
    metric = data.draw(st.sampled_from(sorted(METRICS.values(), key=lambda it: it.name)))
    unit = data.draw(st.sampled_from(sorted(metric.units)))
    space = data.draw(st.sampled_from(["", " "]))
    assert metric.units.keys() == ONE[metric.word].keys()
    read = parse_quantity(f"{number!r}{space}{unit}", metric)
    assert read == pytest.approx(number * ONE[metric.word][unit])


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.word)
def test_the_example_of_a_metric_is_a_limit(metric: Metric) -> None:
    limit = parse_limit(f"{metric.word}={metric.example}")
    assert (limit.metric, limit.direction) == (metric.name, metric.bound)


@given(st.text(max_size=30))
def test_any_text_is_a_limit_or_gets_a_sentence(text: str) -> None:
    with contextlib.suppress(OptionError):
        assert parse_limit(text).bound > 0


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
        ("latency=5parsec", "unknown unit 'parsec'"),
        ("latency=5 ms ms", "unknown unit 'ms ms'"),
        ("latency=5MS", "unknown unit 'MS'"),
        ("latency==5ms", "not understood"),
        ("latency=5 2ms", "not understood"),
        ("latency= ", "not understood"),
        ("latency=inf ms", "not understood"),
        ("latency=1e400ms", "latency is inf; allowed"),
        ("latency=1e-400ms", "allowed: a number above 0"),
        ("size=0B", "allowed: a number above 0"),
        ("accuracy=90", "accuracy is 90; allowed: .* for example accuracy=90%"),
        ("accuracy=101%", "accuracy is 1.01; allowed"),
        ("macs=10MB", "unknown unit 'MB'.*known: K, k, M, G"),
        ("", "write NAME=VALUE"),
    ],
)
def test_nonsense_gets_a_sentence(text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        parse_limit(text)


def test_the_tightest_of_several_bounds_holds() -> None:
    limits = read_limits(["latency=5ms", "latency=3ms", "latency=4ms"])
    assert limits == (Limit("latency_ms", 3.0, "max"),)


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=5), st.randoms())
def test_the_order_of_limits_does_not_matter(bounds: list[float], random: Random) -> None:
    upper = [Limit("latency_ms", bound, "max") for bound in bounds]
    lower = [Limit("size_bytes", bound, "min") for bound in bounds]
    mixed = [*upper, *lower]
    random.shuffle(mixed)
    assert read_limits(mixed) == (
        Limit("latency_ms", min(bounds), "max"),
        Limit("size_bytes", max(bounds), "min"),
    )


def test_bounds_that_meet_in_one_value_are_no_contradiction() -> None:
    assert len(read_limits(["latency<=5ms", "latency>=5ms"])) == 2


def test_one_text_is_one_limit() -> None:
    assert read_limits("latency=5ms") == read_limits(["latency=5ms"])
    assert read_limits(Limit("latency_ms", 5.0, "max")) == read_limits(["latency=5ms"])
    assert read_limits(None) == read_limits([]) == ()


def test_bounds_that_exclude_one_another_are_refused() -> None:
    with pytest.raises(LimitError, match="latency >= 10 ms and latency <= 5 ms exclude"):
        read_limits(["latency<=5ms", "latency>=10ms"])


def test_limits_are_also_numbers_by_metric() -> None:
    assert read_limits({"latency_ms": 5}) == (Limit("latency_ms", 5.0, "max"),)
    with pytest.raises(OptionError, match="unknown limit 'latency_s'"):
        read_limits({"latency_s": 5})
    with pytest.raises(OptionError, match=r"unknown limit 'latency'.*Did you mean 'latency_ms'"):
        read_limits({"latency": 5})
    with pytest.raises(OptionError, match=r"latency_ms is \[5\]; allowed: a number, or a text"):
        read_limits({"latency_ms": [5]})


def test_a_bound_beside_a_name_may_be_a_text() -> None:
    expected = (Limit("latency_ms", 5.0, "max"),)
    for bound in ("5", "<=5", "=5", "5ms", "<= 5 ms", "5000us"):
        assert read_limits({"latency_ms": bound}) == expected
    assert read_limits({"latency_ms": ">=5"}) == (Limit("latency_ms", 5.0, "min"),)
    assert read_limits({"latency": "<=5ms"}) == expected
    with pytest.raises(OptionError, match="not understood"):
        read_limits({"latency_ms": "<=--5"})


@given(
    metric=st.sampled_from(sorted(METRICS)),
    bound=st.floats(1e-3, 1) | st.floats(1, 1e9),
    direction=st.sampled_from(get_args(Direction)),
    value=st.floats(0, 1e10),
)
def test_a_limit_is_kept_exactly_where_nothing_is_in_excess(
    metric: str, bound: float, direction: Direction, value: float
) -> None:
    assume(metric != "accuracy" or bound <= 1)
    limit = Limit(metric, bound, direction)
    assert limit.keeps(value) == (value <= bound if direction == "max" else value >= bound)
    assert not limit.keeps(float("nan"))


@given(st.floats(1e-6, 1e12))
def test_what_is_shown_is_near_what_is_meant(value: float) -> None:
    shown = show("size_bytes", value)
    number, unit = shown.split()
    assert "e" not in number
    factor = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]
    assert float(number) * factor == pytest.approx(value, rel=0.01, abs=0.5)


@given(st.floats(1e-3, 1e7))
def test_a_time_is_shown_with_three_digits_and_no_exponent(latency_ms: float) -> None:
    number, unit = show("latency_ms", latency_ms).split()
    assert unit == "ms"
    assert "e" not in number
    assert float(number) == pytest.approx(latency_ms, rel=0.006)


def test_a_measurement_never_loses_its_provenance() -> None:
    assert Measurement(0.9, "proxy").to_json() == {
        "value": 0.9,
        "low": None,
        "high": None,
        "provenance": "proxy",
    }


def test_a_relative_limit_multiplies_what_it_relates_to() -> None:
    of = {"latency_ms": 12.0, "energy_mj": 8.0}
    assert read_limits("latency=0.5x", relative_to=of) == (Limit("latency_ms", 6.0, "max"),)
    assert read_limits({"latency_ms": "<=2x"}, relative_to=of) == (
        Limit("latency_ms", 24.0, "max"),
    )
    assert read_limits({"latency": ">=0.25x"}, relative_to=of) == (Limit("latency_ms", 3.0, "min"),)
    assert read_limits({"energy_mj": "<= 0.5x"}, relative_to=of, known=False) == (
        Limit("energy_mj", 4.0, "max"),
    )
    with pytest.raises(OptionError, match=r"size '0\.5x' is relative, but there is no network"):
        read_limits("size=0.5x", relative_to=of)


def test_a_limit_on_a_metric_of_ones_own_says_which_side_it_bounds() -> None:
    assert read_limits({"psnr_db": ">=31.5", "latency_ms": 5}, known=False) == (
        Limit("latency_ms", 5.0, "max"),
        Limit("psnr_db", 31.5, "min"),
    )
    assert str(Limit("psnr_db", 31.5, "min")) == "psnr_db >= 31.5"
    for wrong in (5, "5", "=5", "<=5x", "<=five", None):
        with pytest.raises(OptionError, match=r"the limit on psnr_db is .*; allowed: '<=' or '>='"):
            read_limits({"psnr_db": wrong}, known=False)
    with pytest.raises(OptionError, match="Did you mean 'latency_ms'"):
        read_limits({"latncy_ms": 5}, known=False)
    with pytest.raises(OptionError, match="unknown limit 'psnr_db'"):
        read_limits({"psnr_db": ">=31.5"})
    with pytest.raises(OptionError, match="unknown limit 'psnr_db'"):
        read_limits(Limit("psnr_db", 31.5, "min"))
    assert len(read_limits(Limit("psnr_db", 31.5, "min"), known=False)) == 1


def test_limits_in_multiples_are_told_from_those_in_units() -> None:
    fixed, relative = divide_limits(["latency=0.5x", "size=2MB", " macs >= 1.5 x"])
    assert fixed == (Limit("size_bytes", 2e6, "max"),)
    assert [str(it) for it in relative] == ["latency <= 0.5x", "macs >= 1.5x"]
    measured = {"latency_ms": 3.0, "macs": 2e6}
    assert [it.of(measured) for it in relative] == [
        Limit("latency_ms", 1.5, "max"),
        Limit("macs", 3e6, "min"),
    ]
    assert divide_limits({"latency": "0.5x", "size_bytes": 2e6}) == (fixed, relative[:1])
    assert divide_limits("latency=0.5x") == ((), relative[:1])
    assert divide_limits(None) == ((), ())
    with pytest.raises(OptionError, match="unknown limit 'speed'"):
        divide_limits(["speed=2x"])
    with pytest.raises(OptionError, match=r"latency is 0\.0; allowed: a number above 0"):
        divide_limits(["latency=0x"])
