"""Fused inverted residuals: one dense convolution expands and filters, a second projects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from sartor.nets.blocks.bottleneck import Bottleneck
from sartor.nets.blocks.protocol import BLOCKS
from sartor.nets.layers import Layer, shrink
from sartor.space import Option


@BLOCKS.register(
    "fused",
    "Inverted residual whose first two convolutions are fused into a dense one.",
    source="Xiong et al. 2020 (MobileDets), arXiv:2004.14525, section 3.2",
)
@dataclass(frozen=True, slots=True)
class Fused(Bottleneck):
    """Description of a fused inverted residual."""

    OPTIONS: ClassVar[Mapping[str, Sequence[Option]]] = {
        "kernel": (3, 5),
        "expand": (1, 2, 3),
        "squeeze": ("none", "hidden"),
    }
    kind: ClassVar[str] = "fused"

    def convolutions(self, size: int) -> tuple[Layer, ...]:
        """Describe the one that expands and filters."""
        place = self.place
        expand = Layer(
            "conv", place.inputs, self.hidden, shrink(size, place.stride), self.kernel,
            place.stride, norm=True, activation=place.activation, path="expand.conv",
        )  # fmt: skip
        return (expand,)
