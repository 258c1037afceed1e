"""What inverted residuals of all kinds share: a wide middle, a gate in it, and a projection."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self, cast

from jaxtyping import Float
from torch import Tensor, nn

from sartor.nets.blocks.protocol import Place
from sartor.nets.blocks.squeeze import squeeze_width
from sartor.nets.layers import ConvNorm, Layer, SqueezeExcite, shrink, squeeze_layers
from sartor.space import Option, snap


@dataclass(frozen=True, slots=True)
class Bottleneck(ABC):
    """Description of an inverted residual; a kind says how it widens and filters."""

    kind: ClassVar[str]

    place: Place
    kernel: int
    hidden: int
    """Channels in the middle."""
    squeeze: int
    """Channels between the two layers of the gate; 0 for no gate."""

    @classmethod
    def at(cls, place: Place, options: Mapping[str, Option]) -> Self:
        """Make the part at `place`; widths between are snapped."""
        hidden = snap(place.inputs * float(options["expand"]))
        squeeze = squeeze_width(str(options["squeeze"]), place.inputs, hidden)
        return cls(place, int(options["kernel"]), hidden, squeeze)

    @abstractmethod
    def convolutions(self, size: int) -> tuple[Layer, ...]:
        """Describe the convolutions before the gate, on input maps of `size` rows and columns.

        The `path` of each is the name of a `ConvNorm` and `.conv`.
        """

    @property
    def outputs(self) -> int:
        """Channels that come out."""
        return self.place.outputs

    def build(self) -> nn.Module:
        """Make the module."""
        return BottleneckResidual(self)

    def layers(self, size: int) -> tuple[tuple[Layer, ...], int]:
        """Describe the operations."""
        place, small = self.place, shrink(size, self.place.stride)
        layers = list(self.convolutions(size))
        if self.squeeze:
            layers.extend(squeeze_layers(self.hidden, self.squeeze, small))
        layers.append(
            Layer("conv", self.hidden, place.outputs, small, norm=True, path="project.conv")
        )
        if place.residual:
            layers.append(Layer("add", place.outputs, place.outputs, small))
        return tuple(layers), small


class BottleneckResidual(nn.Module):
    """y = project(gate(convolutions(x))), plus x where shapes agree."""

    def __init__(self, part: Bottleneck) -> None:
        super().__init__()
        self.residual = part.place.residual
        self._first = []
        for layer in part.convolutions(part.place.stride):  # any size: modules do not depend on it
            name = layer.path.removesuffix(".conv")
            self._first.append(name)
            self.add_module(
                name,
                ConvNorm(
                    layer.inputs,
                    layer.outputs,
                    kernel=layer.kernel,
                    stride=layer.stride,
                    groups=layer.groups,
                    activation=layer.activation,
                ),
            )
        self.squeeze: nn.Module = (
            SqueezeExcite(part.hidden, part.squeeze) if part.squeeze else nn.Identity()
        )
        self.project = ConvNorm(part.hidden, part.place.outputs)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d g v"]:
        y = x
        for name in self._first:
            y = getattr(self, name)(y)
        y = cast(Tensor, self.project(self.squeeze(y)))
        return x + y if self.residual else y
