"""Energy: what this device tells, how near windows come to a known energy, and estimates.

    python benchmarks/energy.py FOLDER [--tries 20] [--rest 5] [--extra 10]

FOLDER has the TFLite files of MLPerf Tiny. The known device counts joules as RAPL does (in steps of
61 microjoules, once in a millisecond): `rest` watts at all times, and `extra` watts for each second
in which this process computes. The truth is `extra` times the computing time of a call, on average
over the windows.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from machine import describe
from sartor.cost.energy import Estimate, estimate_energy
from sartor.graph.formats import read_tflite
from sartor_agent.energy import Energy, Processor, Reading, Windows, chain, measure
from sartor_agent.experiment import matrix_product

STEP_J = 61e-6
"""Unit of the counters of many processors, 2**-14 J."""
NETWORKS = {
    "ResNet-8": ("pretrainedResnet", "pretrainedResnet_quant"),
    "keyword spotting": ("kws_ref_model_float32", "kws_ref_model"),
    "visual wake words": ("vww_96_float", "vww_96_int8"),
    "anomaly detection": ("ad01_fp32", "ad01_int8"),
}
"""Files in float and in int8."""


class KnownDevice:
    """A provider whose joules follow from the clock and from this process's computing time."""

    name = "known"
    processors: tuple[Processor, ...] = ("cpu",)
    update_s = 1e-3

    def __init__(self, rest: float, extra: float) -> None:
        self._rest, self._extra = rest, extra
        self._began = (0.0, 0.0, 0.0)
        self.computing_s = 0.0
        """In all windows."""

    def available(self) -> None:
        """Say that it can be read."""

    def start(self) -> None:
        """Begin a window."""
        self._began = (self._counter(), time.perf_counter(), time.process_time())

    def stop(self) -> Reading:
        """End it."""
        self.computing_s += time.process_time() - self._began[2]
        seconds = time.perf_counter() - self._began[1]
        return Reading(self._counter() - self._began[0], seconds, self.name, True, ("process",))

    def _counter(self) -> float:
        now = time.perf_counter() // self.update_s * self.update_s
        return (self._rest * now + self._extra * time.process_time()) // STEP_J * STEP_J


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--rest", type=float, default=5.0)
    parser.add_argument("--extra", type=float, default=10.0)
    asked = parser.parse_args()
    print(describe())
    print("\nprovider | says here")
    for provider in chain():
        print(f"{provider.name} | {provider.available() or 'can be read'}")
    known_energy(asked.tries, asked.rest, asked.extra)
    estimates(asked.folder)


def known_energy(tries: int, rest: float, extra: float) -> None:
    """Print how near windows come to the truth."""
    errors, inside, widths, doubted = [], 0, [], 0
    for _ in range(tries):
        provider = KnownDevice(rest, extra)
        found = measure(matrix_product(256), 1, [provider], Windows(seconds=0.15))
        assert isinstance(found, Energy)
        truth = extra * provider.computing_s / found.calls
        above = found.above_idle
        errors.append(above.joules / truth - 1)
        inside += above.low <= truth <= above.high
        widths.append((above.high - above.low) / above.joules)
        doubted += not found.trustworthy
    print(f"\nknown device, {tries} tries of 7 + 5 windows of 0.15 s:")
    print(f"median error {100 * np.median(np.abs(errors)):.2f} %, worst", end=" ")
    print(f"{100 * np.max(np.abs(errors)):.2f} %; the interval is {100 * np.median(widths):.2f} %")
    print(f"wide (median) and holds the truth in {inside} of {tries}; {doubted} doubted")


def estimates(folder: Path) -> None:
    """Print the model's numbers."""
    print("\nnetwork | multiply-adds | float: bytes moved, microjoules | int8: the same")
    for name, (wide, narrow) in NETWORKS.items():
        found = [estimate_energy(read_tflite(folder / f"{it}.tflite")) for it in (wide, narrow)]
        cells = [
            f"{it.moved_bytes:,}, {1e6 * it.low_joules:.1f} to {1e6 * it.joules:.1f}"
            for it in found
            if isinstance(it, Estimate)
        ]
        macs = next(it.macs for it in found if isinstance(it, Estimate))
        print(f"{name} | {macs:,} | {' | '.join(cells)}")


if __name__ == "__main__":
    main()
