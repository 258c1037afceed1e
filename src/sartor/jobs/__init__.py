"""The stages of a job in order, each one resumable."""

from sartor.jobs.fit import Run, fit
from sartor.jobs.progress import Progress, Silent

__all__ = ["Progress", "Run", "Silent", "fit"]
