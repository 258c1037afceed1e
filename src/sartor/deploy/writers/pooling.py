"""Pooling and means over rows and columns."""

from collections.abc import Sequence

import torch
from torch import nn

from sartor.deploy.graph import Graph, Value
from sartor.deploy.writers.protocol import Unwritable, pair, writes
from sartor.nets import ChannelMeans


@writes(ChannelMeans, nn.AdaptiveAvgPool2d)
def channel_means(
    graph: Graph, name: str, module: ChannelMeans | nn.AdaptiveAvgPool2d, x: Value
) -> Value:
    """Write the mean of every channel, (n, c, 1, 1)."""
    if isinstance(module, nn.AdaptiveAvgPool2d) and module.output_size not in (1, (1, 1), [1, 1]):
        raise Unwritable(f"adaptive pooling to {module.output_size}")
    return graph.node("GlobalAveragePool", [x], name)


@writes("mean", torch.mean)
def mean(
    graph: Graph, name: str, x: Value, dim: int | Sequence[int], keepdim: bool = False
) -> Value:
    """Write the mean over rows and columns of maps, (n, c, h, w)."""
    if not isinstance(dim, Sequence) or sorted(dim) not in ([2, 3], [-2, -1]):
        raise Unwritable(f"mean over {dim}")
    pooled = graph.node("GlobalAveragePool", [x], name)
    return pooled if keepdim else graph.node("Flatten", [pooled], f"{name}.flat", axis=1)


@writes(nn.MaxPool2d)
def max_pool(graph: Graph, name: str, module: nn.MaxPool2d, x: Value) -> Value:
    """Write a maximum over windows."""
    if module.ceil_mode or module.return_indices:
        raise Unwritable("max pooling with ceil_mode or indices")
    return graph.node(
        "MaxPool",
        [x],
        name,
        dilations=pair(module.dilation),
        kernel_shape=pair(module.kernel_size),
        pads=pair(module.padding) * 2,
        strides=pair(module.stride),
    )


@writes(nn.AvgPool2d)
def average_pool(graph: Graph, name: str, module: nn.AvgPool2d, x: Value) -> Value:
    """Write a mean over windows."""
    if module.ceil_mode or module.divisor_override is not None:
        raise Unwritable("average pooling with ceil_mode or a divisor")
    return graph.node(
        "AveragePool",
        [x],
        name,
        count_include_pad=int(module.count_include_pad),
        kernel_shape=pair(module.kernel_size),
        pads=pair(module.padding) * 2,
        strides=pair(module.stride),
    )
