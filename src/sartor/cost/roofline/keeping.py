"""Rooflines that are measured once for a target and kept in a folder."""

from pathlib import Path
from typing import Any

from sartor.cost.roofline.measuring import Kernels, measure_roofline
from sartor.cost.roofline.roofs import Roofline
from sartor.errors import DamagedFileError
from sartor.study import read_json, write_json
from sartor.targets import Step, Target, TimedFile

VERSION = 1
"""Of the kept files; raised when other kernels are measured."""


def roofline_of(
    target: Target, runtime: str, folder: Path, what: Kernels | None = None
) -> Roofline:
    """Return the roofs of a target in one of its runtimes, measured at most once.

    Args:
        target: Where.
        runtime: One of the target's.
        folder: Where rooflines are kept, by the fingerprint of the target.
        what: Kernels, and the time for them; by default all precisions that the target has.

    Raises:
        UnknownNameError: The target does not have the runtime.
        DamagedFileError: What was kept is no roofline.
        MeasurementError: The runtime does not tell what it executes.
    """
    used = target.only(runtime)
    file = folder / f"roofline-{used.id}-{runtime}.json"
    if file.is_file():
        kept = _kept(file)
        if kept is not None:
            return kept

    def profiled(it: Path, precision: str, calls: int) -> tuple[Step, ...]:
        file = TimedFile(it, runtime, precision)
        return used.place.steps({"it": file}, used.how(), calls)["it"]

    kernels = what or Kernels(float_precisions=used.runtimes[runtime].float_precisions)
    found = measure_roofline(runtime, used.threads, profiled, kernels)
    write_json(file, {"version": VERSION, "target": dict(used.fingerprint)} | found.to_json())
    return found


def _kept(file: Path) -> Roofline | None:
    """Read a kept file; None if other kernels were measured for it."""
    plain: Any = read_json(file)
    if not isinstance(plain, dict) or "version" not in plain:
        raise DamagedFileError(f"{file} is no roofline; remove it, and it is measured again.")
    return Roofline.from_json(plain, str(file)) if plain["version"] == VERSION else None
