"""What the time of a kernel is taken to be a sum of."""

from dataclasses import replace

import numpy as np
import pytest
from worlds import pointwise

from sartor.cost.kernels.draw import draw, vary
from sartor.cost.kernels.features import QUANTITIES, quantities
from sartor.cost.kernels.kernel import Kernel


def told(kernel: Kernel) -> dict[str, float]:
    return dict(zip(QUANTITIES, quantities(kernel), strict=True))


def depthwise(channels: int, precision: str, form: str) -> Kernel:
    return Kernel(
        "onnxruntime", "Conv", precision, form,
        count=channels, rows=196, inner=9, taps=9, width=14,
        read=196 * channels, written=196 * channels, constants=9 * channels,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("detail", "along", "curved"),
    [("", 0, 0), ("Relu sum", 1, 0), ("HardSwish", 1, 1), ("HardSwish sum", 1, 1)],
)
def test_a_curve_costs_more_than_a_line(detail: str, along: int, curved: int) -> None:
    kernel = pointwise(14, 32, 64, detail)
    found = told(kernel)
    assert found["along"] == along * kernel.written / 1e6
    assert found["curved"] == curved * kernel.written / 1e6


@pytest.mark.parametrize(("channels", "last", "left"), [(32, 0, 0), (24, 8, 0), (28, 12, 4)])
def test_integers_of_channels_that_fill_no_block_are_counted(
    channels: int, last: int, left: int
) -> None:
    found = told(depthwise(channels, "int8", "depthwise ragged"))
    assert found["tail"] == 196 * 9 * last / 1e6
    assert found["left"] == 196 * 9 * left / 1e6


def test_floats_outside_of_blocks_go_channel_by_channel() -> None:
    one, many = (told(depthwise(number, "fp32", "depthwise")) for number in (1, 10))
    for name in ("work", "runs", "taps"):
        assert many[name] == pytest.approx(10 * one[name])
    assert many["tail"] == many["left"] == 0


def test_numbers_are_gathered_once_for_all_output_channels() -> None:
    kernel = replace(pointwise(14, 288, 64), form="dense", taps=9)
    assert told(kernel)["taps"] == told(replace(kernel, columns=128))["taps"] > 0


def test_chains_near_another_keep_what_its_widths_are_multiples_of() -> None:
    rng = np.random.default_rng(0)
    sketches = [it for it in (draw(rng) for _ in range(200)) if it["block"] == "ghost"]
    steps = [int(np.gcd(int(it["width"]), 8)) for it in sketches]
    assert {4, 8} <= set(steps)
    near = [[int(vary(it, rng)["width"]) for _ in range(8)] for it in sketches]
    for widths, step in zip(near, steps, strict=True):
        assert all(width % step == 0 for width in widths)
    assert any(width % 8 for widths in near for width in widths)


def test_groups_stay_full_in_chains_near_another() -> None:
    rng = np.random.default_rng(0)
    for sketch in (draw(rng) for _ in range(400)):
        each = int(sketch.get("group_width", 0))
        if each > 1:
            near = vary(sketch, rng)
            assert near["group_width"] == each
            name = "width" if near["block"] == "fused" else "middle"
            assert int(near[name]) % each == int(sketch[name]) % each == 0
