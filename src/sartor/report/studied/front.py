"""The front: its numbers, and how it came about."""

from collections.abc import Iterator, Sequence

from sartor.report.amounts import amount, word
from sartor.report.markup import Markup, element, join
from sartor.report.pictures.moments import Plane, Spot, moments
from sartor.report.provenance import measured, nothing
from sartor.report.sections.table import facts, table
from sartor.report.study import Findings, Moment, Recorded
from sartor.study import Trial
from sartor.units import Direction

MOST = 100
"""Designs in the table."""


def front(found: Findings) -> Markup:
    """Return the section with the front."""
    it = found.recorded
    if not it.front:
        return Markup("")
    shown = it.front[:MOST]
    more = (
        f" The first {MOST} of {len(it.front)}; --json prints all." if len(it.front) > MOST else ""
    )
    return element(
        "section",
        element("h2", "The front", id="front"),
        element("p", *_shared(it)),
        element("div", _table(it, shown, more), class_="tall" if len(shown) > 12 else None),
        *_over_time(found),
    )


def _table(it: Recorded, shown: Sequence[Trial], more: str) -> Markup:
    others = dict.fromkeys(name for trial in shown for name in trial.measurements)
    metrics = [*it.objectives, *(name for name in others if name not in it.objectives)]
    several = len(it.origins) > 1
    head = ["design", *map(word, metrics), "evaluated as", *(["asked for by"] if several else [])]
    rows = [
        [
            _design(trial),
            *(_number(trial, name) for name in metrics),
            f"number {trial.number + 1}",
            *([trial.origin] if several else []),
        ]
        for trial in shown
    ]
    best = f"The best {word(it.objectives[0])} first; a design opens to its choices."
    return table(head, rows, caption=best + more)


def _design(trial: Trial) -> Markup:
    options = facts([(name, str(option)) for name, option in trial.design.items()])
    return element("details", element("summary", trial.design.id), options, class_="design")


def _number(trial: Trial, metric: str) -> Markup:
    if metric not in trial.measurements:
        return nothing()
    return measured(metric, trial.measurements[metric].to_json())


def _shared(it: Recorded) -> Iterator[str]:
    """Name the options that all designs of the front have."""
    first, *others = [trial.design for trial in it.front]
    if not others:
        yield "One design is at least as good as every other one in every respect."
        return
    same = [
        f"{name} = {option}"
        for name, option in first.items()
        if len(it.problem.space[name].options) > 1
        and all(other.get(name) == option for other in others)
    ]
    if same:
        yield f"What all {len(it.front)} have in common: {', '.join(same)}."
    else:
        yield f"There is no choice in which all {len(it.front)} are alike."


def _over_time(found: Findings) -> Iterator[Markup]:
    it, stops = found.recorded, found.moments
    yield element("h3", "How it came about")
    yield table(
        (
            "after",
            "designs on the front",
            "hypervolume",
            *(f"best {word(n)}" for n in it.objectives),
        ),
        [_moment(it, moment) for moment in stops],
        caption="After 1/8, 1/4, 1/2 and all of the evaluations of the search.",
    )
    y, ways = it.objectives[0], it.problem.objectives
    for x in it.objectives[1:]:
        drawn = moments(
            Plane(x, y, ways[x], ways[y]),
            [_spot(it, trial, x, y) for trial in it.study.done],
            [[_spot(it, trial, x, y) for trial in moment.front] for moment in stops],
            it.problem.limits,
            steps=len(it.objectives) == 2,
        )
        yield element("div", drawn, class_="scroll picture")
    if len(it.objectives) > 1:
        yield _legend(it, stops)


def _moment(it: Recorded, moment: Moment) -> list[str | Markup]:
    count = moment.evaluations
    return [
        f"{count} evaluation{'s' if count > 1 else ''}",
        str(len(moment.front)),
        f"{100 * moment.share:.1f} %",
        *(_best(moment.front, name, way) for name, way in it.problem.objectives.items()),
    ]


def _best(front: Sequence[Trial], metric: str, way: Direction) -> Markup:
    if not front:
        return nothing()
    choose = max if way == "max" else min
    return _number(choose(front, key=lambda trial: trial.value(metric)), metric)


def _spot(it: Recorded, trial: Trial, x: str, y: str) -> Spot:
    numbers = ", ".join(
        f"{word(name)} {amount(name, trial.value(name))} {trial.measurements[name].provenance}"
        for name in it.objectives
    )
    missed = trial.number not in it.kept
    words = f"{trial.design.id} (number {trial.number + 1}, {trial.origin}): {numbers}"
    tail = ", misses a limit" if missed else ""
    return Spot(trial.value(x), trial.value(y), words + tail, missed)


def _legend(it: Recorded, stops: Sequence[Moment]) -> Markup:
    first = 4 - len(stops)
    parts = [
        element(
            "span",
            element("i", class_=f"swatch moment{first + at}"),
            f"front after {moment.evaluations}",
        )
        for at, moment in enumerate(stops)
    ]
    parts.append(element("span", element("i", class_="swatch trial"), "evaluated"))
    if len(it.kept) < len(it.study.done):
        parts.append(element("span", element("i", class_="swatch missed"), "misses a limit"))
    return element("p", join(parts), class_="legend")
