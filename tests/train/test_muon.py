"""Orthogonal updates."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from sartor.train import Budget, Recipe, Training, run
from sartor.train.muon import COEFFICIENTS, ITERATIONS, Muon, orthogonal

sides = st.integers(1, 40)


def newton_schulz(matrix: Tensor) -> Tensor:
    """Iterate on the whole matrix, as Jordan et al. write it."""
    a, b, c = COEFFICIENTS
    x: Tensor = matrix / matrix.norm()
    for _ in range(ITERATIONS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


@settings(deadline=None)
@given(sides, sides, st.integers(0, 99))
def test_it_is_the_newton_schulz_iteration(rows: int, columns: int, seed: int) -> None:
    matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)).double()
    wide = matrix if rows <= columns else matrix.T
    expected = newton_schulz(wide)
    expected = expected if rows <= columns else expected.T
    torch.testing.assert_close(orthogonal(matrix), expected, rtol=1e-6, atol=1e-8)


def test_singular_values_come_near_one() -> None:
    matrix = torch.randn(24, 90, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonal(matrix))
    assert 0.6 < values.min() < values.max() < 1.3


def test_weights_that_took_no_part_stay_as_they_are() -> None:
    """A supernet's gradients are zero outside of the slice that was worn."""
    matrix = torch.zeros(16, 36)
    matrix[:8, :18] = torch.randn(8, 18)
    update = orthogonal(matrix)
    assert update[8:].abs().max() == update[:, 18:].abs().max() == 0
    assert update[:8, :18].abs().max() > 0
    assert orthogonal(torch.zeros(4, 5)).abs().max() == 0


def test_matrices_are_orthogonal_and_all_else_is_plain_sgd() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3, groups=8), nn.Flatten(),
        nn.LazyLinear(2),
    )  # fmt: skip
    network(torch.randn(2, 3, 8, 8)).square().sum().backward()
    recipe = Recipe(matrix_rate=0.02, matrix_decay=0.0, weight_decay=0.0, momentum=0.0)
    training = Training(network, recipe)
    assert isinstance(training.optimizer, Muon)
    before = {name: it.detach().clone() for name, it in network.named_parameters()}
    training.optimizer.step()
    for name, parameter in network.named_parameters():
        moved = (before[name] - parameter).detach()
        if name == "0.weight":
            assert 0.01 < torch.linalg.svdvals(moved.flatten(1)).max() < 0.03
        else:
            assert parameter.grad is not None
            torch.testing.assert_close(moved, 0.1 * parameter.grad)


@pytest.mark.parametrize("matrix_rate", [None, 0.02])
def test_a_network_trained_with_it_goes_on_as_if_unbroken(matrix_rate: float | None) -> None:
    images, labels = torch.randn(16, 3, 8, 8), torch.randint(0, 2, (16,))

    def begin() -> Training:
        torch.manual_seed(0)
        network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 2))
        return Training(network, Recipe(matrix_rate=matrix_rate))

    def learn(training: Training, steps: int, until: int) -> None:
        def gradients(_: int, __: float) -> Tensor:
            loss = nn.functional.cross_entropy(training.model(images), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            return loss.detach()

        for _ in range(steps):
            training.advance(gradients, training.step / until)

    whole, first, second = begin(), begin(), begin()
    learn(whole, 6, 6)
    learn(first, 3, 6)
    kept = {name: value.clone() for name, value in first.tensors().items()}
    second.restore(kept, {"step": 3, "seconds": 0.0})
    learn(second, 3, 6)
    for name, value in whole.tensors().items():
        assert torch.equal(value, second.tensors()[name]), name
    run(whole, lambda *_: torch.zeros(()), Budget(steps=6))
    assert whole.step == 6
