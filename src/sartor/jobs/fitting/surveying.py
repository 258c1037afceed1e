"""The survey stage, and the check that the limits can be kept at all."""

import tempfile
from pathlib import Path

from sartor.cost.designs import Survey, Surveyor, count, deployed, survey_file
from sartor.errors import DamagedFileError, LimitError
from sartor.jobs.fitting.asked import KNOWN_BEFORE
from sartor.jobs.fitting.job import Job
from sartor.space import Design
from sartor.study import StageClock
from sartor.units import METRICS, Limit, show

STAGE = "survey"
NETWORKS = 24
"""Architectures of a survey where the budget is in steps."""
FASTER = 1.2
"""A survey is made anew where the machine is so many times faster now: others had slowed it then.
One that is slower now keeps its survey, which is of the machine when it is left alone."""


def check_smallest(job: Job) -> None:
    """Time the smallest design on the target and refuse limits that even it misses.

    Raises:
        LimitError: The message says by how much.
    """
    limits = [
        limit for limit in job.limits if limit.metric in KNOWN_BEFORE and limit.direction == "max"
    ]
    if not limits:
        return
    smallest = job.family.smallest()
    counts = count(job.family, smallest)
    found = smallest_costs(job, smallest) | {
        "macs": float(counts.macs),
        "params": float(counts.params),
    }
    missed = [limit for limit in limits if not limit.keeps(found[limit.metric])]
    if missed:
        raise LimitError(" ".join(_sentence(limit, found[limit.metric]) for limit in missed))


def smallest_costs(job: Job, smallest: Design) -> dict[str, float]:
    """Time the smallest design in every runtime and precision; return the best of each metric."""
    surveyor = Surveyor(job.family, job.target, job.asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        files = {
            f"{runtime} {precision}": surveyor.written(
                Design(deployed(smallest, runtime, precision)), Path(folder)
            )
            for runtime, floats in surveyor.runtimes.items()
            for precision in (*floats, "int8")
        }
        how = job.target.how(seconds_each=0.2, seed=job.asked.seed)
        timings = job.target.place.time_in_turn(files, how)
        return {
            "latency_ms": min(timing.median_ms for timing in timings.values()),
            "size_bytes": float(min(it.file.stat().st_size for it in files.values())),
        }


def survey_target(job: Job, seconds: float | None) -> Survey:
    """Survey the target for the family, go on with it, or take the survey that was made before.

    Args:
        job: What is asked.
        seconds: The budget, those of earlier sessions counted in; None for a fixed number of
            networks.
    """
    file = survey_file(job.cache, job.family, job.target, job.asked.seed)
    record = job.folder.path / "survey.json"
    begun = _load(job, record)
    if begun is not None and job.folder.stage_done(STAGE):
        return begun.result()
    clock = StageClock(job.folder, STAGE)
    surveyor = _known(job, file)
    if surveyor is not None:
        surveyor.save(record)
    else:
        surveyor = begun or Surveyor(job.family, job.target, job.asked.seed)
        _run(job, surveyor, record, clock, seconds)
        surveyor.save(file)
    clock.finish({"architectures": surveyor.architectures})
    return surveyor.result()


def _known(job: Job, file: Path) -> Surveyor | None:
    """Return the survey that was made before, unless the machine was slower then."""
    surveyor = _load(job, file)
    if surveyor is None:
        return None
    faster = surveyor.usual_pace / surveyor.pace()
    if faster > FASTER:
        job.progress.say(
            f"{job.target.name} is {faster:.2f} times faster than when it was surveyed; the survey "
            "is made anew"
        )
        return None
    job.progress.say(f"the survey of {job.target.name} is known already")
    return surveyor


def _load(job: Job, file: Path) -> Surveyor | None:
    if not file.exists():
        return None
    surveyor = Surveyor(job.family, job.target, job.asked.seed)
    try:
        surveyor.load(file)
    except DamagedFileError:
        job.progress.say(f"{file} is damaged; the survey is made anew")
        return None
    return surveyor


def _run(
    job: Job, surveyor: Surveyor, record: Path, clock: StageClock, seconds: float | None
) -> None:
    def keep() -> None:
        surveyor.save(record)
        clock.record()

    surveyor.run(
        seconds=None if seconds is None else seconds - clock.seconds,
        networks=NETWORKS if seconds is None else None,
        report=job.progress.update,
        keep=keep,
    )
    for sentence in surveyor.dropped:
        job.progress.say(sentence)


def _sentence(limit: Limit, value: float) -> str:
    name = METRICS[limit.metric].word
    return (
        f"even the smallest design misses the limit {limit}: its {name} is "
        f"{show(limit.metric, value)}, {value / limit.bound:.2f} times the limit. "
        f"Give {show(limit.metric, 1.2 * value)} or more, or another target."
    )
