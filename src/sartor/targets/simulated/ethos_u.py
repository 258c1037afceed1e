"""Ethos-U, Arm's neural processing units beside a microcontroller, as their compiler estimates.

The compiler `vela` (extra `ethos-u`) plans an int8 TFLite file and writes what it expects. It runs
in a process of its own.
"""

import csv
import importlib.util
import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sartor.errors import DamagedFileError, MissingExtraError, OptionError, did_you_mean
from sartor.graph.formats.tflite import MARK
from sartor.targets.texts import read_options

NAME = "ethos-u"
ACCELERATORS = (
    "u55-32", "u55-64", "u55-128", "u55-256", "u65-256", "u65-512",
    "u85-128", "u85-256", "u85-512", "u85-1024", "u85-2048",
)  # fmt: skip
"""Kinds, with their multiply-adds in a cycle: those of ethos-u-vela 5.2.0."""
OPTIMISE = {"performance": "Performance", "size": "Size"}
EXAMPLE = f"{NAME}:u55-128"
KIB = 1024
REASON = re.compile(r"operator: (\w+), ofm: '(.*)'\n(?:Reason: )?(.*?)(?: \(.*\))?$", re.M)
"""Why vela leaves an operator to the CPU, in its output."""


@dataclass(frozen=True, slots=True)
class EthosU:
    """What is compiled for."""

    accelerator: str = "u55-128"
    optimise: str = "performance"
    """`performance`: fast, with as much SRAM as there is; `size`: with as little as will do."""

    def __post_init__(self) -> None:
        if self.accelerator not in ACCELERATORS:
            raise OptionError(
                f"unknown Ethos-U {self.accelerator!r}; known: {', '.join(ACCELERATORS)}."
                f"{did_you_mean(self.accelerator, ACCELERATORS)}"
            )
        if self.optimise not in OPTIMISE:
            raise OptionError(
                f"optimise is {self.optimise!r}; allowed: {', '.join(OPTIMISE)}."
                f"{did_you_mean(self.optimise, OPTIMISE)}"
            )


@dataclass(frozen=True, slots=True)
class EthosULayer:
    """One operator after vela's changes to the graph: one of the file may become several."""

    name: str
    """Of the tensor that it writes."""
    kind: str
    """Operator of the file that it comes from, as vela calls it."""
    on_cpu: bool
    cycles: int
    """0 where it runs on the CPU: what that takes is not estimated."""
    macs: int
    sram_bytes: int
    """In use meanwhile."""
    reason: str
    """Why it runs on the CPU; empty where it does not, or vela does not say."""


@dataclass(frozen=True, slots=True)
class EthosUEstimate:
    """What vela expects; nothing of it was measured."""

    device: EthosU
    system: str
    """Clock and memories that were assumed, by vela's name."""
    memory_mode: str
    clock_mhz: float
    cycles: int
    """Of the operators on the Ethos-U."""
    latency_ms: float
    inferences_per_second: float
    macs: int
    sram_bytes: int
    dram_bytes: int
    flash_bytes: int
    """On the chip and beside it."""
    layers: tuple[EthosULayer, ...]

    @property
    def on_cpu(self) -> tuple[EthosULayer, ...]:
        """Operators that fall to the CPU, and are in no sum."""
        return tuple(it for it in self.layers if it.on_cpu)


def open_ethos_u(text: str) -> EthosU:
    """Read an Ethos-U as a user writes it.

    Args:
        text: `ethos-u:u55-128`, with `,optimise=size` for as little SRAM as will do.

    Raises:
        OptionError: The text is not understood; the message lists what is known.

    Example:
        >>> open_ethos_u("ethos-u:u65-256,optimise=size")
        EthosU(accelerator='u65-256', optimise='size')
    """
    name, _, rest = text.partition(":")
    if name.strip() != NAME:
        raise OptionError(
            f"{text!r} is no Ethos-U; write for example {EXAMPLE}.{did_you_mean(name, [NAME])}"
        )
    accelerator, _, options = rest.partition(",")
    given = read_options(NAME, options, {"optimise": "size"})
    device = EthosU(accelerator.strip())
    return replace(device, optimise=given["optimise"]) if "optimise" in given else device


def estimate_ethos_u(file: Path, device: EthosU, *, seconds: float = 300.0) -> EthosUEstimate:
    """Return what a network costs on an Ethos-U.

    Args:
        file: TFLite, in int8, uint8 or int16.
        device: With vela's default system and memories for it.
        seconds: After which vela is ended.

    Raises:
        MissingExtraError: vela is not installed.
        DamagedFileError: The file is no TFLite model, or vela cannot compile it.
        OptionError: No operator runs on the Ethos-U, as in a float file, or time is up.
    """
    if importlib.util.find_spec("ethosu") is None:
        raise MissingExtraError(
            "Ethos-U needs the extra ethos-u; install it with: pip install 'sartor[ethos-u]'."
        )
    with file.open("rb") as opened:
        if opened.read(8)[4:] != MARK:
            raise DamagedFileError(f"{file} is no TFLite model; vela compiles nothing else.")
    with tempfile.TemporaryDirectory(prefix="sartor-ethos-u-") as name:
        folder = Path(name)
        shutil.copyfile(file, folder / "network.tflite")
        said = _compile(file, folder, device, seconds)
        summaries = list(folder.glob("out/network_summary_*.csv"))
        layers = folder / "out" / "network_per-layer.csv"
        if not summaries or not layers.exists():
            raise DamagedFileError(f"vela says nothing of what {file} costs; look at its graph.")
        estimate = read_estimate(device, summaries[0].read_text(), layers.read_text(), said)
    if len(estimate.on_cpu) == len(estimate.layers):
        raise OptionError(_nothing_to_do(file, estimate))
    return estimate


def read_estimate(device: EthosU, summary: str, layers: str, said: str = "") -> EthosUEstimate:
    """Read the two tables that vela writes.

    Args:
        device: For which they were written.
        summary: CSV of one network.
        layers: CSV of its operators.
        said: What vela printed: why operators fall to the CPU.
    """
    row = next(csv.DictReader(io.StringIO(summary)))
    reasons = {name: f"{kind}: {reason}" for kind, name, reason in REASON.findall(said)}
    kib = {key: float(row[f"{key}_memory_used"]) for key in ("sram", "dram")}
    flash_kib = sum(float(row[f"{where}_chip_flash_memory_used"]) for where in ("on", "off"))
    return EthosUEstimate(
        device=device,
        system=row["system_config"],
        memory_mode=row["memory_mode"],
        clock_mhz=float(row["core_clock"]) / 1e6,
        cycles=round(float(row["cycles_total"])),
        latency_ms=float(row["inference_time"]) * 1e3,
        inferences_per_second=float(row["inferences_per_second"]),
        macs=round(float(row["nn_macs"])),
        sram_bytes=round(kib["sram"] * KIB),
        dram_bytes=round(kib["dram"] * KIB),
        flash_bytes=round(flash_kib * KIB),
        layers=tuple(_layer(it, reasons) for it in csv.DictReader(io.StringIO(layers))),
    )


def _layer(row: Mapping[str, str], reasons: Mapping[str, str]) -> EthosULayer:
    on_cpu = row["Target"] == "CPU"
    return EthosULayer(
        name=row["Name"],
        kind=row["Original Operator"],
        on_cpu=on_cpu,
        cycles=round(float(row["Op Cycles"])),
        macs=round(float(row["MAC Count"])),
        sram_bytes=round(float(row["Staging Usage"])),
        reason=reasons.get(row["Name"], "") if on_cpu else "",
    )


def _compile(file: Path, folder: Path, device: EthosU, seconds: float) -> str:
    """Run vela, and return what it printed."""
    command = [sys.executable, "-m", "ethosu.vela", "network.tflite", "--output-dir", "out"]
    command += ["--accelerator-config", f"ethos-{device.accelerator}", "--verbose-performance"]
    command += ["--optimise", OPTIMISE[device.optimise]]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise OptionError(
            f"vela did not compile {file} within {seconds:g} s; give it more time, or a smaller "
            "network."
        ) from error
    if done.returncode:
        told = (done.stderr.strip() or done.stdout.strip()).splitlines()
        reason = told[-1] if told else f"it ended with {done.returncode}"
        raise DamagedFileError(f"vela cannot compile {file}: {reason}")
    return done.stdout + done.stderr


def _nothing_to_do(file: Path, estimate: EthosUEstimate) -> str:
    """Say why no operator of a file runs on the Ethos-U."""
    reasons = [it.reason for it in estimate.layers if it.reason]
    if any("DataType Float" in it for it in reasons):
        return (
            f"{file} computes in float, an Ethos-U in int8 or int16; quantize it before it is "
            "converted to TFLite."
        )
    told = f" ({reasons[0]})" if reasons else ""
    return f"no operator of {file} runs on an Ethos-U{told}; use operators that vela supports."
