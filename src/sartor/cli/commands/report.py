"""`sartor report`: the page and the table of a run that has ended, made anew."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[Path, typer.Argument(help="The folder of a run that has ended.")],
    json: Annotated[bool, typer.Option("--json", help="Print summary.json as the result.")] = False,
    debug: Annotated[  # noqa: ARG001 - read in app.py, where errors end
        bool, typer.Option("--debug", help="Show where an error comes from.")
    ] = False,
) -> int:
    """Rebuild report.html from summary.json, and print the front.

    Example: sartor report runs/digits
    """
    from sartor.cli.result import show_result
    from sartor.report import read_summary, write_report

    summary = read_summary(run)
    write_report(summary, run / "report.html")
    return show_result(summary, run, json=json)
