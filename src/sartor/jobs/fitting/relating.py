"""Limits in multiples of what the first network to compare with costs."""

import tempfile
from pathlib import Path

from sartor.graph.formats import read_graph
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.versus import Rival, deployments, make, read_rival
from sartor.units import Limit, read_limits

RECORD = "prepare/relative"
SECONDS_EACH = 0.5
"""For timing the network in each runtime and precision."""


def settle_limits(job: Job) -> tuple[Limit, ...]:
    """Return all limits of a job in units, relative ones too.

    They relate to the cheapest deployment of the network, over runtimes and precisions, as that of
    the smallest design is which has to keep them. It is measured once, with random weights, which
    change nothing of that: a run that goes on keeps its limits.

    Raises:
        LimitError: A lower bound stands above an upper bound of the same metric.
    """
    asked = job.asked
    if not asked.relative:
        return asked.limits
    rival = read_rival(asked.versus[0], job.task.resolution)
    known = job.folder.load_json_or_none(RECORD)
    if known is None:
        known = _costs(job, rival)
        job.folder.save_json(RECORD, known)
    settled = [it.of(known) for it in asked.relative]
    for relative, limit in zip(asked.relative, settled, strict=True):
        job.progress.say(f"{relative} of {rival.text} is {limit}")
    return read_limits((*asked.limits, *settled))


def _costs(job: Job, rival: Rival) -> dict[str, float]:
    network = make(job, rival).eval()
    with tempfile.TemporaryDirectory() as folder:
        programs = deployments(job, network, rival.resolution, Path(folder))
        timings = job.target.place.time_in_turn(
            {name: it.timed for name, it in programs.items()},
            job.target.how(seconds_each=SECONDS_EACH, seed=job.asked.seed),
        )
        files = {it.file for it in programs.values()}
        return {
            "latency_ms": min(timing.median_ms for timing in timings.values()),
            "size_bytes": float(min(file.stat().st_size for file in files)),
            "macs": float(read_graph(min(files)).macs),  # the same in every file
            "params": float(sum(it.numel() for it in network.parameters())),
        }
