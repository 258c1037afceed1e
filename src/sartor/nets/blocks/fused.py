"""Fused inverted residuals: one dense convolution expands and filters, a second projects."""

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
    "fused",
    "Inverted residual whose first two convolutions are fused into a dense one.",
    source="Xiong et al. 2020 (MobileDets), arXiv:2004.14525, section 3.2",
)
@dataclass(frozen=True, slots=True)
class Fused:
    """Description of a fused inverted residual."""

    OPTIONS: ClassVar[Mapping[str, Sequence[Option]]] = {
        "kernel": (3, 5),
        "expand": (1, 2, 3),
        "squeeze": ("none", "hidden"),
    }
    kind: ClassVar[str] = "fused"

    place: Place
    kernel: int
    hidden: int
    squeeze: int
    """Channels between the two layers of the gate; 0 for no gate."""

    @classmethod
    def at(cls, place: Place, options: Mapping[str, Option]) -> "Fused":
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
        return FusedResidual(self)

    def layers(self, size: int) -> tuple[tuple[Layer, ...], int]:
        """Describe the operations."""
        place, small = self.place, shrink(size, self.place.stride)
        layers = [
            Layer(
                "conv", place.inputs, self.hidden, small, self.kernel, place.stride,
                norm=True, activation=place.activation, path="expand.conv",
            )
        ]  # fmt: skip
        if self.squeeze:
            layers.extend(squeeze_layers(self.hidden, self.squeeze, small))
        layers.append(
            Layer("conv", self.hidden, place.outputs, small, norm=True, path="project.conv")
        )
        if place.residual:
            layers.append(Layer("add", place.outputs, place.outputs, small))
        return tuple(layers), small


class FusedResidual(nn.Module):
    """y = project(gate(expand(x))), plus x where shapes agree."""

    def __init__(self, part: Fused) -> None:
        super().__init__()
        place = part.place
        self.residual = place.residual
        self.expand = ConvNorm(
            place.inputs,
            part.hidden,
            kernel=part.kernel,
            stride=place.stride,
            activation=place.activation,
        )
        self.squeeze: nn.Module = (
            SqueezeExcite(part.hidden, part.squeeze) if part.squeeze else nn.Identity()
        )
        self.project = ConvNorm(part.hidden, place.outputs)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d g v"]:
        y: Tensor = self.project(self.squeeze(self.expand(x)))
        return x + y if self.residual else y
