"""Strategies: which designs are evaluated next. One file each, registered by name."""

from sartor.search.strategies import (
    ensemble,
    evolution,
    gp,
    local,
    nsga2,
    nsga3,
    policy,
    predictor,
    random,
    tpe,
)

__all__ = [
    "ensemble",
    "evolution",
    "gp",
    "local",
    "nsga2",
    "nsga3",
    "policy",
    "predictor",
    "random",
    "tpe",
]
