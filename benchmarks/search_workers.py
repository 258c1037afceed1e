"""How much faster a search is with workers: evaluations that sleep, in one, two and four processes.

python benchmarks/search_workers.py [--seeds 3] [--ray]
"""

import argparse
import statistics
import time
from collections.abc import Iterable

from machine import describe
from sartor.search import Processes, Ray, Workers, run
from sartor.space import Choice, Design, Space

SLEEP_S = 0.2
EVALUATIONS = 96
SPACE = Space([Choice(f"layer{n}", (3, 5, 7, 9), ordered=True) for n in range(20)])


def evaluate(design: Design) -> dict[str, float]:
    """Sleep, as one does who waits for a board."""
    time.sleep(SLEEP_S)
    return {"accuracy": design.number("layer0") / 10, "latency_ms": design.number("layer1")}


def per_second(workers: Workers | int | None, strategy: str, seed: int) -> float:
    """Return evaluations in a second, after a first batch in which the workers start."""
    ends: list[float] = []
    run(
        SPACE,
        evaluate,
        strategy=strategy,
        evaluations=EVALUATIONS + 16,
        seed=seed,
        workers=workers,
        on_trial=lambda _: ends.append(time.perf_counter()),
    )
    return EVALUATIONS / (ends[-1] - ends[15])


def table(places: dict[str, Workers | int | None], seeds: Iterable[int]) -> None:
    """Print a row for each place and strategy, all in turn."""
    print("| strategy | workers | evaluations/s, median (least to most) | of one |")
    print("|---|---|---|---|")
    for strategy in ("random", "predictor"):
        found: dict[str, list[float]] = {name: [] for name in places}
        for seed in seeds:
            for name, place in places.items():
                found[name].append(per_second(place, strategy, seed))
        one = statistics.median(found["1 process"])
        for name, speeds in found.items():
            middle = statistics.median(speeds)
            print(
                f"| `{strategy}` | {name} | {middle:.2f} ({min(speeds):.2f} to {max(speeds):.2f}) "
                f"| {middle / one:.2f} |"
            )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--ray", action="store_true", help="a local Ray too")
    given = parser.parse_args()
    print(describe(), flush=True)
    places: dict[str, Workers | int | None] = {
        "none": None,
        "1 process": Processes(1),
        "2 processes": Processes(2),
        "4 processes": Processes(4),
    }
    if given.ray:
        places["4 in Ray"] = Ray(4, cores=0.5)
    table(places, range(given.seeds))


if __name__ == "__main__":
    main()
