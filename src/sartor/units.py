"""Measurements and limits: numbers that know their unit and where they come from."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, SupportsFloat

from sartor.errors import LimitError, OptionError, did_you_mean

Provenance = Literal["counted", "predicted", "proxy", "verified"]
Direction = Literal["max", "min"]
"""A limit of direction "max" is an upper bound, one of "min" a lower bound."""

TIME_MS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3, "min": 6e4}
BYTES = {
    "B": 1.0,
    "kB": 1e3,
    "KB": 1e3,
    "MB": 1e6,
    "GB": 1e9,
    "KiB": 2.0**10,
    "MiB": 2.0**20,
    "GiB": 2.0**30,
}
COUNT = {"": 1.0, "K": 1e3, "k": 1e3, "M": 1e6, "G": 1e9}
SHARE = {"": 1.0, "%": 0.01}


@dataclass(frozen=True, slots=True)
class Metric:
    """Something that can be measured of a network, and the words a user has for it."""

    name: str
    """Name with its unit, as in a study and in `summary.json`: `latency_ms`."""
    word: str
    """What a user types in a limit: `latency`."""
    units: Mapping[str, float]
    """Accepted units and their factors to the unit of `name`."""
    unit: str
    """Unit in which it is shown."""
    bound: Direction
    """What `=` means in a limit: an upper ("max") or a lower ("min") bound."""
    example: str


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("latency_ms", "latency", TIME_MS, "ms", "max", "5ms"),
        Metric("size_bytes", "size", BYTES, "MB", "max", "2MB"),
        Metric("peak_bytes", "memory", BYTES, "MB", "max", "64MB"),
        Metric("accuracy", "accuracy", SHARE, "%", "min", "90%"),
        Metric("macs", "macs", COUNT, "M", "max", "10M"),
        Metric("params", "params", COUNT, "M", "max", "1M"),
    )
}
_BY_WORD = {metric.word: metric for metric in METRICS.values()} | METRICS


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number with its interval and its provenance; the unit is that of the metric's name."""

    value: float
    provenance: Provenance
    low: float | None = None
    """Lower end of the 95 % interval, or None where none was determined."""
    high: float | None = None

    def to_json(self) -> dict[str, float | str | None]:
        """Return plain data for `summary.json` and cards."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "provenance": self.provenance,
        }


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound on a metric that every delivered design keeps."""

    metric: str
    bound: float
    direction: Direction

    def __post_init__(self) -> None:
        if not math.isfinite(self.bound) or self.bound <= 0:
            raise OptionError(f"limit on {self.word} is {self.bound}; allowed: a number above 0.")
        if self.metric == "accuracy" and self.bound > 1:
            raise OptionError(
                f"limit on accuracy is {self.bound:g}; allowed: a share above 0 and up to 1, "
                f"or a percentage, for example accuracy={METRICS['accuracy'].example}."
            )

    @property
    def word(self) -> str:
        """What a user calls the metric."""
        known = METRICS.get(self.metric)
        return self.metric if known is None else known.word

    def excess(self, value: float) -> float:
        """Return by which share of the bound `value` misses the limit; 0 or less is kept."""
        over = value - self.bound if self.direction == "max" else self.bound - value
        return over / self.bound

    def keeps(self, value: float) -> bool:
        """Tell whether `value` keeps the limit. NaN never does."""
        return self.excess(value) <= 0

    def __str__(self) -> str:
        sign = "<=" if self.direction == "max" else ">="
        return f"{self.word} {sign} {show(self.metric, self.bound)}"


@dataclass(frozen=True, slots=True)
class RelativeLimit:
    """A bound that is a multiple of what is measured of some network."""

    metric: str
    factor: float
    direction: Direction

    def of(self, measured: Mapping[str, float]) -> Limit:
        """Return the limit for a network of which so much was measured, by metric."""
        return Limit(self.metric, self.factor * measured[self.metric], self.direction)

    def __str__(self) -> str:
        sign = "<=" if self.direction == "max" else ">="
        return f"{METRICS[self.metric].word} {sign} {self.factor:g}x"


NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


def parse_limit(text: str, relative_to: Mapping[str, float] | None = None) -> Limit:
    """Read a limit as a user types it.

    Args:
        text: `latency=5ms`, `size<=2MB`, `accuracy>=90%`, `latency=0.5x`. `=` is the bound that
            makes sense for the metric: upper for costs, lower for accuracy.
        relative_to: What `x` multiplies, by metric.

    Raises:
        OptionError: The text is no limit, or its metric or unit is unknown.

    Example:
        >>> parse_limit("latency=500us")
        Limit(metric='latency_ms', bound=0.5, direction='max')
    """
    match = re.fullmatch(r"\s*([A-Za-z_]+)\s*(<=|>=|=)\s*(.+?)\s*", text)
    if match is None:
        raise OptionError(
            f"limit {text!r} is not understood; write NAME=VALUE, for example latency=5ms."
        )
    word, sign, amount = match.groups()
    if word not in _BY_WORD:
        raise _unknown_metric(word)
    metric = _BY_WORD[word]
    direction: Direction = {"=": metric.bound, "<=": "max", ">=": "min"}[sign]
    return Limit(metric.name, parse_quantity(amount, metric, relative_to), direction)


def parse_quantity(
    text: str, metric: Metric, relative_to: Mapping[str, float] | None = None
) -> float:
    """Read `text`, such as "5ms" or "0.5x", in the unit of `metric`.

    Raises:
        OptionError: There is no number in front, or the unit does not belong to the metric.
    """
    match = re.fullmatch(rf"\s*({NUMBER})\s*(\D*?)\s*", text)
    if match is None:
        raise OptionError(
            f"{metric.word} {text!r} is not understood; write a number and a unit, "
            f"for example {metric.example}."
        )
    number, unit = match.groups()
    if unit == "x":
        if metric.name not in (relative_to or {}):
            raise OptionError(
                f"{metric.word} {text!r} is relative, but there is no network to relate it to; "
                f"give an absolute value, for example {metric.example}."
            )
        assert relative_to is not None
        return float(number) * relative_to[metric.name]
    if unit not in metric.units:
        known = ", ".join(name for name in metric.units if name) or "none"
        raise OptionError(
            f"unknown unit {unit!r} in {metric.word} {text!r}; known: {known}. "
            f"For example {metric.word}={metric.example}."
        )
    return float(number) * metric.units[unit]


def read_limits(
    given: str | Limit | Iterable[str | Limit] | Mapping[str, float | str] | None,
    *,
    relative_to: Mapping[str, float] | None = None,
    known: bool = True,
) -> tuple[Limit, ...]:
    """Bring limits in any accepted form to a sorted tuple and refuse contradictions.

    Args:
        given: Texts (`"latency=5ms"`), limits, or a mapping from metric to a bound, in the unit of
            the metric's name if it has none (`{"latency_ms": 5, "accuracy": ">=0.9"}`). One text
            or limit may stand alone. Of several bounds on one side of a metric the tightest holds.
        relative_to: What `x` multiplies ("0.5x"), by metric.
        known: Only metrics that Sartor knows; else others may be named in a mapping, where `<=` or
            `>=` tells which side is bounded (`{"energy_mj": "<=5"}`).

    Raises:
        OptionError: A limit is not understood.
        LimitError: A lower bound stands above an upper bound of the same metric.
    """
    if given is None:
        return ()
    if isinstance(given, str | Limit):
        given = (given,)
    if isinstance(given, Mapping):
        limits = [
            _named(name, bound, relative_to)
            if known or name in _BY_WORD
            else _foreign(name, bound, relative_to)
            for name, bound in given.items()
        ]
    else:
        limits = [it if isinstance(it, Limit) else parse_limit(it, relative_to) for it in given]
    for limit in limits:
        if known and limit.metric not in METRICS:
            raise _unknown_metric(limit.metric)
    tightest: dict[tuple[str, Direction], Limit] = {}
    for limit in limits:
        key = (limit.metric, limit.direction)
        held = tightest.get(key)
        if held is None or held.excess(limit.bound) <= 0:
            tightest[key] = limit
    for (metric, direction), limit in tightest.items():
        other = tightest.get((metric, "min"))
        if direction == "max" and other is not None and other.bound > limit.bound:
            raise LimitError(
                f"the limits {other} and {limit} exclude one another; give up one of them."
            )
    return tuple(tightest[key] for key in sorted(tightest))


def divide_limits(
    given: str | Limit | Iterable[str | Limit] | Mapping[str, float | str] | None,
) -> tuple[tuple[Limit, ...], tuple[RelativeLimit, ...]]:
    """Read limits of which some are multiples of what is not measured yet ("latency=0.5x").

    Args:
        given: As for `read_limits`.

    Raises:
        OptionError: A limit is not understood.
        LimitError: A lower bound stands above an upper bound of the same metric.

    Example:
        >>> [str(it) for it in divide_limits(["latency=0.5x", "size=2MB"])[1]]
        ['latency <= 0.5x']
    """
    if isinstance(given, Mapping):
        fixed: Any = {name: it for name, it in given.items() if not _is_multiple(it)}
        multiples: Any = {name: it for name, it in given.items() if _is_multiple(it)}
    else:
        listed = [given] if isinstance(given, str | Limit) else list(given or ())
        fixed = [it for it in listed if not _is_multiple(it)]
        multiples = [it for it in listed if _is_multiple(it)]
    factors = read_limits(multiples, relative_to=dict.fromkeys(METRICS, 1.0))
    return read_limits(fixed), tuple(
        RelativeLimit(it.metric, it.bound, it.direction) for it in factors
    )


def _is_multiple(given: object) -> bool:
    return isinstance(given, str) and re.search(rf"{NUMBER}\s*x\s*$", given) is not None


def show(metric: str, value: float) -> str:
    """Write a value with a unit that suits its size.

    Example:
        >>> show("latency_ms", 0.0561), show("size_bytes", 2.5e5), show("accuracy", 0.9312)
        ('0.0561 ms', '250 kB', '93.12 %')
    """
    if metric == "accuracy":
        return f"{100 * value:.2f} %"
    if metric == "latency_ms":
        return f"{_digits(value)} ms"
    if metric not in METRICS:
        return f"{value:.4g}"
    suffix = "B" if METRICS[metric].units is BYTES else ""
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{_digits(value / factor)} {prefix}{suffix}"
    return f"{value:.0f} {suffix}".rstrip()


def _digits(value: float) -> str:
    """Write three digits, or all before the point: 1.23e+04 is nothing for people."""
    return f"{value:.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def _named(name: str, bound: object, relative_to: Mapping[str, float] | None) -> Limit:
    """Read a bound beside the name of a metric; without a unit it is in that of the name."""
    if isinstance(bound, str) and name in _BY_WORD and name not in METRICS:
        sign = "" if re.match(r"\s*(<=|>=|=)", bound) else "="
        return parse_limit(f"{name}{sign}{bound}", relative_to)
    if name not in METRICS:
        near = did_you_mean(name, METRICS)
        raise OptionError(
            f"unknown limit {name!r}; beside a number it is one of {', '.join(METRICS)}.{near}"
        )
    metric = METRICS[name]
    if isinstance(bound, str):
        text = bound.strip()
        directions: dict[str, Direction] = {"<=": "max", ">=": "min"}
        direction = directions.get(text[:2], metric.bound)
        amount = text[2:].strip() if text[:2] in directions else text.removeprefix("=").strip()
        bare = re.fullmatch(NUMBER, amount)
        value = float(amount) if bare else parse_quantity(amount, metric, relative_to)
        return Limit(name, value, direction)
    if not isinstance(bound, SupportsFloat):
        raise OptionError(
            f"the limit {name} is {bound!r}; allowed: a number, or a text such as "
            f"'<={metric.example}'."
        )
    return Limit(name, float(bound), metric.bound)


def _foreign(name: str, bound: object, relative_to: Mapping[str, float] | None) -> Limit:
    """Read a bound on a metric that only the user knows."""
    text = bound if isinstance(bound, str) else ""
    match = re.fullmatch(rf"\s*(<=|>=)\s*({NUMBER})\s*(x?)\s*", text)
    base = 1.0 if match is None or not match[3] else (relative_to or {}).get(name)
    if match is None or base is None:
        raise OptionError(
            f"the limit on {name} is {bound!r}; allowed: '<=' or '>=' and a number, such as "
            f"'<=5'{_or_relative(name, relative_to)}.{did_you_mean(name, METRICS)}"
        )
    return Limit(name, base * float(match[2]), "max" if match[1] == "<=" else "min")


def _or_relative(name: str, relative_to: Mapping[str, float] | None) -> str:
    return ", or with an x, such as '<=0.5x'" if name in (relative_to or {}) else ""


def _unknown_metric(given: str) -> OptionError:
    words = [metric.word for metric in METRICS.values()]
    return OptionError(
        f"unknown limit {given!r}; known: {', '.join(words)}.{did_you_mean(given, _BY_WORD)}"
    )
