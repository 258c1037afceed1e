"""What a target is: a device, the runtimes on it, and what identifies them."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sartor.errors import OptionError, unknown_name
from sartor_agent.energy import Energy, NotAvailable
from sartor_agent.fresh import Inspection, Report, TimedFile
from sartor_agent.fresh import Protocol as How
from sartor_agent.program import Array, Capabilities, Port, Step
from sartor_agent.timings import Timing

ADDS_IN_32_BITS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimd"})
"""Any of these multiplies integers of 8 bits and adds the products in 32 bits."""
LARGEST, LARGEST_IN_16_BITS = 127, 64
EXCHANGED = ".onnx"
"""The format that networks are delivered in."""
Fingerprint = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file that is ready to be run, here or elsewhere."""

    inputs: tuple[Port, ...]
    run: Callable[..., tuple[Array, ...]]
    """Gives all outputs, (n, ...), for the inputs in their order, (n, ...) each."""
    rows: int
    """That are best given at once."""


class Place(Protocol):
    """Where programs run: this machine, or boards. Used from several threads at a time.

    What a program does wrong is a MeasurementError; a board that cannot be reached is a BoardError.
    """

    at_once: int
    """Experiments that run at the same time without disturbing one another."""

    def fingerprint(self, threads: int, runtimes: Sequence[str]) -> Fingerprint:
        """Return what measurements depend on; they hold for equal fingerprints."""

    def time_files(
        self, files: Mapping[str, TimedFile], how: How, report: Report | None = None
    ) -> dict[str, Timing]:
        """Time files in turn in fresh processes; see `sartor_agent.fresh.time_files`."""

    def time_in_turn(self, files: Mapping[str, TimedFile], how: How) -> dict[str, Timing]:
        """Time files that are known not to crash, once: in as few processes as serve."""

    def inspect_file(self, it: TimedFile, how: How, *, calls: int = 0) -> Inspection:
        """Run a file once in a fresh process; see `sartor_agent.fresh.inspect_file`."""

    def steps(
        self, files: Mapping[str, TimedFile], how: How, calls: int
    ) -> dict[str, tuple[Step, ...]]:
        """Profile files that are known not to crash."""

    def load(self, it: TimedFile, how: How) -> Loaded:
        """Make a file ready to be run on given inputs."""

    def measure_energy(self, it: TimedFile, how: How) -> Energy | NotAvailable:
        """Measure the energy of a call; see `sartor_agent.energy.measure_energy`."""

    def close(self) -> None:
        """Give back what is held."""


@dataclass(frozen=True, slots=True)
class Target:
    """A device and the runtimes on it that are used."""

    name: str
    threads: int
    """Of one call."""
    runtimes: Mapping[str, Capabilities]
    """By name, those first that are to be preferred. Some are loaded only when they are asked
    for."""
    place: Place
    formats: Mapping[str, tuple[str, ...]]
    """Endings of the files that runtimes read, by their names: known before they are loaded. There
    may be more names than runtimes."""

    @property
    def fingerprint(self) -> Fingerprint:
        """What measurements depend on, the versions of the runtimes among it."""
        return self.place.fingerprint(self.threads, tuple(self.runtimes))

    @property
    def largest_weight(self) -> int:
        """The largest integer that a weight may be in int8: 127, or 64 where two products would
        not fit.

        x86 without VNNI adds two products of unsigned activations and signed weights in 16 bits,
        and what is larger is cut off: 2 * 255 * 64 still fits.

        Source:
            ONNX Runtime and NNCF document it as `reduce_range` and as the overflow of old CPUs.
        """
        fingerprint = self.place.fingerprint(self.threads, ())
        known = set(str(fingerprint.get("flags", "")).split())
        arm = str(fingerprint.get("os", "")).endswith(("arm64", "aarch64"))
        return LARGEST if arm or known & ADDS_IN_32_BITS else LARGEST_IN_16_BITS

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits of the fingerprint: measurements hold for equal ones."""
        return id_of(self.fingerprint)

    def only(self, *names: str) -> "Target":
        """Return the same with fewer runtimes.

        Raises:
            UnknownNameError: It has no such runtime.
        """
        for name in names:
            if name not in self.runtimes:
                raise unknown_name("runtime", name, self.runtimes)
        return replace(self, runtimes={name: self.runtimes[name] for name in names})

    def reading(self, ending: str) -> "Target":
        """Return the same with the runtimes that read a format.

        Raises:
            OptionError: None does.
        """
        reading = [name for name, formats in self.formats.items() if ending in formats]
        names = [name for name in reading if name in self.runtimes]  # others are not loaded for it
        if not names:
            raise OptionError(
                f"no runtime of {self.name} reads {ending} files; it has: "
                f"{', '.join(self.runtimes)}. Install onnxruntime there."
            )
        return self.only(*names)

    def how(self, **more: Any) -> How:  # Any: the fields of a protocol
        """Return how files are timed with the threads of this target."""
        return How(threads=self.threads, **more)


def id_of(fingerprint: Fingerprint) -> str:
    """Return twelve hexadecimal digits that differ where fingerprints do."""
    text = json.dumps(dict(fingerprint), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
