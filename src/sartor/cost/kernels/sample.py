"""What a survey of kernels keeps of a network that it timed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sartor.cost.kernels.kernel import Kernel

Pace = tuple[float, float]
"""How fast a machine is: milliseconds of the short anchors and of the long ones, of which each is a
geometric mean."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A network that was timed, and what it executes."""

    origin: str
    """Sketch of a chain, or design of a family, as JSON."""
    precision: str
    kernels: tuple[Kernel, ...]
    """Sorted."""
    shares: tuple[float, ...]
    """Of the time of the network that each of them takes, by the runtime's profiler; they add up to
    1."""
    milliseconds: float
    pace: Pace
    """Of the anchors, timed in turn with it."""

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "origin": self.origin,
            "precision": self.precision,
            "kernels": [it.to_json() for it in self.kernels],
            "shares": list(self.shares),
            "milliseconds": self.milliseconds,
            "pace": list(self.pace),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Sample":
        """Read what `to_json` wrote; raises KeyError, TypeError or ValueError where it did not."""
        short, long = plain["pace"]
        return cls(
            str(plain["origin"]),
            str(plain["precision"]),
            tuple(Kernel(*it) for it in plain["kernels"]),
            tuple(float(it) for it in plain["shares"]),
            float(plain["milliseconds"]),
            (float(short), float(long)),
        )
