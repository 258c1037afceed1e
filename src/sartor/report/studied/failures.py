"""Designs that could not be evaluated."""

from sartor.report.markup import Markup, element
from sartor.report.sections.table import table
from sartor.report.study import Findings

NAMED = 3
"""Designs that are named for each reason."""


def failures(found: Findings) -> Markup:
    """Return the section on failures."""
    total = len(found.recorded.study.trials)
    count = sum(len(reason.trials) for reason in found.failures)
    if not count:
        return element(
            "section", element("h2", "Failures", id="failures"), element("p", "No design failed.")
        )
    rows = [
        [
            str(len(reason.trials)),
            element("span", reason.text or "no reason is recorded", class_="wide reason"),
            ", ".join(trial.design.id for trial in reason.trials[:NAMED])
            + (", ..." if len(reason.trials) > NAMED else ""),
        ]
        for reason in found.failures
    ]
    return element(
        "section",
        element("h2", "Failures", id="failures"),
        element("p", f"{count} of {total} designs failed ({count / total:.0%})."),
        table(
            ("designs", "reason", "such as"),
            rows,
            caption="Reasons that differ only in numbers are one; the first of them is shown.",
        ),
    )
