"""This machine, with every runtime that is installed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from sartor.errors import MissingExtraError, OptionError
from sartor.targets.opening import TARGETS, Address
from sartor.targets.runtimes import KINDS
from sartor.targets.target import Fingerprint, Loaded, Target
from sartor_agent import device, energy, experiment, fresh
from sartor_agent.fresh import Inspection, Report, TimedFile
from sartor_agent.fresh import Protocol as How
from sartor_agent.gpu import gpu
from sartor_agent.program import Capabilities, Program, Runtime, Step, run_rows
from sartor_agent.timings import Timing

WORKER = "sartor.targets.worker"
ROWS = 256
"""That are run at once."""


class ThisMachine:
    """Runs programs in this process where they are known, in fresh ones otherwise.

    Args:
        extra: What its fingerprint says beside the processor and the runtimes.
    """

    at_once = 1

    def __init__(self, extra: Fingerprint | None = None) -> None:
        self._extra = dict(extra or {})
        self._made: dict[str, Runtime] = {}
        self._kept: dict[tuple[object, ...], Program] = {}

    def runtime(self, name: str) -> Runtime:
        """Return a runtime, loaded when it is first asked for.

        Raises:
            ImportError: Its package is not installed.
        """
        if name not in self._made:
            self._made[name] = KINDS[name].make()
        return self._made[name]

    def fingerprint(self, threads: int, runtimes: Sequence[str]) -> Fingerprint:
        """Return the processor's facts and the versions of runtimes."""
        made = {name: self.runtime(name) for name in runtimes}
        return device.fingerprint(threads, made) | self._extra

    def time_files(
        self, files: Mapping[str, TimedFile], how: How, report: Report | None = None
    ) -> dict[str, Timing]:
        """Time files in fresh processes."""
        return fresh.time_files(files, replace(how, worker=WORKER), report)

    def time_in_turn(self, files: Mapping[str, TimedFile], how: How) -> dict[str, Timing]:
        """Time files in this process.

        Files that were timed the last time as well are not loaded again: loading moves their time,
        and what is timed again and again to see the machine drift must not move by itself.
        """
        programs, kept = {}, {}
        for name, it in files.items():
            key = _identity(it, how.threads)
            programs[name] = kept[key] = self._kept.get(key) or self._compiled(it, how)
        self._kept = kept
        return experiment.time_in_turn(
            programs, seconds_each=how.seconds_each, seed=how.seed, clock=how.clock
        )

    def inspect_file(self, it: TimedFile, how: How, *, calls: int = 0) -> Inspection:
        """Run a file once in a fresh process."""
        return fresh.inspect_file(it, replace(how, worker=WORKER), calls=calls)

    def steps(
        self, files: Mapping[str, TimedFile], how: How, calls: int
    ) -> dict[str, tuple[Step, ...]]:
        """Profile files in this process."""
        rng = np.random.default_rng(0)
        found = {}
        for name, it in files.items():
            program = self._compiled(it, how)
            inputs = [port.noise(rng) for port in program.inputs]
            found[name] = program.profile(*inputs, calls=calls)
        return found

    def load(self, it: TimedFile, how: How) -> Loaded:
        """Compile a file in this process."""
        program = self._compiled(it, how)
        return Loaded(program.inputs, lambda *arrays: run_rows(program, arrays), ROWS)

    def measure_energy(self, it: TimedFile, how: How) -> energy.Energy | energy.NotAvailable:
        """Measure the energy of a call in fresh processes."""
        return energy.measure_energy(it, replace(how, worker=WORKER))

    def close(self) -> None:
        """Forget what was loaded."""
        self._kept = {}

    def _compiled(self, it: TimedFile, how: How) -> Program:
        runtime = self.runtime(it.runtime)
        return runtime.compile(
            it.file, threads=how.threads, precision=it.precision, shapes=it.shapes
        )


def _identity(it: TimedFile, threads: int) -> tuple[object, ...]:
    """Return what two programs that are equal have in common."""
    about = it.file.stat()
    shapes = tuple((name, tuple(shape)) for name, shape in it.shapes.items())
    content = (it.file, about.st_ino, about.st_size, about.st_mtime_ns)
    return (*content, it.runtime, it.precision, shapes, threads)


class Installed(Mapping[str, Capabilities]):
    """What runtimes of this machine can do, each loaded when it is asked for: some take seconds.

    Args:
        place: Loads them.
        computes: Where: `cpu` or `cuda`.
    """

    def __init__(self, place: ThisMachine, computes: str) -> None:
        self._place = place
        self._computes = computes

    def __getitem__(self, name: str) -> Capabilities:
        if name not in KINDS or KINDS[name].device != self._computes:
            raise KeyError(name)
        try:
            return self._place.runtime(name).capabilities()
        except ImportError as error:
            raise KeyError(name) from error

    def __iter__(self) -> Iterator[str]:
        return (name for name in KINDS if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@TARGETS.register("cpu", "This machine's CPU: cpu, or cpu:RUNTIME.")
def cpu(address: Address) -> Target:
    """Open this machine's CPU."""
    return _opened(address, ThisMachine(), "no runtime is installed; install onnxruntime.")


@TARGETS.register("cuda", "This machine's NVIDIA GPU: cuda, or cuda:RUNTIME.")
def cuda(address: Address) -> Target:
    """Open this machine's first GPU."""
    found = gpu()
    if not found:
        raise MissingExtraError(
            "the target cuda needs an NVIDIA GPU with its driver; nvidia-smi finds none on this "
            "machine. Known without one: cpu."
        )
    nothing = (
        "no runtime for the GPU is installed; install onnxruntime-gpu, or a PyTorch that was built "
        "for CUDA."
    )
    return _opened(address, ThisMachine(found), nothing)


def _opened(address: Address, place: ThisMachine, nothing: str) -> Target:
    """Open a target of this machine; `nothing` is said where it has no runtime.

    Raises:
        OptionError: There are more threads than cores.
        UnknownNameError: The runtime is not there.
        MissingExtraError: None is.
    """
    cores = device.cores()
    if not 1 <= address.threads <= cores:
        raise OptionError(
            f"threads is {address.threads}; allowed: 1 to {cores}, the cores of this machine."
        )
    kind, _, runtime = address.text.partition(":")
    formats = {name: it.formats for name, it in KINDS.items()}
    target = Target(address.text, address.threads, Installed(place, kind), place, formats)
    if next(iter(target.runtimes), None) is None:
        raise MissingExtraError(nothing)
    return target.only(runtime) if runtime else target
