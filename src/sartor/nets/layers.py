"""The pieces that blocks are made of, and how they describe what they cost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from sartor.registry import Registry

ACTIVATIONS: Registry[Callable[[], nn.Module]] = Registry("activation")
ACTIVATIONS.register("relu", "max(x, 0)")(lambda: nn.ReLU(inplace=True))
ACTIVATIONS.register("hswish", "x * relu6(x + 3) / 6", source="arXiv:1905.02244, section 5.2")(
    lambda: nn.Hardswish(inplace=True)
)


@dataclass(frozen=True, slots=True)
class Layer:
    """One operation as a runtime executes it, after batch norms are folded.

    The description suffices to count and to predict costs without building a module.
    """

    op: Literal["conv", "linear", "pool", "add", "scale"]
    inputs: int
    """Input channels or features."""
    outputs: int
    size: int
    """Rows and columns of the output map; 1 for vectors."""
    kernel: int = 1
    stride: int = 1
    groups: int = 1
    norm: bool = False
    """A batch norm follows; otherwise there is a bias."""
    activation: str = ""
    path: str = ""
    """Dotted name of the module within its part."""

    @property
    def macs(self) -> int:
        """Multiply-adds of convolutions and linear layers; other operations count none."""
        if self.op not in ("conv", "linear"):
            return 0
        return self.weights * self.size**2

    @property
    def weights(self) -> int:
        """Elements of the weight tensor."""
        if self.op not in ("conv", "linear"):
            return 0
        return self.outputs * (self.inputs // self.groups) * self.kernel**2

    @property
    def params(self) -> int:
        """Learned numbers: weights, and two per channel for a norm or one for a bias."""
        if self.op not in ("conv", "linear"):
            return 0
        return self.weights + self.outputs * (2 if self.norm else 1)


def shrink(size: int, stride: int) -> int:
    """Return rows and columns after a "same" convolution with `stride`."""
    return -(-size // stride)


class ConvNorm(nn.Sequential):
    """A convolution with "same" padding, a batch norm, and an activation if one is named."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        activation: str = "",
    ) -> None:
        super().__init__()
        self.add_module(
            "conv",
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        )
        self.add_module("norm", nn.BatchNorm2d(outputs))
        if activation:
            self.add_module("act", ACTIVATIONS[activation]())


class ChannelMeans(nn.Module):
    """The means of all channels, (n, c, 1, 1).

    What `nn.AdaptiveAvgPool2d(1)` computes. The gradient of that lies channel by channel in memory,
    and what comes before it in channels-last is slow on it (docs/benchmarks.md).
    """

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c 1 1"]:
        pixels = x.permute(0, 2, 3, 1).flatten(1, 2)  # (n, h * w, c)
        return pixels.mean(1)[:, :, None, None]


class SqueezeExcite(nn.Module):
    """Rescale channels by a gate computed from their means.

    y = x * hardsigmoid(W2 relu(W1 mean_hw(x)))

    Source:
        Hu et al. 2018, arXiv:1709.01507; hard sigmoid after arXiv:1905.02244, section 5.3.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.pool = ChannelMeans()
        self.reduce = nn.Conv2d(channels, hidden, 1)
        self.act = nn.ReLU(inplace=True)
        self.expand = nn.Conv2d(hidden, channels, 1)
        self.gate = nn.Hardsigmoid(inplace=True)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        gate: Tensor = self.gate(self.expand(self.act(self.reduce(self.pool(x)))))  # (n, c, 1, 1)
        return x * gate


def squeeze_layers(channels: int, hidden: int, size: int) -> tuple[Layer, ...]:
    """Describe a `SqueezeExcite` called `squeeze` on maps of `size`."""
    return (
        Layer("pool", channels, channels, 1, kernel=size, path="squeeze.pool"),
        Layer("conv", channels, hidden, 1, activation="relu", path="squeeze.reduce"),
        Layer("conv", hidden, channels, 1, activation="hsigmoid", path="squeeze.expand"),
        Layer("scale", channels, channels, size, path="squeeze"),
    )
