"""The result of a run on standard output."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from sartor.units import show

HEAD = ("network", "role", "accuracy", "", "latency", "", "size", "runtime", "precision")


def print_result(folder: Path, summary: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the summary as JSON, or the front as a table and the paths."""
    if as_json:
        typer.echo(json.dumps(summary))
        return
    if summary["status"] != "done":
        typer.echo("No network keeps the limits:")
        for it in summary["rejected"]:
            typer.echo(f"  {it['id']} {it['reason']}")
    rows = [HEAD, *(_row(it) for it in networks(summary))]
    typer.echo("Verified: accuracy on the test split, latency of the exported file on the target")
    typer.echo("(95 % intervals; ~ marks a timing that the machine was too noisy for).\n")
    for line in table(rows):
        typer.echo(line)
    typer.echo("")
    for sentence in summary["verdict"]["sentences"]:
        typer.echo(sentence)
    typer.echo(f"\nreport  {folder / 'report.html'}")
    for it in summary["picks"]:
        typer.echo(f"model   {folder / it['file']}")


def networks(summary: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the verified networks of a run, fastest first: picks and what they are compared with."""
    baselines = summary["baselines"]
    random = baselines["random"]["verified"]
    found = [*summary["picks"], *([random] if random else [])]
    found += [*baselines["scaled"]["verified"], *baselines["versus"]]
    return sorted(found, key=lambda it: it["latency_ms"]["value"])


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _row(it: Mapping[str, Any]) -> tuple[str, ...]:
    accuracy, latency = it["accuracy"], it["latency_ms"]
    doubt = "" if it["latency_trustworthy"] else "~"
    return (
        it["name"],
        it["role"],
        f"{100 * accuracy['value']:.2f} %",
        f"[{100 * accuracy['low']:.2f}, {100 * accuracy['high']:.2f}]",
        f"{doubt}{latency['value']:.4f} ms",
        f"[{latency['low']:.4f}, {latency['high']:.4f}]",
        show("size_bytes", it["size_bytes"]),
        it["runtime"],
        it["precision"],
    )
