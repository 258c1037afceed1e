"""What a source of images is, and the registry of all kinds."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sartor.registry import Registry

SPLITS = ("train", "validation", "test")
Pixels = npt.NDArray[np.uint8]
"""(h, w, c) with one or three channels."""


class Unreadable(Exception):
    """An item that cannot be decoded; the message says why."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of an item before it is decoded."""

    shorter: int
    """Pixels of its shorter side."""
    grey: bool
    remarks: tuple[str, ...] = ()
    """What is special and will be changed, as the end of a sentence: "are 16 bit deep"."""


class Source(Protocol):
    """Labelled images in some form. Items are decoded one by one, from several threads."""

    name: str
    """Short, for people."""
    key: str
    """Changes whenever an item, its label or its split does."""
    classes: Sequence[str]
    labels: npt.NDArray[np.int64]
    """(n,), positions in `classes`."""
    given: Sequence[str]
    """(n,), one of `SPLITS` where the data says so, else empty."""
    notes: Sequence[str]

    def item(self, index: int) -> str:
        """Return what a user calls an item: its file or its number."""

    def look(self, index: int) -> Look:
        """Look at an item without decoding it.

        Raises:
            Unreadable: It is no image.
        """

    def decode(self, index: int) -> Pixels:
        """Decode an item at its own size.

        Raises:
            Unreadable: It is no image, or cut off.
        """


class SourceKind(Protocol):
    """A kind of source."""

    def matches(self, text: str) -> bool:
        """Tell whether what the user gave is of this kind, at a glance."""

    def open(self, text: str, cache: Path) -> Source:
        """Open it.

        Raises:
            DataError: It is of this kind, but cannot be used.
        """


SOURCES: Registry[SourceKind] = Registry("kind of data")
"""In the order in which they are asked."""
