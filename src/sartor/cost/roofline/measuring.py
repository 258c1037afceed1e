"""Measuring the roofs of a device by small kernels, run as networks are."""

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sartor.cost.profile import Executed, join_steps
from sartor.cost.roofline.kernels import LENGTHS, SIDE, START, write_moves, write_products
from sartor.cost.roofline.roofs import Peak, Roof, Roofline
from sartor.deploy import quantize
from sartor.deploy.quantize import SCHEMES
from sartor.errors import MeasurementError
from sartor.graph.formats import read_onnx
from sartor.targets import Step

Profiler = Callable[[Path, str, int], Sequence[Step]]
"""Returns the steps of a file, given the precision of its float operations and the calls over
which they are profiled."""

CALLS = 12
"""Over which a kernel is profiled: its time is their median, so that an interruption does no
harm."""
CLEARLY = 1.5
"""Times the bytes per second of a larger amount that make a roof of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernels:
    """Which kernels are run, and for how long."""

    float_precisions: tuple[str, ...] = ("fp32",)
    int8: bool = True
    lengths: tuple[int, ...] = LENGTHS
    """Numbers of the tensors that are moved, the shortest first."""
    seconds: float = 10.0
    """All kernels are run again while this lasts: others may be at work on the machine, and the
    fastest of all runs counts."""


@dataclass(frozen=True, slots=True)
class _Job:
    file: Path
    precision: str
    length: int = 0
    """Of the tensors that are moved; 0 where matrices are multiplied."""


def measure_roofline(
    runtime: str, threads: int, profiled: Profiler, what: Kernels | None = None
) -> Roofline:
    """Measure the peaks and roofs of a device.

    Args:
        runtime: That executes the kernels.
        threads: Of one call; `profiled` uses as many.
        profiled: Runs a file on the device.
        what: Kernels, and the time for them.

    Raises:
        MeasurementError: The runtime does not tell what it executes.
    """
    what = what or Kernels()
    products: list[Executed] = []
    moves: dict[int, list[Executed]] = {length: [] for length in what.lengths}
    with tempfile.TemporaryDirectory() as folder:
        jobs = list(_jobs(Path(folder), runtime, what))
        graphs = {it.file: read_onnx(it.file) for it in jobs}
        end = time.monotonic() + what.seconds
        for number, job in enumerate(itertools.cycle(jobs)):
            if number >= len(jobs) and time.monotonic() > end:
                break
            steps = profiled(job.file, job.precision, CALLS)
            executed = join_steps(steps, graphs[job.file]).executed
            (moves[job.length] if job.length else products).extend(executed)
    return _roofline(runtime, threads, products, moves)


def _jobs(folder: Path, runtime: str, what: Kernels) -> Iterator[_Job]:
    file = folder / "products.onnx"
    write_products(file)
    for precision in what.float_precisions:
        yield _Job(file, precision)
    if what.int8 and runtime in SCHEMES:
        rounded = folder / "products.int8.onnx"
        images = np.random.default_rng(1).standard_normal((1, START, SIDE, SIDE), np.float32)
        quantize(file, rounded, images, runtime=runtime)
        yield _Job(rounded, what.float_precisions[0])
    for length in what.lengths:
        file = folder / f"moves{length}.onnx"
        write_moves(file, length)
        yield _Job(file, what.float_precisions[0], length)


def _roofline(
    runtime: str,
    threads: int,
    products: Sequence[Executed],
    moves: dict[int, list[Executed]],
) -> Roofline:
    peaks: dict[str, Peak] = {}
    for it in _timed(products):
        speed = 1e3 * it.macs / it.milliseconds
        precision = it.step.precision
        if it.macs and (precision not in peaks or speed > peaks[precision].macs_per_second):
            peaks[precision] = Peak(speed, _named(it))
    fastest = [max(_timed(found), key=_speed, default=None) for found in moves.values()]
    roofs = clear_roofs([it for it in fastest if it is not None])
    if not peaks or not roofs:
        raise MeasurementError(
            f"{runtime} does not tell what it executes, so its roofs cannot be measured; "
            "use onnxruntime or openvino."
        )
    return Roofline(runtime, threads, peaks, roofs)


def _timed(executed: Sequence[Executed]) -> list[Executed]:
    """Return what computes something of the file, in a time that is long enough to tell."""
    return [it for it in executed if it.operations and it.bytes_moved and it.milliseconds > 0]


def clear_roofs(fastest: Sequence[Executed]) -> tuple[Roof, ...]:
    """Return the roof of memory, and those of caches that are clearly higher.

    Args:
        fastest: For each length, what moved most bytes per second, the shortest length first.
    """
    groups: list[list[Executed]] = []
    for it in reversed(fastest):
        if not groups or _speed(it) > CLEARLY * _speed(groups[-1][0]):
            groups.append([])
        groups[-1].append(it)
    roofs = []
    for place, group in enumerate(groups):
        best = max(group, key=_speed)
        roofs.append(Roof(_speed(best), group[0].bytes_moved if place else None, _named(best)))
    return tuple(reversed(roofs))


def _speed(it: Executed) -> float:
    """Return bytes per second."""
    return 1e3 * it.bytes_moved / it.milliseconds


def _named(it: Executed) -> str:
    """Describe a kernel: `Conv (1, 128, 32, 32) (128, 128, 3, 3)`."""
    return " ".join([it.step.kind, *(str(shape) for shape in it.step.reads if shape)])
