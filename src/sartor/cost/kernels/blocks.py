"""What chains are made of: one writer for each sort of block that published networks have."""

from collections.abc import Callable

import numpy as np

from sartor.cost.kernels.sketch import Sketched
from sartor.cost.kernels.tokens import attention, convnext, patches, separable
from sartor.deploy.graph import Value


def _plain(net: Sketched, x: Value) -> Value:
    """Two convolutions and a residual."""
    before, channels, size = x, net.channels, net.size
    outputs, kernel = net.number("outputs", channels), net.number("kernel", 3)
    each, activation = net.number("group_width"), net.text("activation")
    x = net.activate(net.conv(x, outputs, kernel, net.number("stride", 1), each), activation)
    x = net.conv(x, outputs, kernel, 1, each)
    return net.activate(_residual(net, x, before, channels, size), activation)


def _residual(net: Sketched, x: Value, before: Value, channels: int, size: int) -> Value:
    """Add what came before; a map of another shape goes through the shortcut that is asked for.

    Source:
        He et al. 2016, arXiv:1512.03385, section 3.3, option B; with a mean of 2x2 pixels before
        its convolution: He et al. 2019, arXiv:1812.01187, ResNet-D.
    """
    if (channels, size) == (net.channels, net.size):
        return net.node("Add", x, before)
    after = net.channels, net.size
    stride, shortcut = net.number("stride", 1), net.text("shortcut")
    net.channels, net.size = channels, size
    if shortcut == "mean":
        # Maps of an odd number of rows are filled up with what is not counted.
        beyond = [0, 0, size % stride, size % stride]
        before = net.node(
            "AveragePool", before, kernel_shape=[stride] * 2, strides=[stride] * 2, pads=beyond
        )
        before, net.size = net.conv(before, after[0]), after[1]
    elif shortcut:
        before = net.conv(before, after[0], 1, stride)
    net.channels, net.size = after
    return net.node("Add", x, before) if shortcut else x


def _bottleneck(net: Sketched, x: Value) -> Value:
    """Pointwise, grouped or depthwise, gate, pointwise, residual."""
    before, channels, size = x, net.channels, net.size
    middle, activation = net.number("middle"), net.text("activation")
    if middle != channels or net.text("after"):
        x = net.activate(net.conv(x, middle), activation)
    kernel, stride = net.number("kernel", 3), net.number("stride", 1)
    x = net.activate(net.conv(x, middle, kernel, stride, net.number("group_width")), activation)
    x = net.conv(net.gate(x), net.number("outputs", channels))
    return net.activate(_residual(net, x, before, channels, size), net.text("after"))


def _fused(net: Sketched, x: Value) -> Value:
    """A convolution that widens, gate, pointwise, residual.

    Source:
        Tan & Le 2021, arXiv:2104.00298, figure 2.
    """
    before, channels, size = x, net.channels, net.size
    kernel, stride = net.number("kernel", 3), net.number("stride", 1)
    x = net.conv(x, net.number("middle"), kernel, stride, net.number("group_width"))
    x = net.conv(net.gate(net.activate(x, net.text("activation"))), net.number("outputs", channels))
    return _residual(net, x, before, channels, size)


def _dense(net: Sketched, x: Value) -> Value:
    """Norm, pointwise, 3x3, and everything before beside it.

    Source:
        Huang et al. 2017, arXiv:1608.06993, section 3. The first norm cannot be folded.
    """
    channels, growth = net.channels, net.number("growth")
    y = net.node("Relu", _norm(net, x))
    y = net.conv(net.node("Relu", net.conv(y, net.number("middle"))), growth, 3)
    net.channels = channels + growth
    return net.node("Concat", x, y, axis=1)


def _norm(net: Sketched, x: Value) -> Value:
    c = net.channels
    numbers = [net.weight(c), net.weight(c), net.weight(c)]
    return net.node("BatchNormalization", x, *numbers, net.constant(np.ones(c, np.float32)))


def _ghost(net: Sketched, x: Value) -> Value:
    """Half of the channels by a pointwise convolution, the others from them by a depthwise one.

    Source:
        Han et al. 2020, arXiv:1911.11907, figure 1; with the gate that looks along rows and columns
        of half the map: Tang et al. 2022, arXiv:2211.12905, section 3.2.
    """
    gated = net.text("gate") and net.size > 1
    for outputs, activation in (
        (net.number("middle"), net.text("activation")),
        (net.channels, ""),
    ):
        # Of the two halves of a block the first, which has the activation, is gated.
        weights = _along(net, x, outputs) if gated and activation else None
        half = -(-outputs // 2)
        y = net.activate(net.conv(x, half), activation)
        z = net.activate(net.conv(y, half, net.number("kernel", 3), group_width=1), activation)
        x = net.node("Concat", y, z, axis=1)
        x = net.node(
            "Slice", x, net.integers(0), net.integers(outputs), net.integers(1),
            net.integers(1),
        )  # fmt: skip
        net.channels = outputs
        x = x if weights is None else net.node("Mul", x, weights)
    return x


def _along(net: Sketched, x: Value, outputs: int) -> Value:
    """Return weights of every channel and pixel, found on a map of half the size."""
    channels, size = net.channels, net.size
    x = net.conv(_pool(net, x, "AveragePool", 2, 2), outputs)
    x = net.conv(x, outputs, (1, 5), group_width=1)
    x = net.conv(x, outputs, (5, 1), group_width=1)
    x = net.resize(net.activate(x, net.text("gate")), size, "nearest")
    net.channels = channels
    return x


def _stem(net: Sketched, x: Value) -> Value:
    """A convolution on an image, and what may follow: a pool, a norm, more convolutions."""
    x = net.conv(x, net.number("outputs"), net.number("kernel", 3), net.number("stride", 2))
    x = net.activate(x, net.text("activation"))
    match net.text("after"):
        case "pool":
            x = _pool(net, x, "MaxPool", 3, 2)
        case "norm":
            x = net.layer_norm(net.transpose(x, 0, 2, 3, 1))
            x = net.transpose(x, 0, 3, 1, 2)
        case "depthwise":
            x = net.activate(net.conv(x, net.channels, 3, group_width=1), net.text("activation"))
    return net.conv(x, net.number("middle", net.channels))


def _pool(net: Sketched, x: Value, kind: str, kernel: int, stride: int) -> Value:
    before = (kernel - 1) // 2
    net.size = (net.size + 2 * before - kernel) // stride + 1
    return net.node(
        kind, x, kernel_shape=[kernel, kernel], strides=[stride, stride], pads=[before] * 4
    )


def _head(net: Sketched, x: Value) -> Value:
    """A pointwise convolution if asked for, the mean, a hidden layer if asked for, classes."""
    activation = net.text("activation")
    if net.number("middle"):
        x = net.activate(net.conv(x, net.number("middle")), activation)
    if net.text("mean") == "reduce":
        x = net.node("ReduceMean", x, net.integers(2, 3), keepdims=1)
        net.size = 1
    else:
        x = net.mean(x)
    if net.number("hidden"):
        x = net.activate(net.conv(x, net.number("hidden")), activation)
    channels, classes = net.channels, net.number("classes")
    x = net.reshape(x, 1, channels)
    x = net.node("Gemm", x, net.weight(classes, channels), net.weight(classes), transB=1)
    net.channels = classes
    return x


def _rms(net: Sketched, x: Value) -> Value:
    """Divide tokens by their root mean square, as PyTorch's exporter writes it."""
    x = net.transpose(x, 0, 2, 3, 1)
    square = net.node("Pow", x, net.scalar(2.0))
    mean = net.node("ReduceMean", square, net.integers(-1), keepdims=1)
    root = net.node("Sqrt", net.node("Add", mean, net.scalar(1e-6)))
    x = net.node("Mul", x, net.node("Reciprocal", root))
    return net.transpose(net.node("Mul", x, net.weight(net.channels)), 0, 3, 1, 2)


def _single(net: Sketched, x: Value) -> Value:
    """A pointwise convolution and one operation on its map."""
    kind, channels = net.text("op"), net.channels
    x = net.conv(x, channels)
    match kind:
        case "MaxPool" | "AveragePool":
            x = _pool(net, x, kind, net.number("kernel", 3), net.number("stride", 1))
            return net.conv(x, channels)
        case "softmax":
            return net.node("Softmax", x, axis=-1)
        case "rms":
            return _rms(net, x)
        case "Resize":
            return net.resize(x, net.number("resized"), net.text("mode"))
        case "Concat":
            net.channels = 2 * channels
            x = net.node("Concat", x, net.activate(x, "relu"), axis=1)
            return net.conv(x, channels)
        case "BatchNormalization":
            return _norm(net, net.activate(x, "relu"))
        case "scale":
            return net.node("Mul", x, net.weight(1, channels, 1, 1))
        case "tokens":
            x = net.transpose(net.reshape(x, 1, channels, net.size**2), 0, 2, 1)
            x = net.activate(net.layer_norm(x), net.text("activation"))
            x = net.reshape(net.transpose(x, 0, 2, 1), 1, channels, net.size, net.size)
            return x
        case _:
            return net.activate(x, kind)


BLOCKS: dict[str, Callable[[Sketched, Value], Value]] = {
    "plain": _plain,
    "bottleneck": _bottleneck,
    "inverted": _bottleneck,
    "fused": _fused,
    "convnext": convnext,
    "attention": attention,
    "patches": patches,
    "separable": separable,
    "dense": _dense,
    "ghost": _ghost,
    "stem": _stem,
    "head": _head,
    "single": _single,
}
"""Writers of one block, by name."""
