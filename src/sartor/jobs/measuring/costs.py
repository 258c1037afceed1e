"""What a measurement found."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sartor.units import Measurement
from sartor_agent.timings import Ratio, Timing

VERSION = 1
"""Of the JSON."""


@dataclass(frozen=True, slots=True)
class Activations:
    """Memory for what flows through a network, in bytes; see `sartor.cost.memory`."""

    peak: int
    """Most that is live at once, in the best order found."""
    stored: int
    """The same in the order of the file."""
    arena: int
    """Size of one block in which everything has a place."""
    exact: bool
    """No order needs less than `peak`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What one network costs."""

    name: str
    runtime: str
    precision: str
    """The one that was executed."""
    macs: int | None
    """Multiply-adds of convolutions and matrix products; FLOPs are twice as many. None where the
    format does not tell."""
    parameters: int | None
    """Learned numbers, None where the file does not tell them from other constants."""
    size_bytes: int
    """Of the file."""
    activations: Activations | None
    latency_ms: Measurement | None
    """None where the target tells none."""
    timing: Timing | None = None
    """How the latency was measured."""
    peak_bytes: int | None = None
    """By which a process grows that loads the network and runs it."""
    energy: Mapping[str, Any] | None = None
    """Of a call: measured, estimated, or why it is not available; None where nobody asked."""
    operators: tuple[Mapping[str, Any], ...] = ()
    """What was executed, in order; empty where nobody asked or the runtime does not tell."""
    roofline: Mapping[str, Any] | None = None
    """What the device can reach at best; None where nobody asked or it is not known."""
    memory: Mapping[str, Any] | None = None
    """What is live while each operation runs."""
    uncounted: tuple[str, ...] = ()
    """Kinds of operations whose work is not known."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What only this kind of target tells."""
    notes: tuple[str, ...] = ()
    """What a reader has to know, in sentences."""

    def to_json(self) -> dict[str, Any]:
        """Return plain data; every name carries its unit."""
        timing, latency, planned = self.timing, self.latency_ms, self.activations
        return {
            "name": self.name,
            "latency_ms": None if latency is None else latency.to_json(),
            "timing": None if timing is None else plain_timing(timing),
            "macs": self.macs,
            "flops": None if self.macs is None else 2 * self.macs,
            "parameters": self.parameters,
            "size_bytes": self.size_bytes,
            "peak_bytes": self.peak_bytes,
            "peak_activation_bytes": None if planned is None else planned.peak,
            "stored_activation_bytes": None if planned is None else planned.stored,
            "arena_bytes": None if planned is None else planned.arena,
            "activations_exact": None if planned is None else planned.exact,
            "energy": None if self.energy is None else dict(self.energy),
            "runtime": self.runtime,
            "precision": self.precision,
            "operators": [dict(it) for it in self.operators],
            "roofline": None if self.roofline is None else dict(self.roofline),
            "memory": None if self.memory is None else dict(self.memory),
            "uncounted": list(self.uncounted),
            "details": dict(self.details),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Failed:
    """A network that could not be measured."""

    name: str
    reason: str

    def to_json(self) -> dict[str, str]:
        """Return plain data."""
        return {"name": self.name, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Compared:
    """Two networks, timed in turn."""

    one: str
    other: str
    ratio: Ratio
    """Time of the first by that of the second."""

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "one": self.one,
            "other": self.other,
            "value": self.ratio.value,
            "low": self.ratio.low,
            "high": self.ratio.high,
            "equal": self.ratio.equal,
            "reason": self.ratio.reason,
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was found."""

    target: Mapping[str, Any]
    asked: Mapping[str, Any]
    networks: Sequence[Costs]
    """In the order in which they were asked for."""
    failed: Sequence[Failed] = ()
    ratios: Sequence[Compared] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain data, as `sartor measure --json` prints it."""
        return {
            "version": VERSION,
            "target": dict(self.target),
            "asked": dict(self.asked),
            "networks": [it.to_json() for it in self.networks],
            "failed": [it.to_json() for it in self.failed],
            "ratios": [it.to_json() for it in self.ratios],
        }

    def __getitem__(self, name: str) -> Costs:
        return {it.name: it for it in self.networks}[name]

    def __str__(self) -> str:
        return json.dumps(self.to_json(), indent=1, ensure_ascii=False)


def plain_timing(timing: Timing) -> dict[str, Any]:
    """Return what an experiment found, without its rounds."""
    return {
        "min_ms": timing.min_ms,
        "p10_ms": timing.p10_ms,
        "median_ms": timing.median_ms,
        "p90_ms": timing.p90_ms,
        "calls": timing.calls,
        "rounds": timing.rounds,
        "trustworthy": timing.trustworthy,
        "reason": timing.reason,
    }
