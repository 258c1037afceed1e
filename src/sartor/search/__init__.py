"""Search: strategies, accuracy predictors, fronts.

Sees spaces and numbers, never a tensor of a network.
"""

from sartor.search import strategies
from sartor.search.baselines import same_cost
from sartor.search.capacity import richest
from sartor.search.feasible import sample_feasible, stratified
from sartor.search.front import choose, evenly, hypervolume, knee, non_dominated
from sartor.search.predictors import Prediction, Predictor, rank_correlation
from sartor.search.protocol import OBJECTIVES, STRATEGIES, Estimate, Problem, Scored, Strategy
from sartor.search.run import Study, run
from sartor.search.workers import Evaluate, Processes, Ray, Workers

__all__ = [
    "OBJECTIVES",
    "STRATEGIES",
    "Estimate",
    "Evaluate",
    "Prediction",
    "Predictor",
    "Problem",
    "Processes",
    "Ray",
    "Scored",
    "Strategy",
    "Study",
    "Workers",
    "choose",
    "evenly",
    "hypervolume",
    "knee",
    "non_dominated",
    "rank_correlation",
    "richest",
    "run",
    "same_cost",
    "sample_feasible",
    "strategies",
    "stratified",
]
