"""The two ends of a network: the stem that reads the image and the head that names a class."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from sartor.nets.layers import ACTIVATIONS, ChannelMeans, ConvNorm, Layer, shrink


@dataclass(frozen=True, slots=True)
class Stem:
    """A 3x3 convolution on the image."""

    kind: ClassVar[str] = "stem"

    inputs: int
    outputs: int
    stride: int
    activation: str

    def build(self) -> nn.Module:
        """Make the module."""
        return ConvNorm(
            self.inputs, self.outputs, kernel=3, stride=self.stride, activation=self.activation
        )

    def layers(self, size: int) -> tuple[tuple[Layer, ...], int]:
        """Describe the operations."""
        small = shrink(size, self.stride)
        conv = Layer(
            "conv", self.inputs, self.outputs, small, 3, self.stride,
            norm=True, activation=self.activation, path="conv",
        )  # fmt: skip
        return (conv,), small


@dataclass(frozen=True, slots=True)
class Head:
    """A 1x1 convolution (if `conv`), the mean over the map, a hidden layer (if `hidden`), classes.

    Source:
        Howard et al. 2019, arXiv:1905.02244, section 5.1: the hidden layer stands after the pool.
    """

    inputs: int
    conv: int
    """Channels of the 1x1 convolution; 0 leaves it out."""
    hidden: int
    """Features of the hidden layer; 0 leaves it out."""
    classes: int
    activation: str
    dropout: float = 0.0

    @property
    def kind(self) -> str:
        """Heads whose classifier reads different things do not share its weights."""
        return ("conv" if self.conv else "direct") + ("_hidden" if self.hidden else "")

    @property
    def outputs(self) -> int:
        """Number of classes."""
        return self.classes

    def build(self) -> nn.Module:
        """Make the module."""
        return PoolingHead(self)

    def layers(self, size: int) -> tuple[tuple[Layer, ...], int]:
        """Describe the operations."""
        layers: list[Layer] = []
        width = self.inputs
        if self.conv:
            layers.append(
                Layer(
                    "conv", width, self.conv, size,
                    norm=True, activation=self.activation, path="conv.conv",
                )
            )  # fmt: skip
            width = self.conv
        layers.append(Layer("pool", width, width, 1, kernel=size, path="pool"))
        if self.hidden:
            layers.append(
                Layer("linear", width, self.hidden, 1, activation=self.activation, path="hidden")
            )
            width = self.hidden
        layers.append(Layer("linear", width, self.classes, 1, path="classifier"))
        return tuple(layers), 1


class PoolingHead(nn.Module):
    """logits = classifier(dropout(act(hidden(mean_hw(conv(x))))))."""

    def __init__(self, part: Head) -> None:
        super().__init__()
        self.conv: nn.Module = (
            ConvNorm(part.inputs, part.conv, activation=part.activation)
            if part.conv
            else nn.Identity()
        )
        width = part.conv or part.inputs
        self.pool = ChannelMeans()
        self.flatten = nn.Flatten(1)
        self.hidden: nn.Module = nn.Linear(width, part.hidden) if part.hidden else nn.Identity()
        self.act: nn.Module = ACTIVATIONS[part.activation]() if part.hidden else nn.Identity()
        self.dropout: nn.Module = nn.Dropout(part.dropout) if part.dropout else nn.Identity()
        self.classifier = nn.Linear(part.hidden or width, part.classes)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k"]:
        x = self.flatten(self.pool(self.conv(x)))  # (n, d)
        logits: Tensor = self.classifier(self.dropout(self.act(self.hidden(x))))
        return logits
