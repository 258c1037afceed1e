"""Zero-cost proxies against what can be worked out by hand."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from sartor.cost.zero_cost import ZERO_COST
from sartor.cost.zero_cost.proxies.effectiveness import effectiveness
from sartor.cost.zero_cost.proxies.multiscale_entropy import multiscale_entropy
from sartor.cost.zero_cost.proxies.zen import STEP
from sartor.errors import OptionError
from sartor.nets import Layer

LABELS = torch.tensor([0, 1, 0, 2])


class Times(nn.Module):
    """Multiply by a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


class Listed(nn.Module):
    """Show an activation given numbers in place of the images."""

    def __init__(self, read: Tensor, activation: nn.Module) -> None:
        super().__init__()
        self.read = read
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.activation(self.read.clone())
        return out[: len(x)]


def linear_chain(widths: list[int], seed: int) -> nn.Sequential:
    generator = torch.Generator().manual_seed(seed)
    chain = nn.Sequential(nn.Flatten())
    for inputs, outputs in itertools.pairwise(widths):
        layer = nn.Linear(inputs, outputs, bias=False)
        with torch.no_grad():
            layer.weight.copy_(torch.randn(outputs, inputs, generator=generator))
        chain.append(layer)
    return chain


@given(widths=st.lists(st.integers(1, 6), min_size=2, max_size=5), seed=st.integers(0, 50))
def test_the_synaptic_flow_of_a_chain_is_its_output_times_its_layers(
    widths: list[int], seed: int
) -> None:
    net = linear_chain(widths, seed)
    flow = np.ones(widths[0])
    for weight in net.parameters():
        flow = np.abs(weight.detach().numpy().astype(float)) @ flow
    images = torch.zeros(1, widths[0], 1, 1)
    found = ZERO_COST["synflow"](net, images, LABELS[:1], 0)
    assert found == pytest.approx(flow.sum() * (len(widths) - 1), rel=1e-9)


def test_the_synaptic_flow_knows_no_batch_norm_and_no_sign() -> None:
    conv = nn.Conv2d(3, 4, 1, bias=False)
    images = torch.zeros(2, 3, 5, 5)
    plain = ZERO_COST["synflow"](conv, images, LABELS[:2], 0)
    assert plain == pytest.approx(25 * conv.weight.abs().sum().item(), rel=1e-6)
    norm = nn.BatchNorm2d(4)
    nn.init.constant_(norm.weight, 9.0)
    normed = nn.Sequential(conv, norm, nn.ReLU(inplace=True), nn.BatchNorm2d(4))
    assert ZERO_COST["synflow"](normed, images, LABELS[:2], 0) == pytest.approx(plain)
    with torch.no_grad():
        conv.weight.neg_()
    assert ZERO_COST["synflow"](conv, images, LABELS[:2], 0) == pytest.approx(plain)


def softmax_gradient(weight: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Differentiate the mean cross entropy of softmax(W x) by W, written out."""
    logits = x @ weight.T
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    gradient: np.ndarray = (shares - np.eye(len(weight))[LABELS]).T @ x / len(x)
    return gradient


def test_snip_and_the_norm_of_the_gradient_of_a_linear_classifier() -> None:
    net = linear_chain([2, 3], 4)
    images = torch.randn(4, 2, 1, 1, generator=torch.Generator().manual_seed(1))
    weight = next(net.parameters()).detach().numpy().astype(float)
    gradient = softmax_gradient(weight, images.flatten(1).numpy().astype(float))
    snip = ZERO_COST["snip"](net, images, LABELS, 0)
    norm = ZERO_COST["grad_norm"](net, images, LABELS, 0)
    assert snip == pytest.approx(np.abs(weight * gradient).sum(), rel=1e-5)
    assert norm == pytest.approx(np.linalg.norm(gradient), rel=1e-5)


def test_layers_on_which_nothing_depends_add_nothing() -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.idle = linear_chain([2, 3], 4), nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.used(x)
            return out

    images = torch.randn(4, 2, 1, 1, generator=torch.Generator().manual_seed(1))
    for name in ("synflow", "snip", "grad_norm"):
        alone = ZERO_COST[name](linear_chain([2, 3], 4), images, LABELS, 0)
        assert ZERO_COST[name](Idle(), images, LABELS, 0) == alone


ACTIVATIONS = [
    nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.LeakyReLU(), nn.PReLU(), nn.ELU(), nn.GELU(),
    nn.SiLU(), nn.Mish(), nn.Hardswish(), nn.Hardswish(inplace=True),
]  # fmt: skip


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_two_codes_have_the_determinant_of_their_distance(activation: nn.Module) -> None:
    # Of five bits two differ: det [[5, 3], [3, 5]].
    read = torch.tensor([[1.0, -1, 2, -3, 4], [1.0, 1, -2, -3, 4]])
    images = torch.zeros(2, 1, 1, 1)
    found = ZERO_COST["naswot"](Listed(read, activation), images, LABELS[:2], 0)
    assert found == pytest.approx(math.log(25 - 9))


def test_codes_of_all_activations_add_up() -> None:
    read = torch.tensor([[1.0, -1, 2, -3, 4], [1.0, 1, -2, -3, 4]])
    twice = Listed(read, nn.Sequential(nn.ReLU(), Times(-1.0), nn.ReLU()))
    # What a ReLU returns is never below zero: turned around no bit is on, and all five are common.
    found = ZERO_COST["naswot"](twice, torch.zeros(2, 1, 1, 1), LABELS[:2], 0)
    assert found == pytest.approx(math.log(10**2 - 8**2))


def test_images_with_one_code_are_told_apart_by_nothing() -> None:
    read = torch.tensor([[1.0, -1.0], [2.0, -3.0], [-1.0, 1.0]])
    net = Listed(read, nn.ReLU())
    assert ZERO_COST["naswot"](net, torch.zeros(3, 1, 1, 1), LABELS[:3], 0) == -math.inf


@pytest.mark.parametrize("activation", [nn.Identity(), nn.Sigmoid(), nn.Tanh(), nn.Hardtanh()])
def test_a_network_without_codes_is_refused(activation: nn.Module) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(2, 3), activation)
    with pytest.raises(OptionError, match="no activation that bends at zero"):
        ZERO_COST["naswot"](net, torch.zeros(4, 2, 1, 1), LABELS, 0)


def zen(*modules: nn.Module, seed: int = 0, images: int = 64) -> float:
    labels = torch.zeros(images, dtype=torch.int64)
    return ZERO_COST["zen"](nn.Sequential(*modules), torch.zeros(images, 3, 8, 8), labels, seed)


def test_the_zen_score_of_a_convolution() -> None:
    # Each of 16 x 64 numbers changes by a sum of three products of N(0, 1), times the step.
    found = np.mean([zen(nn.Conv2d(3, 16, 1), seed=seed) for seed in range(20)])
    assert found == pytest.approx(math.log(STEP * math.sqrt(16 * 64 * 3)), abs=0.1)


def test_what_a_batch_norm_divides_by_is_added_again() -> None:
    for seed in range(3):
        alone = zen(nn.Conv2d(3, 16, 1), seed=seed)
        assert zen(nn.Conv2d(3, 16, 1), nn.BatchNorm2d(16), seed=seed) == pytest.approx(
            alone, abs=0.15
        )


@given(factor=st.floats(0.01, 100))
@settings(max_examples=20)
def test_a_factor_adds_its_logarithm_to_the_zen_score(factor: float) -> None:
    conv, norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, eps=1e-12)
    bare, scaled = zen(conv, images=8), zen(conv, Times(factor), images=8)
    assert scaled - bare == pytest.approx(math.log(factor), abs=1e-3)
    normed, both = zen(conv, norm, images=8), zen(conv, Times(factor), norm, images=8)
    assert both - normed == pytest.approx(math.log(factor), abs=1e-2)


def test_the_zen_score_does_not_depend_on_the_weights_nor_on_what_follows_the_maps() -> None:
    conv = nn.Conv2d(3, 4, 3)
    before = zen(conv)
    nn.init.constant_(conv.weight, 3.0)
    assert zen(conv) == before
    assert zen(conv, nn.AdaptiveAvgPool2d(1), nn.Flatten(), Times(5.0)) == before


def test_images_that_change_nothing_score_below_all() -> None:
    assert zen(nn.Conv2d(3, 4, 3), Times(0.0)) == -math.inf


def conv(inputs: int, outputs: int, size: int, kernel: int = 3) -> Layer:
    return Layer("conv", inputs, outputs, size, kernel, norm=True)


def test_depth_over_width() -> None:
    operations = [conv(3, 16, 8), conv(16, 16, 8, kernel=1), Layer("conv", 16, 4, 1)]
    assert effectiveness(operations) == pytest.approx(2 / math.sqrt(27 * 16))
    assert effectiveness([]) == 0


def test_the_entropy_at_every_scale() -> None:
    operations = [conv(3, 16, 8), conv(16, 8, 8), conv(8, 32, 4)]
    until, whole = math.log(27) + math.log(144), math.log(27) + math.log(144) + math.log(72)
    expected = math.log(64 * 8) * until + 8 * math.log(16 * 32) * whole
    assert multiscale_entropy(operations) == pytest.approx(expected)
    assert multiscale_entropy([]) == 0
