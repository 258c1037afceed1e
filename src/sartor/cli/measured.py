"""The result of a measurement as text for a terminal, or as JSON for a program."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sartor.cli.result import table
from sartor.units import Measurement, show

if TYPE_CHECKING:
    from sartor.jobs.measuring import Compared, Costs, Measured

HEAD = (
    "network", "latency", "multiply-adds", "parameters", "file size", "memory", "activations",
    "runs in",
)  # fmt: skip
OPERATORS = ("operator", "kind", "precision", "time", "share")
MOST_OPERATORS = 15
"""Operators that are shown, the slowest first; JSON has all."""


def show_measured(measured: "Measured", report: Path | None, *, json: bool) -> int:
    """Print what was measured on stdout, and where its page is.

    Returns:
        The exit code: 0, or 1 where a network could not be measured or does not fit.
    """
    if json:
        typer.echo(str(measured))
    else:
        for line in lines(measured):
            typer.echo(line)
        if report is not None:
            typer.echo(f"\nreport: {report}")
    too_large = any(it.details.get("fits") is False for it in measured.networks)
    return 1 if measured.failed or too_large else 0


def lines(measured: "Measured") -> Iterator[str]:
    """Yield what was measured as lines: a table, comparisons, notes, failures."""
    every = [it.name for it in measured.networks] + [it.name for it in measured.failed]
    called = _called(every)
    if measured.networks:
        provenance = ("", _provenance(measured), *3 * ("counted",), "verified", "counted", "")
        rows = [HEAD, provenance, *(_row(called[it.name], it) for it in measured.networks)]
        yield from table(_without_empty(rows))
    for costs in measured.networks:
        yield from _operators(called[costs.name], costs)
    placed = [it for it in measured.networks if "fits" in it.details]
    fits = [f"{called[it.name]}: {_fits(it.details)}" for it in placed]
    energies = [f"{called[it.name]}: {_energy(it.energy)}" for it in measured.networks if it.energy]
    comparisons = [_compared(it, called) for it in measured.ratios]
    notes = [f"{called[it.name]}: {note}" for it in measured.networks for note in it.notes]
    doubts = [
        f"{called[it.name]}: {it.timing.reason}."
        for it in measured.networks
        if it.timing is not None and it.timing.reason
    ]
    failures = [f"{called[it.name]}: {it.reason}" for it in measured.failed]
    for title, sentences in (
        ("Does it fit?", fits),
        ("Energy of a call", energies),
        ("Compared", comparisons),
        ("Be careful", [*doubts, *notes]),
        ("Not measured", failures),
    ):
        if sentences:
            heading = title if title.endswith("?") else f"{title}:"
            yield from ("", heading, *(f"  {it}" for it in sentences))


def _called(names: Sequence[str]) -> dict[str, str]:
    """Leave out the folders of files, where their names alone tell them apart."""
    short = {name: name.rpartition("/")[2] for name in names}
    counts = Counter(short.values())
    return {name: it if counts[it] == 1 else name for name, it in short.items()}


def _fits(details: Mapping[str, Any]) -> str:
    answer = "yes" if details["fits"] else "no"
    sram, flash = (show("size_bytes", details[name]) for name in ("sram_bytes", "flash_bytes"))
    return f"{answer}; it needs {sram} of SRAM and {flash} of flash."


def _row(name: str, costs: "Costs") -> tuple[str, ...]:
    doubt = " !" if costs.timing is not None and not costs.timing.trustworthy else ""
    return (
        name,
        "-" if costs.latency_ms is None else f"{_interval(costs.latency_ms)}{doubt}",
        "-" if costs.macs is None else show("macs", costs.macs),
        "-" if costs.parameters is None else show("params", costs.parameters),
        show("size_bytes", costs.size_bytes),
        "-" if costs.peak_bytes is None else show("peak_bytes", costs.peak_bytes),
        "-" if costs.activations is None else show("peak_bytes", costs.activations.peak),
        f"{costs.runtime} {costs.precision}",
    )


def _interval(latency: Measurement) -> str:
    value = show("latency_ms", latency.value)
    if latency.low is None or latency.high is None:
        return value
    low, high = (show("latency_ms", it).removesuffix(" ms") for it in (latency.low, latency.high))
    return f"{value} ({low} to {high})"


def _provenance(measured: "Measured") -> str:
    found = {it.latency_ms.provenance for it in measured.networks if it.latency_ms is not None}
    return ", ".join(sorted(found)) or "-"


def _without_empty(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Leave out columns in which no network has anything."""
    kept = [any(cell != "-" for cell in column[2:]) for column in zip(*rows, strict=True)]
    return [tuple(cell for cell, keep in zip(row, kept, strict=True) if keep) for row in rows]


def _operators(name: str, costs: "Costs") -> Iterator[str]:
    timed = [
        it for it in costs.operators or costs.details.get("layers", ()) if it.get("milliseconds")
    ]
    if not timed:
        return
    total = sum(it["milliseconds"] for it in timed)
    slowest = sorted(timed, key=lambda it: -it["milliseconds"])[:MOST_OPERATORS]
    yield from ("", f"{name}, slowest of {len(timed)} operators:", "")
    yield from table([OPERATORS, *(_operator(it, total) for it in slowest)])


def _operator(it: Mapping[str, Any], total: float) -> tuple[str, ...]:
    return (
        _stands_for(it)[-48:],
        str(it["kind"]),
        str(it.get("precision", "")),
        show("latency_ms", it["milliseconds"]),
        f"{100 * it['milliseconds'] / total:.1f} %",
    )


def _stands_for(it: Mapping[str, Any]) -> str:
    """Name the operations of the file, where the runtime's own name says less."""
    names = it.get("stands_for") or [it["name"]]
    return str(names[0]) if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _compared(it: "Compared", called: Mapping[str, str]) -> str:
    one, other = called[it.one], called[it.other]
    ratio, interval = it.ratio, f"({it.ratio.low:.3f} to {it.ratio.high:.3f})"
    doubt = f"; {ratio.reason}" if ratio.reason else ""
    if ratio.equal:
        return f"{one} and {other} are equal: ratio {ratio.value:.3f} {interval}{doubt}."
    return f"{one} takes {ratio.value:.3f} times as long as {other} {interval}{doubt}."


def _energy(energy: Mapping[str, Any]) -> str:
    if "provider" not in energy:
        return f"not available. {' '.join(energy['not_available'])}"
    if not energy["measured"]:
        return f"{energy['reason']} Nothing measures it: {' '.join(energy['not_available'])}"
    above, gross = energy["above_idle_joules"], energy["gross_joules"]
    doubt = f" {energy['reason']}." if energy["reason"] else ""
    return (
        f"{1e3 * above['value']:.3g} mJ ({1e3 * above['low']:.3g} to {1e3 * above['high']:.3g}) "
        f"above idle, {1e3 * gross['value']:.3g} mJ in all, by {energy['provider']}.{doubt}"
    )
