"""Inverted residuals: expand, filter every channel, project."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from sartor.nets.blocks.bottleneck import Bottleneck
from sartor.nets.blocks.protocol import BLOCKS
from sartor.nets.layers import Layer, shrink
from sartor.space import Option


@BLOCKS.register(
    "inverted",
    "Inverted residual with a depthwise convolution, optionally squeeze-and-excite.",
    source="Sandler et al. 2018, arXiv:1801.04381; Howard et al. 2019, arXiv:1905.02244",
)
@dataclass(frozen=True, slots=True)
class Inverted(Bottleneck):
    """Description of an inverted residual."""

    OPTIONS: ClassVar[Mapping[str, Sequence[Option]]] = {
        "kernel": (3, 5, 7),
        "expand": (2, 4, 6),
        "squeeze": ("none", "hidden"),
    }
    kind: ClassVar[str] = "inverted"

    def convolutions(self, size: int) -> tuple[Layer, ...]:
        """Describe the one that expands, left out where that changes no width, and the depthwise
        one.
        """
        place = self.place
        expand = Layer(
            "conv", place.inputs, self.hidden, size,
            norm=True, activation=place.activation, path="expand.conv",
        )  # fmt: skip
        depthwise = Layer(
            "conv", self.hidden, self.hidden, shrink(size, place.stride), self.kernel,
            place.stride, self.hidden,
            norm=True, activation=place.activation, path="depthwise.conv",
        )  # fmt: skip
        return (depthwise,) if self.hidden == place.inputs else (expand, depthwise)
