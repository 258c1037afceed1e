"""Convolutions and linear layers."""

import numpy as np
from torch import nn

from sartor.deploy.graph import Graph, Value
from sartor.deploy.writers.protocol import Unwritable, as_array, pair, writes


@writes(nn.Conv2d)
def conv2d(graph: Graph, name: str, module: nn.Conv2d, x: Value) -> Value:
    """Write a convolution with zero padding."""
    if module.padding_mode != "zeros":
        raise Unwritable(f"padding mode {module.padding_mode}")
    return graph.node(
        "Conv",
        [x, *_weights(graph, name, module)],
        name,
        dilations=pair(module.dilation),
        group=module.groups,
        kernel_shape=pair(module.kernel_size),
        pads=_pads(module),
        strides=pair(module.stride),
    )


@writes(nn.Linear)
def linear(graph: Graph, name: str, module: nn.Linear, x: Value) -> Value:
    """Write a linear layer on vectors, (n, d)."""
    return graph.node("Gemm", [x, *_weights(graph, name, module)], name, transB=1)


def _weights(graph: Graph, name: str, module: nn.Conv2d | nn.Linear) -> tuple[Value, Value]:
    """Keep weight and bias; a missing bias becomes zeros, into which a norm can be folded."""
    bias = np.zeros(len(module.weight), np.float32)
    if module.bias is not None:
        bias = as_array(module.bias)
    weight = graph.constant(f"{name}.weight", as_array(module.weight))
    return weight, graph.constant(f"{name}.bias", bias)


def _pads(module: nn.Conv2d) -> tuple[int, ...]:
    """Return rows and columns before, then after."""
    if module.padding == "valid":
        return (0, 0, 0, 0)
    if module.padding == "same":
        whole = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        before = [total // 2 for total in whole]
        return (*before, *(total - half for total, half in zip(whole, before, strict=True)))
    assert not isinstance(module.padding, str)
    return (*pair(module.padding), *pair(module.padding))
