"""Predictors: what an evaluation would measure, learned from trials.

A metric is learned by a Gaussian process on the scale that suits it, and by members that join it;
a member is one file that registers itself. What an earlier study learned is carried over by
`Source` and `Transferred`.
"""

from sartor.search.predictors.encoder import Encoder
from sartor.search.predictors.predictor import Prediction, Predictor, rank_correlation
from sartor.search.predictors.process import Process
from sartor.search.predictors.protocol import MEMBERS, Member, Prepared
from sartor.search.predictors.transfer import Source, Transferred

__all__ = [
    "MEMBERS",
    "Encoder",
    "Member",
    "Prediction",
    "Predictor",
    "Prepared",
    "Process",
    "Source",
    "Transferred",
    "rank_correlation",
]
