"""Slicing plans take leading channels and central kernels."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from sartor.nets import BLOCKS, Network, mobile
from sartor.nets.blocks import Place
from sartor.nets.layers import ChannelMeans
from sartor.nets.plan import cut, plan, slices
from sartor.space import snap


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5)), min_size=1, max_size=4))
def test_slices_have_the_shape_of_the_small_tensor(sizes: list[tuple[int, int]]) -> None:
    small = tuple(size for size, _ in sizes)
    large = tuple(size + 2 * more for size, more in sizes)
    assert tuple(cut(torch.zeros(large), slices(small, large)).shape) == small


def test_a_small_kernel_is_the_middle_of_a_large_one() -> None:
    large = nn.Conv2d(4, 8, 5)
    small = nn.Conv2d(3, 6, 3)
    where = plan(small, large)["weight"]
    assert torch.equal(cut(large.weight, where), large.weight[:6, :3, 1:4, 1:4])


@given(width=st.floats(1, 2000), step=st.sampled_from([4, 8, 16]))
def test_a_snapped_width_is_a_multiple_and_not_far_below(width: float, step: int) -> None:
    snapped = snap(width, step)
    assert snapped % step == 0
    assert snapped >= max(step, 0.9 * width)
    assert snapped <= width + step


@pytest.mark.parametrize("kind", list(BLOCKS))
@pytest.mark.parametrize("stride", [1, 2])
def test_a_block_computes_what_it_describes(kind: str, stride: int) -> None:
    entry = BLOCKS[kind]
    options = {name: values[-1] for name, values in entry.OPTIONS.items()}
    part = entry.at(Place(16, 16, stride, "hswish"), options)
    module = part.build().eval()
    shapes: dict[str, int] = {}
    for name, layer in module.named_modules():
        layer.register_forward_hook(
            lambda _, __, o, name=name: shapes.__setitem__(name, o.shape[-1])
        )
    out = module(torch.randn(1, 16, 13, 13))
    layers, size = part.layers(13)
    assert tuple(out.shape) == (1, part.outputs, size, size)
    assert sum(layer.params for layer in layers) == sum(p.numel() for p in module.parameters())
    for layer in layers:
        if layer.op == "conv":
            conv = module.get_submodule(layer.path)
            assert isinstance(conv, nn.Conv2d)
            assert shapes[layer.path] == layer.size, layer.path
            assert conv.weight.numel() == layer.weights


@pytest.mark.parametrize("resolution", [16, 28, 32, 64, 96, 224])
def test_the_family_is_sized_to_the_data(resolution: int) -> None:
    family = mobile(resolution=resolution, channels=3, classes=5)
    for design in (family.smallest(), family.largest(), family.scaled(0.5)):
        family.space.check(design)
        network = Network(family.blueprint(design)).eval()
        size = family.resolution(design)
        assert tuple(network(torch.randn(1, 3, size, size)).shape) == (1, 5)
    assert family.resolution(family.largest()) == resolution
    assert family.space.count() > 10**9


def test_channel_means_are_those_of_torch_and_their_gradient_stays_channels_last() -> None:
    """Torch's own pooling sends back a gradient that no layer in channels-last reads fast."""
    x = torch.randn(3, 8, 5, 7).to(memory_format=torch.channels_last)
    layouts = []
    found = []
    for pool in (ChannelMeans(), nn.AdaptiveAvgPool2d(1)):
        image = x.clone(memory_format=torch.preserve_format).requires_grad_()
        out = pool(image)
        (gradient,) = torch.autograd.grad((out * torch.arange(8.0)[:, None, None]).sum(), image)
        layouts.append(gradient.is_contiguous(memory_format=torch.channels_last))
        found.append((out, gradient))
    torch.testing.assert_close(*found)
    assert layouts[0]
