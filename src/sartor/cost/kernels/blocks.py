"""What chains are made of: one writer for each sort of block that published networks have."""

from collections.abc import Callable

import numpy as np

from sartor.cost.kernels.sketch import Sketched
from sartor.deploy.graph import Value


def _plain(net: Sketched, x: Value) -> Value:
    """Two convolutions and a residual."""
    before, channels, size = x, net.channels, net.size
    outputs, kernel = net.number("outputs", channels), net.number("kernel", 3)
    groups, activation = net.number("groups", 1), net.text("activation")
    x = net.activate(net.conv(x, outputs, kernel, net.number("stride", 1), groups), activation)
    x = net.conv(x, outputs, kernel, 1, groups)
    if (channels, size) == (net.channels, net.size):
        x = net.node("Add", x, before)
    return net.activate(x, activation)


def _bottleneck(net: Sketched, x: Value) -> Value:
    """Pointwise, grouped or depthwise, gate, pointwise, residual."""
    before, channels, size = x, net.channels, net.size
    middle, activation = net.number("middle"), net.text("activation")
    if middle != channels or net.text("after"):
        x = net.activate(net.conv(x, middle), activation)
    kernel, stride = net.number("kernel", 3), net.number("stride", 1)
    x = net.activate(net.conv(x, middle, kernel, stride, net.number("groups", 1)), activation)
    x = net.conv(net.gate(x), net.number("outputs", channels))
    if (channels, size) == (net.channels, net.size):
        x = net.node("Add", x, before)
    return net.activate(x, net.text("after"))


def _convnext(net: Sketched, x: Value) -> Value:
    """Depthwise, norm, two layers with an activation between, scale, residual.

    Source:
        Liu et al. 2022, arXiv:2201.03545, figure 4.
    """
    before, channels = x, net.channels
    x = net.transpose(net.conv(x, channels, net.number("kernel", 7), 1, channels), 0, 2, 3, 1)
    x = net.layer_norm(x)
    middle, activation = net.number("middle"), net.text("activation")
    if net.text("layers") == "linear":
        x = net.linear(net.activate(net.linear(x, middle), activation), channels)
        x = net.transpose(net.node("Mul", x, net.weight(channels)), 0, 3, 1, 2)
    else:
        x = net.transpose(x, 0, 3, 1, 2)
        x = net.conv(net.activate(net.conv(x, middle), activation), channels)
        x = net.node("Mul", x, net.weight(1, channels, 1, 1))
    return net.node("Add", x, before)


def _attention(net: Sketched, x: Value) -> Value:
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


def _patches(net: Sketched, x: Value) -> Value:
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
        Han et al. 2020, arXiv:1911.11907, figure 1.
    """
    for outputs, activation in (
        (net.number("middle"), net.text("activation")),
        (net.channels, ""),
    ):
        half = -(-outputs // 2)
        y = net.activate(net.conv(x, half), activation)
        z = net.activate(net.conv(y, half, net.number("kernel", 3), 1, half), activation)
        x = net.node("Concat", y, z, axis=1)
        x = net.node(
            "Slice", x, net.integers(0), net.integers(outputs), net.integers(1),
            net.integers(1),
        )  # fmt: skip
        net.channels = outputs
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
            x = net.activate(net.conv(x, net.channels, 3, 1, net.channels), net.text("activation"))
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
            sizes = net.integers(1, channels, net.size + 1, net.size + 1)
            net.size += 1
            return net.node("Resize", x, Value(""), Value(""), sizes, mode="linear")
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
    "convnext": _convnext,
    "attention": _attention,
    "patches": _patches,
    "dense": _dense,
    "ghost": _ghost,
    "stem": _stem,
    "head": _head,
    "single": _single,
}
"""Writers of one block, by name."""
