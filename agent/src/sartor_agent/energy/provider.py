"""What a provider of energy is, and what it answers."""

from dataclasses import dataclass
from typing import Literal, Protocol

Processor = Literal["cpu", "gpu"]
"""What executes a program."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The energy that was taken between `start` and `stop`."""

    joules: float
    seconds: float
    provider: str
    measured: bool
    """False: estimated."""
    covers: tuple[str, ...] = ()
    """Parts of the device whose energy is in the sum, as the device calls them."""


@dataclass(frozen=True, slots=True)
class NotAvailable:
    """No provider can be read: the energy is not known, which is not zero."""

    reasons: tuple[tuple[str, str], ...]
    """Each provider that was asked, in order, and the sentence that it answered."""

    def __str__(self) -> str:
        asked = " ".join(f"{name}: {reason}" for name, reason in self.reasons)
        return f"energy is not available. {asked or 'No provider was asked.'}"


class Provider(Protocol):
    """Something that tells the energy of this device. Used by one thread at a time."""

    name: str
    processors: tuple[Processor, ...]
    """Whose energy is in what it reads."""
    update_s: float
    """Seconds between two updates of what it reads; shorter windows tell nothing."""

    def available(self) -> str | None:
        """Return why nothing can be read, as a sentence, or None. Called first; may be repeated."""

    def start(self) -> None:
        """Begin a window. `stop` must follow, once, also after an error in between.

        Raises:
            MeasurementError: What is read is not, or no longer, there.
        """

    def stop(self) -> Reading:
        """End the window and return its energy.

        Raises:
            MeasurementError: What is read is no longer there.
        """
