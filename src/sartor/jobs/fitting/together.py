"""Candidates that are trained side by side, each for its share of the time."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from sartor.jobs.fitting.candidates import Candidate
from sartor.train import Crew, Report, Work, makespan

T = TypeVar("T")


def train_together(
    crew: Crew,
    candidates: Sequence[Candidate],
    costs: Mapping[str, float],
    note: str,
    seconds: float | None,
    train: Callable[[Candidate, float | None, Report], T],
) -> list[T]:
    """Train candidates, the costliest first; return what came of it in the order given.

    The time is divided in proportion to what a step costs, so that all see the training split about
    as often.

    Args:
        crew: Does it.
        candidates: All of them.
        costs: Of training each for one image, by id, in any unit.
        note: What is done, for the progress.
        seconds: Time until all is done; None where the budget is in steps.
        train: Given a candidate, its seconds or None, and what it has to call about once a second.
    """
    total = sum(costs[it.id] for it in candidates)
    order = sorted(candidates, key=lambda it: (-costs[it.id], it.id))
    span = makespan([costs[it.id] for it in order], crew.places)

    def work(candidate: Candidate) -> Work[T]:
        cost = costs[candidate.id]
        own = None if seconds is None else seconds * cost / span
        return Work(f"{note} {candidate.id}", cost / total, partial(train, candidate, own))

    done = crew.run([work(it) for it in order])
    results = {it.id: result for it, result in zip(order, done, strict=True)}
    return [results[it.id] for it in candidates]
