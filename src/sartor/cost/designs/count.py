"""What can be counted from a design without building its network."""

import math
from collections.abc import Iterator, Sequence
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
    count both); `params` are learned numbers, norms included; `entropy` is how much a network of
    these shapes can express, see `expressiveness`.
    """

    macs: int
    params: int
    entropy: float


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
    operations = [placed.layer for placed in layers(family, design, resolution)]
    return Counts(
        sum(layer.macs for layer in operations),
        sum(layer.params for layer in operations),
        expressiveness(operations),
    )


def expressiveness(operations: Sequence[Layer]) -> float:
    """Return the entropy of the features of a network with random weights, up to constants.

    H = log(r^2 c) * sum over convolutions of log(k^2 c_in / groups), for c channels of maps of r
    rows and columns at the end of the convolutions. Depth counts most, width by its logarithm.

    Args:
        operations: Of a network, in order.

    Source:
        Shen et al. 2023, DeepMAD, arXiv:2303.02165, section 3. Differs: the ratio of depth to width
        is not bounded, since the deepest networks of our families stay far below their bound.
    """
    convolutions = [it for it in operations if it.op == "conv" and it.norm]  # no gates
    if not convolutions:
        return 0.0
    last = convolutions[-1]
    fans = [it.kernel**2 * it.inputs // it.groups for it in convolutions]
    return math.log(last.size**2 * last.outputs) * sum(math.log(fan) for fan in fans)
