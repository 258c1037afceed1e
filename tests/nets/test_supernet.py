"""Wearing a design and cutting it out are the same thing."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save

from sartor.nets import Network, Supernet, mobile, resize
from sartor.space import Design

FAMILY = mobile(resolution=28, channels=3, classes=7)


@pytest.fixture(scope="module")
def supernet() -> Supernet:
    torch.manual_seed(0)
    return Supernet(FAMILY)


def designs() -> st.SearchStrategy[Design]:
    return st.integers(0, 2**32 - 1).map(lambda s: FAMILY.space.sample(np.random.default_rng(s)))


@given(design=designs(), seed=st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_cutting_out_changes_nothing(supernet: Supernet, design: Design, seed: int) -> None:
    images = torch.randn(4, 3, 28, 28, generator=torch.Generator().manual_seed(seed))
    worn = supernet.wear(design).train()(images)
    cut = supernet.cut(design).train()(resize(images, FAMILY.resolution(design)))
    torch.testing.assert_close(worn, cut, atol=1e-5, rtol=1e-5)


@given(design=designs())
@settings(max_examples=20, deadline=None)
def test_a_worn_design_gives_the_gradients_of_the_network_cut_out(
    supernet: Supernet, design: Design
) -> None:
    images = torch.randn(4, 3, 28, 28, generator=torch.Generator().manual_seed(1))
    cut = supernet.cut(design).train()
    cut(resize(images, FAMILY.resolution(design))).square().sum().backward()
    supernet.zero_grad()
    supernet.wear(design).train()(images).square().sum().backward()  # type: ignore[no-untyped-call]
    worn_norm = sum(
        float(p.grad.square().sum()) for p in supernet.parameters() if p.grad is not None
    )
    cut_norm = sum(float(p.grad.square().sum()) for p in cut.parameters() if p.grad is not None)
    assert worn_norm == pytest.approx(cut_norm, rel=1e-3)


def test_a_worn_design_follows_the_weights_of_the_supernet(supernet: Supernet) -> None:
    changed = copy.deepcopy(supernet)
    design = FAMILY.smallest()
    images = torch.randn(2, 3, 28, 28)
    worn = changed.wear(design).train()
    before = worn(images)
    with torch.no_grad():
        for parameter in changed.parameters():
            parameter.mul_(1.5).add_(0.01)
    after = worn(images)
    assert not torch.allclose(before, after)
    cut = changed.cut(design).train()(resize(images, FAMILY.resolution(design)))
    torch.testing.assert_close(after, cut, atol=1e-5, rtol=1e-5)


def test_wearing_and_cutting_draw_no_weights(supernet: Supernet) -> None:
    fresh = copy.deepcopy(supernet)
    design = FAMILY.space.sample(np.random.default_rng(3))
    before = torch.get_rng_state()
    fresh.cut(design)
    fresh.wear(design)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_cut_network_shares_no_memory_with_the_supernet(supernet: Supernet) -> None:
    before = {name: value.clone() for name, value in supernet.state_dict().items()}
    network = supernet.cut(FAMILY.largest())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    for name, value in supernet.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_a_cut_network_is_rebuilt_from_its_design_and_safetensors(supernet: Supernet) -> None:
    design = FAMILY.space.sample(np.random.default_rng(3))
    network = supernet.cut(design).eval()
    again = Network(FAMILY.blueprint(Design.from_json(design.to_json()))).eval()
    again.load_state_dict(load(save(network.state_dict())))
    images = torch.randn(2, 3, FAMILY.resolution(design), FAMILY.resolution(design))
    assert torch.equal(network(images), again(images))


def test_a_cut_network_holds_no_trace_of_the_supernet(supernet: Supernet) -> None:
    network = supernet.cut(FAMILY.smallest())
    owned = {type(module).__module__ for module in network.modules()}
    assert "sartor.nets.supernet" not in owned
    largest = max(p.numel() for p in network.parameters())
    assert all(p.untyped_storage().nbytes() == p.numel() * 4 for p in network.parameters())
    assert largest < max(p.numel() for p in supernet.parameters())


def test_moving_the_supernet_forgets_the_garments(supernet: Supernet) -> None:
    moved = copy.deepcopy(supernet)
    moved.wear(FAMILY.smallest())
    moved.double()
    logits = moved.wear(FAMILY.smallest()).train()(torch.randn(2, 3, 28, 28).double())
    assert logits.dtype == torch.float64
