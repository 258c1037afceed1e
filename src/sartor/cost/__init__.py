"""What a network or a design costs: counting, and models fitted to a survey of a target."""

from sartor.cost.anchors import pace_of
from sartor.cost.count import Counts, count, layers
from sartor.cost.energy import Estimate, energy_of, estimate_energy
from sartor.cost.latency import LatencyError, LatencyModel
from sartor.cost.microcontroller import Fit, Microcontroller, fit_on, open_microcontroller
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
    "Estimate",
    "Fit",
    "LatencyError",
    "LatencyModel",
    "Microcontroller",
    "Survey",
    "Surveyor",
    "count",
    "deployed",
    "deployment",
    "deployment_space",
    "energy_of",
    "estimate_energy",
    "fit_on",
    "float_nodes",
    "layers",
    "open_microcontroller",
    "pace_of",
    "survey_file",
]
