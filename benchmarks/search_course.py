"""How the hypervolume grows with the evaluations, and how many NSGA-II needs for the same.

    python benchmarks/search_course.py --evaluations predictor=2000 nsga2=20000 --seeds 3

A share is that of the best front known; see `search_tables.py`.
"""

import argparse
import multiprocessing
import os
import time
from dataclasses import dataclass

import numpy as np

from machine import describe
from sartor import search
from sartor.space import Design
from search_tables import Growing, open_table

MARKS = (
    100,
    200,
    300,
    500,
    750,
    1000,
    1500,
    2000,
    3000,
    5000,
    7500,
    10_000,
    15_000,
    20_000,
    40_000,
    60_000,
    80_000,
    100_000,
)
AGAINST = "nsga2"


@dataclass(frozen=True)
class Course:
    """Of one search."""

    strategy: str
    shares: list[float]
    """After each evaluation."""
    seconds: float


def course(job: tuple[str, str, int, int]) -> Course:
    """Search, and tell the share of the hypervolume after each evaluation."""
    from threadpoolctl import threadpool_limits

    name, strategy, seed, evaluations = job
    table = open_table(name)
    growing = Growing(table.worst)
    shares: list[float] = []

    def evaluate(design: Design) -> dict[str, float]:
        accuracy, latency_ms = table.measure(design)
        growing.add(accuracy, latency_ms)
        shares.append(growing.hypervolume / table.whole)
        return {"accuracy": accuracy, "latency_ms": latency_ms}

    started = time.perf_counter()
    with threadpool_limits(1):
        search.run(table.space, evaluate, strategy=strategy, evaluations=evaluations, seed=seed)
    return Course(strategy, shares, time.perf_counter() - started)


def main() -> None:
    """Search and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", default="ofa")
    parser.add_argument("--evaluations", nargs="+", default=["predictor=2000", "nsga2=20000"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    most = {name: int(count) for name, _, count in (it.partition("=") for it in given.evaluations)}
    print(describe())
    jobs = [
        (given.table, strategy, seed, count)
        for seed in range(given.seeds)
        for strategy, count in most.items()
    ]
    with multiprocessing.Pool(given.processes) as pool:
        found = pool.map(course, jobs, chunksize=1)
    middle = {
        strategy: np.median([it.shares for it in found if it.strategy == strategy], axis=0)
        for strategy in most
    }
    beside = "" if AGAINST not in most else f" evaluations that {AGAINST} needs for the median |"
    print(f"\n{given.table}, {given.seeds} seeds; of the hypervolume of the best front known\n")
    print(f"| strategy | evaluations | median | least to most |{beside}")
    print("|---" * (4 + bool(beside)) + "|")
    for strategy, shares in middle.items():
        runs = np.array([it.shares for it in found if it.strategy == strategy])
        for mark in (it for it in MARKS if it <= most[strategy]):
            now = runs[:, mark - 1]
            print(
                f"| {strategy} | {mark:,} | {shares[mark - 1]:.1%} | {now.min():.1%} to "
                f"{now.max():.1%} |{needed(middle, float(shares[mark - 1]), beside)}"
            )


def needed(middle: dict[str, np.ndarray], share: float, beside: str) -> str:
    """Say after how many evaluations the strategy that is compared with has a share."""
    if not beside:
        return ""
    there = np.flatnonzero(middle[AGAINST] >= share)
    return f" {there[0] + 1:,} |" if len(there) else f" more than {len(middle[AGAINST]):,} |"


if __name__ == "__main__":
    main()
