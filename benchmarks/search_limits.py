"""Search under a limit on latency: how far the best design found is from the best there is.

    python benchmarks/search_limits.py --table raspi4 gold_6226 --seeds 30
    python benchmarks/search_limits.py --table ofa --seeds 30 --evaluations 500
    python benchmarks/search_limits.py --table samsung_s7 raspi4 --strategy predictor --known

With `--known` latency is an estimate: it is looked up before a design is evaluated, as the
published search does it. Without, it is measured with the accuracy, and predicted until then.

On NAS-Bench-201 the limits are the 20th and the 50th percentile of latency, and the best there is
is known. On the once-for-all space they are 25, 35, 50 and 65 ms, and what is found is compared
with the evolutionary search that was published with it (50,000 predictions).
"""

import argparse
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.pool import Pool

import numpy as np

from machine import describe
from sartor import search
from sartor.search import STRATEGIES
from sartor.search.protocol import Numbers
from sartor.space import Design, Genes
from search_tables import Table, open_table

SHARES = (0.2, 0.5)
"""Of the designs of NAS-Bench-201 that keep the limit."""
LIMITS_MS = (25.0, 35.0, 50.0, 65.0)
"""On the once-for-all space."""
POPULATION, GENERATIONS = 100, 500
PARENTS, MUTATED, RATE = 0.25, 0.5, 0.1
"""Of the published evolutionary search: shares of parents and of mutated children, and the
probability of each change."""
RUNS = 12
"""Of that search at each limit: what it finds differs by half a per cent."""


@dataclass(frozen=True)
class Found:
    """Best accuracies under a limit, all with the same number of evaluations."""

    table: str
    limit_ms: float
    strategy: str
    seed: int
    best: float
    random_mean: float
    random_best: float


def limits_of(name: str, table: Table) -> dict[str, float]:
    """Return the limits of a table in ms, by what they are called."""
    if name == "ofa":
        return {f"{limit:g} ms": limit for limit in LIMITS_MS}
    _, latency_ms = table.look_up(table.space.coding.every())
    return {f"{share:.0%}": float(np.quantile(latency_ms, share)) for share in SHARES}


def best_there_is(name: str, limit_ms: float, pool: Pool) -> Numbers:
    """Return the accuracy to be reached: the best, or what the published search finds, (runs,)."""
    if name == "ofa":
        return np.array(pool.starmap(published, [(name, limit_ms, seed) for seed in range(RUNS)]))
    table = open_table(name)
    accuracy, latency_ms = table.look_up(table.space.coding.every())
    best: Numbers = accuracy[latency_ms <= limit_ms].max(keepdims=True)
    return best


def published(name: str, limit_ms: float, seed: int) -> float:
    """Evolve as the once-for-all network's authors do; return the accuracy.

    Source:
        Cai et al. 2020, arXiv:1908.09791, with the settings of the published code: the best
        quarter are parents; of the children half are mutated and half crossed; each is drawn until
        it keeps the limit.
    """
    table = open_table(name)
    coding, rng = table.space.coding, np.random.default_rng(seed)

    def kept(draw: Callable[[int], Genes], count: int) -> tuple[Genes, Numbers]:
        genes, scores = np.empty((0, len(table.space)), np.int64), np.empty(0)
        while len(genes) < count:
            drawn = draw(4 * count)
            accuracy, latency_ms = table.look_up(drawn)
            fits = latency_ms <= limit_ms
            genes = np.concatenate([genes, drawn[fits]])
            scores = np.concatenate([scores, accuracy[fits]])
        return genes[:count], scores[:count]

    def mutate(count: int) -> Genes:
        chosen = parents[rng.integers(len(parents), size=count)]
        return coding.settled(
            np.where(rng.random(chosen.shape) < RATE, coding.drawn(count, rng), chosen)
        )

    def cross(count: int) -> Genes:
        ones, others = parents[rng.integers(len(parents), size=(2, count))]
        return coding.crossed(ones, others, rng)

    genes, scores = kept(lambda count: coding.drawn(count, rng), POPULATION)
    for _ in range(GENERATIONS):
        order = np.argsort(-scores)[: round(PARENTS * POPULATION)]
        parents, best = genes[order], scores[order]
        half = round(MUTATED * POPULATION)
        mutated, one = kept(mutate, half)
        crossed, other = kept(cross, POPULATION - half)
        genes = np.concatenate([parents, mutated, crossed])
        scores = np.concatenate([best, one, other])
    return float(scores.max())


def find(job: tuple[str, float, str, int, int, bool]) -> Found:
    """Search under a limit, and draw as many at random that keep it."""
    name, limit_ms, strategy, seed, evaluations, known = job
    table = open_table(name)

    def estimate(designs: Sequence[Design]) -> dict[str, Numbers]:
        return {"latency_ms": table.look_up(table.space.encode(designs))[1]}

    def evaluate(design: Design) -> dict[str, float]:
        accuracy, latency_ms = table.measure(design)
        return {"accuracy": accuracy, "latency_ms": latency_ms}

    study = search.run(
        table.space,
        evaluate,
        objectives={"accuracy": "max"},
        limits={"latency_ms": limit_ms},
        strategy=strategy,
        evaluations=evaluations,
        seed=seed,
        estimate=estimate if known else None,
    )
    rng = np.random.default_rng(1000 + seed)
    drawn = np.concatenate(list(_keeping(table, limit_ms, evaluations, rng)))[:evaluations]
    return Found(
        table=name,
        limit_ms=limit_ms,
        strategy=strategy,
        seed=seed,
        best=max(trial.value("accuracy") for trial in study.kept),
        random_mean=float(drawn.mean()),
        random_best=float(drawn.max()),
    )


def _keeping(
    table: Table, limit_ms: float, count: int, rng: np.random.Generator
) -> Iterator[Numbers]:
    """Yield accuracies of random designs that keep a limit, until there are enough."""
    found = 0
    while found < count:
        accuracy, latency_ms = table.look_up(table.space.coding.drawn(1000, rng))
        kept = accuracy[latency_ms <= limit_ms]
        found += len(kept)
        yield kept


def main() -> None:
    """Search under limits and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", nargs="+", default=["raspi4", "gold_6226", "fpga"])
    parser.add_argument("--strategy", nargs="+", default=["predictor", "nsga2", "local", "random"])
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--evaluations", type=int, default=200)
    parser.add_argument("--known", action="store_true", help="latency is looked up beforehand")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    unknown = [it for it in given.strategy if it not in STRATEGIES]
    if unknown:
        parser.error(f"there is no strategy {unknown[0]}; there are {', '.join(STRATEGIES)}.")
    print(describe())
    print("latency is looked up beforehand" if given.known else "latency is measured")
    print("\n| table | limit | strategy | regret in %: median | 90th percentile | "
          "best of as many random ones | average one |")  # fmt: skip
    print("|---" * 7 + "|")
    for name in given.table:
        limits = limits_of(name, open_table(name))  # opened once, before the processes part
        with multiprocessing.Pool(given.processes) as pool:
            for called, limit_ms in limits.items():
                goal = float(np.median(best_there_is(name, limit_ms, pool)))
                for strategy in given.strategy:
                    jobs = [
                        (name, limit_ms, strategy, seed, given.evaluations, given.known)
                        for seed in range(given.seeds)
                    ]
                    found = pool.map(find, jobs, chunksize=1)
                    print(f"| {name} | {called} | {strategy} | {row(found, goal)} |", flush=True)


def row(found: list[Found], goal: float) -> str:
    """Describe what is missing to the goal, in per cent of all images."""
    regret = 100 * (goal - np.array([it.best for it in found]))
    best = 100 * (goal - np.median([it.random_best for it in found]))
    mean = 100 * (goal - np.median([it.random_mean for it in found]))
    median, high = np.median(regret), np.quantile(regret, 0.9)
    mark = "" if median < best else " (does not beat random)"
    return f"{median:.3f}{mark} | {high:.3f} | {best:.3f} | {mean:.3f}"


if __name__ == "__main__":
    main()
