"""Search strategies on published tables: how many evaluations they need, many seeds each.

Runs are kept in a file, one line each, so that hours of them can be stopped and gone on with:

    python benchmarks/search_tables.py --strategy predictor nsga2 random --save runs.jsonl
"""

import argparse
import bisect
import itertools
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from machine import describe
from sartor import search
from sartor.search import STRATEGIES, hypervolume, non_dominated
from sartor.space import Design, Space
from sartor.units import Direction
from tables import CELLS, read_cells

WAYS: tuple[Direction, ...] = ("max", "min")
SHARES = (0.97, 0.99)
"""Of the hypervolume of the front, that are to be reached."""
MOST = {"random": 8000}
"""Evaluations after which a strategy is given up, where not 2,000."""
WORST_ACCURACY = 0.8


@dataclass(frozen=True)
class Table:
    """A search whose answers are known.

    Args:
        space: Of the designs.
        measure: Accuracy (share) and latency (ms) of a design.
        worst: The reference point: accuracy and latency.
        whole: Hypervolume of the best front.
    """

    space: Space
    measure: Callable[[Design], tuple[float, float]]
    worst: tuple[float, float]
    whole: float


@cache
def open_table(name: str) -> Table:
    """Open a table by a device of NAS-Bench-201: `raspi4`."""
    designs, columns = read_cells()
    accuracy, latency_ms = columns["cifar10"], columns[f"lat_{name}"]
    rows = {design: number for number, design in enumerate(designs)}
    worst = (WORST_ACCURACY, float(np.quantile(latency_ms, 0.999)))
    points = np.stack([accuracy, latency_ms], 1)
    front = points[non_dominated(points, WAYS)]

    def measure(design: Design) -> tuple[float, float]:
        row = rows[design]
        return float(accuracy[row]), float(latency_ms[row])

    return Table(CELLS, measure, worst, hypervolume(front, WAYS, worst))


class Growing:
    """The hypervolume of a growing set of points, by insertion into a sorted front."""

    def __init__(self, worst: tuple[float, float]) -> None:
        self.worst = worst
        self._latencies: list[float] = []
        self._accuracies: list[float] = []

    def add(self, accuracy: float, latency_ms: float) -> None:
        """Add a point."""
        if accuracy <= self.worst[0] or latency_ms >= self.worst[1]:
            return
        place = bisect.bisect_right(self._latencies, latency_ms)
        if place and self._accuracies[place - 1] >= accuracy:
            return
        # Equally fast or slower ones that are no better are beaten now.
        start = bisect.bisect_left(self._latencies, latency_ms)
        end = start
        while end < len(self._latencies) and self._accuracies[end] <= accuracy:
            end += 1
        self._latencies[start:end] = [latency_ms]
        self._accuracies[start:end] = [accuracy]

    @property
    def hypervolume(self) -> float:
        """The part of the plane that the points beat, up to the worst."""
        edges = [*self._latencies, self.worst[1]]
        steps = zip(itertools.pairwise(edges), self._accuracies, strict=True)
        return sum((end - start) * (best - self.worst[0]) for (start, end), best in steps)


@dataclass(frozen=True)
class Run:
    """How many evaluations a search took; None where it was given up."""

    table: str
    strategy: str
    seed: int
    reached: dict[str, int | None]
    evaluations: int
    seconds: float


def run(table: str, strategy: str, seed: int) -> Run:
    """Search a table until the last share is reached."""
    opened = open_table(table)
    growing = Growing(opened.worst)
    reached: dict[str, int | None] = {str(share): None for share in SHARES}
    done = 0

    def evaluate(design: Design) -> dict[str, float]:
        nonlocal done
        accuracy, latency_ms = opened.measure(design)
        growing.add(accuracy, latency_ms)
        done += 1
        now = growing.hypervolume / opened.whole
        for share in SHARES:
            if now >= share and reached[str(share)] is None:
                reached[str(share)] = done
        return {"accuracy": accuracy, "latency_ms": latency_ms}

    started = time.perf_counter()
    search.run(
        opened.space,
        evaluate,
        strategy=strategy,
        evaluations=MOST.get(strategy, 2000),
        seed=seed,
        stop=lambda: reached[str(SHARES[-1])] is not None,
    )
    return Run(table, strategy, seed, reached, done, time.perf_counter() - started)


def _run(job: tuple[str, str, int]) -> Run:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return run(*job)


def run_all(
    jobs: Sequence[tuple[str, str, int]], file: Path | None, processes: int
) -> Iterator[Run]:
    """Run what was not run before, in several processes; yield all."""
    known: dict[tuple[str, str, int], Run] = {}
    if file is not None and file.exists():
        for line in file.read_text().splitlines():
            old = Run(**json.loads(line))
            known[old.table, old.strategy, old.seed] = old
    yield from (known[job] for job in jobs if job in known)
    left = [job for job in jobs if job not in known]
    with multiprocessing.Pool(processes) as pool:
        for number, done in enumerate(pool.imap_unordered(_run, left)):
            if file is not None:
                with file.open("a") as out:
                    out.write(json.dumps(asdict(done)) + "\n")
            print(f"{number + 1} of {len(left)}: {done}", file=sys.stderr, flush=True)
            yield done


def row(runs: Sequence[Run]) -> str:
    """Describe the runs of a strategy on a table: medians and the middle half of the seeds."""
    cells = []
    for share in SHARES:
        reached = [run.reached[str(share)] for run in runs]
        counts = np.array([np.inf if it is None else it for it in reached])
        low, middle, high = np.quantile(counts, [0.25, 0.5, 0.75], method="higher")
        cells.append(f"{middle:.0f} ({low:.0f} to {high:.0f})".replace("inf", "never"))
    seconds = np.median([run.seconds / run.evaluations for run in runs])
    cells.append(f"{1000 * seconds:.1f} ms")
    return " | ".join([runs[0].table, runs[0].strategy, str(len(runs)), *cells])


def main() -> None:
    """Run searches and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", nargs="+", default=["raspi4", "gold_6226", "fpga"])
    parser.add_argument("--strategy", nargs="+", default=list(STRATEGIES))
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--save", type=Path, help="a file of runs, gone on with if it is there")
    given = parser.parse_args()
    jobs = [
        (device, strategy, seed)
        for seed in range(given.seeds)
        for device in given.device
        for strategy in given.strategy
    ]
    runs = list(run_all(jobs, given.save, given.processes))
    print(describe())
    heads = [f"evaluations to {share:.0%} (middle half)" for share in SHARES]
    print("\n| " + " | ".join(["table", "strategy", "seeds", *heads, "for a design"]) + " |")
    print("|---" * 6 + "|")
    for device in given.device:
        for strategy in given.strategy:
            own = [run for run in runs if (run.table, run.strategy) == (device, strategy)]
            print(f"| {row(own)} |")


if __name__ == "__main__":
    main()
