"""What a device can reach at best: multiply-adds per second, and bytes per second."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sartor.errors import DamagedFileError


@dataclass(frozen=True, slots=True)
class Peak:
    """The most multiply-adds per second in one precision."""

    macs_per_second: float
    kernel: str
    """That reached it."""


@dataclass(frozen=True, slots=True)
class Roof:
    """The most bytes per second for what is not larger than a memory or cache."""

    bytes_per_second: float
    most_bytes: int | None
    """That one operation reads and writes; None for the last roof, which holds for any amount."""
    kernel: str

    @property
    def name(self) -> str:
        """What it is called in tables and pictures."""
        if self.most_bytes is None:
            return "memory"
        return f"cache, up to {self.most_bytes / 1e6:.2g} MB"


@dataclass(frozen=True, slots=True)
class Roofline:
    """The roofs of a device in one runtime, with a number of threads.

    Source:
        Williams et al. 2009, "Roofline: an insightful visual performance model". Differs: all
        roofs are measured, none is from a datasheet; the roof of an operation is that of the
        smallest cache that it could fit into.
    """

    runtime: str
    threads: int
    peaks: Mapping[str, Peak]
    """By precision."""
    roofs: tuple[Roof, ...]
    """From the smallest cache to memory, so with falling bytes per second."""

    def bandwidth(self, bytes_moved: int) -> float:
        """Return the most bytes per second for an operation that reads and writes so many."""
        fitting = (it for it in self.roofs if it.most_bytes is None or bytes_moved <= it.most_bytes)
        return next(fitting).bytes_per_second

    def compute_ms(self, macs: int, precision: str) -> float | None:
        """Return the milliseconds of so many multiply-adds at the peak.

        Returns:
            None where no peak is known for the precision.
        """
        if macs == 0:
            return 0.0
        peak = self.peaks.get(precision)
        return None if peak is None else macs / peak.macs_per_second * 1e3

    def attainable_ms(self, macs: int, bytes_moved: int, precision: str) -> float | None:
        """Return the least milliseconds that an operation could take; None as above."""
        computing = self.compute_ms(macs, precision)
        if computing is None:
            return None
        return max(computing, bytes_moved / self.bandwidth(bytes_moved) * 1e3)

    def to_json(self) -> dict[str, Any]:
        """Return plain data; `docs/measure.md` says what is in it."""
        return {
            "runtime": self.runtime,
            "threads": self.threads,
            "peaks": {
                name: {"macs_per_second": it.macs_per_second, "kernel": it.kernel}
                for name, it in self.peaks.items()
            },
            "roofs": [
                {
                    "name": it.name,
                    "bytes_per_second": it.bytes_per_second,
                    "most_bytes": it.most_bytes,
                    "kernel": it.kernel,
                }
                for it in self.roofs
            ],
        }

    @classmethod
    def from_json(cls, plain: Any, called: str) -> "Roofline":  # Any: what a file holds
        """Read plain data back.

        Args:
            plain: As `to_json` gives it.
            called: The file's name, for messages.

        Raises:
            DamagedFileError: Something is missing or of another kind.
        """
        try:
            peaks = {
                str(name): Peak(_positive(it["macs_per_second"]), str(it["kernel"]))
                for name, it in plain["peaks"].items()
            }
            roofs = tuple(_roof(it) for it in plain["roofs"])
            if not roofs or [it.most_bytes is None for it in roofs].index(True) != len(roofs) - 1:
                raise ValueError("its last roof is not that of memory")
            return cls(str(plain["runtime"]), int(plain["threads"]), peaks, roofs)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DamagedFileError(
                f"{called} is no roofline ({error}); remove it, and it is measured again."
            ) from error


def _roof(plain: Mapping[str, Any]) -> Roof:
    most = plain["most_bytes"]
    limit = None if most is None else int(_positive(most))
    return Roof(_positive(plain["bytes_per_second"]), limit, str(plain["kernel"]))


def _positive(value: float) -> float:
    if not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError(f"{value!r} is no number above 0")
    return float(value)
