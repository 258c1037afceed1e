"""The main job against timm models that were trained for as long, on the same data.

    python benchmarks/versus_timm.py DATA --minutes 20 --out runs/bench --versus NAME@PIXELS ...
    python benchmarks/versus_timm.py DATA --minutes 20 --out runs/other --seed 1 --beside runs/bench

Runs `sartor fit` (or reads the run that is there) and prints, for every network compared with,
the fastest pick that is at least as accurate and the most accurate pick that is at least as fast:
once with each side in its own best runtime and precision, and once with all in ONNX Runtime fp32.
With `--beside`, the networks compared with are those that an earlier run trained on the same data;
all files are timed anew, in turn.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import nn

import sartor
from machine import describe
from sartor import targets, tasks
from sartor.deploy import export, measure_accuracy
from sartor.jobs import Silent
from sartor.nets import Network, mobile
from sartor.report import read_summary
from sartor.space import Design
from sartor.study import CACHE
from sartor.targets import Protocol, TimedFile, Timing, time_files


@dataclass(frozen=True)
class Delivered:
    """A network of a run."""

    folder: Path
    """Of the run."""
    about: Mapping[str, Any]
    """Its entry in the summary."""

    @property
    def place(self) -> Path:
        """Its folder."""
        return self.folder / "designs" / str(self.about["id"])


@dataclass(frozen=True)
class Result:
    """A network that was measured."""

    name: str
    runs_in: str
    accuracy: Mapping[str, Any]
    latency_ms: Mapping[str, Any]


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
    parser.add_argument("--picks", type=int, default=4)
    parser.add_argument("--versus", nargs="*", default=[])
    parser.add_argument("--beside", type=Path)
    asked = parser.parse_args()
    run = sartor.fit(
        asked.data,
        minutes=asked.minutes,
        out=asked.out,
        seed=asked.seed,
        picks=asked.picks,
        versus=asked.versus,
        progress=Printing(),
    )
    print(describe())
    print(f"{asked.minutes:g} minutes, {asked.picks} picks, seed {asked.seed}")
    picks = [Delivered(run.folder, it) for it in run.summary["picks"]]
    others = rivals(run.folder)
    if asked.beside is not None:
        others += rivals(asked.beside)
    for other in others:
        print(f"{other.about['name']}: trained for {other.about['trained_seconds']:.0f} s")
    found = as_delivered([*picks, *others])
    table("Each in its best runtime and precision", found[: len(picks)], found[len(picks) :])
    found = in_float32(asked.data, [*picks, *others])
    table("All in ONNX Runtime, fp32", found[: len(picks)], found[len(picks) :])


def rivals(folder: Path) -> list[Delivered]:
    """Return the networks that a run was compared with."""
    return [Delivered(folder, it) for it in read_summary(folder)["baselines"]["versus"]]


def as_delivered(networks: Sequence[Delivered]) -> list[Result]:
    """Return the accuracies that were verified, and time all files in turn."""
    files = {
        it.about["id"]: TimedFile(
            it.folder / it.about["file"],
            it.about["runtime"],
            "bf16" if it.about["precision"] == "bf16" else "fp32",
        )
        for it in networks
    }
    timings = time_files(files, Protocol(seconds_each=1.5))
    return [
        Result(
            it.about["name"],
            f"{it.about['runtime']} {it.about['precision']}",
            it.about["accuracy"],
            plain(timings[it.about["id"]]),
        )
        for it in networks
    ]


def in_float32(data: str, networks: Sequence[Delivered]) -> list[Result]:
    """Export networks of a run anew, and time and test all of them in ONNX Runtime, fp32."""
    target, task = targets.open("cpu"), tasks.open(data, cache=CACHE / "data")
    files, prepared = {}, {}
    for it in networks:
        key, design = it.about["id"], it.about["design"]
        resolution = int(design["resolution"]) if design else int(key.split("-")[-1])
        network = load(it, task)
        files[key] = it.place / "compared.onnx"
        export(network, files[key], (task.channels, resolution, resolution))
        prepared[key] = tasks.Preprocessing(
            cached=task.resolution,
            resolution=resolution,
            channels=task.channels,
            mean=task.mean,
            std=task.std,
        )
    timed = {key: TimedFile(file, "onnxruntime", "fp32") for key, file in files.items()}
    timings = time_files(timed, Protocol(seconds_each=1.5))
    results = []
    for it in networks:
        key = it.about["id"]
        overall = measure_accuracy(
            target.place.load(timed[key], target.how()),
            task.test.images,
            task.test.labels,
            prepared[key],
            task.classes,
        ).overall
        timed_as = plain(timings[key])
        results.append(Result(it.about["name"], "onnxruntime fp32", overall.to_json(), timed_as))
    return results


def plain(timing: Timing) -> dict[str, float]:
    """Return a latency as summaries write it."""
    return {"value": timing.median_ms, "low": timing.low_ms, "high": timing.high_ms}


def load(it: Delivered, task: tasks.Task) -> nn.Module:
    """Read the tuned weights of a network of a run."""
    classes = len(task.classes)
    if it.about["design"]:
        family = mobile(resolution=task.resolution, channels=task.channels, classes=classes)
        network: nn.Module = Network(family.blueprint(Design(it.about["design"])))
    else:
        import timm

        name = it.about["id"].split("-")[1]
        network = timm.create_model(name, num_classes=classes, in_chans=task.channels)
    network.load_state_dict(load_file(it.place / "network.safetensors"))
    return network.eval()


def table(title: str, picks: Sequence[Result], others: Sequence[Result]) -> None:
    """Print all networks, and how the picks compare with each other one."""
    print(f"\n{title}\n\n| network | runs in | accuracy % | latency ms |\n|---|---|---|---|")
    for it in (*picks, *others):
        print(f"| {it.name} | {it.runs_in} | {cell(it)} |")
    for other in others:
        compare(picks, other)


def cell(it: Result) -> str:
    """Write accuracy and latency with their intervals."""
    a, t = it.accuracy, it.latency_ms
    return (
        f"{100 * a['value']:.2f} [{100 * a['low']:.2f}, {100 * a['high']:.2f}] | "
        f"{t['value']:.4f} [{t['low']:.4f}, {t['high']:.4f}]"
    )


def compare(picks: Sequence[Result], other: Result) -> None:
    """Print the speed at its accuracy and the error at its latency."""
    print(f"\nagainst {other.name}:")
    accurate = [it for it in picks if it.accuracy["value"] >= other.accuracy["value"]]
    if accurate:
        best = min(accurate, key=lambda it: it.latency_ms["value"])
        ratio = other.latency_ms["value"] / best.latency_ms["value"]
        print(f"  at its accuracy {ratio:.2f} times faster ({best.name}); target 2")
    else:
        print("  no pick is as accurate; target: 2 times faster")
    fast = [it for it in picks if it.latency_ms["value"] <= other.latency_ms["value"]]
    if fast:
        best = max(fast, key=lambda it: it.accuracy["value"])
        lower = 1 - (1 - best.accuracy["value"]) / (1 - other.accuracy["value"])
        print(f"  at its latency an error {100 * lower:.0f} % lower ({best.name}); target 15 %")
    else:
        print("  no pick is as fast; target: an error 15 % lower")


if __name__ == "__main__":
    main()
