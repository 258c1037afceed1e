"""How much memory data and a run take: resident bytes above what the libraries take.

    python benchmarks/memory.py --images 100000         # generated 224x224 JPEGs, prepared and read
    python benchmarks/memory.py --fit DATA --minutes 20 # peak of a run, its own process

The generated images take about 2 GB on the disk of --folder, and their cache 15 GB; both are
removed at the end.
"""

import argparse
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from machine import describe

SIDE, CLASSES = 224, 10
GIGA = 1e9


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=None, help="where to put generated images")
    parser.add_argument("--fit", default=None, help="data of a run")
    parser.add_argument("--minutes", type=float, default=20.0)
    asked = parser.parse_args()
    print(describe(), "\n")
    print("| what | peak, GB | target |\n|---|---|---|", flush=True)
    if asked.images:
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            generate(Path(folder) / "data", asked.images)
            added = in_process(prepare_and_read, Path(folder))
        print(f"| preparing and reading {asked.images:,} images | {added / GIGA:.2f} added | 1 |")
    if asked.fit:
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            peak = of_command(
                [
                    *(sys.executable, "-m", "sartor", "fit", asked.fit, "--quiet"),
                    *("--minutes", str(asked.minutes), "--out", str(Path(folder) / "run")),
                ]
            )
        print(f"| fit on {asked.fit}, {asked.minutes:g} minutes | {peak / GIGA:.2f} | 2.5 |")


def generate(folder: Path, count: int) -> None:
    """Write class folders of smooth random images, in all processes of the machine."""
    for label in range(CLASSES):
        (folder / f"class{label}").mkdir(parents=True)
    with multiprocessing.Pool() as pool:
        pool.starmap(write_some, [(folder, range(at, count, 50)) for at in range(50)])


def write_some(folder: Path, numbers: Iterable[int]) -> None:
    """Write the images of these numbers: eight by eight random pixels, enlarged."""
    for number in numbers:
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        image = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        image.save(folder / f"class{number % CLASSES}" / f"{number}.jpg", quality=85)


def in_process(function: Callable[..., None], folder: Path) -> int:
    """Return what a fresh process adds to its memory by a function of a folder."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=function, args=(folder, answer))
    process.start()
    before: int = answer.get()
    watched = psutil.Process(process.pid)
    peak = before
    while process.is_alive():
        peak = max(peak, resident(watched))
        time.sleep(0.05)
    shutil.rmtree(folder / "cache", ignore_errors=True)
    return peak - before


def prepare_and_read(folder: Path, answer: "multiprocessing.Queue[int]") -> None:
    """Open a task and read one epoch of its batches."""
    from sartor import tasks

    answer.put(psutil.Process().memory_info().rss)
    task = tasks.open(folder / "data", cache=folder / "cache", resolution=SIDE)
    batches = tasks.Batches(task.train, batch=64, seed=0, mean=task.mean, std=task.std)
    for step in range(batches.steps_per_epoch):
        batches.at(step)


def of_command(command: list[str]) -> int:
    """Return the largest memory of a command."""
    process = psutil.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, resident(process))
        time.sleep(0.2)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return peak


def resident(process: psutil.Process) -> int:
    """Return the resident bytes of a process and all that it started."""
    total = 0
    for it in (process, *process.children(recursive=True)):
        try:
            total += it.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


if __name__ == "__main__":
    main()
