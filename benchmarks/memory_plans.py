"""Memory plans against bounds, brute force and published peaks.

    python benchmarks/memory_plans.py [DATA] [--graphs 100] [--seed 0] [--networks resnet18 ...]

DATA is a folder with MLPerf Tiny's reference models (*.tflite). Random chains and branching graphs
are compared with the lower bound and with every order; blocks of memory with every order of
placing, where they are above their lower bound. Networks are timm's, with random weights, at the
size of image that they were made for.
"""

import argparse
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import timm
import torch

from machine import describe
from sartor.cost.memory import (
    Buffer,
    Interpreter,
    Memory,
    MemoryPlan,
    most_in_use,
    plan_memory,
)
from sartor.deploy import export
from sartor.graph import Effect, Graph, Operation, Tensor
from sartor.graph.formats import read_onnx, read_tflite

TINY = {"pretrainedResnet_quant": 48.0, "kws_ref_model": 15.6, "vww_96_int8": 54.0}
"""Peaks of live bytes in the order of the file, KiB."""
NETWORKS = (
    "resnet18",
    "mobilenetv2_100",
    "densenet121",
    "inception_v3",
    "dla34",
    "hrnet_w18_small",
    "pnasnet5large",
)
SHAPES = {"inception_v3": (3, 299, 299), "pnasnet5large": (3, 331, 331)}
"""Of images, where they are not (3, 224, 224)."""
CHAIN, BRANCHING = 30, 8
"""Operations at most."""
KIB = 1024


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--graphs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--networks", nargs="*", default=NETWORKS)
    asked = parser.parse_args()
    print(describe(), f"\n\n{asked.graphs} graphs of each kind, seed {asked.seed}\n")
    rng = np.random.default_rng(asked.seed)
    print("| what | graphs | holds |\n|---|---|---|")
    chains(rng, asked.graphs)
    branching(rng, asked.graphs)
    if asked.data is not None:
        tiny(asked.data)
    networks(asked.networks)


def chains(rng: np.random.Generator, count: int) -> None:
    """Compare chains with the largest neighbours."""
    equal = 0
    for _ in range(count):
        sizes = rng.integers(1, 1000, rng.integers(2, CHAIN + 2)).tolist()
        plan = plan_memory(graph_of(sizes, [[at] for at in range(len(sizes) - 1)]))
        equal += plan.arena_bytes == max(a + b for a, b in itertools.pairwise(sizes))
    print(f"| chains: block equal to the lower bound | {count} | {equal} |")


def branching(rng: np.random.Generator, count: int) -> None:
    """Compare branching graphs with every order, and blocks with every order of placing."""
    best = stored = total = placed = both = better = 0
    for _ in range(count):
        size = int(rng.integers(4, BRANCHING + 1))
        sizes = rng.choice([1, 3, 8, 20, 50], size + 1).tolist()
        reads = [
            rng.choice(at + 1, min(at + 1, int(rng.integers(1, 4))), replace=False).tolist()
            for at in range(size)
        ]
        graph = graph_of(sizes, reads)
        plan = plan_memory(graph)
        lowest = min(lowest_peaks(Memory(graph)))
        in_file = plan_memory(graph, Interpreter(reorder=False))
        best += plan.peak_bytes == lowest
        stored += plan.arena_bytes <= in_file.arena_bytes
        better += plan.arena_bytes < in_file.arena_bytes
        total += plan.arena_bytes <= plan.total_bytes
        placed += plan.arena_bytes == least_block(plan)
        both += plan.arena_bytes == lowest
    for what, held in (
        ("peak equal to the best of all orders", best),
        ("block equal to that peak, so that no order and no placing needs less", both),
        ("block equal to the best of all placings in the order found", placed),
        ("block no larger than in the stored order", stored),
        ("block smaller than in the stored order", better),
        ("block no larger than the sum", total),
    ):
        print(f"| branching: {what} | {count} | {held} |")
    print()


def graph_of(sizes: list[int], reads: list[list[int]]) -> Graph:
    """Return a graph whose operation i writes tensor i + 1; what nothing reads is an output."""
    names = [f"t{at}" for at in range(len(sizes))]
    operations = tuple(
        Operation(f"op{at}", "Op", tuple(names[it] for it in read), (names[at + 1],), Effect.LIGHT)
        for at, read in enumerate(reads)
    )
    read = {it for each in reads for it in each}
    outputs = tuple(name for at, name in enumerate(names) if at and at not in read)
    tensors = {name: Tensor(name, (size,), 8) for name, size in zip(names, sizes, strict=True)}
    return Graph(operations, tensors, (names[0],), outputs)


def lowest_peaks(memory: Memory, done: int = 0, live: int | None = None) -> Iterator[int]:
    """Yield the peak of every order in which the operations can be run."""
    live = memory.start if live is None else live
    if done == memory.everything:
        yield live
    for place in memory.ready(done):
        running, left = memory.run(done, live, place)
        for peak in lowest_peaks(memory, done | 1 << place, left):
            yield max(peak, running)


def least_block(plan: MemoryPlan) -> int:
    """Return the least block of all: every order of placing each buffer as low as it can be.

    The buffers of a least block, placed in the order of their offsets, end no higher.
    """
    bound = most_in_use(plan.buffers)
    least = plan.arena_bytes
    if least > bound:
        for order in itertools.permutations(plan.buffers):
            least = min(least, lowest_fit(order))
            if least == bound:
                break
    return least


def lowest_fit(order: tuple[Buffer, ...]) -> int:
    """Return the end of buffers that are placed one after the other, each as low as it can be."""
    placed: list[tuple[int, int, Buffer]] = []
    for buffer in order:
        offset = 0
        for start, end, other in sorted(placed, key=lambda it: it[0]):
            if other.meets(buffer) and start < offset + buffer.size_bytes and offset < end:
                offset = end
        placed.append((offset, offset + buffer.size_bytes, buffer))
    return max(end for _, end, _ in placed)


def tiny(folder: Path) -> None:
    """Print the peaks of MLPerf Tiny's networks."""
    print(
        "| network | published peak, KiB | stored order | best order | block | alike, in place "
        "| sum | layers |\n|---|---|---|---|---|---|---|---|"
    )
    for name, peak in TINY.items():
        graph = read_tflite(folder / f"{name}.tflite")
        plan = plan_memory(graph)
        over = plan_memory(graph, Interpreter(in_place=True))
        print(
            f"| {name} | {peak} | {plan.stored_peak_bytes / KIB:.1f} | {plan.peak_bytes / KIB:.1f} "
            f"| {plan.arena_bytes / KIB:.1f} | {over.arena_bytes / KIB:.1f} "
            f"| {plan.total_bytes / KIB:.1f} | {len(graph.operations)} |"
        )
    print()


def networks(names: list[str]) -> None:
    """Print plans of networks with branches, in float, and how long they take."""
    print(
        "| network | layers | in place | stored order, MiB | best order | block | sum | proved "
        "| planning |\n|---|---|---|---|---|---|---|---|---|"
    )
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            torch.manual_seed(0)
            network = timm.create_model(name, pretrained=False)
            file = Path(folder) / "it.onnx"
            export(network, file, SHAPES.get(name, (3, 224, 224)))
            graph = read_onnx(file)
        for in_place in (False, True):
            began = time.perf_counter()
            plan = plan_memory(graph, Interpreter(in_place=in_place))
            seconds = time.perf_counter() - began
            sizes = (plan.stored_peak_bytes, plan.peak_bytes, plan.arena_bytes, plan.total_bytes)
            shown = " | ".join(f"{it / KIB**2:.2f}" for it in sizes)
            print(
                f"| {name} | {len(graph.operations)} | {'yes' if in_place else 'no'} | {shown} "
                f"| {'yes' if plan.exact else 'no'} | {seconds:.2f} s |",
                flush=True,
            )


if __name__ == "__main__":
    main()
