"""What is counted from shapes."""

import math

import pytest

from sartor.cost.designs import count
from sartor.cost.designs.count import expressiveness
from sartor.nets import Layer
from sartor.nets.families import published
from sartor.nets.layers import squeeze_layers


def conv(inputs: int, outputs: int, size: int, kernel: int = 3, groups: int = 1) -> Layer:
    return Layer("conv", inputs, outputs, size, kernel, groups=groups, norm=True)


def test_the_entropy_of_two_convolutions() -> None:
    layers = [conv(3, 16, 8), conv(16, 32, 4)]
    expected = math.log(4 * 4 * 32) * (math.log(27) + math.log(144))
    assert expressiveness(layers) == pytest.approx(expected)


def test_depthwise_convolutions_mix_one_channel() -> None:
    assert expressiveness([conv(32, 32, 4, groups=32)]) == pytest.approx(
        math.log(4 * 4 * 32) * math.log(9)
    )


def test_gates_carry_no_features() -> None:
    alone = [conv(16, 32, 4)]
    assert expressiveness([*alone, *squeeze_layers(32, 8, 4)]) == expressiveness(alone)


def test_deeper_is_more_than_wider_at_equal_work() -> None:
    deep = [conv(16, 16, 8)] * 4
    wide = [conv(32, 32, 8)]
    assert sum(it.macs for it in deep) == sum(it.macs for it in wide)
    assert expressiveness(deep) > expressiveness(wide)


def test_larger_published_networks_express_more() -> None:
    small, large = (
        count(*published(f"mobilenet_v3_{size}")).entropy for size in ("small", "large")
    )
    assert large > small > 0
