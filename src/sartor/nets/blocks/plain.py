"""Plain residual convolutions: one dense convolution, plus its input where shapes agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from sartor.nets.blocks.protocol import BLOCKS, Place
from sartor.nets.layers import ACTIVATIONS, ConvNorm, Layer, shrink
from sartor.space import Option


@BLOCKS.register(
    "plain",
    "One dense convolution with a residual connection where shapes agree.",
    source="He et al. 2016, arXiv:1512.03385, with one convolution in a block instead of two",
)
@dataclass(frozen=True, slots=True)
class Plain:
    """Description of a plain residual convolution."""

    OPTIONS: ClassVar[Mapping[str, Sequence[Option]]] = {"kernel": (3, 5)}
    kind: ClassVar[str] = "plain"

    place: Place
    kernel: int

    @classmethod
    def at(cls, place: Place, options: Mapping[str, Option]) -> "Plain":
        """Make the part at `place`."""
        return cls(place, int(options["kernel"]))

    @property
    def outputs(self) -> int:
        """Channels that come out."""
        return self.place.outputs

    def build(self) -> nn.Module:
        """Make the module."""
        return PlainResidual(self)

    def layers(self, size: int) -> tuple[tuple[Layer, ...], int]:
        """Describe the operations."""
        place, small = self.place, shrink(size, self.place.stride)
        after = "" if place.residual else place.activation
        conv = Layer(
            "conv", place.inputs, place.outputs, small, self.kernel, place.stride,
            norm=True, activation=after, path="conv.conv",
        )  # fmt: skip
        if not place.residual:
            return (conv,), small
        add = Layer("add", place.outputs, place.outputs, small, activation=place.activation)
        return (conv, add), small


class PlainResidual(nn.Module):
    """y = act(conv(x) + x), or act(conv(x)) where shapes differ."""

    def __init__(self, part: Plain) -> None:
        super().__init__()
        place = part.place
        self.residual = place.residual
        self.conv = ConvNorm(place.inputs, place.outputs, kernel=part.kernel, stride=place.stride)
        self.act = ACTIVATIONS[place.activation]()

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d g v"]:
        y: Tensor = self.conv(x)
        out: Tensor = self.act(x + y if self.residual else y)
        return out
