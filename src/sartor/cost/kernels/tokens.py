"""Blocks that work on the pixels of a map as tokens: norms, layers and attention over them."""

import itertools

import numpy as np

from sartor.cost.kernels.sketch import Sketched
from sartor.deploy.graph import Value


def convnext(net: Sketched, x: Value) -> Value:
    """Depthwise, norm, two layers with an activation between, scale, residual.

    Source:
        Liu et al. 2022, arXiv:2201.03545, figure 4; with a response norm after the activation in
        place of the scale: Woo et al. 2023, arXiv:2301.00808, section 3.
    """
    before, channels = x, net.channels
    x = net.transpose(net.conv(x, channels, net.number("kernel", 7), group_width=1), 0, 2, 3, 1)
    x = net.layer_norm(x)
    middle, activation = net.number("middle"), net.text("activation")
    last = net.text("layers") == "linear"
    scale = (channels,) if last else (1, channels, 1, 1)
    layer = net.linear if last else net.conv
    x = x if last else net.transpose(x, 0, 3, 1, 2)
    x = net.activate(layer(x, middle), activation)
    if net.text("norm") == "response":
        x = layer(
            _response_norm(net, x, (1, 1, 1, middle) if last else (1, middle, 1, 1)), channels
        )
    else:
        x = net.node("Mul", layer(x, channels), net.weight(*scale))
    return net.node("Add", net.transpose(x, 0, 3, 1, 2) if last else x, before)


def _response_norm(net: Sketched, x: Value, scale: tuple[int, ...]) -> Value:
    """Compare each channel's norm over the map with the mean of all of them.

    Source:
        Woo et al. 2023, arXiv:2301.00808, algorithm 1.
    """
    channel = int(np.argmax(scale))
    spatial = net.integers(*(it for it in (1, 2, 3) if it != channel))
    norm = net.node("ReduceL2", x, spatial, keepdims=1)
    mean = net.node("ReduceMean", norm, net.integers(channel), keepdims=1)
    share = net.node("Div", norm, net.node("Add", mean, net.scalar(1e-6)))
    y = net.node("Mul", net.weight(*scale), net.node("Mul", x, share))
    return net.node("Add", x, net.node("Add", net.weight(*scale), y))


def attention(net: Sketched, x: Value) -> Value:
    """Tokens of a map, one of them for the class if asked for, through blocks of a transformer.

    Source:
        Dosovitskiy et al. 2021, arXiv:2010.11929, figure 1.
    """
    d, tokens = net.channels, net.size**2
    x = net.transpose(net.reshape(x, 1, d, tokens), 0, 2, 1)
    if net.number("tokens"):
        tokens += 1
        x = net.node("Concat", net.weight(1, 1, d), x, axis=1)
        x = net.node("Add", x, net.weight(1, tokens, d))
    for _ in range(net.number("layers", 1)):
        x = _transformer(net, x, 1, tokens)
    if net.number("tokens"):
        x = net.node("Gather", x, net.constant(np.array(0)), axis=1)
        return net.reshape(net.layer_norm(x), 1, d, 1, 1)
    return net.reshape(net.transpose(x, 0, 2, 1), 1, d, net.size, net.size)


def _transformer(net: Sketched, x: Value, batch: int, tokens: int) -> Value:
    d, heads = net.channels, net.number("heads")
    each = d // heads
    y = net.linear(net.layer_norm(x), 3 * d)
    y = net.transpose(net.reshape(y, batch, tokens, 3, heads, each), 2, 0, 3, 1, 4)
    q, k, v = (_part(net, y, part) for part in range(3))
    k = net.reshape(
        net.transpose(net.reshape(k, batch * heads, tokens, each), 0, 2, 1),
        batch, heads, each, tokens,
    )  # fmt: skip
    root = net.weight(1)
    q, k = net.node("Mul", q, root), net.node("Mul", k, root)
    weights = net.node("Softmax", net.node("MatMul", q, k), axis=-1)
    y = net.transpose(net.node("MatMul", weights, v), 0, 2, 1, 3)
    net.channels = d
    x = net.node("Add", x, net.linear(net.reshape(y, batch, tokens, d), d))
    y = net.activate(net.linear(net.layer_norm(x), net.number("middle")), net.text("activation"))
    return net.node("Add", x, net.linear(y, d))


def _part(net: Sketched, x: Value, part: int) -> Value:
    one = [net.integers(it) for it in (part, part + 1, 0)]
    return net.node("Squeeze", net.node("Slice", x, *one), net.integers(0))


def patches(net: Sketched, x: Value) -> Value:
    """A transformer on the pixels of 2 x 2 patches between convolutions.

    Source:
        Mehta & Rastegari 2022, arXiv:2110.02178, section 3.1.
    """
    before, outer, size, activation = x, net.channels, net.size, net.text("activation")
    x = net.activate(net.conv(x, outer, 3), activation)
    d, half = net.number("inner"), size // 2
    x = net.reshape(net.conv(x, d), d * half, 2, half, 2)
    x = net.reshape(net.transpose(x, 0, 2, 1, 3), 1, d, half**2, 4)
    x = net.reshape(net.transpose(x, 0, 3, 2, 1), 4, half**2, d)
    x = _transformer(net, x, 4, half**2)
    x = net.transpose(net.reshape(net.layer_norm(x), 1, 4, half**2, d), 0, 3, 2, 1)
    x = net.transpose(net.reshape(x, d * half, half, 2, 2), 0, 2, 1, 3)
    x = net.activate(net.conv(net.reshape(x, 1, d, size, size), outer), activation)
    net.channels *= 2
    x = net.conv(net.node("Concat", before, x, axis=1), outer, 3)
    return net.activate(x, activation)


def separable(net: Sketched, x: Value) -> Value:
    """Attention of linear cost on the pixels of 2 x 2 patches, between convolutions.

    Source:
        Mehta & Rastegari 2022, arXiv:2206.02680, section 3.1 and figure 4.
    """
    outer, size, activation = net.channels, net.size, net.text("activation")
    x = net.activate(net.conv(x, outer, 3, group_width=1), activation)
    d, half = net.number("inner"), size // 2
    x = net.reshape(net.conv(x, d), 1, d, half, 2, half, 2)
    x = net.reshape(net.transpose(x, 0, 1, 3, 5, 2, 4), 1, d, 4, half**2)
    for _ in range(net.number("layers", 1)):
        x = net.node("Add", x, _one_context(net, net.group_norm(x), half**2))
        y = net.activate(net.conv(net.group_norm(x), net.number("middle")), activation)
        x = net.node("Add", x, net.conv(y, d))
    x = net.reshape(net.group_norm(x), 1, d, 2, 2, half, half)
    x = net.reshape(net.transpose(x, 0, 1, 4, 2, 5, 3), 1, d, size, size)
    net.size = size
    return net.conv(x, outer)


def _one_context(net: Sketched, x: Value, tokens: int) -> Value:
    """Weigh keys by one score for each token, sum them, and scale all values by the sum."""
    d = net.channels
    parts = net.conv(x, 1 + 2 * d)
    net.channels = d
    ends = (0, 1, 1 + d, 1 + 2 * d)
    one = net.integers(1)
    score, key, value = (
        net.node("Slice", parts, net.integers(start), net.integers(end), one)
        for start, end in itertools.pairwise(ends)
    )
    weighed = net.node("Mul", key, net.node("Softmax", score, axis=-1))
    context = net.node("ReduceSum", weighed, net.integers(-1), keepdims=1)
    context = net.node("Expand", context, net.integers(1, d, 4, tokens))
    return net.conv(net.node("Mul", net.node("Relu", value), context), d)
