"""Operations as tables: all of them, and those to mend first."""

from collections.abc import Sequence

from sartor.report.markup import Markup, element, join
from sartor.report.measurement import Operator
from sartor.report.pictures.kinds import percent, styles
from sartor.report.pictures.labels import cut
from sartor.report.provenance import NOTHING
from sartor.report.sections.table import table
from sartor.units import show

HEAD = (
    "operation, and what it stands for", "kind", "share of the time", "time", "at the roof",
    "multiply-adds", "FLOPs", "bytes", "efficiency",
)  # fmt: skip
MENDING = ("operation", "kind", "time", "at the roof", "lost", "it would wait for")
LETTERS, KIND_LETTERS, STANDS_LETTERS = 26, 20, 26
BAR = 60
"""Pixels of the longest share."""
WORST = 5
"""Operations to mend first."""


def operators(executed: Sequence[Operator]) -> Markup:
    """Return the table of all operations, in the order of execution."""
    most = max((it["share"] for it in executed), default=0.0) or 1.0
    style_of = styles(executed)
    rows = [
        [
            join([_name(it), _stands_for(it)]),
            join([cut(it["kind"], KIND_LETTERS), element("small", it["precision"])]),
            _bar(it["share"], it["share"] / most, style_of[it["kind"]]),
            _ms(it["milliseconds"]),
            _ms(it["attainable_ms"]),
            _count(it["macs"]),
            _count(it["flops"]),
            show("size_bytes", it["bytes"]),
            NOTHING if it["efficiency"] is None else percent(it["efficiency"], 0),
        ]
        for it in executed
    ]
    drawn = table(HEAD, rows, caption=f"{len(rows)} operations, in the order of execution.")
    return element("div", drawn, class_="tall")


def mending(executed: Sequence[Operator]) -> Markup:
    """Return the operations that lose most against the roof; nothing if none does."""
    lost = {
        place: it["milliseconds"] - it["attainable_ms"]
        for place, it in enumerate(executed)
        if it["attainable_ms"] is not None and it["milliseconds"] > it["attainable_ms"]
    }
    worst = sorted(lost, key=lambda place: -lost[place])[:WORST]
    if not worst:
        return Markup("")
    rows = [
        [
            _name(it := executed[place]),
            cut(it["kind"], KIND_LETTERS),
            _ms(it["milliseconds"]),
            _ms(it["attainable_ms"]),
            _ms(lost[place]),
            {"compute": "computing", "memory": "bytes"}.get(it["bound"], NOTHING),
        ]
        for place in worst
    ]
    return table(MENDING, rows, caption="To mend first: what loses most against the roof.")


def _name(it: Operator) -> Markup:
    return element("span", cut(it["name"], LETTERS), title=it["name"])


def _bar(share: float, length: float, style: str) -> Markup:
    """Draw a share beside its number."""
    bar = element("i", class_=f"share {style}", style=f"width:{BAR * length:.1f}px")
    return element("span", bar, f" {percent(share)}", class_="number")


def _ms(value: float | None) -> str:
    return NOTHING if value is None else show("latency_ms", value)


def _count(value: int | None) -> str:
    return NOTHING if value is None else show("macs", value)


def _stands_for(it: Operator) -> Markup:
    """Name what it computes, the rest as a number."""
    names = it["stands_for"]
    if not names:
        return element("small", "added by the runtime")
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return element("small", cut(names[0], STANDS_LETTERS) + more, title=", ".join(names))
