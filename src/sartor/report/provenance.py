"""Numbers as the page shows them: with unit, interval and the mark of their provenance."""

from collections.abc import Mapping

from sartor.report.amounts import amount
from sartor.report.markup import Markup, element
from sartor.report.reading import Summary
from sartor.report.text import interval

MARKS: Mapping[str, tuple[str, str]] = {
    "verified": ("✓", "the exported file, run on the target or on the held-out test split"),
    "proxy": ("◐", "shared or fresh weights, evaluated on the validation split"),
    "predicted": ("◇", "by a model that was fitted on measurements"),
    "counted": ("#", "from the graph"),
}
NOTHING = "\N{EN DASH}"


def mark(provenance: str) -> Markup:
    """Return the small mark of a provenance."""
    sign, meaning = MARKS[provenance]
    return element("abbr", sign, class_=f"mark {provenance}", title=f"{provenance}: {meaning}")


def legend() -> Markup:
    """Return the explanation of all marks."""
    rows = [
        element("span", mark(name), " ", element("b", name), f" {meaning}")
        for name, (_, meaning) in MARKS.items()
    ]
    return element("p", *rows, class_="marks")


def measured(metric: str, measurement: Summary | None) -> Markup:
    """Return a measurement with its interval; a dash where there is none."""
    if measurement is None:
        return nothing()
    text = interval(metric, measurement)
    value, _, ends = text.partition(" (")
    return element(
        "span",
        element("b", value),
        " ",
        mark(measurement["provenance"]),
        element("span", ends.removesuffix(")"), class_="ends") if ends else None,
        class_="number",
    )


def plain(metric: str, value: float | None, provenance: str) -> Markup:
    """Return a number that has no interval; a dash where there is none."""
    if value is None:
        return nothing()
    return element(
        "span", element("b", amount(metric, value)), " ", mark(provenance), class_="number"
    )


def nothing() -> Markup:
    """Return what stands where there is no number."""
    return element("span", NOTHING, class_="nothing")
