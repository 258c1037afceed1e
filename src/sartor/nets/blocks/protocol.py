"""What a kind of block is, and the registry of all kinds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from sartor.nets.parts import Part
from sartor.registry import Registry
from sartor.space import Option


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands in its network."""

    inputs: int
    outputs: int
    stride: int
    activation: str

    @property
    def residual(self) -> bool:
        """The block adds its input to its output."""
        return self.stride == 1 and self.inputs == self.outputs


class BlockKind(Protocol):
    """A kind of block: which choices it has of its own, and how they make a part."""

    OPTIONS: ClassVar[Mapping[str, Sequence[Option]]]
    """Its own choices, ascending, by name: `kernel`, `expand`, `squeeze`. A family may narrow
    or extend the options, not the names."""

    @classmethod
    def at(cls, place: Place, options: Mapping[str, Option]) -> Part:
        """Make the part of this kind at `place`, with one option for each of `OPTIONS`."""


BLOCKS: Registry[type[BlockKind]] = Registry("block kind")
