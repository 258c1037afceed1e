"""What a family of networks is, and the registry of all families."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import numpy as np

from sartor.nets.network import Blueprint
from sartor.nets.parts import Part
from sartor.registry import Registry
from sartor.space import Design, Option, Space


class Family(Protocol):
    """A source of networks: a space of architectures and the blueprint of each design.

    Methods are called thousands of times in a search and must be pure. Designs may have choices
    of other spaces beside the architecture's; they are ignored.
    """

    name: str
    space: Space
    stages: tuple[str, ...]
    """Names of the stages. Places of a stage's blocks start with its name and `_`."""
    channels: int
    """Channels of the image."""

    def blueprint(self, design: Design) -> Blueprint:
        """Return the parts of the network of `design`."""

    def resolution(self, design: Design) -> int:
        """Return the rows and columns of the images that the network of `design` reads."""

    def slots(self) -> Iterable[tuple[str, Part]]:
        """Return for every place and kind the largest part that can stand there."""

    def smallest(self) -> Design:
        """Return the cheapest architecture."""

    def largest(self) -> Design:
        """Return the architecture that teaches the others."""

    def teaching(self) -> Mapping[str, Option]:
        """Return the kinds and activations of the largest architecture, for all blocks.

        Designs that have them inherit what was trained best.
        """

    def draw(self, rng: np.random.Generator) -> Design:
        """Draw an architecture for a step of supernet training."""

    def scaled(
        self, width: float, depth: float | None = None, resolution: float | None = None
    ) -> Design:
        """Return the design that a person would make by scaling all stages alike.

        Args:
            width: 0 for the narrowest, 1 for the widest.
            depth: The same for the number of blocks; None for that of the width.
            resolution: The same for the rows and columns of the images and of what the stem makes
                of them.
        """


FAMILIES: Registry[Callable[..., Family]] = Registry("family")
"""Functions (resolution, channels, classes) -> Family."""
