"""The page for people: one file that needs nothing else."""

import html
from importlib import resources
from pathlib import Path
from string import Template

from sartor.report.markup import join
from sartor.report.reading import Summary, check_summary
from sartor.report.sections import SECTIONS


def write_report(summary: Summary, file: str | Path) -> None:
    """Write a summary as a page that any browser opens without a network.

    The file is replaced in one step, so that a reader never sees half of it.

    Args:
        summary: As in `summary.json`.
        file: Where the page goes.

    Raises:
        DamagedFileError: The summary lacks something that a report needs.
    """
    check_summary(summary)
    file = Path(file)
    beside = file.with_name(f".{file.name}.tmp")
    try:
        beside.write_text(page(summary), encoding="utf-8")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def page(summary: Summary) -> str:
    """Return the page of a summary as HTML."""
    template = resources.files("sartor.report").joinpath("page.html").read_text(encoding="utf-8")
    return Template(template).substitute(
        title=html.escape(f"Sartor: networks for {summary['task']['name']}"),
        body=join((section(summary) for section in SECTIONS), "\n"),
    )
