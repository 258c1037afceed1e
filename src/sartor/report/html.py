"""Small pieces of HTML, with everything that comes from outside escaped."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from sartor.units import show


def tag(name: str, *content: str, **attributes: object) -> str:
    """Build an element. Contents are HTML; attributes are escaped, and `_` in a name is `-`."""
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
    )
    return f"<{name}{pairs}>{''.join(content)}</{name}>"


def text(value: object) -> str:
    """Escape a value."""
    return escape(str(value))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Build a table that scrolls sideways; cells are HTML."""
    top = tag("tr", *(tag("th", text(it)) for it in head))
    body = "".join(tag("tr", *(tag("td", cell) for cell in row)) for row in rows)
    return tag("div", tag("table", tag("thead", top), tag("tbody", body)), class_="wide")


def number(metric: str, measured: Mapping[str, Any] | None) -> str:
    """Write a measurement with its unit, interval and provenance mark."""
    if measured is None:
        return tag("span", "not known", class_="none")
    value = text(show(metric, measured["value"]))
    low, high = measured.get("low"), measured.get("high")
    span = ""
    if low is not None and high is not None:
        span = tag("small", f" {text(show(metric, low))} to {text(show(metric, high))}")
    return value + mark(measured["provenance"]) + span


def mark(provenance: str) -> str:
    """Return the mark of a provenance."""
    return tag("sup", text(provenance[0].upper()), class_=f"mark {provenance}", title=provenance)
