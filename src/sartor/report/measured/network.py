"""One network: its pictures and its operations."""

from collections.abc import Iterator

from sartor.report.markup import Markup, element
from sartor.report.measured.operators import mending, operators
from sartor.report.measurement import MeasuredNetwork, MemoryData, Operator, RooflineData
from sartor.report.pictures import gap, memory, roofline, waterline
from sartor.report.pictures.kinds import key, percent, styles


def network(it: MeasuredNetwork) -> Markup:
    """Return the section of a network."""
    executed = it["operators"]
    return element(
        "section",
        element("h2", it["name"]),
        element("p", f"{it['runtime']}, {it['precision']}", class_="asked"),
        *(_where_time_goes(it, executed) if executed else _silent(it)),
        *_memory(it.get("memory")),
    )


def _silent(it: MeasuredNetwork) -> Iterator[Markup]:
    yield element("p", f"{it['runtime']} does not tell the time of its operations.")


def _where_time_goes(it: MeasuredNetwork, executed: list[Operator]) -> Iterator[Markup]:
    uncounted = it.get("uncounted") or []
    if uncounted:
        yield element(
            "div",
            element("h2", "Not counted"),
            element("p", f"The work of these operations is not known: {', '.join(uncounted)}."),
            class_="warnings",
        )
    if it["roofline"] is not None and sum(one["milliseconds"] for one in executed) > 0:
        yield from _pictures(executed, it["roofline"])
    yield element("h3", "What was executed")
    yield operators(executed)


def _pictures(executed: list[Operator], roofs: RooflineData) -> Iterator[Markup]:
    idle = sum(one["share"] for one in executed if not one["macs"])
    yield element("h3", "Efficiency gap")
    yield element(
        "p",
        element("span", element("i", class_="swatch spent"), "time spent"),
        element("span", element("i", class_="swatch roofed"), "at the roof: what computing and "
                "moving bytes allow"),
        element("span", element("i", class_="swatch peak"), "at the peak: multiply-adds alone"),
        class_="legend",
    )  # fmt: skip
    yield _scrolling(gap(executed))
    yield mending(executed)
    yield element("h3", "Roofline")
    yield element(
        "p",
        f"The roofs were measured in {roofs['runtime']} with {_threads(roofs['threads'])}. Areas "
        f"are shares of the time. Operations without multiply-adds, {percent(idle, 0)} of the "
        "time, have no place here.",
        class_="note",
    )
    yield key(styles(executed))
    yield _scrolling(roofline(executed, roofs))
    yield element("h3", "Waterline")
    yield element(
        "p",
        "Each operation is as wide as its time and as high as its share of the peak. The thin "
        "line is what the roofs allow; the dashed one is the network as a whole.",
        class_="note",
    )
    yield _scrolling(waterline(executed))


def _memory(plan: MemoryData | None) -> Iterator[Markup]:
    if plan is None or not plan["operations"]:
        return
    yield element("h3", "Memory")
    yield element(
        "p",
        "Bytes of the tensors that flow, planned from the file; weights and what an operation "
        "needs for itself are not among them.",
        class_="note",
    )
    yield _scrolling(memory(plan))


def _scrolling(picture: Markup) -> Markup:
    return element("div", picture, class_="scroll")


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"
