"""What a design costs: counting, and models fitted to a survey of designs on a target."""

from sartor.cost.designs.count import Counts, count, layers
from sartor.cost.designs.latency import LatencyModel
from sartor.cost.designs.precision import (
    Deployment,
    deployed,
    deployment,
    deployment_space,
    float_nodes,
)
from sartor.cost.designs.survey import Survey
from sartor.cost.designs.surveyor import Surveyor, survey_file

__all__ = [
    "Counts",
    "Deployment",
    "LatencyModel",
    "Survey",
    "Surveyor",
    "count",
    "deployed",
    "deployment",
    "deployment_space",
    "float_nodes",
    "layers",
    "survey_file",
]
