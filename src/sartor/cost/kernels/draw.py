"""What a survey times: sketches of chains, drawn from shapes that published networks have.

The ranges are read from the tables of the papers and from the configurations of timm's classes of
networks: how wide maps of a size are, which kernels, expansions, groups, gates and activations
stand together. No network is copied.
"""

import math
from collections.abc import Callable

import numpy as np

from sartor.cost.kernels.sketch import Sketch
from sartor.space import WIDTH_STEP, snap

Rng = np.random.Generator
Drawn = dict[str, int | str]
USUAL = (7, 14, 28, 56, 7, 14, 28, 56, 112)
"""Rows of maps of networks that read 224 pixels."""
OTHER = (4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128)
LARGEST = 128
"""Rows of maps behind a stem."""
WIDEST = 9000
"""Rows times channels of the widest maps."""
MOST_MACS = 5e8
"""Multiply-adds of a chain: what takes longer tells no more and costs time of the survey."""
ACTIVATIONS = ("relu", "relu6", "hswish", "silu", "relu", "gelu")
DEPTHS = (1, 1, 2, 3)
"""Blocks in a row. Were it always one, what stands at the ends of chains, such as bringing a map
into blocks and out of them, could not be told from what is in them, and whole networks have few
ends."""
ONCE = ("stem", "head", "single", "attention")
"""Blocks that stand in a network once, or alone, or have several layers within."""
GOLDEN = (math.sqrt(5) - 1) / 2
"""Its multiples lie evenly between whole numbers, also every second or third of them."""
SHORTCUTS = ("", "conv", "mean")
GATES = ("none", "none", "sigmoid", "hsigmoid")


def draw(rng: Rng, number: int | None = None) -> Sketch:
    """Draw a chain.

    Args:
        rng: Decides.
        number: That of the chain in a row of them. Their blocks then come in turn, each as often as
            its share says also among few: a sort with three chains tells little of its kernels.
    """
    names = list(DRAWS)
    shares = np.cumsum([share for share, _ in DRAWS.values()])
    place = rng.random() if number is None else number * GOLDEN % 1
    name = names[int(np.searchsorted(shares, place * shares[-1], side="right"))]
    while True:
        depth = 1 if name in ONCE else int(rng.choice(DEPTHS))
        sketch: Drawn = {"block": name, "depth": depth, **DRAWS[name][1](rng)}
        if _is_small(sketch):
            return sketch


def vary(sketch: Sketch, rng: Rng) -> Sketch:
    """Draw a chain near another one: other widths and another size, by up to a half.

    It is marked as `varied`.
    """
    each = max(1, int(sketch.get("group_width", 0)))
    while True:
        near: Drawn = {**sketch, "varied": 1}
        for name in ("width", "outputs", "middle", "squeeze", "hidden", "inner", "growth"):
            old = int(near.get(name, 0))
            if old > 4:
                step = math.gcd(old, WIDTH_STEP)  # what fills no eight is often why it is far off
                whole = each if old % each == 0 else 1  # groups stay full
                near[name] = snap(old * 2 ** rng.uniform(-0.6, 0.6), math.lcm(step, whole))
        if near["block"] not in ("stem", "patches", "separable"):
            size = round(int(near["size"]) * 2 ** rng.uniform(-0.5, 0.5))
            near["size"] = max(1, min(LARGEST, size))
        if near["block"] in ("attention", "patches"):
            name = "width" if near["block"] == "attention" else "inner"
            heads = int(near["heads"])
            near[name] = max(heads * 4, int(near[name]) // heads * heads)
        if _is_small(near):
            return near


def _is_small(sketch: Sketch) -> bool:
    """Bound the work roughly: two layers of the widest channels, or what is given."""
    n = {k: int(v) for k, v in sketch.items() if not isinstance(v, str)}
    widest = max(n["width"], n.get("outputs", 0), n.get("middle", 0))
    each = n.get("group_width", 0)
    pixels = n["size"] ** 2 // n.get("stride", 1) ** 2
    work = 2 * pixels * n["width"] * widest
    whole = n["width"] if sketch["block"] == "fused" else widest
    work += pixels * n.get("kernel", 1) ** 2 * widest * (each or whole)
    if "heads" in n:
        work += 6 * pixels * n["width"] ** 2 + 2 * pixels**2 * n["width"]
    weights = n["width"] * widest * (n.get("kernel", 1) ** 2 if each == 0 else 1)
    return work * n["depth"] <= MOST_MACS and weights <= 4e6


def _size(rng: Rng, most: int = LARGEST) -> int:
    sizes = USUAL if rng.random() < 0.65 else OTHER
    return int(rng.choice([it for it in sizes if it <= most]))


def _width(rng: Rng, size: int, least: int = 8) -> int:
    """Draw channels, evenly in their logarithm; nine of ten are multiples of eight."""
    most = max(least + 1, min(2048, WIDEST // size))
    width = least * (most / least) ** rng.random()
    return snap(width) if rng.random() < 0.9 else max(4, round(width / 2) * 2)


def _one_of(rng: Rng, *options: int | str) -> int | str:
    return options[int(rng.integers(len(options)))]


def _plain(rng: Rng) -> Drawn:
    size = _size(rng)
    width = _width(rng, size)
    stride = int(rng.choice([1, 1, 1, 2]))
    wider = int(rng.choice([1, 2] if stride == 2 else [1]))
    return {
        "size": size, "width": width, "outputs": width * wider, "stride": stride,
        "kernel": int(rng.choice([1, 3, 3, 3, 5])), "shortcut": _one_of(rng, *SHORTCUTS),
        "activation": _one_of(rng, *ACTIVATIONS),
    }  # fmt: skip


def _residual(rng: Rng) -> Drawn:
    """ResNet, ResNeXt, RegNet: narrow or equal in the middle, in groups or not."""
    size = _size(rng, 64)
    width = _width(rng, size, 16)
    each = int(rng.choice([0, 0, 4, 8, 16, 24, 32, 64]))
    middle = snap(width * float(rng.choice([0.25, 0.5, 1.0])), max(each, WIDTH_STEP))
    stride = int(rng.choice([1, 1, 1, 2]))
    return {
        "size": size, "width": width, "middle": middle,
        "outputs": width * stride, "stride": stride, "kernel": 3, "group_width": each,
        "activation": _one_of(rng, "relu", "relu", "silu"), "shortcut": _one_of(rng, *SHORTCUTS),
        "after": _one_of(rng, "relu", "relu", "silu"), **_gate(rng, width),
    }  # fmt: skip


def _inverted(rng: Rng) -> Drawn:
    """MobileNetV2 and V3, MnasNet, EfficientNet, also in groups."""
    size = _size(rng)
    width = _width(rng, 2 * size)
    each = int(rng.choice([1, 1, 1, 1, 1, 1, 8, 16]))
    stride = int(rng.choice([1, 1, 2]))
    return {
        "size": size, "width": width, "stride": stride, "group_width": each,
        "middle": snap(width * float(rng.choice([1, 2, 3, 4, 6, 6])), max(each, WIDTH_STEP)),
        "outputs": width if stride == 1 else snap(width * 1.5),
        "kernel": int(rng.choice([3, 3, 5, 5, 7])),
        "activation": _one_of(rng, *ACTIVATIONS), **_gate(rng, width),
    }  # fmt: skip


def _fused(rng: Rng) -> Drawn:
    """EfficientNetV2, MobileNets for accelerators."""
    size = _size(rng)
    each = int(rng.choice([0, 0, 0, 16, 32]))
    width = snap(_width(rng, 3 * size), max(1, each))
    stride = int(rng.choice([1, 1, 2]))
    return {
        "size": size, "width": width, "group_width": each, "kernel": int(rng.choice([3, 3, 3, 5])),
        "middle": snap(width * float(rng.choice([1, 2, 4, 4, 8]))),
        "stride": stride, "outputs": width if stride == 1 else snap(width * 1.5),
        "activation": _one_of(rng, "relu", "silu"), **_gate(rng, width),
    }  # fmt: skip


def _gate(rng: Rng, width: int) -> Drawn:
    gate = str(_one_of(rng, *GATES))
    if gate == "none":
        return {}
    return {"gate": gate, "squeeze": max(4, width // int(rng.choice([1, 2, 4])))}


def _convnext(rng: Rng) -> Drawn:
    size = _size(rng, 64)
    width = _width(rng, 2 * size, 24)
    return {
        "size": size, "width": width, "middle": 4 * width, "kernel": int(rng.choice([3, 7, 7])),
        "activation": "gelu", "layers": _one_of(rng, "linear", "conv"),
        "norm": _one_of(rng, "", "response"),
    }  # fmt: skip


def _attention(rng: Rng) -> Drawn:
    size = int(rng.choice([7, 8, 14, 14, 16, 10, 12]))
    heads = int(rng.choice([2, 3, 4, 6, 8, 12]))
    width = heads * int(rng.choice([16, 24, 32, 64, 64, 48]))
    return {
        "size": size, "width": min(width, 768 // heads * heads), "heads": heads,
        "middle": snap(width * float(rng.choice([2, 3, 4, 4]))), "tokens": int(rng.choice([0, 1])),
        "activation": _one_of(rng, "gelu", "gelu", "silu"), "layers": int(rng.choice([1, 2])),
    }  # fmt: skip


def _patches(rng: Rng) -> Drawn:
    heads = 4
    size = int(rng.choice([8, 16, 28, 14, 32]))
    inner = heads * int(rng.integers(12, 64))
    return {
        "size": size, "width": _width(rng, 4 * size, 32), "inner": inner, "heads": heads,
        "middle": 2 * inner, "activation": "silu",
    }  # fmt: skip


def _separable(rng: Rng) -> Drawn:
    size = int(rng.choice([8, 16, 28, 14, 32]))
    inner = snap(32 * 8 ** rng.random())
    return {
        "size": size, "width": _width(rng, 4 * size, 32), "inner": inner, "middle": 2 * inner,
        "activation": "silu", "layers": int(rng.choice([1, 2])),
    }  # fmt: skip


def _dense(rng: Rng) -> Drawn:
    size = _size(rng, 64)
    growth = int(rng.choice([12, 24, 32, 32, 48]))
    return {
        "size": size, "width": _width(rng, 2 * size, 32), "growth": growth, "middle": 4 * growth,
    }  # fmt: skip


def _ghost(rng: Rng) -> Drawn:
    """GhostNet: halves of its channels are often no multiple of four."""
    size = _size(rng)
    beyond = int(rng.choice([0, 4]))  # an eight
    width = snap(_width(rng, 3 * size) * rng.uniform(0.7, 1.4)) + beyond
    return {
        "size": size, "width": width,
        "middle": snap(width * float(rng.choice([1, 3, 6]))) + beyond,
        "kernel": int(rng.choice([3, 5])), "activation": _one_of(rng, "relu", "relu", "hswish"),
        "gate": _one_of(rng, "", "", "sigmoid", "hsigmoid"),
    }  # fmt: skip


def _stem(rng: Rng) -> Drawn:
    kernel, stride = [(3, 1), (3, 2), (3, 2), (7, 2), (4, 4), (16, 16), (5, 2)][rng.integers(7)]
    size = int(rng.choice([224, 224, 128, 160, 192, 256, 96, 64, 32, 28]))
    outputs = (
        snap(16 * 2 ** rng.uniform(-1, 2)) if stride < 16 else snap(192 * 2 ** rng.uniform(0, 2))
    )
    after = str(_one_of(rng, "", "", "pool", "norm", "depthwise"))
    return {
        "size": size // stride * stride, "width": int(rng.choice([3, 3, 1])), "outputs": outputs,
        "kernel": kernel, "stride": stride, "after": after if stride < 16 else "",
        "activation": _one_of(rng, *ACTIVATIONS, ""),
        "middle": snap(outputs * rng.uniform(0.5, 1.5)),
    }  # fmt: skip


def _head(rng: Rng) -> Drawn:
    size = int(rng.choice([7, 7, 7, 8, 4, 6, 2, 14]))
    width = _width(rng, size, 16)
    return {
        "size": size, "width": min(width, 1024),
        "middle": int(rng.choice([0, snap(width * rng.uniform(1, 6))])),
        "hidden": int(rng.choice([0, 0, snap(width * rng.uniform(0.5, 3))])),
        "classes": int(rng.choice([1000, 1000, 100, 10])),
        "mean": _one_of(rng, "pool", "reduce"), "activation": _one_of(rng, *ACTIVATIONS),
    }  # fmt: skip


def _single(rng: Rng) -> Drawn:
    size = _size(rng)
    op = str(_one_of(
        rng, "MaxPool", "AveragePool", "Resize", "Concat", "BatchNormalization", "scale", "tokens",
        "rms", "softmax", "sigmoid", "hsigmoid", "hswish", "silu", "gelu", "relu",
    ))  # fmt: skip
    return {
        "size": size, "width": _width(rng, size), "op": op, "kernel": int(rng.choice([2, 3])),
        "stride": int(rng.choice([1, 2])), "activation": _one_of(rng, "gelu", "silu"),
        "resized": int(rng.choice([size + 1, 2 * size])), "mode": _one_of(rng, "nearest", "linear"),
    }  # fmt: skip


DRAWS: dict[str, tuple[float, Callable[[Rng], Drawn]]] = {
    "plain": (3, _plain),
    "bottleneck": (2, _residual),
    "inverted": (4, _inverted),
    "fused": (1, _fused),
    "convnext": (1.2, _convnext),
    "attention": (2.5, _attention),
    "patches": (1, _patches),
    "separable": (1, _separable),
    "dense": (1, _dense),
    "ghost": (1.5, _ghost),
    "stem": (1.2, _stem),
    "head": (1.2, _head),
    "single": (2.5, _single),
}
"""How often each sort is drawn, and by what."""
