"""Widths of layers that hardware computes well."""

WIDTH_STEP = 8
"""Widths are multiples of this: in between, ONNX Runtime leaves its blocked convolutions and a
network with fewer channels is slower than the whole one (docs/benchmarks.md)."""


def snap(width: float, step: int = WIDTH_STEP) -> int:
    """Round to the nearest multiple of `step`, never below one step or 90 % of `width`.

    Source:
        MobileNetV2 reference implementation, `make_divisible`.

    Example:
        >>> snap(2.3 * 80), snap(3.67 * 24), snap(3)
        (184, 88, 8)
    """
    snapped = max(step, int(width + step / 2) // step * step)
    return snapped + step if snapped < 0.9 * width else snapped
