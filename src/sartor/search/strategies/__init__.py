"""Strategies: which designs are evaluated next. One file each, registered by name."""

from sartor.search.strategies import evolution, local, nsga2, nsga3, predictor, random

__all__ = ["evolution", "local", "nsga2", "nsga3", "predictor", "random"]
