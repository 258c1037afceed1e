"""Reading a summary back, and checking that it is one."""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sartor.errors import DamagedFileError, RunFolderError

VERSION = 1
FILE = "summary.json"
PARTS: Mapping[str, type | tuple[type, ...]] = {
    "status": str,
    "created": str,
    "asked": dict,
    "task": dict,
    "target": dict,
    "limits": list,
    "space": dict,
    "survey": list,
    "training": dict,
    "search": dict,
    "front": list,
    "picks": list,
    "baselines": dict,
    "verdict": dict,
    "rejected": list,
    "stages": list,
}
NETWORK: Mapping[str, type | tuple[type, ...]] = {
    "id": str,
    "role": str,
    "file": str,
    "runtime": str,
    "precision": str,
    "accuracy": dict,
    "latency_ms": dict,
    "latency_trustworthy": bool,
    "size_bytes": int,
    "stages": list,
}
PACE = ("surveyed_ms", "verified_ms")
PROVENANCES = ("counted", "predicted", "proxy", "verified")

Summary = Mapping[str, Any]  # Any: plain data of a JSON file
"""The content of `summary.json`; `docs/summary.md` says what is in it."""


def read_summary(folder: str | Path) -> dict[str, Any]:
    """Read the summary of a run that has ended.

    Args:
        folder: The run folder.

    Raises:
        RunFolderError: There is no summary in the folder, or it is of another version.
        DamagedFileError: The file is no summary.
    """
    file = Path(folder) / FILE
    if not file.is_file():
        raise RunFolderError(
            f"{folder} holds no {FILE}; give the folder of a run that has ended, "
            "or end the run with the command that began it."
        )
    try:
        summary = json.loads(file.read_bytes())
    except ValueError as error:
        raise DamagedFileError(f"{file} is damaged: it is no JSON ({error}).") from error
    check_summary(summary, str(file))
    return summary  # type: ignore[no-any-return]


def check_summary(summary: object, called: str = FILE) -> None:
    """Refuse what is not a summary of this version, as far as a report depends on it.

    Args:
        summary: What was read.
        called: The file's name, for messages.

    Raises:
        RunFolderError: It is of another version.
        DamagedFileError: The message names what is missing or wrong.
    """
    if not isinstance(summary, dict) or "version" not in summary:
        raise DamagedFileError(f"{called} is no summary of a run: it has no version.")
    if summary["version"] != VERSION:
        raise RunFolderError(
            f"{called} is of version {summary['version']}, this Sartor reads version {VERSION}; "
            "use the Sartor that wrote it."
        )
    check_parts(summary, PARTS, called)
    check_parts(summary["target"], {"pace": dict}, f"{called}, target")
    for name in PACE:
        where = f"{called}, target.pace.{name}"
        if not _number(summary["target"]["pace"].get(name), where) > 0:
            raise DamagedFileError(f"{where} is not above 0.")
    for where, network in named_networks(summary):
        check_parts(network, NETWORK, f"{called}, {where}")
        for name in ("accuracy", "latency_ms"):
            _check_measurement(network[name], f"{called}, {where}.{name}")


def networks(summary: Summary) -> list[Summary]:
    """Return every verified network of a summary once: picks, baselines, then rivals."""
    seen: dict[tuple[str, str], Summary] = {}
    for _, network in named_networks(summary):
        seen.setdefault((network["role"], network["id"]), network)
    return list(seen.values())


def named_networks(summary: Summary) -> Iterable[tuple[str, Summary]]:
    """Yield every network of a summary with the place at which it stands there."""
    baselines = summary["baselines"]
    random = baselines.get("random", {}).get("verified")
    lists = {
        "picks": summary["picks"],
        "baselines.random.verified": [] if random is None else [random],
        "baselines.scaled.verified": baselines.get("scaled", {}).get("verified") or [],
        "baselines.versus": baselines.get("versus") or [],
        "front": summary["front"],
    }
    for name, entries in lists.items():
        for index, network in enumerate(entries):
            yield f"{name}[{index}]", network


def check_parts(
    content: object, expected: Mapping[str, type | tuple[type, ...]], called: str
) -> None:
    """Refuse what is no object with the expected parts.

    Args:
        content: What was read.
        expected: Kinds of its parts, by name.
        called: What it is, for messages.

    Raises:
        DamagedFileError: The message names what is missing or wrong.
    """
    if not isinstance(content, dict):
        raise DamagedFileError(f"{called} is no object.")
    for name, kind in expected.items():
        if name not in content:
            raise DamagedFileError(f"{called} lacks {name!r}.")
        if not isinstance(content[name], kind):
            raise DamagedFileError(
                f"{called}: {name!r} is {type(content[name]).__name__}, which is not expected."
            )


def _check_measurement(content: Mapping[str, Any], called: str) -> None:
    _number(content.get("value"), called)
    provenance = content.get("provenance")
    if provenance not in PROVENANCES:
        raise DamagedFileError(
            f"{called} has provenance {provenance!r}; known: {', '.join(PROVENANCES)}."
        )


def _number(value: object, called: str) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise DamagedFileError(f"{called} has no number as its value: {value!r}.")
    return value
