"""How fast the search thinks: designs predicted and sorted, asking with many trials, memory.

python benchmarks/search_speed.py
"""

import argparse
import resource
import time

import numpy as np
import psutil

from machine import describe
from sartor.search import STRATEGIES, Problem, Scored, run
from sartor.search.front import fronts
from sartor.search.history import History
from sartor.search.outlook import Oracle
from sartor.space import Choice, Design, Space
from sartor.study import Trial

PREDICTED = 100_000
KEPT = 400
"""Designs that are sorted out of those predicted."""
BATCH = 16
GROWN = (10_000, 100_000)
"""Trials between which the growth of memory is measured."""
SPACE = Space([Choice(f"layer{n}", (3, 5, 7, 9), ordered=True) for n in range(20)])


def told(count: int, rng: np.random.Generator, batch: int) -> list[Scored]:
    """Return trials of random designs, of which accuracy and latency are sums with noise."""
    genes = SPACE.coding.drawn(count, rng)
    gain = np.linspace(0.2, 1, len(SPACE))
    accuracy = 0.7 + 0.005 * genes @ gain + 0.002 * rng.standard_normal(count)
    latency_ms = 1 + genes @ gain[::-1] + 0.1 * rng.random(count)
    return [
        Scored(design, {"accuracy": float(a), "latency_ms": float(ms)}, batch)
        for design, a, ms in zip(SPACE.decode(genes), accuracy, latency_ms, strict=True)
    ]


def predicted_per_second() -> float:
    """Return how many designs are predicted (two metrics) and sorted in a second."""
    rng = np.random.default_rng(0)
    history = History(Problem(SPACE), 0)
    history.tell(told(400, rng, 0))
    oracle = Oracle(history)
    oracle.learn()
    genes = SPACE.coding.drawn(PREDICTED, rng)
    started = time.perf_counter()
    fronts(oracle.outlook(genes).expected, KEPT)
    return PREDICTED / (time.perf_counter() - started)


def ask_ms(strategy: str, trials: int) -> float:
    """Return milliseconds for a design, median of five batches, with so many trials known."""
    rng = np.random.default_rng(0)
    asker = STRATEGIES[strategy](Problem(SPACE), 0)
    asker.tell(told(trials, rng, 0))
    times = []
    for number in range(1, 6):
        started = time.perf_counter()
        designs = asker.ask(BATCH)
        times.append(time.perf_counter() - started)
        asker.tell([Scored(it, {"accuracy": 0.7, "latency_ms": 5.0}, number) for it in designs])
    return 1000 * float(np.median(times)) / BATCH


def evaluate(design: Design) -> dict[str, float]:
    """Return numbers that all differ."""
    away = hash(design) % 9973 / 9973
    return {"accuracy": 0.5 + away / 10, "latency_ms": design.number("layer0") + away}


def kilobytes_a_trial() -> float:
    """Return by how much memory grows with each trial of a search that keeps them in memory."""
    process, seen = psutil.Process(), 0
    bytes_at: dict[int, int] = {}

    def on_trial(_: Trial) -> None:
        nonlocal seen
        seen += 1
        if seen in GROWN:
            bytes_at[seen] = process.memory_info().rss

    run(SPACE, evaluate, strategy="random", evaluations=GROWN[1], on_trial=on_trial)
    return (bytes_at[GROWN[1]] - bytes_at[GROWN[0]]) / (GROWN[1] - GROWN[0]) / 1000


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strategy", nargs="+", default=["predictor", "nsga2", "evolution"])
    parser.add_argument("--trials", nargs="+", type=int, default=[1000, 10_000])
    given = parser.parse_args()
    print(describe())
    print(f"\npredicted and sorted in a second: {predicted_per_second():,.0f}\n")
    print(f"memory for each of {GROWN[1]:,} trials: {kilobytes_a_trial():.2f} kB\n")
    print("| strategy | trials | ms for a design | peak memory so far, MB |")
    print("|---" * 4 + "|")
    for strategy in given.strategy:
        for trials in given.trials:
            ms = ask_ms(strategy, trials)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"| {strategy} | {trials:,} | {ms:.1f} | {peak:,.0f} |")


if __name__ == "__main__":
    main()
