"""The stages of a job in order, each one resumable. Each verb is a module of its own, fetched when
it is used: `sartor.fit` is `sartor.jobs.fit.fit`. Here stands what all of them report to."""

from sartor.jobs.progress import Progress, Silent

__all__ = ["Progress", "Silent"]
