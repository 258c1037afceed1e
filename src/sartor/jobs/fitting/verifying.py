"""Verification: the exported files, run on the target and on the test split."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sartor import search
from sartor.cost import pace_of
from sartor.cost.designs import Surveyor
from sartor.deploy import Accuracy, measure_accuracy
from sartor.jobs.fitting.building import preprocessing
from sartor.jobs.fitting.job import Job
from sartor.targets import TimedFile, Timing
from sartor.tasks import Split
from sartor.units import Limit, Measurement, show

LEAST_EACH, MOST_EACH = 0.5, 1.5
"""Seconds for timing every program in each process."""
PROCESSES = 3
TIMING = 0.7
"""Share of the time for verifying that is for timing; the rest is for starting processes, for
accuracies and for memory."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was measured of a file."""

    accuracy: Accuracy
    timing: Timing
    size_bytes: int
    peak_bytes: int

    @property
    def latency_ms(self) -> Measurement:
        """The latency with its interval."""
        timing = self.timing
        return Measurement(timing.median_ms, "verified", timing.low_ms, timing.high_ms)

    def values(self) -> dict[str, float]:
        """Return the verified numbers by metric."""
        return {
            "accuracy": self.accuracy.overall.value,
            "latency_ms": self.timing.median_ms,
            "size_bytes": float(self.size_bytes),
            "peak_bytes": float(self.peak_bytes),
        }


@dataclass(frozen=True, slots=True)
class Program:
    """A file and how it is executed."""

    file: Path
    runtime: str
    precision: str
    """Of its float operations."""
    resolution: int

    @property
    def timed(self) -> TimedFile:
        """What is measured."""
        return TimedFile(self.file, self.runtime, self.precision)


def verify(
    job: Job, programs: Mapping[str, Program], seconds: float | None
) -> tuple[dict[str, Verified], float]:
    """Measure files side by side: all are timed in turn, each is run on the whole test split.

    Args:
        job: With the target and the test split.
        programs: By any name.
        seconds: Time for all of it, about; None for as long as serves.

    Returns:
        What was measured, and the milliseconds of the survey's anchors meanwhile: where the machine
        was faster or slower then, promised latencies are off by as much.
    """
    place = job.target.place
    files = {key: it.timed for key, it in programs.items()}
    with tempfile.TemporaryDirectory() as folder:
        anchors = Surveyor(job.family, job.target, job.asked.seed).anchors(Path(folder)).files
        together = {**files, **anchors}
        how = job.target.how(
            seconds_each=seconds_each(seconds, len(together)),
            processes=PROCESSES,
            seed=job.asked.seed,
        )
        timings = place.time_files(together, how)
    verified = {
        key: Verified(
            accuracy_of(job, program, job.task.test),
            timings[key],
            program.file.stat().st_size,
            place.inspect_file(files[key], how).peak_bytes,
        )
        for key, program in programs.items()
    }
    return verified, pace_of(timings[name] for name in anchors)


def seconds_each(seconds: float | None, programs: int) -> float:
    """Return how long each of so many programs is timed in a process, given the time for all."""
    if seconds is None:
        return MOST_EACH
    return min(MOST_EACH, max(LEAST_EACH, TIMING * seconds / (programs * PROCESSES)))


def accuracy_of(job: Job, program: Program, split: Split) -> Accuracy:
    """Run a file on a split, on the target, with the preprocessing that its card describes."""
    loaded = job.target.place.load(program.timed, job.target.how())
    return measure_accuracy(
        loaded, split.images, split.labels, preprocessing(job, program.resolution), job.task.classes
    )


def missed_limits(limits: Sequence[Limit], values: Mapping[str, float]) -> list[str]:
    """Say which limits verified values miss."""
    return [
        f"misses {limit}: {show(limit.metric, values[limit.metric])} verified"
        for limit in limits
        if limit.metric in values and not limit.keeps(values[limit.metric])
    ]


def rank_correlation(promised: Sequence[float], verified: Sequence[float]) -> float | None:
    """Return Spearman's correlation, or None for fewer than three or for equal values."""
    if len(promised) < 3 or len(set(promised)) < 2 or len(set(verified)) < 2:
        return None
    return search.rank_correlation(np.array(promised), np.array(verified))
