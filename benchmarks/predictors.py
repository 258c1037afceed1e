"""Predictors on published tables: what 20, 50 and 100 trials teach, and what is known before.

Accuracy is predicted of designs that are held out: by the process alone, by each member, by all
together. Free to know are multiply-adds and parameters (`cells`, NAS-Bench-201) or the latency
(`ofa`, Once-for-All). In NAS-Bench-201 the accuracy on CIFAR-100 is predicted, and that of 500
other designs on CIFAR-10 is known, which stands in for fp32 beside int8.

    python benchmarks/predictors.py --seeds 10
"""

import argparse
import csv
import gzip
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import t as student

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from machine import describe
from sartor.search import Predictor, rank_correlation
from sartor.search.predictors import MEMBERS, Encoder, Prepared, Source, Transferred
from sartor.search.predictors.encoder import ESTIMATED
from sartor.search.predictors.scales import Distances
from sartor.search.protocol import Numbers
from sartor.space import Design, Genes, Space
from tables import CELLS, CELLS_FILE, OFA, OfaTable, read_cells

SAMPLES = (20, 50, 100)
EARLIER, HELD_OUT, FREE = 500, 3000, 2000
PERCENT = 100
COUNTED = ("macs_cifar10", "params_cifar10")


@dataclass(frozen=True)
class Draw:
    """Designs of a table in an order of chance; the first are learned.

    Args:
        space: Of the designs.
        genes: Designs, (n, choices).
        accuracy: To be predicted, (n,).
        free: What is free to know, by metric, (n,) each.
        earlier: What an earlier study measured, (n,); None where there is none.
    """

    space: Space
    genes: Genes
    accuracy: Numbers
    free: Mapping[str, Numbers]
    earlier: Numbers | None

    def part(self, name: str) -> slice:
        """Return the rows that are held out, free or of the earlier study."""
        sizes = {"learned": max(SAMPLES), "earlier": EARLIER, "held_out": HELD_OUT, "free": FREE}
        start = 0
        for known, size in sizes.items():
            if known == name:
                return slice(start, start + size)
            start += size
        raise AssertionError(name)


def draw_cells(seed: int) -> Draw:
    """Draw from NAS-Bench-201."""
    designs, columns = read_cells()
    with gzip.open(CELLS_FILE, "rt") as file:
        counts = [[float(row[name]) for name in COUNTED] for row in csv.DictReader(file)]
    macs, params = np.array(counts).T
    rows = np.random.default_rng(seed).permutation(len(designs))
    rows = rows[: max(SAMPLES) + EARLIER + HELD_OUT + FREE]
    genes: Genes = CELLS.encode([designs[row] for row in rows])
    free = {"macs": macs[rows], "params": params[rows]}
    return Draw(CELLS, genes, columns["cifar100"][rows], free, columns["cifar10"][rows])


def draw_ofa(seed: int) -> Draw:
    """Draw from Once-for-All's space; those of which only latency is known, small to large."""
    rng, coding = np.random.default_rng(seed), OFA.coding
    drawn = coding.drawn(max(SAMPLES) + EARLIER + HELD_OUT, rng)
    genes = np.concatenate([drawn, coding.leaning(rng.random(FREE), rng)])
    accuracy, latency_ms = OfaTable.read().look_up(genes)
    return Draw(OFA, genes, accuracy, {"latency_ms": latency_ms}, None)


TABLES: dict[str, Callable[[int], Draw]] = {"cells": draw_cells, "ofa": draw_ofa}


class Ways:
    """All ways to predict the designs that are held out, (3000,) each.

    Args:
        drawn: What is known of which designs.
        count: Trials that are learned.
        seed: Of the members.
    """

    def __init__(self, drawn: Draw, count: int, seed: int) -> None:
        self._drawn, self._count, self._seed = drawn, count, seed
        self._values = drawn.accuracy[:count]

    def all(self) -> Iterator[tuple[str, Numbers]]:
        """Predict in every way, by its name."""
        free = self._drawn.free
        yield "process, nothing free", self._together({}, ())
        yield "process", self._together(free, ())
        for name in sorted(set(MEMBERS) - {"pretrained"}):
            yield name, self._alone(name, free)
        yield "pretrained, nothing free", self._alone("pretrained", {})
        yield "pretrained", self._alone("pretrained", free)
        yield "ensemble", self._together(free, tuple(MEMBERS))
        if self._drawn.earlier is not None:
            yield from self._from_earlier(self._drawn.earlier)

    def _from_earlier(self, values: Numbers) -> Iterator[tuple[str, Numbers]]:
        drawn, place = self._drawn, self._drawn.part("earlier")
        designs = drawn.space.decode(drawn.genes)
        source = Source(drawn.space, designs[place], values[place])
        missed = {"missed": 1 - source(designs)}
        yield "source as an estimate, process", self._together(missed, ())
        yield "source as an estimate, pretrained", self._alone("pretrained", missed)
        yield "transferred", self._transferred(source, designs)

    def _transferred(self, source: Source, designs: Sequence[Design]) -> Numbers:
        transferred = Transferred(source, self._drawn.space)
        transferred.fit(designs[: self._count], self._values)
        return transferred.predict(designs[self._drawn.part("held_out")]).expected

    def _together(self, estimates: Mapping[str, Numbers], members: tuple[str, ...]) -> Numbers:
        drawn = self._drawn
        encoder = Encoder(drawn.space.coding, tuple(estimates))
        x = encoder(drawn.genes, estimates)
        free = (lambda: x[drawn.part("free")]) if estimates else None
        predictor = Predictor(encoder.features, "max", self._seed, members, free)
        predictor.tune(x[: self._count], self._values).fit(x[: self._count], self._values)
        return predictor.expected(x[drawn.part("held_out")])

    def _alone(self, name: str, estimates: Mapping[str, Numbers]) -> Numbers:
        drawn = self._drawn
        encoder = Encoder(drawn.space.coding, tuple(estimates))
        x = encoder(drawn.genes, estimates)
        member, scale = MEMBERS[name](self._seed), Distances(self._values)
        if estimates and isinstance(member, Prepared):
            member.prepare(x[drawn.part("free")], encoder.features.kinds == ESTIMATED)
        member.fit(np.asarray(x[: self._count], float), scale.scores(self._values))
        mean = member.mean(x[drawn.part("held_out")])
        return scale.at(mean, np.zeros_like(mean), 0.0)


def interval(values: Sequence[float], digits: int) -> str:
    """Describe a mean and its 95 % interval over the seeds."""
    spread = np.std(values, ddof=1) / np.sqrt(len(values))
    reach = float(student.ppf(0.975, len(values) - 1)) * spread
    return f"{np.mean(values):.{digits}f} ± {reach:.{digits}f}"


def lines(found: Mapping[tuple[str, int], list[tuple[float, float]]]) -> Iterator[str]:
    """Write a table, one row for each way: rank correlations and errors."""
    heads = [f"{count} trials" for count in SAMPLES]
    yield "| predictor | " + " | ".join([*heads, *(f"error, {head}" for head in heads)]) + " |"
    yield "|---" * (1 + 2 * len(SAMPLES)) + "|"
    for name in dict.fromkeys(name for name, _ in found):
        ranks = [interval([it[0] for it in found[name, count]], 3) for count in SAMPLES]
        errors = [interval([it[1] for it in found[name, count]], 2) for count in SAMPLES]
        yield f"| {name} | {' | '.join([*ranks, *errors])} |"


def main() -> None:
    """Predict with many seeds and print a table each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10, help="2 and more")
    parser.add_argument("--table", nargs="+", choices=TABLES, default=list(TABLES))
    given = parser.parse_args()
    print(describe())
    for name in given.table:
        found: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
        for seed in range(given.seeds):
            drawn = TABLES[name](seed)
            truth = drawn.accuracy[drawn.part("held_out")]
            for count in SAMPLES:
                for way, guess in Ways(drawn, count, seed).all():
                    error = PERCENT * float(np.abs(guess - truth).mean())
                    found[way, count].append((rank_correlation(guess, truth), error))
            print(f"{name}: seed {seed} of {given.seeds} done", file=sys.stderr, flush=True)
        print(f"\n{name}: rank correlation, and mean error in percentage points\n")
        for line in lines(found):
            print(line, flush=True)


if __name__ == "__main__":
    main()
