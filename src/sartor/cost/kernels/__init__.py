"""Predicts the latency of any network on a target from the kernels that its runtime executes."""

from sartor.cost.kernels.extract import kernels_of
from sartor.cost.kernels.kernel import Kernel
from sartor.cost.kernels.model import Prediction
from sartor.cost.kernels.pace import at_pace
from sartor.cost.kernels.sample import Pace
from sartor.cost.kernels.survey import (
    Asked,
    KernelSurvey,
    kernel_survey_file,
    merge,
    survey_kernels,
)
from sartor.cost.kernels.surveyor import KernelSurveyor, pace_by_length
from sartor.cost.kernels.transferred import (
    TransferredSurvey,
    load_survey,
    transfer_survey,
)

__all__ = [
    "Asked",
    "Kernel",
    "KernelSurvey",
    "KernelSurveyor",
    "Pace",
    "Prediction",
    "TransferredSurvey",
    "at_pace",
    "kernel_survey_file",
    "kernels_of",
    "load_survey",
    "merge",
    "pace_by_length",
    "survey_kernels",
    "transfer_survey",
]
