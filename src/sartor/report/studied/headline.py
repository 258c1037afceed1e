"""What was searched and what came of it, at a glance."""

from collections.abc import Iterator

from sartor.report.amounts import amount, word
from sartor.report.markup import Markup, element, join
from sartor.report.provenance import legend, measured
from sartor.report.study import Findings, Recorded, bounds, outcome
from sartor.units import Direction

BEST: dict[Direction, str] = {"max": "highest", "min": "lowest"}
TILES = 4


def headline(found: Findings) -> Markup:
    """Return the head of the page."""
    it = found.recorded
    return element(
        "header",
        element("p", "Sartor study", class_="kicker"),
        element("h1", it.where),
        element("p", _asked(it), class_="asked"),
        element("p", outcome(it), class_="result good" if it.front else "result bad"),
        element("div", *_tiles(it), class_="tiles") if it.front else None,
        legend(),
    )


def _asked(it: Recorded) -> str:
    space = it.problem.space
    sought = ", ".join(f"{BEST[way]} {word(name)}" for name, way in it.problem.objectives.items())
    limits = f"limits: {bounds(it)}" if it.problem.limits else "no limits"
    if not it.limits_known:
        limits = "no limits are recorded in the study (--limit states them)"
    count = space.count()
    designs = f"{count:,}" if count < 1e9 else f"{count:.1e}"
    many = f"{len(space)} choices" if len(space) > 1 else "one choice"
    return f"Sought: {sought} among {designs} designs of {many}; {limits}."


def _tiles(it: Recorded) -> Iterator[Markup]:
    for name, way in list(it.problem.objectives.items())[:TILES]:
        sign = 1.0 if way == "min" else -1.0
        best = min(it.front, key=lambda trial: sign * trial.value(name))
        others = ", ".join(
            f"{word(other)} {amount(other, best.value(other))}"
            for other in it.objectives
            if other != name
        )
        yield element(
            "div",
            element("h2", f"{BEST[way]} {word(name)}"),
            element("p", measured(name, best.measurements[name].to_json()), class_="big"),
            element("p", join([others, element("small", f" {best.design.id}")])),
            class_="tile",
        )
