"""Which choices matter."""

from sartor.report.amounts import word
from sartor.report.markup import Markup, element
from sartor.report.pictures.bars import bars
from sartor.report.pictures.labels import cut
from sartor.report.study import Findings
from sartor.report.study.importance import FEWEST, MOST_TRIALS

MOST, LETTERS, LEFT = 10, 30, 220
"""Choices that are shown, letters of their names, and pixels for these."""


def choices(found: Findings) -> Markup:
    """Return the section on the importances of choices."""
    if not found.importances:
        return Markup("")
    known = [part for part in found.importances if part.shares]
    silent = [word(part.objective) for part in found.importances if not part.shares]
    nothing = (
        f"Nothing can be said of {' and '.join(silent)}: that takes {FEWEST} designs that were "
        "measured and differ in it."
    )
    count = len(found.recorded.study.done)
    among = "the designs that were evaluated"
    if count > MOST_TRIALS:
        among = f"{MOST_TRIALS} of the {count} designs that were evaluated, evenly spread"
    drawn = []
    for part in known:
        rows = [
            (cut(name, LETTERS), share, f"{100 * share:.1f} %")
            for name, share in list(part.shares.items())[:MOST]
        ]
        title = f"Importance of choices for {word(part.objective)}"
        drawn.append(element("h3", f"For {word(part.objective)}"))
        drawn.append(element("div", bars(rows, title, left=LEFT), class_="scroll"))
    return element(
        "section",
        element("h2", "Which choices matter", id="choices"),
        element(
            "p",
            "The share of the variance of an objective that a choice explains, alone and with "
            f"others, among {among} (fANOVA, by Optuna). These were chosen by a search and not "
            "evenly: what all of them have in common cannot show here.",
        )
        if known
        else None,
        *drawn,
        element("p", nothing, class_="note") if silent else None,
    )
