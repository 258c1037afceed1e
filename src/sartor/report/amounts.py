"""Numbers of any metric as text, and what stands beside an axis of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sartor.units import METRICS, show

UNITS = {
    "ns": "ns", "us": "µs", "ms": "ms", "seconds": "s", "minutes": "min", "hours": "h",
    "mj": "mJ", "uj": "µJ", "joules": "J", "mw": "mW", "watts": "W", "percent": "%",
}  # fmt: skip
"""What the end of a metric's name says of its unit, for metrics that the user named."""


def amount(metric: str, value: float) -> str:
    """Write a value with the unit of its metric; of an unknown metric as its name ends.

    Example:
        >>> amount("latency_ms", 0.21), amount("energy_mj", 3.14159), amount("loss", 0.25)
        ('0.21 ms', '3.142 mJ', '0.25')
    """
    if metric in METRICS:
        return show(metric, value)
    return f"{value:.4g} {_unit(metric)}".rstrip()


def difference(metric: str, value: float) -> str:
    """Write by how much two values differ; of shares in points, since a share of a share is less.

    Example:
        >>> difference("accuracy", 0.004), difference("latency_ms", 0.21)
        ('0.40 points', '0.21 ms')
    """
    return f"{100 * value:.2f} points" if metric == "accuracy" else amount(metric, value)


def word(metric: str) -> str:
    """Name a metric without its unit.

    Example:
        >>> word("latency_ms"), word("energy_mj"), word("top5_error")
        ('latency', 'energy', 'top5 error')
    """
    if metric in METRICS:
        return METRICS[metric].word
    name = metric.removesuffix(f"_{metric.rpartition('_')[2]}") if _unit(metric) else metric
    return name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Ruler:
    """What is written beside an axis of a metric."""

    title: str
    text: Callable[[float], str]
    """Writes a tick."""


def ruler(metric: str, values: Sequence[float]) -> Ruler:
    """Choose a unit for an axis that holds all values.

    Example:
        >>> it = ruler("size_bytes", [2e6, 9e6])
        >>> it.title, it.text(5e6)
        ('size, MB', '5')
    """
    unit, factor = _unit(metric), 1.0
    if metric == "accuracy":
        unit, factor = "%", 0.01
    elif metric in METRICS and metric != "latency_ms":
        largest = max(map(abs, values), default=0.0)
        scales = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
        factor, prefix = next((it for it in scales if largest >= it[0]), scales[-1])
        unit = prefix + ("B" if metric.endswith("_bytes") else "")
    name = word(metric)
    return Ruler(f"{name}, {unit}" if unit else name, lambda value: f"{value / factor:g}")


def _unit(metric: str) -> str:
    if metric == "latency_ms":
        return "ms"
    start, _, end = metric.rpartition("_")
    return UNITS.get(end, "") if start else ""
