"""How well ten measured networks tell the latency of all others on a device never seen.

    python benchmarks/unseen_devices.py DATA_FOLDER [--draws 200]

DATA_FOLDER holds `nasbench201/` and `fbnet_latency/`. Each device in turn is unseen and all others
are known. Predictions are compared with the networks that were not measured.
"""

import argparse
import csv
import gzip
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from sklearn.linear_model import RidgeCV

from machine import describe
from sartor.cost import transfer

Array = npt.NDArray[np.float64]
MEASURED = 10
POOL = 500
"""Networks among which the ten of an active choice may be chosen."""
EVERY = 5
"""Draws of which one is taken also with the device's kind unseen, and with chosen networks."""
CHECKED = 300
"""Networks of which intervals are checked."""
RIDGES = np.logspace(-3, 3, 13)
OPERATORS = ("none", "skip_connect", "avg_pool_3x3", "nor_conv_1x1", "nor_conv_3x3")
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""Nodes that the operators of a NAS-Bench-201 cell join, in the order of its string."""
STAGES = (1, 4, 4, 4, 4, 4, 1)
"""Blocks of the stages of an FBNet."""
KINDS = {
    "graphics card": ("1080ti", "2080ti", "titan"),
    "server": ("gold", "silver"),
    "phone": ("essential", "pixel", "samsung"),
}
"""Parts of the names of devices that are much alike."""
PUBLISHED = {"nasbench201": {"gold_6226": 0.989, "raspi4": 0.890, "fpga": 0.985}}
"""HELP's Spearman with ten networks, of the devices that the table holds (Lee et al. 2021,
arXiv:2106.08630, table 2); its mean is 0.932 over six devices here, and 0.910 on FBNet."""


@dataclass(frozen=True, slots=True)
class Table:
    """Latencies of networks on devices."""

    name: str
    counts: Array
    """Of operators, (n, f)."""
    features: Array
    """Counts, and what stands where, (n, f)."""
    macs: Array | None
    """Multiply-adds, (n,)."""
    latency_ms: dict[str, Array]


@dataclass(slots=True)
class Scores:
    """Of one method on one device, by draw."""

    rank: list[float] = field(default_factory=list)
    within: list[float] = field(default_factory=list)
    covered: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, predicted: Array, times: Array, measured: npt.NDArray[np.int64]) -> None:
        """Compare predictions with the networks that were not measured."""
        others = np.delete(np.arange(len(times)), measured)
        p, y = predicted[others], times[others]
        self.rank.append(float(np.corrcoef(rankdata(p), rankdata(y))[0, 1]))
        self.within.append(float(np.mean(np.abs(p - y) <= 0.1 * y)))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--draws", type=int, default=200)
    asked = parser.parse_args()
    print(describe())
    print(f"{asked.draws} draws of {MEASURED} networks for each device, seeds 0 and up")
    for table in (read_nasbench201(asked.data), read_fbnet(asked.data)):
        report(table, asked.draws)


def report(table: Table, draws: int) -> None:
    """Print the tables of one space."""
    found = {device: on_device(table, device, draws) for device in table.latency_ms}
    methods = list(next(iter(found.values())))
    print(f"\n### {table.name}: {len(table.counts)} networks, {len(found)} devices\n\nSpearman\n")
    print(f"| device | {' | '.join(methods)} | HELP |\n{'|---' * (len(methods) + 2)}|")
    for device, scores in found.items():
        cells = [f"{np.mean(scores[method].rank):.3f}" for method in methods]
        cells.append(str(PUBLISHED.get(table.name, {}).get(device, "")))
        print(f"| {device} | {' | '.join(cells)} |")
    means = [interval_of([scores[method].rank for scores in found.values()]) for method in methods]
    print(f"| mean of devices | {' | '.join(means)} | |")
    print(f"\nShare within 10 %\n\n| device | {' | '.join(methods)} | 95 % intervals hold |")
    print(f"{'|---' * (len(methods) + 2)}|")
    for device, scores in found.items():
        cells = [f"{np.mean(scores[method].within):.1%}" for method in methods]
        print(f"| {device} | {' | '.join(cells)} | {np.mean(scores['transfer'].covered):.1%} |")
    means = [f"{np.mean([s[method].within for s in found.values()]):.1%}" for method in methods]
    covered = np.mean([s["transfer"].covered for s in found.values()])
    print(f"| mean of devices | {' | '.join(means)} | {covered:.1%} |")
    seconds = [it for s in found.values() for it in s["transfer"].seconds]
    print(
        f"\nA fit takes {1e3 * np.median(seconds):.1f} ms (median of {len(seconds)}).", flush=True
    )


def interval_of(by_device: Sequence[Sequence[float]]) -> str:
    """Return a mean over devices with the 95 % interval over draws."""
    mean = float(np.mean([np.mean(scores) for scores in by_device]))
    error = [np.var(scores) / len(scores) for scores in by_device]
    half = 1.96 * float(np.sqrt(np.sum(error))) / len(by_device)
    return f"{mean:.4f} ({mean - half:.4f} to {mean + half:.4f})"


def on_device(table: Table, device: str, draws: int) -> dict[str, Scores]:
    """Predict one device from the others, by every method."""
    times = table.latency_ms[device]
    known = {name: it for name, it in table.latency_ms.items() if name != device}
    strangers = {name: it for name, it in known.items() if kind(name) != kind(device)}
    logarithms = np.log(np.stack(list(known.values()), 1))
    ridges = {"counts": table.counts, "devices": logarithms}
    ridges["both"] = np.hstack([standard(table.counts), standard(logarithms)])
    scores: dict[str, Scores] = {}
    if table.macs is not None:
        scores["multiply-adds"] = Scores()
    scores |= {f"ridge on {name}": Scores() for name in ridges}
    scores |= {name: Scores() for name in ("transfer", "kind unseen", "ten chosen")}
    models = {
        "transfer": Transfer(table, known),
        "kind unseen": Transfer(table, strangers),
    }
    checked = np.random.default_rng(0).choice(len(times), CHECKED, replace=False)
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        drawn = rng.choice(len(times), MEASURED, replace=False)
        if table.macs is not None:
            speed = np.exp(np.mean(np.log(times[drawn] / table.macs[drawn])))
            scores["multiply-adds"].add(speed * table.macs, times, drawn)
        for name, columns in ridges.items():
            scores[f"ridge on {name}"].add(by_ridge(columns, times, drawn), times, drawn)
        models["transfer"].score(scores["transfer"], times, drawn, checked)
        if seed % EVERY:
            continue
        models["kind unseen"].score(scores["kind unseen"], times, drawn, checked)
        among = rng.choice(len(times), POOL, replace=False)
        chosen = among[transfer.choose(models["transfer"].known, models["transfer"].rows[among])]
        models["transfer"].score(scores["ten chosen"], times, chosen, checked)
    scores["half of all networks"] = ceiling(models["transfer"].rows, times)
    return scores


class Transfer:
    """The package's model, with other devices known."""

    def __init__(self, table: Table, known: dict[str, Array]) -> None:
        self.known = transfer.learn(table.features, known)
        self.rows = self.known.describe(table.features, known)

    def score(
        self,
        scores: Scores,
        times: Array,
        measured: npt.NDArray[np.int64],
        checked: npt.NDArray[np.int64],
    ) -> None:
        """Fit a device to the measured networks and add how well the others are predicted."""
        start = time.perf_counter()
        model = transfer.fit(self.known, self.rows[measured], times[measured])
        scores.seconds.append(time.perf_counter() - start)
        scores.add(model.latency_ms(self.rows), times, measured)
        fresh = np.setdiff1d(checked, measured)
        expected = model.interval(self.rows[fresh])
        inside = (expected.low_ms <= times[fresh]) & (times[fresh] <= expected.high_ms)
        scores.covered.append(float(inside.mean()))


def by_ridge(columns: Array, times: Array, measured: npt.NDArray[np.int64]) -> Array:
    """Fit log-latency by a ridge on standardised columns, its strength by leave-one-out."""
    x = standard(columns)
    ridge = RidgeCV(RIDGES).fit(x[measured], np.log(times[measured]))
    predicted: Array = np.exp(ridge.predict(x))
    return predicted


def ceiling(rows: Array, times: Array) -> Scores:
    """Predict each half of the networks from the other: about what the noise leaves to tell."""
    scores = Scores()
    for fitted in np.array_split(np.random.default_rng(0).permutation(len(times)), 2):
        ridge = RidgeCV(RIDGES).fit(rows[fitted], times[fitted])
        scores.add(ridge.predict(rows), times, fitted)
    return scores


def standard(columns: Array) -> Array:
    """Bring columns to mean 0 and spread 1."""
    spread = columns.std(0)
    scaled: Array = (columns - columns.mean(0)) / np.where(spread > 0, spread, 1)
    return scaled


def kind(device: str) -> str:
    """Return what is left out of the known devices, where no device of a kind is known."""
    for name, parts in KINDS.items():
        if any(part in device for part in parts):
            return name
    return device


def read_nasbench201(folder: Path) -> Table:
    """Read the table of NAS-Bench-201.

    Operators are counted and told by place, all of them and those on a live path: some
    converters leave the others out.
    """
    path = folder / "nasbench201" / "nb201_accuracy_latency.csv.gz"
    with gzip.open(path, "rt", newline="") as file:
        lines = list(csv.DictReader(file))
    cells = [re.findall(r"([a-z_0-9]+)~", line["arch_str"]) for line in lines]
    placed = one_hot(np.array([[OPERATORS.index(it) for it in cell] for cell in cells]), 5)
    alive = placed * live(placed[:, :, 0] == 0)[:, :, None]
    parts = [placed.sum(1), alive.sum(1), alive.sum((1, 2))[:, None] > 0, flat(placed), flat(alive)]
    return Table(
        "nasbench201",
        placed.sum(1),
        np.hstack(parts),
        np.array([float(line["macs_cifar10"]) for line in lines]),
        {
            name.removeprefix("lat_"): np.array([float(line[name]) for line in lines])
            for name in lines[0]
            if name.startswith("lat_")
        },
    )


def live(present: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Say which edges, (n, 6), lie on a path from the input of a cell to its output."""
    reached = np.zeros((len(present), 4), bool)
    reaching = np.zeros((len(present), 4), bool)
    reached[:, 0] = reaching[:, 3] = True
    for edge, (start, end) in enumerate(EDGES):
        reached[:, end] |= reached[:, start] & present[:, edge]
    for edge, (start, end) in reversed(list(enumerate(EDGES))):
        reaching[:, start] |= reaching[:, end] & present[:, edge]
    paths = [reached[:, start] & reaching[:, end] for start, end in EDGES]
    return np.stack(paths, 1) & present


def read_fbnet(folder: Path) -> Table:
    """Read the table of FBNet: blocks are counted in all, by stage, and told by place."""
    plain = json.loads((folder / "fbnet_latency" / "fbnet.json").read_text())
    placed = one_hot(np.array(plain["archs"]), 9)
    stages = np.split(placed, np.cumsum(STAGES)[:-1], axis=1)
    parts = [placed.sum(1), *(stage.sum(1) for stage in stages), flat(placed)]
    latencies = {name: np.array(it, float) for name, it in plain["latency_ms"].items()}
    return Table("fbnet_latency", placed.sum(1), np.hstack(parts), None, latencies)


def one_hot(options: npt.NDArray[np.int64], count: int) -> Array:
    """Return 1 where a place has an option, (n, places, count)."""
    placed: Array = (options[:, :, None] == np.arange(count)).astype(float)
    return placed


def flat(placed: Array) -> Array:
    """Return one row for each network."""
    rows: Array = placed.reshape(len(placed), -1)
    return rows


if __name__ == "__main__":
    main()
