"""A network that a survey writes: what it is to be, and its graph as it grows."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from sartor.deploy.graph import Attribute, Graph, Value

Sketch = Mapping[str, int | str]
"""A chain as plain data: `block`, `size` (rows and columns), `width` (channels), `depth` (blocks in
a row), and what the block asks for."""


class Sketched:
    """A graph under construction, with the channels and rows that its last value has."""

    def __init__(self, sketch: Sketch) -> None:
        self.sketch = sketch
        self.graph = Graph()
        self.channels = self.number("width")
        self.size = self.number("size")
        self._rng = np.random.default_rng(0)

    def number(self, name: str, default: int = 0) -> int:
        """Return a number of the sketch."""
        return int(self.sketch.get(name, default))

    def text(self, name: str) -> str:
        """Return a word of the sketch, or nothing."""
        return str(self.sketch.get(name, ""))

    def node(self, op: str, *inputs: Value, **attributes: Attribute) -> Value:
        """Append an operation."""
        return self.graph.node(op, inputs, self.graph.unique(op), **attributes)

    def weight(self, *shape: int) -> Value:
        """Draw weights."""
        scale = 1 / math.sqrt(max(1, math.prod(shape[1:])))
        values = self._rng.standard_normal(shape, np.float32) * np.float32(scale)
        return self.constant(values)

    def integers(self, *values: int) -> Value:
        """Keep sizes, axes or places."""
        return self.constant(np.array(values, np.int64))

    def constant(self, values: npt.NDArray[np.generic]) -> Value:
        """Keep numbers in the file."""
        return self.graph.constant(f"constant{len(self.graph.constants)}", values)

    def conv(
        self,
        x: Value,
        outputs: int,
        kernel: int | tuple[int, int] = 1,
        stride: int = 1,
        group_width: int = 0,
    ) -> Value:
        """Convolve, in groups of so many channels that are read, or all in one; groups that do not
        divide the channels become fewer.
        """
        groups = self.channels // group_width if group_width else 1
        groups = math.gcd(max(1, groups), math.gcd(self.channels, outputs))
        rows, columns = (kernel, kernel) if isinstance(kernel, int) else kernel
        weight = self.weight(outputs, self.channels // groups, rows, columns)
        # Even ones cut maps into patches.
        above, left = ((it - 1) // 2 if it % 2 else 0 for it in (rows, columns))
        self.channels = outputs
        self.size = (self.size + 2 * above - rows) // stride + 1
        return self.node(
            "Conv", x, weight, self.weight(outputs), kernel_shape=[rows, columns],
            strides=[stride, stride], pads=[above, left] * 2, group=groups,
        )  # fmt: skip

    def activate(self, x: Value, name: str) -> Value:
        """Apply an activation; an unknown name leaves `x` as it is."""
        match name:
            case "relu":
                return self.node("Relu", x)
            case "relu6":
                return self.node("Clip", x, self.scalar(0.0), self.scalar(6.0))
            case "hswish":
                return self.node("HardSwish", x)
            case "silu":
                return self.node("Mul", x, self.node("Sigmoid", x))
            case "gelu":
                return self.node("Gelu", x, approximate="none")
            case "sigmoid":
                return self.node("Sigmoid", x)
            case "hsigmoid":
                return self.node("HardSigmoid", x, alpha=1 / 6, beta=0.5)
            case _:
                return x

    def scalar(self, value: float) -> Value:
        """Keep one number."""
        return self.constant(np.full((), value, np.float32))

    def gate(self, x: Value) -> Value:
        """Squeeze and excite, if asked for."""
        squeezed, width, size = self.number("squeeze"), self.channels, self.size
        if not squeezed:
            return x
        mean = self.mean(x)
        hidden = self.activate(self.conv(mean, squeezed), "relu")
        weights = self.activate(self.conv(hidden, width), self.text("gate"))
        self.size = size
        return self.node("Mul", x, weights)

    def mean(self, x: Value) -> Value:
        """Take the mean of each channel."""
        self.size = 1
        return self.node("GlobalAveragePool", x)

    def layer_norm(self, x: Value) -> Value:
        """Norm tokens."""
        return self.node(
            "LayerNormalization", x, self.weight(self.channels), self.weight(self.channels),
            axis=-1, epsilon=1e-6,
        )  # fmt: skip

    def group_norm(self, x: Value) -> Value:
        """Norm all channels of a map together, as PyTorch's exporter writes it."""
        c = self.channels
        one, zero = (self.constant(np.full(1, it, np.float32)) for it in (1, 0))
        flat = self.node(
            "InstanceNormalization", self.reshape(x, 0, 1, -1), one, zero, epsilon=1e-5
        )
        x = self.node("Reshape", flat, self.node("Shape", x))
        return self.node("Add", self.node("Mul", x, self.weight(c, 1, 1)), self.weight(c, 1, 1))

    def resize(self, x: Value, size: int, mode: str) -> Value:
        """Give a map so many rows and columns: `nearest` pixels, or `linear` between them."""
        sizes = self.integers(1, self.channels, size, size)
        self.size = size
        where = {"nearest": "asymmetric", "linear": "half_pixel"}[mode]
        return self.node(
            "Resize", x, Value(""), Value(""), sizes, mode=mode, nearest_mode="floor",
            coordinate_transformation_mode=where,
        )  # fmt: skip

    def linear(self, x: Value, outputs: int) -> Value:
        """Multiply tokens, (n, s, d), by weights, as PyTorch's exporter writes it."""
        product = self.node("MatMul", x, self.weight(self.channels, outputs))
        self.channels = outputs
        return self.node("Add", product, self.weight(outputs))

    def reshape(self, x: Value, *shape: int) -> Value:
        """Give another shape."""
        return self.node("Reshape", x, self.integers(*shape))

    def transpose(self, x: Value, *order: int) -> Value:
        """Put dimensions in another order."""
        return self.node("Transpose", x, perm=list(order))
