"""Inverted residuals: expand, filter every channel, project."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from sartor.nets.blocks.protocol import BLOCKS, Place
from sartor.nets.blocks.squeeze import squeeze_width
from sartor.nets.layers import ConvNorm, Layer, SqueezeExcite, shrink, snap, squeeze_layers
from sartor.space import Option


@BLOCKS.register(
    "inverted",
    "Inverted residual with a depthwise convolution, optionally squeeze-and-excite.",
    source="Sandler et al. 2018, arXiv:1801.04381; Howard et al. 2019, arXiv:1905.02244",
)
@dataclass(frozen=True, slots=True)
class Inverted:
    """Description of an inverted residual."""

    OPTIONS: ClassVar[Mapping[str, Sequence[Option]]] = {
        "kernel": (3, 5, 7),
        "expand": (2, 4, 6),
        "squeeze": ("none", "hidden"),
    }
    kind: ClassVar[str] = "inverted"

    place: Place
    kernel: int
    hidden: int
    squeeze: int
    """Channels between the two layers of the gate; 0 for no gate."""

    @classmethod
    def at(cls, place: Place, options: Mapping[str, Option]) -> "Inverted":
        """Make the part at `place`; widths between are snapped."""
        hidden = snap(place.inputs * float(options["expand"]))
        squeeze = squeeze_width(str(options["squeeze"]), place.inputs, hidden)
        return cls(place, int(options["kernel"]), hidden, squeeze)

    @property
    def outputs(self) -> int:
        """Channels that come out."""
        return self.place.outputs

    def build(self) -> nn.Module:
        """Make the module."""
        return InvertedResidual(self)

    def layers(self, size: int) -> tuple[tuple[Layer, ...], int]:
        """Describe the operations."""
        place, small = self.place, shrink(size, self.place.stride)
        layers: list[Layer] = []
        if self.hidden != place.inputs:
            layers.append(
                Layer(
                    "conv", place.inputs, self.hidden, size,
                    norm=True, activation=place.activation, path="expand.conv",
                )
            )  # fmt: skip
        layers.append(
            Layer(
                "conv", self.hidden, self.hidden, small, self.kernel, place.stride, self.hidden,
                norm=True, activation=place.activation, path="depthwise.conv",
            )
        )  # fmt: skip
        if self.squeeze:
            layers.extend(squeeze_layers(self.hidden, self.squeeze, small))
        layers.append(
            Layer("conv", self.hidden, place.outputs, small, norm=True, path="project.conv")
        )
        if place.residual:
            layers.append(Layer("add", place.outputs, place.outputs, small))
        return tuple(layers), small


class InvertedResidual(nn.Module):
    """y = project(gate(depthwise(expand(x)))), plus x where shapes agree.

    Without expansion (`hidden` equal to the inputs) the first convolution is left out.
    """

    def __init__(self, part: Inverted) -> None:
        super().__init__()
        place = part.place
        self.residual = place.residual
        if part.hidden != place.inputs:
            self.expand: nn.Module = ConvNorm(
                place.inputs, part.hidden, activation=place.activation
            )
        else:
            self.expand = nn.Identity()
        self.depthwise = ConvNorm(
            part.hidden,
            part.hidden,
            kernel=part.kernel,
            stride=place.stride,
            groups=part.hidden,
            activation=place.activation,
        )
        self.squeeze: nn.Module = (
            SqueezeExcite(part.hidden, part.squeeze) if part.squeeze else nn.Identity()
        )
        self.project = ConvNorm(part.hidden, place.outputs)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d g v"]:
        y: Tensor = self.project(self.squeeze(self.depthwise(self.expand(x))))
        return x + y if self.residual else y
