"""What can be counted from a design without building its network."""

from collections.abc import Iterator
from dataclasses import dataclass

from sartor.nets import Family, Layer
from sartor.space import Design


@dataclass(frozen=True, slots=True)
class PlacedLayer:
    """An operation of a network, and the place of the part it belongs to."""

    place: str
    layer: Layer


@dataclass(frozen=True, slots=True)
class Counts:
    """Counted costs of a network.

    `macs` are multiply-adds of convolutions and linear layers (half of the FLOPs of tools that
    count both); `params` are learned numbers, norms included.
    """

    macs: int
    params: int


def layers(family: Family, design: Design, resolution: int | None = None) -> Iterator[PlacedLayer]:
    """List the operations of a design in order.

    Args:
        family: Where the blueprint comes from.
        design: A design of the family's space.
        resolution: Rows and columns of the image; by default what the design says.
    """
    size = family.resolution(design) if resolution is None else resolution
    for place, part in family.blueprint(design).items():
        operations, size = part.layers(size)
        for layer in operations:
            yield PlacedLayer(place, layer)


def count(family: Family, design: Design, resolution: int | None = None) -> Counts:
    """Count multiply-adds and parameters of a design.

    Args:
        family: Where the blueprint comes from.
        design: A design of the family's space.
        resolution: Rows and columns of the image; by default what the design says.
    """
    macs = params = 0
    for placed in layers(family, design, resolution):
        macs += placed.layer.macs
        params += placed.layer.params
    return Counts(macs, params)
