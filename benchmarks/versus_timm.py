"""The main job against timm models that were trained for as long, on the same data.

    python benchmarks/versus_timm.py DATA --minutes 20 --out runs/bench --versus NAME@PIXELS ...

Runs `sartor fit` (or reads the run that is there) and prints, for every network compared with,
the fastest pick that is at least as accurate and the most accurate pick that is at least as fast.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sartor
from machine import describe
from sartor.jobs import Silent


class Printing(Silent):
    """Prints the stages."""

    def stage(self, name: str) -> None:
        """Print a stage."""
        print("stage", name, flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--versus", nargs="*", default=["mobilenetv3_small_100"])
    asked = parser.parse_args()
    run = sartor.fit(
        asked.data,
        minutes=asked.minutes,
        out=asked.out,
        seed=asked.seed,
        versus=asked.versus,
        progress=Printing(),
    )
    summary = run.summary
    print(describe())
    print(f"{asked.minutes:g} minutes, seed {asked.seed}\n")
    print("| network | runs in | accuracy % | latency ms |\n|---|---|---|---|")
    for it in (*summary["picks"], *summary["baselines"]["versus"]):
        print(f"| {it['name']} | {it['runtime']} {it['precision']} | {cell(it)} |")
    for other in summary["baselines"]["versus"]:
        compare(summary["picks"], other)


def cell(it: Mapping[str, Any]) -> str:
    """Write accuracy and latency with their intervals."""
    a, t = it["accuracy"], it["latency_ms"]
    return (
        f"{100 * a['value']:.2f} [{100 * a['low']:.2f}, {100 * a['high']:.2f}] | "
        f"{t['value']:.4f} [{t['low']:.4f}, {t['high']:.4f}]"
    )


def compare(picks: list[Mapping[str, Any]], other: Mapping[str, Any]) -> None:
    """Print the speed at its accuracy and the error at its latency."""
    print(f"\nagainst {other['name']}:")
    accurate = [it for it in picks if it["accuracy"]["value"] >= other["accuracy"]["value"]]
    if accurate:
        best = min(accurate, key=lambda it: it["latency_ms"]["value"])
        ratio = other["latency_ms"]["value"] / best["latency_ms"]["value"]
        print(f"  at its accuracy {ratio:.2f} times faster ({best['name']}); target 2")
    else:
        print("  no pick is as accurate; target: 2 times faster")
    fast = [it for it in picks if it["latency_ms"]["value"] <= other["latency_ms"]["value"]]
    if fast:
        best = max(fast, key=lambda it: it["accuracy"]["value"])
        lower = 1 - (1 - best["accuracy"]["value"]) / (1 - other["accuracy"]["value"])
        print(f"  at its latency an error {100 * lower:.0f} % lower ({best['name']}); target 15 %")
    else:
        print("  no pick is as fast; target: an error 15 % lower")


if __name__ == "__main__":
    main()
