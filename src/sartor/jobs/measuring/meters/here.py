"""This machine."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sartor.cost.roofline import Roofline, roofline_of
from sartor.errors import OptionError
from sartor.jobs.measuring.asked import Asked
from sartor.jobs.measuring.meters.protocol import METERS
from sartor.jobs.measuring.meters.running import Running
from sartor.targets import Target
from sartor.targets import open as open_target
from sartor.targets.runtimes import KINDS
from sartor_agent import device, fresh
from sartor_agent.energy import Energy, NotAvailable, measure_energy
from sartor_agent.program import Capabilities, Runtime
from sartor_agent.timings import Timing

WORKER = "sartor.targets.worker"


class Installed(Mapping[str, Capabilities]):
    """What runtimes can do, each loaded when it is asked for: some take seconds.

    Args:
        computes: Where: `cpu` or `cuda`.
    """

    def __init__(self, computes: str) -> None:
        self._computes = computes
        self.loaded: dict[str, Runtime] = {}
        """Those that were asked for."""

    def __getitem__(self, name: str) -> Capabilities:
        if name not in KINDS or KINDS[name].device != self._computes:
            raise KeyError(name)
        if name not in self.loaded:
            try:
                self.loaded[name] = KINDS[name].make()
            except ImportError as error:
                raise KeyError(name) from error
        return self.loaded[name].capabilities()

    def __iter__(self) -> Iterator[str]:
        return (name for name in KINDS if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Here:
    """This machine, with every runtime that is installed and computes in one place.

    Args:
        threads: Of one call.
        computes: `cpu` or `cuda`.
    """

    def __init__(self, threads: int, computes: str = "cpu") -> None:
        if threads > device.cores():
            raise OptionError(
                f"threads is {threads}; allowed: 1 to {device.cores()}, the cores of this machine."
            )
        self._computes = computes
        self._threads = threads
        self.runtimes = Installed(computes)

    def facts(self) -> Mapping[str, Any]:
        """Return the fingerprint."""
        return device.fingerprint(self._threads, self.runtimes.loaded)

    def inspect_file(
        self, it: fresh.TimedFile, how: fresh.Protocol, *, calls: int = 0
    ) -> fresh.Inspection:
        """Run a file once in a fresh process."""
        return fresh.inspect_file(it, replace(how, worker=WORKER), calls=calls)

    def time_files(
        self,
        files: Mapping[str, fresh.TimedFile],
        how: fresh.Protocol,
        report: fresh.Report | None = None,
    ) -> dict[str, Timing]:
        """Time files in fresh processes."""
        return fresh.time_files(files, replace(how, worker=WORKER), report)

    def measure_energy(self, it: fresh.TimedFile, how: fresh.Protocol) -> Energy | NotAvailable:
        """Measure the energy of a call in fresh processes."""
        return measure_energy(it, replace(how, worker=WORKER))

    def roofline(self, runtime: str, cache: Path) -> Roofline:
        """Return the roofs of this machine."""
        used = {runtime: self.runtimes.loaded[runtime]}
        fingerprint = device.fingerprint(self._threads, used)
        target = Target(self._computes, self._threads, used, fingerprint)
        return roofline_of(target, runtime, cache / "roofs")

    def close(self) -> None:
        """Hold nothing."""


@METERS.register("cpu", "This machine's CPU: cpu, or cpu:RUNTIME.")
def cpu(asked: Asked) -> Running:
    """Time networks on this machine."""
    return Running(asked, Here(asked.threads), asked.target.partition(":")[2])


@METERS.register("cuda", "This machine's NVIDIA GPU: cuda, or cuda:RUNTIME.")
def cuda(asked: Asked) -> Running:
    """Time networks on this machine's GPU."""
    open_target("cuda", threads=asked.threads)  # says in a sentence what is missing
    return Running(asked, Here(asked.threads, "cuda"), asked.target.partition(":")[2])
