"""What a network is that was opened, whatever it was opened from."""

import hashlib
import re
from pathlib import Path
from typing import Literal, Protocol

from sartor.errors import OptionError
from sartor_agent.program import Shapes

INT8 = "int8"
TIMM = "timm:"
"""Before the names of timm's models."""

Counted = Literal["module", "file"]
"""Where parameters were counted: batch norms that a file has folded are no longer in it."""


class NetworkSource(Protocol):
    """A network that can be written as files. Used by one thread."""

    @property
    def name(self) -> str:
        """As the user wrote it."""

    @property
    def parameters(self) -> int | None:
        """How many numbers were learnt; None where the format does not tell."""

    @property
    def counted(self) -> Counted:
        """Where `parameters` were counted."""

    @property
    def note(self) -> str:
        """A sentence on what does not hold for this network, or nothing."""

    @property
    def shapes(self) -> Shapes:
        """Of inputs that its files leave free."""

    @property
    def formats(self) -> tuple[str, ...]:
        """Endings of the files it can be written as."""

    def write(self, folder: Path, ending: str, precision: str, runtime: str) -> Path:
        """Write a file, or return the one that is there already.

        Args:
            folder: Of one call, empty before it.
            ending: One of `formats`.
            precision: `int8`, or a float precision, which the runtime then computes the file in.
            runtime: That will read it.

        Returns:
            The file: in `folder`, or the user's own.

        Raises:
            OptionError: It cannot be written so; the message says what can.
        """


def place(folder: Path, name: str, rest: str) -> Path:
    """Return where a conversion is written: named after its source, different for each of them."""
    readable = re.sub(r"[^\w.-]+", "_", Path(name).stem)[:60]
    return folder / f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}{rest}"


def refuse_format(name: str, ending: str, formats: tuple[str, ...]) -> OptionError:
    """Build the error for a format that a network cannot be written as."""
    known = ", ".join(formats)
    return OptionError(
        f"{name} cannot be written as {ending}; allowed: {known}. Choose a runtime that reads one "
        "of them."
    )
