"""Strategies: which designs are evaluated next. One file each, registered by name."""

from sartor.search.strategies import (
    agemoea,
    boshnas,
    deepmad,
    eeea,
    ensemble,
    evolution,
    gp,
    local,
    netadapt,
    nsga2,
    nsga3,
    policy,
    predictor,
    random,
    tinynets,
    tpe,
)

__all__ = [
    "agemoea",
    "boshnas",
    "deepmad",
    "eeea",
    "ensemble",
    "evolution",
    "gp",
    "local",
    "netadapt",
    "nsga2",
    "nsga3",
    "policy",
    "predictor",
    "random",
    "tinynets",
    "tpe",
]
