"""The efficiency gap: time spent, time at the roof and time at the peak, by kind of operation."""

from collections.abc import Iterator, Sequence

from sartor.report.markup import Markup, element
from sartor.report.measurement import Operator
from sartor.report.pictures.kinds import ms_by_kind
from sartor.report.pictures.labels import cut

WIDTH, ROW = 780, 34
LEFT, RIGHT = 150, 290
MOST = 8
"""Kinds that have a row; the rest share one."""


def gap(operators: Sequence[Operator]) -> Markup:
    """Draw three bars over one another for the network and for each kind of operation.

    Args:
        operators: With some time among them.
    """
    kinds = list(ms_by_kind(operators))
    rows = [("all operations", list(operators))]
    rows += [(kind, [it for it in operators if it["kind"] == kind]) for kind in kinds[:MOST]]
    if len(kinds) > MOST:
        rest = set(kinds[MOST:])
        rows.append((f"{len(rest)} other kinds", [it for it in operators if it["kind"] in rest]))
    total = sum(it["milliseconds"] for it in operators)
    parts = [part for at, (name, some) in enumerate(rows) for part in _row(at, name, some, total)]
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {ROW * len(rows) + 6}",
        class_="gap",
        role="img",
        aria_label="Time spent, at the roof and at the peak, of each kind of operation",
    )


def _row(at: int, name: str, some: Sequence[Operator], total: float) -> Iterator[Markup]:
    spent = sum(it["milliseconds"] for it in some)
    # What is not known counts as it is: no gap is claimed for it.
    roof = sum(
        it["milliseconds"] if it["attainable_ms"] is None else it["attainable_ms"] for it in some
    )
    peak = sum(it["at_peak_ms"] or 0.0 for it in some)
    y, wide = ROW * at + 4, (WIDTH - LEFT - RIGHT) / total
    style = "stage" if at == 0 else None
    yield element("text", cut(name, 20), x=0, y=y + 17, class_=style)
    # The roof may stand above what was spent: other work on the machine slowed the kernels.
    for length, kind in (
        (spent, "spent"),
        (min(roof, spent), "roofed"),
        (min(peak, spent), "peak"),
    ):
        inset = {"spent": 0, "roofed": 4, "peak": 8}[kind]
        yield element(
            "rect", x=LEFT, y=y + inset, width=max(0.5, wide * length), height=24 - 2 * inset,
            rx=2, class_=kind,
        )  # fmt: skip
    text = f"{spent:.3g} ms; roof {roof:.3g} ms" + (f"; peak {peak:.3g} ms" if peak else "")
    yield element("text", text, x=LEFT + wide * spent + 8, y=y + 17)
