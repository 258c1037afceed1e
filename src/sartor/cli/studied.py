"""What a study tells, as text for a terminal or as JSON for a program."""

import json as encoding
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from sartor.cli.result import table
from sartor.report import written

MOST = 20
"""Designs of the front that are printed."""


def show_study(content: Mapping[str, Any], page: Path, *, json: bool) -> int:
    """Print the front on stdout.

    Args:
        content: As `Findings.to_json` gives it.
        page: That was written.
        json: Print the content and the page's name as JSON.

    Returns:
        The exit code: 0, or 1 where no design keeps the limits.
    """
    if json:
        told = {**content, "page": str(page)}
        typer.echo(encoding.dumps(told, indent=1, ensure_ascii=False))
    else:
        for line in lines(content, page):
            typer.echo(line)
    return 0 if content["front"] else 1


def lines(content: Mapping[str, Any], page: Path) -> Iterator[str]:
    """Yield the front as lines, the best in the first objective first, and where the page is."""
    front, failed = content["front"], sum(it["trials"] for it in content["failures"])
    yield content["outcome"]
    if front:
        names = list(content["objectives"])
        head = ["design", *names, "evaluated as"]
        several = len({it["origin"] for it in front}) > 1
        rows = [
            [
                it["design"],
                *(written(name, it["measurements"][name]) for name in names),
                f"number {it['trial'] + 1}" + (f", {it['origin']}" if several else ""),
            ]
            for it in front[:MOST]
        ]
        yield ""
        yield from table([head, *rows])
        if len(front) > MOST:
            yield f"and {len(front) - MOST} more; --json prints all"
    if failed:
        yield ""
        yield "Failed:"
        for reason in content["failures"]:
            yield f"  {reason['trials']}: {reason['reason']}"
    yield ""
    yield f"page: {page}"
