"""`sartor report`: the page and the table of a study, or of a run that has ended, made anew."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    study: Annotated[
        str,
        typer.Argument(
            metavar="STUDY",
            help="The storage of a search (study.db, or a URL such as postgresql://...), or the "
            "folder of a run that has ended.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="The page of the study. [default: study.html beside the study]"),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Which designs of the study count, instead of the limits of the search: "
            "latency=5ms, size=2MB. May be given several times.",
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Of the study in its storage.")] = "sartor",
    json: Annotated[
        bool, typer.Option("--json", help="Print the front, or summary.json of a run, as JSON.")
    ] = False,
    debug: Annotated[  # noqa: ARG001 - read in app.py, where errors end
        bool, typer.Option("--debug", help="Show where an error comes from.")
    ] = False,
) -> int:
    """Draw the page of a study or of a run that has ended, and print the front.

    Example: sartor report runs/digits
    """
    from sartor.cli.result import show_result
    from sartor.cli.studied import show_study
    from sartor.jobs.report import report as draw
    from sartor.units import read_limits

    read_limits(limit)  # nonsense is answered before anything heavy is loaded
    found = draw(study, out=out, limits=limit or None, name=name)
    if found.page == found.study_page:
        return show_study(found.content, found.page, json=json)
    code = show_result(found.content, Path(study), json=json)
    if found.study_page is not None and not json:
        typer.echo(f"study: {found.study_page}")
    return code
