"""The front as a picture, in two views."""

from sartor.report.markup import Markup, element
from sartor.report.pictures import front as draw
from sartor.report.pictures.front import Views, hidden_trials, legend
from sartor.report.reading import Summary
from sartor.report.reading import networks as verified

VIEWS: tuple[tuple[Views, str], ...] = (
    ("networks", "verified networks"),
    ("everything", "everything that was tried"),
)


def front(summary: Summary) -> Markup:
    """Return the section with the front."""
    trials = summary["search"]["trials"]
    present = {"networks": bool(verified(summary)), "everything": bool(trials)}
    views = [it for it in VIEWS if present[it[0]]]
    if not views:
        return Markup("")
    switches, pictures = [], []
    for index, (view, name) in enumerate(views):
        key = f"view-{view}"
        checked = "" if index == 0 else None
        switches += [
            element("input", type="radio", name="view", id=key, checked=checked),
            element("label", name, for_=key),
        ]
        picture = element("div", draw(summary, view), class_="scroll")
        pictures.append(element("div", picture, _note(summary, view), class_=f"view {view}"))
    return element(
        "section",
        element("h2", "The front", id="front"),
        element("p", *_explained(summary)),
        element("div", *switches, *pictures, class_="views"),
        legend(summary),
    )


def _explained(summary: Summary) -> list[str]:
    items = summary["task"]["items"]["test"]
    target = summary["target"]
    return [
        "Up is more accurate, left is faster. Named marks are verified: the exported file was run "
        f"on all {items:,} test images and timed on {target['name']}, all networks in turn; the "
        "crosses are 95 % intervals. The line is the best accuracy within each latency. "
    ]


def _note(summary: Summary, view: Views) -> Markup | None:
    hidden, total = hidden_trials(summary, view), len(summary["search"]["trials"])
    if not hidden:
        return None
    text = f"{hidden} of {total} search trials lie outside of this view."
    return element("p", text, class_="note")
