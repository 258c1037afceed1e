"""One network in every installed runtime and precision, timed in turn in fresh processes.

    python benchmarks/runtimes.py [timm:mobilenetv2_100] [--seconds 1] [--processes 3]
        [--without torch_compile]

Torch programs are timed in channels-last too. `torch.compile` needs minutes for a network.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from machine import describe
from sartor.deploy.opening import open_network
from sartor.deploy.opening.modules import ModuleSource
from sartor.targets import RUNTIMES, Protocol, TimedFile, reading, time_files

ENDINGS = (".onnx", ".pt2", ".pte")
INT8 = "int8"


def written(source: ModuleSource, folder: Path, without: list[str]) -> dict[str, TimedFile]:
    """Write the network for every runtime and precision that it can be written for."""
    found = {}
    for ending in ENDINGS:
        for name in sorted(set(reading(ending)) - set(without)):
            floats = RUNTIMES[name]().capabilities().float_precisions
            for precision in (*floats, *(() if ending == ".pt2" else (INT8,))):
                file = source.write(folder, ending, precision, name)
                rest = "fp32" if precision == INT8 else precision
                found[f"{name} | {precision}"] = TimedFile(file, name, rest)
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("network", nargs="?", default="timm:mobilenetv2_100")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--without", nargs="*", default=[])
    options = parser.parse_args()
    source = open_network(options.network)
    assert isinstance(source, ModuleSource), "timm:NAME, module:function or a .pt2 file"
    how = Protocol(
        seconds_each=options.seconds,
        processes=options.processes,
        worker="sartor.targets.worker",
        patience_s=1200,
    )
    print(describe())
    print(
        f"{options.network}, {source.parameters} parameters; 1 thread, {how.processes} processes,"
    )
    print(f"{how.seconds_each} s each, seeds 0 and on; median and 95 % interval\n")
    with tempfile.TemporaryDirectory() as folder:
        files = written(source, Path(folder), options.without)
        last = replace(
            source,
            name=f"{source.name} channels-last",
            module=source.module.to(memory_format=torch.channels_last),
            examples=tuple(it.to(memory_format=torch.channels_last) for it in source.examples),
        )
        for name, file in list(files.items()):
            if file.file.suffix == ".pt2":
                other = last.write(Path(folder), ".pt2", file.precision, file.runtime)
                files[f"{name}, channels-last"] = replace(file, file=other)
        timings = time_files(files, how)
    print("| runtime | precision | median ms | 95 % interval | fastest ms | trusted |")
    print("|---|---|---|---|---|---|")
    for name, it in timings.items():
        interval = f"{it.low_ms:.2f} to {it.high_ms:.2f}"
        trusted = "yes" if it.trustworthy else "no"
        print(f"| {name} | {it.median_ms:.2f} | {interval} | {it.min_ms:.2f} | {trusted} |")


if __name__ == "__main__":
    main()
