"""Strategies: which designs are evaluated next. One file each, registered by name."""

from sartor.search.strategies import ensemble, evolution, local, nsga2, nsga3, predictor, random

__all__ = ["ensemble", "evolution", "local", "nsga2", "nsga3", "predictor", "random"]
