"""Targets on this machine's CPU."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sartor.errors import MissingExtraError, OptionError
from sartor.registry import Registry
from sartor.targets.runtimes import RUNTIMES, reading
from sartor_agent import device
from sartor_agent.program import Runtime

ADDS_IN_32_BITS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimd"})
"""Any of these multiplies integers of 8 bits and adds the products in 32 bits."""
LARGEST, LARGEST_IN_16_BITS = 127, 64
EXCHANGED = ".onnx"
"""The format that networks are delivered in."""


@dataclass(frozen=True, slots=True)
class Target:
    """A device, the runtimes on it, and what identifies them."""

    name: str
    threads: int
    runtimes: Mapping[str, Runtime]
    fingerprint: Mapping[str, str | int]

    @property
    def largest_weight(self) -> int:
        """The largest integer that a weight may be in int8: 127, or 64 where two products would
        not fit.

        x86 without VNNI adds two products of unsigned activations and signed weights in 16 bits,
        and what is larger is cut off: 2 * 255 * 64 still fits.

        Source:
            ONNX Runtime and NNCF document it as `reduce_range` and as the overflow of old CPUs.
        """
        known = set(str(self.fingerprint["flags"]).split())
        arm = str(self.fingerprint["os"]).endswith(("arm64", "aarch64"))
        return LARGEST if arm or known & ADDS_IN_32_BITS else LARGEST_IN_16_BITS

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits of the fingerprint: measurements hold for equal ones."""
        return id_of(self.fingerprint)


def id_of(fingerprint: Mapping[str, str | int]) -> str:
    """Return twelve hexadecimal digits that differ where fingerprints do."""
    text = json.dumps(dict(fingerprint), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


TARGETS: Registry[Callable[[int], Target]] = Registry("target")
"""Makes a target from a number of threads."""


def open_target(name: str = "cpu", *, threads: int = 1) -> Target:
    """Open a target.

    Args:
        name: `cpu`: this machine, with every runtime that is installed. `cuda`: its NVIDIA GPU.
        threads: Threads that a network may use.

    Raises:
        UnknownNameError: There is no such target.
        OptionError: More threads than the machine has.
        MissingExtraError: There is no such device, or no runtime for it is installed.
    """
    return TARGETS[name](threads)


@TARGETS.register("cpu", "This machine's CPU, with every runtime that is installed.")
def cpu(threads: int) -> Target:
    """Open this machine's CPU."""
    checked_threads(threads)
    found = reading(EXCHANGED)
    if not found:
        raise MissingExtraError(f"no runtime is installed; install one of: {', '.join(RUNTIMES)}.")
    return Target("cpu", threads, found, device.fingerprint(threads, found))


def checked_threads(threads: int) -> None:
    """Refuse more threads than this machine has cores.

    Raises:
        OptionError: They are fewer than one, or too many.
    """
    cores = device.cores()
    if not 1 <= threads <= cores:
        raise OptionError(
            f"threads is {threads}; allowed: 1 to {cores}, the cores of this machine."
        )
