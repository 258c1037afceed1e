"""Search for a device of which ten networks were measured: how far from the best there is.

    python benchmarks/search_unseen.py ../shared/data --table raspi4 gold_6226 fpga --seeds 10

The latency of all others is predicted from these ten and from the other devices of NAS-Bench-201
(`sartor.cost.transfer`), and a limit on it holds as predicted. After the search the designs are
measured on the device, the most accurate first, until one keeps the limit.
"""

import argparse
import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from machine import describe
from sartor import search
from sartor.cost import transfer
from sartor.search.protocol import Numbers
from sartor.space import Design
from search_limits import SHARES
from search_tables import open_table
from tables import CELLS, read_cells
from unseen_devices import MEASURED, POOL, read_nasbench201


@dataclass(frozen=True)
class Found:
    """What a search found for a device."""

    best: float
    """Accuracy of the best design that truly keeps the limit."""
    measured: int
    """Designs that were measured after the search to find it."""


@cache
def predicted_ms(data: Path, device: str, seed: int, chosen: bool) -> Numbers:
    """Predict all networks of a device from ten of them, (15625,), in the order of the table."""
    table = read_nasbench201(data)
    known = {name: it for name, it in table.latency_ms.items() if name != device}
    learned = transfer.learn(table.features, known)
    rows = learned.describe(table.features, known)
    rng = np.random.default_rng(seed)
    ten = rng.choice(len(rows), MEASURED, replace=False)
    if chosen:
        among = rng.choice(len(rows), POOL, replace=False)
        ten = among[transfer.choose(learned, rows[among])]
    return transfer.fit(learned, rows[ten], table.latency_ms[device][ten]).latency_ms(rows)


def find(job: tuple[Path, str, float, str, int, int, bool, float]) -> Found:
    """Search under a limit on predicted latency, then measure."""
    data, device, limit_ms, strategy, seed, evaluations, chosen, slack = job
    table = open_table(device)
    latency_ms = predicted_ms(data, device, seed, chosen)
    keys = CELLS.coding.keys(CELLS.encode(read_cells()[0])).tolist()
    rows = {key: number for number, key in enumerate(keys)}

    def estimate(designs: Sequence[Design]) -> dict[str, Numbers]:
        places = [rows[key] for key in CELLS.coding.keys(CELLS.encode(designs)).tolist()]
        return {"latency_ms": latency_ms[places]}

    study = search.run(
        CELLS,
        lambda design: {"accuracy": table.measure(design)[0]},
        objectives={"accuracy": "max"},
        limits={"latency_ms": (1 + slack) * limit_ms},
        strategy=strategy,
        evaluations=evaluations,
        seed=seed,
        estimate=estimate,
    )
    ranked = sorted(study.trials, key=lambda it: -it.value("accuracy"))
    for number, trial in enumerate(ranked, 1):
        accuracy, true_ms = table.measure(trial.design)
        if true_ms <= limit_ms:
            return Found(accuracy, number)
    return Found(0.0, len(ranked))


def main() -> None:
    """Search and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--table", nargs="+", default=["raspi4", "gold_6226", "fpga"])
    parser.add_argument("--strategy", nargs="+", default=["predictor"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--evaluations", type=int, default=200)
    parser.add_argument("--slack", type=float, default=0.0, help="share beyond the limit, 0 and up")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    print(describe())
    print(f"searched up to {1 + given.slack:g} times the limit as predicted")
    print(f"\n| table | limit | strategy | {MEASURED} networks | regret in %: median | "
          "90th percentile | measured after the search: median | most |")  # fmt: skip
    print("|---" * 8 + "|")
    for device in given.table:
        accuracy, latency_ms = open_table(device).look_up(CELLS.coding.every())
        for share in SHARES:
            limit_ms = float(np.quantile(latency_ms, share))
            goal = float(accuracy[latency_ms <= limit_ms].max())
            for strategy in given.strategy:
                for chosen in (False, True):
                    settings = given.data, device, limit_ms, strategy
                    jobs = [
                        (*settings, seed, given.evaluations, chosen, given.slack)
                        for seed in range(given.seeds)
                    ]
                    with multiprocessing.Pool(given.processes) as pool:
                        found = pool.map(find, jobs)
                    how = "chosen" if chosen else "drawn"
                    print(f"| {device} | {share:.0%} | {strategy} | {how} | {row(found, goal)} |")


def row(found: list[Found], goal: float) -> str:
    """Describe what is missing to the goal, in per cent of all images, and what was measured."""
    regret = 100 * (goal - np.array([it.best for it in found]))
    measured = [it.measured for it in found]
    return (
        f"{np.median(regret):.3f} | {np.quantile(regret, 0.9):.3f} | "
        f"{np.median(measured):g} | {max(measured)}"
    )


if __name__ == "__main__":
    main()
