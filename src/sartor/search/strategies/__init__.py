"""Strategies: which designs are evaluated next. One file each, registered by name."""

from sartor.search.strategies.nsga2 import Nsga2
from sartor.search.strategies.predictor import PredictorGuided
from sartor.search.strategies.random import Random

__all__ = ["Nsga2", "PredictorGuided", "Random"]
