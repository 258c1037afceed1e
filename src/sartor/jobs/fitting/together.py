"""Candidates that are trained side by side, each for its share of the time."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from sartor.jobs.fitting.candidates import Candidate
from sartor.train import Crew, Report, Work, makespan

T = TypeVar("T")


def tuning_shares(candidates: Sequence[Candidate]) -> dict[str, float]:
    """Divide the time for tuning, by id: in proportion to the predicted latency, so that all see
    the training split about as often.
    """
    weights = {it.id: it.promised["latency_ms"].value for it in candidates}
    total = sum(weights.values())
    return {key: weight / total for key, weight in weights.items()}


def train_together(
    crew: Crew,
    candidates: Sequence[Candidate],
    note: str,
    seconds: float | None,
    train: Callable[[Candidate, float | None, Report], T],
) -> list[T]:
    """Train candidates, the slowest first; return what came of it in the order given.

    Args:
        crew: Does it.
        candidates: All of them.
        note: What is done, for the progress.
        seconds: Time until all is done; None where the budget is in steps.
        train: Given a candidate, its seconds or None, and what it has to call about once a second.
    """
    shares = tuning_shares(candidates)
    order = sorted(candidates, key=lambda it: (-shares[it.id], it.id))
    span = makespan([shares[it.id] for it in order], crew.places)

    def work(candidate: Candidate) -> Work[T]:
        share = shares[candidate.id]
        own = None if seconds is None else seconds * share / span
        return Work(f"{note} {candidate.id}", share, partial(train, candidate, own))

    done = crew.run([work(it) for it in order])
    results = {it.id: result for it, result in zip(order, done, strict=True)}
    return [results[it.id] for it in candidates]
