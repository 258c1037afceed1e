"""Colours of kinds of operations: those that take most time have one of their own."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sartor.report.markup import Markup, element
from sartor.report.measurement import Operator

COLOURS = 5
"""Kinds with a colour of their own; others are grey."""


def ms_by_kind(operators: Sequence[Operator]) -> dict[str, float]:
    """Return the milliseconds of each kind, the longest first."""
    spent: defaultdict[str, float] = defaultdict(float)
    for it in operators:
        spent[it["kind"]] += it["milliseconds"]
    return dict(sorted(spent.items(), key=lambda it: -it[1]))


def styles(operators: Sequence[Operator]) -> dict[str, str]:
    """Return the style of each kind: `kind0` to `kind4`, or `others`."""
    return {
        kind: f"kind{place}" if place < COLOURS else "others"
        for place, kind in enumerate(ms_by_kind(operators))
    }


def key(style_of: Mapping[str, str]) -> Markup:
    """Explain the colours that occur."""
    own = [(kind, style) for kind, style in style_of.items() if style != "others"]
    if "others" in style_of.values():
        own.append(("others", "others"))
    return element(
        "p",
        *(element("span", element("i", class_=f"swatch {style}"), kind) for kind, style in own),
        class_="legend",
    )


def words(it: Operator) -> str:
    """Describe an operation in one line."""
    macs = "work not known" if it["macs"] is None else f"{it['macs'] / 1e6:.3g} M multiply-adds"
    share = "" if it["efficiency"] is None else f", {percent(it['efficiency'], 0)} of the peak"
    return (
        f"{it['name']} ({it['kind']} {it['precision']}): {it['milliseconds']:.3g} ms, "
        f"{percent(it['share'])} of the time, {macs}, {it['bytes'] / 1e6:.3g} MB{share}"
    )


def percent(share: float, digits: int = 1) -> str:
    """Write a share.

    Example:
        >>> percent(0.407), percent(0.407, 0)
        ('40.7 %', '41 %')
    """
    return f"{100 * share:.{digits}f} %"
