"""What was reached with so many evaluations, beside random search."""

from collections.abc import Iterator

from sartor.report.markup import Markup, element
from sartor.report.pictures.courses import Line, courses
from sartor.report.study import Findings, Recorded
from sartor.report.study.recorded import RANDOM
from sartor.study import SAME_COST

STYLES = 5
"""Origins with a colour of their own; others are grey."""


def progress(found: Findings) -> Markup:
    """Return the section on the hypervolume."""
    it = found.recorded
    if not found.courses:
        return Markup("")
    styles = _styles(it)
    lines = [
        Line(
            course.origin,
            styles[course.origin],
            course.evaluations,
            [100 * share for share in course.shares],
        )
        for course in found.courses
    ]
    drawn = courses(lines, "hypervolume, % of the box")
    return element(
        "section",
        element("h2", "What the evaluations brought", id="progress"),
        element("p", " ".join(_explained(it))),
        element("p", " ".join(_compared(found))),
        element("div", drawn, class_="scroll"),
    )


def _styles(it: Recorded) -> dict[str, str]:
    others = [origin for origin in it.origins if origin != RANDOM]
    styles = {name: f"line{at}" if at < STYLES else "line-other" for at, name in enumerate(others)}
    return styles | {RANDOM: "random"}


def _explained(it: Recorded) -> Iterator[str]:
    yield (
        "The hypervolume is the part of the space of objectives that the designs found so far "
        "beat, here as a share of the box between the worst and the best value of every objective "
        "among all evaluated designs of this study; the worst values are its reference point."
    )
    if it.problem.limits:
        yield "Designs that miss a limit add nothing."


def _compared(found: Findings) -> Iterator[str]:
    it = found.recorded
    if it.origins == (RANDOM,):
        yield "All designs of this study were drawn at random."
        return
    if RANDOM not in it.origins:
        yield (
            f'The designs of origin "{SAME_COST}" were drawn at random, all at the cost of one '
            "pick: the page of the fit compares with them."
            if SAME_COST in it.origins
            else "The study holds no random search to compare with. To add one, call search.run "
            "with the same space, evaluation, objectives, limits and storage, "
            f'strategy="random" and origin="{RANDOM}".'
        )
        return
    random = next(course for course in found.courses if course.origin == RANDOM)
    for course in found.courses:
        if course.origin == RANDOM:
            continue
        count = min(course.evaluations[-1], random.evaluations[-1])
        yield (
            f"After {count} evaluations {course.origin} has {100 * course.at(count):.1f} %, "
            f"random search {100 * random.at(count):.1f} %."
        )
    yield (
        "A design that an earlier search of this study had evaluated was not drawn again, and "
        "counts for that one alone."
    )
