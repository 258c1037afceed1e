"""What identifies the device that this process runs on."""

import os
import platform
from collections.abc import Callable, Mapping

from sartor_agent.program import Runtime
from sartor_agent.runtimes import RUNTIMES

FLAGS = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "avx512_bf16",
    "amx_int8",
    "amx_bf16",
    "asimd",
)
"""Instruction sets that decide which kernels a runtime has."""


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def installed(makers: Mapping[str, Callable[[], Runtime]] = RUNTIMES) -> dict[str, Runtime]:
    """Return the runtimes whose packages are installed, by name."""
    found = {}
    for name, make in makers.items():
        try:
            found[name] = make()
        except ImportError:
            continue
    return found


def fingerprint(threads: int, runtimes: Mapping[str, Runtime]) -> dict[str, str | int]:
    """Return what measurements depend on; they hold for equal fingerprints."""
    model, flags = _processor()
    facts: dict[str, str | int] = {
        "cpu": model,
        "flags": " ".join(flag for flag in FLAGS if flag in flags),
        "cores": cores(),
        "threads": threads,
        "os": f"{platform.system()} {platform.machine()}",
    }
    return facts | {name: runtime.version for name, runtime in runtimes.items()}


def _processor() -> tuple[str, set[str]]:
    """Return the model's name and the instruction sets, as far as the system tells."""
    model, flags = platform.processor() or platform.machine(), set[str]()
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                key, _, value = line.partition(":")
                if key.strip() == "model name":
                    model = value.strip()
                elif key.strip() in ("flags", "Features"):
                    flags = set(value.split())
                    break
    except OSError:
        pass  # no Linux: the name from the platform has to do
    return model, flags
