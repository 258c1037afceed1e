"""The result of a survey as text for a terminal, or as JSON for a program."""

import json as encoding
from typing import TYPE_CHECKING

import typer

from sartor.cli.result import table

if TYPE_CHECKING:
    from sartor.jobs.survey import Surveyed

HEAD = ("precision", "networks", "median error", "19 of 20 within", "within 10 %", "rank")


def show_survey(surveyed: "Surveyed", *, json: bool) -> int:
    """Print how far predictions are off, and where the survey is kept."""
    found = surveyed.survey
    if json:
        told = {
            "file": str(surveyed.file),
            "runtime": found.runtime,
            "target": dict(found.fingerprint),
            "errors": {name: it.to_json() for name, it in found.errors.items()},
        }
        typer.echo(encoding.dumps(told, indent=1, ensure_ascii=False))
        return 0
    typer.echo(f"{found.runtime}, on networks that were held out in turn:\n")
    rows = [
        (
            name,
            str(it.networks_held_out),
            f"{100 * it.median_error:.1f} %",
            f"{100 * it.p95_error:.1f} %",
            f"{100 * it.within_10_percent:.0f} %",
            "-" if it.rank_correlation is None else f"{it.rank_correlation:.3f}",
        )
        for name, it in found.errors.items()
    ]
    for line in table([HEAD, *rows]):
        typer.echo(line)
    typer.echo(f"\nsurvey: {surveyed.file}")
    typer.echo(f"To predict a network: sartor measure NETWORK --target survey:{surveyed.file}")
    return 0
