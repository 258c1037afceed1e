"""What decides how fast a small network trains on a CPU: threads, waiting, precision, memory.

    python benchmarks/training_speed.py [--busy]

Every row is a process of its own, since the settings are read when libraries are loaded. With
--busy another process computes all the while. Rows are repeated in turn.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from machine import describe

STEPS, WARM = 20, 4
BATCH, PIXELS = 128, 28


@dataclass(frozen=True)
class Setting:
    """One row of the table."""

    name: str
    threads: int = 2
    half: bool = False
    keep: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)


SETTINGS = (
    Setting("2 threads"),
    Setting("2 threads, bfloat16", half=True),
    Setting("2 threads, freed memory given back", keep=False),
    Setting("2 threads that wait passively", environment={"OMP_WAIT_POLICY": "PASSIVE"}),
    Setting("1 thread", threads=1),
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--worker", default=None, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker is not None:
        print(json.dumps(measure(Setting(**json.loads(asked.worker)))))
        return
    print(describe())
    print(
        f"batch {BATCH}, {PIXELS} pixels, medians of {asked.rounds} processes; busy: {asked.busy}"
    )
    if asked.busy:
        multiprocessing.Process(target=burn, daemon=True).start()
    found: dict[str, list[list[float]]] = {it.name: [] for it in SETTINGS}
    for _ in range(asked.rounds):
        for setting in SETTINGS:
            found[setting.name].append(in_a_process(setting))
    print("\n| setting | plain blocks, ms a step | inverted blocks, ms a step |\n|---|---|---|")
    for name, rows in found.items():
        plain, inverted = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"| {name} | {plain:.1f} | {inverted:.1f} |")


def burn() -> None:
    """Compute for ever."""
    while True:
        sum(range(10_000))


def in_a_process(setting: Setting) -> list[float]:
    """Measure a setting in a fresh process."""
    asked = {"name": setting.name, "threads": setting.threads}
    asked |= {"half": setting.half, "keep": setting.keep}
    command = [sys.executable, __file__, "--worker", json.dumps(asked)]
    environment = os.environ | dict(setting.environment)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    answer: list[float] = json.loads(done.stdout)
    return answer


def measure(setting: Setting) -> list[float]:
    """Return the milliseconds of a training step with dense and with depthwise convolutions."""
    import torch
    import torch.nn.functional as F

    from sartor.nets import Network, mobile
    from sartor.train import Recipe, Training, keep_freed_memory

    if setting.keep:
        keep_freed_memory()
    torch.set_num_threads(setting.threads)
    torch.manual_seed(0)
    family = mobile(resolution=PIXELS, channels=1, classes=10)
    images = torch.randn(BATCH, 1, PIXELS, PIXELS).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (BATCH,))
    medians = []
    for design in (family.largest(), family.scaled(0.5)):
        network = Network(family.blueprint(design)).to(memory_format=torch.channels_last).train()
        training = Training(network, Recipe())

        def gradients(_: int, __: float, network: torch.nn.Module = network) -> torch.Tensor:
            with torch.autocast("cpu", torch.bfloat16, enabled=setting.half):
                logits = network(images)
            loss = F.cross_entropy(logits.float(), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            return loss.detach()

        times = []
        for step in range(STEPS):
            started = time.perf_counter()
            training.advance(gradients, step / STEPS)
            times.append(time.perf_counter() - started)
        medians.append(1e3 * statistics.median(times[WARM:]))
    return medians


if __name__ == "__main__":
    main()
