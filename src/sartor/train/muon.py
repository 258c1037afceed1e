"""Muon: momentum whose updates of weight matrices are orthogonal."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
SMALLEST = 1e-7
"""Norm below which an update counts as zero."""


class Muon(torch.optim.Optimizer):
    """Orthogonal updates for dense weights, plain Nesterov momentum for everything else.

    `torch.optim.Muon` takes matrices only and computes in bfloat16, which is slow on a CPU without
    it. This one reads a convolution's weight (o, i, k, k) as a matrix (o, i * k * k) and computes
    in float32 on the smaller side of the matrix.

    Args:
        groups: Parameters with `lr`, `momentum` and `weight_decay`, which is decoupled where
            `orthogonal` is true and an L2 penalty where it is not.

    Source:
        Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; Liu et al.
        2025, arXiv:2502.16982, for the weight decay.
    """

    def __init__(self, groups: Iterable[dict[str, Any]]) -> None:
        super().__init__(groups, {"orthogonal": False})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update all parameters that have a gradient."""
        assert closure is None, "Muon evaluates its gradients once"
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group)

    def _update(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        if not group["orthogonal"] and group["weight_decay"]:
            gradient = gradient.add(parameter, alpha=group["weight_decay"])
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        average = state["momentum_buffer"].mul_(group["momentum"]).add_(gradient)
        update = gradient.add(average, alpha=group["momentum"])
        rate = group["lr"]
        if group["orthogonal"]:
            matrix = update.flatten(1)  # (o, i * k * k)
            update = orthogonal(matrix).reshape(update.shape)
            parameter.mul_(1 - rate * group["weight_decay"])
            rate *= math.sqrt(max(1.0, matrix.shape[0] / matrix.shape[1]))
        parameter.add_(update, alpha=-rate)


def orthogonal(matrix: Float[Tensor, "o i"]) -> Float[Tensor, "o i"]:
    """Bring all singular values of a matrix near 1; rows and columns of zeros stay zero.

    Newton-Schulz iterations X <- (a + b G + c G^2) X with G = X X^T. All factors are polynomials of
    the first G, so that they are multiplied on the smaller side, and with X once at the end.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / x.norm().clamp(min=SMALLEST)
    a, b, c = COEFFICIENTS
    gram = x @ x.T
    product: Tensor | None = None
    for iteration in range(ITERATIONS):
        factor = torch.addmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal().add_(a)
        product = factor if product is None else factor @ product
        if iteration < ITERATIONS - 1:
            gram = factor @ gram @ factor
    assert product is not None
    result: Tensor = product @ x
    return result.T if tall else result


def is_matrix(parameter: nn.Parameter) -> bool:
    """Tell whether a parameter is the weight of a convolution that mixes channels."""
    return parameter.ndim == 4 and parameter.shape[1] > 1
