"""The optimizer of a training."""

from typing import Any

import torch
from torch import nn

from sartor.train.muon import Muon, is_matrix
from sartor.train.recipe import Recipe


def optimizer_of(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Make the optimizer of a recipe. The learning rate of each group is to be set in every step.

    Returns:
        SGD, or Muon where the recipe has a rate for matrices. Every group has its highest learning
        rate as `top`.
    """
    groups = _groups(model, recipe)
    if recipe.matrix_rate is not None:
        return Muon(groups)
    return torch.optim.SGD(
        groups, lr=recipe.top, momentum=recipe.momentum, nesterov=recipe.momentum > 0
    )


def _groups(model: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """Split parameters by what is done to them: matrices, other weights, norms and biases."""
    muon = recipe.matrix_rate is not None
    every = list(model.parameters())
    matrices = [p for p in every if muon and is_matrix(p)]
    weights = [p for p in every if p.ndim > 1 and not (muon and is_matrix(p))]
    vectors = [p for p in every if p.ndim <= 1]
    groups = (
        (matrices, recipe.matrix_rate, recipe.matrix_decay, True),
        (weights, recipe.top, recipe.weight_decay, False),
        (vectors, recipe.top, 0.0, False),
    )
    return [
        {
            "params": parameters,
            "top": top,
            "lr": top,
            "momentum": recipe.momentum,
            "weight_decay": decay,
            "orthogonal": orthogonal,
        }
        for parameters, top, decay, orthogonal in groups
        if parameters
    ]
