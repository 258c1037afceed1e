"""Rooflines that are measured once for a target and kept in a folder."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sartor.cost.roofline.measuring import Kernels, Profiler, measure_roofline
from sartor.cost.roofline.roofs import Roofline
from sartor.errors import DamagedFileError, unknown_name
from sartor.study import read_json, write_json
from sartor.targets import Runtime, Step, Target, id_of

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
    if runtime not in target.runtimes:
        raise unknown_name("runtime", runtime, target.runtimes)
    made = target.runtimes[runtime]
    kernels = what or Kernels(float_precisions=made.capabilities().float_precisions)

    def measure() -> Roofline:
        profiled = profiled_here(made, target.threads)
        return measure_roofline(runtime, target.threads, profiled, kernels)

    return keep_roofline(folder, runtime, target.fingerprint, measure)


def keep_roofline(
    folder: Path,
    runtime: str,
    fingerprint: Mapping[str, str | int],
    measure: Callable[[], Roofline],
) -> Roofline:
    """Return a roofline that is kept, or measure and keep it.

    Args:
        folder: Where rooflines are kept.
        runtime: That executed the kernels.
        fingerprint: Of the device.
        measure: Measures it.

    Raises:
        DamagedFileError: What was kept is no roofline.
    """
    file = folder / f"roofline-{id_of(fingerprint)}-{runtime}.json"
    if file.is_file():
        kept = _kept(file)
        if kept is not None:
            return kept
    found = measure()
    write_json(file, {"version": VERSION, "target": dict(fingerprint)} | found.to_json())
    return found


def profiled_here(runtime: Runtime, threads: int) -> Profiler:
    """Return what profiles kernels in this process.

    They are our own files, so none crashes or hangs; a process for each would take longer than
    the kernels.
    """

    def profiled(file: Path, precision: str, calls: int) -> tuple[Step, ...]:
        program = runtime.compile(file, threads=threads, precision=precision)
        rng = np.random.default_rng(0)
        return program.profile(*[port.noise(rng) for port in program.inputs], calls=calls)

    return profiled


def _kept(file: Path) -> Roofline | None:
    """Read a kept file; None if other kernels were measured for it."""
    plain: Any = read_json(file)
    if not isinstance(plain, dict) or "version" not in plain:
        raise DamagedFileError(f"{file} is no roofline; remove it, and it is measured again.")
    return Roofline.from_json(plain, str(file)) if plain["version"] == VERSION else None
