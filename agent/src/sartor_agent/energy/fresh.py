"""The energy of a file's program, measured in fresh processes."""

import dataclasses
from typing import Any

from sartor_agent import process
from sartor_agent.energy.known import chain
from sartor_agent.energy.measuring import GRAINS, Energy, PerCall, Windows, measure, pool
from sartor_agent.energy.provider import NotAvailable, Processor
from sartor_agent.experiment import Call
from sartor_agent.fresh import Protocol, TimedFile
from sartor_agent.process import START, Ask


def measure_energy(
    it: TimedFile,
    how: Protocol | None = None,
    processor: Processor = "cpu",
    *,
    ask: Ask = process.ask,
) -> Energy | NotAvailable:
    """Measure the joules of one call of a file's program, in several processes, and pool them.

    Args:
        it: The file.
        how: Threads, time, processes. Windows are longer than `seconds_each` says where a provider
            is updated seldom; idle windows come before them.
        processor: What executes the file.
        ask: Answers each process's request; another device does so in place of this one.

    Raises:
        MeasurementError: A process crashed or did not end in time, or a provider failed.
    """
    how = how or Protocol()
    windows = Windows(seconds=how.seconds_each / Windows().count, processor=processor)
    parts = []
    for number in range(how.processes):
        request = {
            "do": "energy",
            "threads": how.threads,
            "cores": how.cores,
            "file": it.to_json(),
            "seed": how.seed + number,
            "windows": dataclasses.asdict(windows),
            "most_bytes": how.most_bytes,
        }
        found = _read(ask(request, _patience(windows), [str(it.file)], how.worker))
        if isinstance(found, NotAvailable):
            return found
        parts.append(found)
    return pool(parts)


def energy_answer(call: Call, windows: dict[str, Any]) -> dict[str, Any]:
    """Return what a fresh process answers: plain data of an energy, or reasons.

    Args:
        call: What the program does once.
        windows: Plain data of `Windows`.
    """
    found = measure(call, how=Windows(**windows))
    kind = "energy" if isinstance(found, Energy) else "not_available"
    return {kind: dataclasses.asdict(found)}


def _read(answer: dict[str, Any]) -> Energy | NotAvailable:
    if "not_available" in answer:
        reasons = answer["not_available"]["reasons"]
        return NotAvailable(tuple((name, reason) for name, reason in reasons))
    plain = answer["energy"]
    spans = {
        name: PerCall(**plain[name] | {"windows": tuple(plain[name]["windows"])})
        for name in ("gross", "above_idle")
    }
    return Energy(**plain | spans | {"covers": tuple(plain["covers"])})


def _patience(windows: Windows) -> float:
    """Return the seconds after which a process hangs: calls may be slow, or a provider seldom."""
    longest = max(windows.seconds, *(GRAINS * it.update_s for it in chain()))
    return START + 5 * (windows.idle + windows.count + 2) * (1 + longest)
