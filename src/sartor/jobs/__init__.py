"""The stages of a job in order, each one resumable."""

from sartor.jobs.fit import Run, fit
from sartor.jobs.measure import measure
from sartor.jobs.measuring import Measured
from sartor.jobs.progress import Progress, Silent
from sartor.jobs.survey import Surveyed, survey

__all__ = ["Measured", "Progress", "Run", "Silent", "Surveyed", "fit", "measure", "survey"]
