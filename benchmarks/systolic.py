"""The systolic simulator: SCALE-Sim's integers, how long it takes, and what it says of MobileNetV2.

    python benchmarks/systolic.py

MobileNetV2 1.0 at 224 pixels is timm's, with random weights, exported to ONNX. Tables: published
cycles beside the simulator's; the time of simulating, with and without reading the file; sizes of
arrays and dataflows; what is advised for one array; and group sizes.
"""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import timm
import torch

from machine import describe
from sartor.deploy import export
from sartor.graph import Graph, Products
from sartor.graph.formats import read_onnx
from sartor.targets.simulated import (
    DATAFLOWS,
    advise,
    choose_group_size,
    open_array,
    simulate,
    wasted,
)
from sartor.targets.simulated.systolic import compute_cycles

PUBLISHED = Path(__file__).parents[1] / "tests" / "targets" / "simulated" / "scale_sim.json"
TRIES = 20
TARGET = "0.1 s"
SIZES = ("8x8", "16x16", "32x32", "64x64", "128x128")
ADVISED = "systolic:64x64"
SHOWN = 4
"""Rows of each kind of advice."""


def main() -> None:
    """Print the tables."""
    print(describe(), "\n")
    published()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mobilenetv2.onnx"
        torch.manual_seed(0)
        export(timm.create_model("mobilenetv2_100", pretrained=False), file, (3, 224, 224))
        graph = read_onnx(file)
        times(file, graph)
    print(f"MobileNetV2: {graph.macs:,} multiply-adds, not counted: {graph.uncounted or 'none'}\n")
    arrays(graph)
    advice(graph)
    groups(graph)


def published() -> None:
    """Print the published cycles and those of the simulator."""
    known = json.loads(PUBLISHED.read_text())
    print("| array | dataflow | layer | published | simulated |\n|---|---|---|---|---|")
    equal = 0
    for size, flows in known["cycles"].items():
        for flow, expected in flows.items():
            array = open_array(f"systolic:{size},dataflow={flow}")
            for (layer, shape), cycles in zip(known["layers"].items(), expected, strict=True):
                found = compute_cycles(Products(1, *shape), array)
                equal += found == cycles
                print(f"| {size} | {flow} | {layer} | {cycles} | {found} |")
    print(f"\n{equal} equal\n")


def times(file: Path, graph: Graph) -> None:
    """Print how long it takes."""
    array = open_array(ADVISED)
    rows: dict[str, Callable[[], object]] = {
        "simulating": lambda: simulate(graph, array),
        "reading the file and simulating": lambda: simulate(read_onnx(file), array),
        "all advice": lambda: advise(graph, array),
    }
    print(
        f"{TRIES} times\n\n| what | median | fastest | of the processor, median | target |\n"
        "|---|---|---|---|---|"
    )
    for name, run in rows.items():
        taken, computed = [], []
        for _ in range(TRIES):
            began, busy = time.perf_counter(), time.process_time()
            run()
            taken.append(time.perf_counter() - began)
            computed.append(time.process_time() - busy)
        target = "" if name == "all advice" else TARGET
        print(
            f"| {name} | {np.median(taken):.4f} s | {min(taken):.4f} s "
            f"| {np.median(computed):.4f} s | {target} |"
        )
    print()


def arrays(graph: Graph) -> None:
    """Print what arrays of several sizes need."""
    print(
        "| array | dataflow | cycles | waiting | ms at 1 GHz | utilisation | DRAM, MB | mJ |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for size in SIZES:
        for flow in DATAFLOWS:
            array = open_array(f"systolic:{size},dataflow={flow}")
            found = simulate(graph, array)
            stalled = sum(it.stall_cycles for it in found.layers) / found.cycles
            used = graph.macs / (found.cycles * array.rows * array.columns)
            moved = sum(it.dram_bytes for it in found.layers) / 1e6
            print(
                f"| {size} | {flow} | {found.cycles:,} | {stalled:.0%} | {found.latency_ms:.2f} "
                f"| {used:.2%} | {moved:.1f} | {found.energy_mj:.1f} |"
            )
    print()


def advice(graph: Graph) -> None:
    """Print the layers that waste most, and the changes that save most."""
    array = open_array(ADVISED)
    print(f"{ADVISED}\n\n| layer | utilisation | cycles | wasted |\n|---|---|---|---|")
    for layer in wasted(graph, array)[:SHOWN]:
        print(
            f"| {layer.name} | {layer.utilisation:.2%} | {layer.cycles:,} "
            f"| {layer.wasted_cycles:,} |"
        )
    found = advise(graph, array)
    print(
        "\n| change | layers | before | after | cycles | then | multiply-adds | then |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for what in ("group size", "channels", "dataflow"):
        for it in [it for it in found if it.what == what][:SHOWN]:
            print(
                f"| {what} | {', '.join(it.layers)} | {it.before} | {it.after} "
                f"| {it.cycles_before:,} | {it.cycles_after:,} | {it.macs_before:,} "
                f"| {it.macs_after:,} |"
            )
    print()


def groups(graph: Graph) -> None:
    """Print what the depthwise convolutions cost with larger groups."""
    print(
        "| array | group size | multiply-adds, M | cycles | computing, mJ | moving, mJ "
        "| pJ for each | chosen |\n|---|---|---|---|---|---|---|---|"
    )
    for text in (ADVISED, "systolic:64x64,sram=3MiB", "systolic:16x16,dataflow=output"):
        choice = choose_group_size(graph, open_array(text))
        for it in choice.sizes:
            mark = "yes" if it == choice.chosen else ""
            print(
                f"| {text} | {it.group_size} | {it.macs / 1e6:.0f} | {it.cycles:,} "
                f"| {it.computing_mj:.3f} | {it.moving_mj:.2f} | {it.picojoules_per_mac:.1f} "
                f"| {mark} |"
            )


if __name__ == "__main__":
    main()
