"""What a network or a design costs: counting, and models fitted to a survey of a target."""

from sartor.cost.anchors import pace_of
from sartor.cost.count import Counts, count, layers
from sartor.cost.latency import LatencyError, LatencyModel
from sartor.cost.precision import (
    Deployment,
    deployed,
    deployment,
    deployment_space,
    float_nodes,
)
from sartor.cost.survey import Survey
from sartor.cost.surveyor import Surveyor, survey_file

__all__ = [
    "Counts",
    "Deployment",
    "LatencyError",
    "LatencyModel",
    "Survey",
    "Surveyor",
    "count",
    "deployed",
    "deployment",
    "deployment_space",
    "float_nodes",
    "layers",
    "pace_of",
    "survey_file",
]
