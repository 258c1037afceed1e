"""How long calls of a program are slower after another program ran, and what of that is timed.

    python benchmarks/settling.py [--networks 16] [--rounds 25] [timm:lcnet_100 ...]

Chains as a survey draws them (seed 0), and networks of timm with random weights. In random order
each is called for 32 ms after a call of another one and a few products of matrices, as in an
experiment; by the clock of the processor, one thread. Each column is the mean of the calls that
began so many milliseconds after the first, over those of the last 16 ms; the median of rounds.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from machine import describe
from sartor.cost.kernels.chains import write_chain
from sartor.cost.kernels.draw import draw
from sartor.deploy.opening import open_network
from sartor.targets import RUNTIMES
from sartor_agent.experiment import AROUND, matrix_product

Call = Callable[[], object]
Spans = npt.NDArray[np.float64]
RUNTIME = "onnxruntime"
EDGES = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0, 32.0)
"""Milliseconds since the first call; the last span is what a program settles to."""
SHORT_MS = 3.0
"""Chains below it are in the row of all: longer ones have no calls in most spans."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("others", nargs="*", default=["timm:lcnet_100", "timm:regnetx_004_tv"])
    parser.add_argument("--networks", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=25)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1, user_api="blas"):
        calls = prepared(asked.networks, asked.others, Path(folder))
        found = timed(calls, asked.rounds)
    print(describe())
    print(f"{RUNTIME}, fp32, one thread, {asked.rounds} rounds, seed 0\n")
    spans = [f"{low:g} to {high:g}" for low, high in pairwise(EDGES)]
    print(f"| network | settles to, ms | {' | '.join(spans[:-1])} |\n{'|---' * (len(spans) + 1)}|")
    for name, it in found.items():
        print(f"| {name} | {it[-1]:.2f} | {cells(it / it[-1])} |")
    short = [it / it[-1] for name, it in found.items() if ":" not in name and it[-1] < SHORT_MS]
    print(f"| median of {len(short)} short chains | | {cells(np.nanmedian(short, axis=0))} |")


def cells(values: Spans) -> str:
    """Return all but the last as cells; spans in which no call began are empty."""
    return " | ".join("" if np.isnan(it) else f"{it:.3f}" for it in values[:-1])


def prepared(chains: int, others: list[str], folder: Path) -> dict[str, Call]:
    """Load chains and networks; return a call of each."""
    rng = np.random.default_rng(0)
    files = {}
    for number in range(chains):
        sketch = draw(rng)
        file = folder / f"{number}.onnx"
        write_chain(sketch, file)
        files[f"{number} {sketch['block']}"] = file
    for name in others:
        files[name] = open_network(name).write(folder, ".onnx", "fp32", RUNTIME)
    runtime = RUNTIMES[RUNTIME]()
    calls = {}
    for name, file in files.items():
        program = runtime.compile(file, threads=1, precision="fp32")
        calls[name] = program.prepare(*(port.noise(rng) for port in program.inputs))
    return calls


def timed(calls: Mapping[str, Call], rounds: int) -> dict[str, Spans]:
    """Return milliseconds of a call in every span, (spans,) by name."""
    rng = np.random.default_rng(0)
    reference = matrix_product()
    names = list(calls)
    found: dict[str, list[Spans]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in rng.permutation(names):
            calls[str(rng.choice([it for it in names if it != name]))]()
            for _ in range(AROUND):
                reference()
            found[name].append(spans_of(calls[name]))
    return {name: np.array([median(it) for it in np.array(found[name]).T]) for name in names}


def spans_of(call: Call) -> Spans:
    """Call for as long as the spans reach; return the mean of the calls in each, or NaN."""
    marks = [time.process_time_ns()]
    while marks[-1] - marks[0] < EDGES[-1] * 1e6:
        call()
        marks.append(time.process_time_ns())
    since = (np.array(marks) - marks[0]) / 1e6
    each = np.diff(since)
    within = np.digitize(since[:-1], EDGES) - 1
    return np.array([each[within == it].mean() if (within == it).any() else np.nan
                     for it in range(len(EDGES) - 1)])  # fmt: skip


def median(values: Spans) -> float:
    """Return the median of what is there, or NaN."""
    there = values[~np.isnan(values)]
    return float(np.median(there)) if there.size else float("nan")


if __name__ == "__main__":
    main()
