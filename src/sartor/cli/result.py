"""The result of a run as text for a terminal, or as JSON for a program."""

import json as encoding
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import typer

from sartor.report import Summary, called, interval, networks, outcome, verdict, warnings
from sartor.units import show

HEAD = ("network", "accuracy", "latency", "file size", "peak memory", "runs in")
PROVENANCE = ("", *4 * ("verified",), "")


def show_result(summary: Summary, folder: Path, *, json: bool) -> int:
    """Print the result on stdout.

    Returns:
        The exit code: 0, or 1 where no network keeps the limits.
    """
    if json:
        typer.echo(encoding.dumps(summary, indent=1, ensure_ascii=False))
    else:
        for line in lines(summary, folder):
            typer.echo(line)
    return 0 if summary["status"] == "done" else 1


def lines(summary: Summary, folder: Path) -> Iterator[str]:
    """Yield the result as lines: what was found, the front, comparisons, warnings, paths."""
    yield outcome(summary)[0]
    front = list(summary["front"])
    ids = {it["id"] for it in front}
    others = [it for it in networks(summary) if it["id"] not in ids]
    if front or others:
        yield from _front(front, others, summary)
    else:
        yield from outcome(summary)[1:]
    yield from _listed("Compared", verdict(summary))
    yield from _listed("Be careful", warnings(summary))
    yield ""
    yield f"report: {folder / 'report.html'}"
    for pick in summary["picks"]:
        yield f"{called(pick, summary)}: {folder / pick['file']}"


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows as lines whose columns are aligned.

    Example:
        >>> list(table([("a", "bcd"), ("ef", "g")]))
        ['a   bcd', 'ef  g']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _front(front: list[Summary], others: list[Summary], summary: Summary) -> Iterator[str]:
    target, items = summary["target"], summary["task"]["items"]["test"]
    threads = "1 thread" if target["threads"] == 1 else f"{target['threads']} threads"
    yield ""
    yield (
        f"The front, fastest first (accuracy on {items:,} test images, latency on "
        f"{target['name']} with {threads}; 95 % intervals):"
    )
    yield ""
    rows = [HEAD, PROVENANCE, *(_row(it, summary) for it in [*front, *others])]
    written = list(table(rows))
    yield from written[: 2 + len(front)]
    if others:
        yield ""
        yield "Beside it:"
        yield ""
        yield from written[2 + len(front) :]


def _row(network: Summary, summary: Summary) -> tuple[str, ...]:
    doubt = "" if network["latency_trustworthy"] else " !"
    peak = network.get("peak_bytes")
    return (
        called(network, summary),
        interval("accuracy", network["accuracy"]),
        interval("latency_ms", network["latency_ms"]) + doubt,
        show("size_bytes", network["size_bytes"]),
        "-" if peak is None else show("peak_bytes", peak),
        f"{network['runtime']} {network['precision']}",
    )


def _listed(title: str, sentences: Iterable[str]) -> Iterator[str]:
    for index, sentence in enumerate(sentences):
        if index == 0:
            yield ""
            yield f"{title}:"
        yield f"  {sentence}"
