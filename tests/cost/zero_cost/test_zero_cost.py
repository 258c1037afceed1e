"""What every zero-cost proxy keeps; the registry is walked."""

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sartor.cost.designs import count, layers
from sartor.cost.zero_cost import ZERO_COST, ZeroCost
from sartor.cost.zero_cost.protocol import Counted
from sartor.cost.zero_cost.tracing import traced_layers
from sartor.errors import OptionError
from sartor.nets import Network, mobile, resize
from sartor.nets.families import published, published_designs
from sartor.space import Design
from tiny_family import tiny

FAMILY = mobile(resolution=24, channels=3, classes=5)
DATA_FREE = sorted({"synflow", "zen"} | {n for n in ZERO_COST if isinstance(ZERO_COST[n], Counted)})


@pytest.fixture(params=list(ZERO_COST))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def proxy(name: str) -> ZeroCost:
    return ZERO_COST[name]


def batch(seed: int = 0, count: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(count, 3, 24, 24, generator=generator)
    return images, torch.randint(5, (count,), generator=generator)


def network(seed: int = 0) -> Network:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Network(FAMILY.blueprint(FAMILY.space.sample(np.random.default_rng(seed))))


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_left_as_it_is(proxy: ZeroCost, training: bool) -> None:
    net = network().train(training)
    first, *others = net.parameters()
    first.grad = torch.full_like(first, 0.5)
    others[0].requires_grad_(False)
    next(net.children()).train(not training)
    before = copy.deepcopy(net)
    proxy(net, *batch(), 3)
    assert all(torch.equal(it, net.state_dict()[key]) for key, it in before.state_dict().items())
    assert [it.training for it in net.modules()] == [it.training for it in before.modules()]
    assert torch.equal(first.grad, torch.full_like(first, 0.5))
    assert all(it.grad is None for it in others)
    assert [it.requires_grad for it in net.parameters()] == [
        it.requires_grad for it in before.parameters()
    ]
    assert not any(it._forward_hooks or it._forward_pre_hooks for it in net.modules())


def test_torchs_randomness_is_left_as_it_is(proxy: ZeroCost) -> None:
    before = torch.get_rng_state()
    proxy(network(), *batch(), 3)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_same_seed_gives_the_same_finite_number(proxy: ZeroCost) -> None:
    net = nn.Sequential(network(), nn.Dropout(0.5), nn.Linear(5, 5))
    score = proxy(net, *batch(), 3)
    torch.rand(7)
    assert proxy(net, *batch(), 3) == score
    assert math.isfinite(score)
    assert isinstance(score, float)


def test_the_mode_and_whether_gradients_are_kept_change_nothing(proxy: ZeroCost) -> None:
    net = network()
    score = proxy(net.train(), *batch(), 3)
    with torch.no_grad():
        assert proxy(net.eval(), *batch(), 3) == score


def test_it_computes_where_the_network_is(proxy: ZeroCost) -> None:
    # On another default device every tensor that is made without saying where would be there.
    net, (images, labels) = network(), batch()
    score = proxy(net, images, labels, 3)
    with torch.device("meta"):
        assert proxy(net, images, labels, 3) == score


def test_the_precision_of_the_network_counts_and_not_that_of_the_images(proxy: ZeroCost) -> None:
    images, labels = batch()
    in_double = proxy(network().double(), images, labels, 3)
    assert in_double == pytest.approx(proxy(network(), images, labels, 3), rel=0.2)


@pytest.mark.parametrize("name", DATA_FREE)
def test_of_the_data_only_the_shape_matters(name: str) -> None:
    net = network()
    assert ZERO_COST[name](net, *batch(0), 3) == ZERO_COST[name](net, *batch(1), 3)


@pytest.mark.parametrize("name", sorted(set(ZERO_COST) - set(DATA_FREE)))
def test_the_images_matter(name: str) -> None:
    net = network()
    assert ZERO_COST[name](net, *batch(0), 3) != ZERO_COST[name](net, *batch(1), 3)


def test_one_image_is_refused_or_enough(name: str, proxy: ZeroCost) -> None:
    net, (images, labels) = network(), batch(count=1)
    if name in DATA_FREE and name != "zen":
        assert proxy(net, images, labels, 0) == proxy(net, *batch(), 0)
    else:
        with pytest.raises(OptionError, match=f"{name} got 1 image; it compares images: give"):
            proxy(net, images, labels, 0)


def test_a_network_that_overflows_is_below_all_others(name: str, proxy: ZeroCost) -> None:
    class Overflowing(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * math.inf

    net = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), Overflowing(), nn.ReLU(), nn.Flatten(), nn.Linear(2304, 5)
    )
    score = proxy(net, *batch(), 0)
    if isinstance(proxy, Counted):
        assert score >= 0
    elif name != "naswot":  # signs are told of infinite numbers too
        assert score == -math.inf


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(OptionError, match="seed is -1; allowed: 0 and more"):
        ZERO_COST["synflow"](network(), *batch(), -1)


@pytest.mark.parametrize("name", ["synflow", "snip", "grad_norm"])
def test_a_network_without_weights_is_refused(name: str) -> None:
    net = nn.Sequential(nn.ReLU(), nn.Flatten())
    with pytest.raises(OptionError, match=f"no convolution and no linear layer.*{name}"):
        ZERO_COST[name](net, *batch(), 0)


@pytest.mark.parametrize("name", ["snip", "grad_norm"])
def test_labels_that_are_not_as_many_are_refused(name: str) -> None:
    images, labels = batch()
    with pytest.raises(OptionError, match="got 6 images and 5 labels; give one for each"):
        ZERO_COST[name](network(), images, labels[:5], 0)


def designs() -> st.SearchStrategy[Design]:
    return st.integers(0, 2**32 - 1).map(lambda s: FAMILY.space.sample(np.random.default_rng(s)))


@given(design=designs())
@settings(max_examples=25)
def test_what_is_counted_of_a_network_is_what_is_counted_of_its_design(design: Design) -> None:
    net = Network(FAMILY.blueprint(design))
    images = resize(batch()[0], FAMILY.resolution(design))
    told = [placed.layer for placed in layers(FAMILY, design)]
    counted = {n: it for n in ZERO_COST if isinstance(it := ZERO_COST[n], Counted)}
    assert len(counted) >= 5
    for name, measure in counted.items():
        assert measure.of_layers(told) == pytest.approx(measure.of_network(net, images)), name


@pytest.mark.parametrize("name", list(published_designs()))
def test_published_networks_are_counted_as_they_are_built(name: str) -> None:
    family, design = published(name)
    net = Network(family.blueprint(design))
    images, expected = torch.zeros(1, 3, 224, 224), count(family, design)
    labels = torch.zeros(1, dtype=torch.int64)
    assert ZERO_COST["macs"](net, images, labels, 0) == expected.macs
    assert ZERO_COST["params"](net, images, labels, 0) == expected.params
    assert ZERO_COST["entropy"](net, images, labels, 0) == pytest.approx(expected.entropy)


@pytest.mark.parametrize(
    ("net", "sentence"),
    [
        (nn.Sequential(nn.Conv2d(3, 4, (3, 1))), "the kernel of 0 is 3 by 1; only what is square"),
        (nn.Sequential(nn.Conv2d(3, 4, 3, (2, 1))), "the stride of 0 is 2 by 1"),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding=(1, 0))), "the map of 0 is 24 by 22"),
        (nn.Sequential(nn.Flatten(2), nn.Linear(576, 4)), "on 3 axes"),
        (nn.Sequential(nn.ConvTranspose2d(3, 4, 3)), "ConvTranspose2d, whose work is not known"),
    ],
)
def test_what_cannot_be_counted_is_refused(net: nn.Module, sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        traced_layers(net, batch()[0])


def test_a_small_family_is_scored_by_all() -> None:
    family = tiny(resolution=24, channels=3, classes=5)
    for place in (0, -1):
        net = Network(family.blueprint(family.space.extreme(place)))
        scores = [ZERO_COST[name](net, *batch(), 0) for name in ZERO_COST]
        assert all(map(math.isfinite, scores))
