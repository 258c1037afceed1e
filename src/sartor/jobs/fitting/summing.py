"""The result for programs: `summary.json`."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sartor.cost.designs import Survey, count
from sartor.jobs.fitting.building import Built
from sartor.jobs.fitting.describing import stages
from sartor.jobs.fitting.finishing import Plan
from sartor.jobs.fitting.heats import Heat
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.judging import verdict
from sartor.jobs.fitting.searching import SEARCH, searched_limits
from sartor.jobs.fitting.verifying import Program, Verified, rank_correlation
from sartor.jobs.fitting.versus import Rival
from sartor.search import OBJECTIVES, Study, non_dominated
from sartor.study import Trials
from sartor.units import Measurement

VERSION = 1


@dataclass(frozen=True, slots=True)
class RivalResult:
    """A network to compare with, and what was measured of it."""

    rival: Rival
    program: Program
    trained: Measurement
    macs: int | None
    params: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a run has found."""

    plan: Plan
    built: Sequence[Built]
    rivals: Sequence[RivalResult]
    verified: Mapping[str, Verified]
    """By id of a candidate or rival."""
    pace: float
    """Milliseconds of the survey's anchors when the networks were verified."""
    survey: Survey
    study: Study
    trials: Trials
    training: Mapping[str, Any]
    quality: Mapping[str, float]
    """What the strategy knows of its own quality."""


def summarise(job: Job, outcome: Outcome) -> dict[str, Any]:
    """Write all of a run as plain data, after `docs/summary.md`."""
    networks = {it.candidate.id: _network(job, it, outcome) for it in outcome.built}
    picks = _fastest_first([networks[it.id] for it in outcome.plan.picks])
    versus = [_rival(it, outcome.verified[it.rival.id]) for it in outcome.rivals]
    baselines = _baselines(outcome, networks) | {"versus": versus}
    return {
        "version": VERSION,
        "status": "done" if picks else "limits_not_kept",
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "asked": job.asked.to_json(),
        "task": _task(job),
        "target": {
            "name": job.target.name,
            "threads": job.target.threads,
            "id": job.target.id,
            "fingerprint": dict(job.target.fingerprint),
            "pace": {"surveyed_ms": outcome.survey.pace, "verified_ms": outcome.pace},
        },
        "limits": [
            {"metric": it.metric, "bound": it.bound, "direction": it.direction, "text": str(it)}
            for it in job.limits
        ],
        "space": {
            "family": job.family.name,
            "designs": f"{outcome.trials.space.count():.2e}",
            "choices": len(outcome.trials.space),
            "fingerprint": outcome.trials.space.fingerprint,
        },
        "survey": outcome.survey.errors_json(),
        "training": dict(outcome.training),
        "search": _search(job, outcome),
        "front": _front(list(networks.values())),
        "picks": picks,
        "baselines": baselines,
        "verdict": verdict(picks, baselines, outcome.plan.reference),
        "rejected": [{"id": key, "reason": reason} for key, reason in outcome.plan.rejected],
        "stages": [
            {"name": name, "seconds": round(seconds, 2)}
            for name, seconds in job.folder.stage_seconds().items()
        ],
    }


def _network(job: Job, built: Built, outcome: Outcome) -> dict[str, Any]:
    candidate, how = built.candidate, built.how
    verified = outcome.verified[candidate.id]
    counts = count(job.family, candidate.design)
    promised = candidate.promised
    return _measured(candidate.id, verified, how.runtime, how.precision) | {
        "name": candidate.id,
        "role": candidate.role,
        "macs": counts.macs,
        "params": counts.params,
        "promised": {
            "accuracy": promised["accuracy"].to_json(),
            "latency_ms": promised["latency_ms"].to_json(),
        },
        "inherited_accuracy": built.inherited.to_json(),
        "tuned_accuracy": built.tuned.to_json(),
        "design": dict(candidate.design),
        "stages": stages(job.family, candidate.design, how),
    }


def _rival(result: RivalResult, verified: Verified) -> dict[str, Any]:
    program = result.program
    precision = "int8" if "int8" in program.file.name else program.precision
    return _measured(result.rival.id, verified, program.runtime, precision) | {
        "name": f"{result.rival.name} at {result.rival.resolution} pixels",
        "role": "versus",
        "macs": result.macs,
        "params": result.params,
        "promised": None,
        "inherited_accuracy": None,
        "tuned_accuracy": result.trained.to_json(),
        "trained_seconds": round(result.seconds, 1),
        "design": None,
        "stages": [],
    }


def _measured(key: str, verified: Verified, runtime: str, precision: str) -> dict[str, Any]:
    return {
        "id": key,
        "file": f"designs/{key}/model.onnx",
        "card": f"designs/{key}/card.json",
        "runtime": runtime,
        "precision": precision,
        "accuracy": verified.accuracy.overall.to_json(),
        "latency_ms": verified.latency_ms.to_json(),
        "latency_trustworthy": verified.timing.trustworthy,
        "size_bytes": verified.size_bytes,
        "peak_bytes": verified.peak_bytes,
    }


def _baselines(outcome: Outcome, networks: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    by_role = {
        role: [n for n in networks.values() if n["role"] == role] for role in ("random", "scaled")
    }
    proxies = [it.promised["accuracy"].value for it in outcome.plan.randoms]
    spread = None
    if proxies:
        low, high = np.quantile(proxies, (0.025, 0.975))
        mean = Measurement(float(np.mean(proxies)), "proxy", float(low), float(high))
        spread = mean.to_json() | {"spread": float(np.std(proxies))}
    random = by_role["random"]
    return {
        "random": {
            "count": len(proxies),
            "accuracy": spread,
            "at_same_cost_as": outcome.plan.reference or None,
            "verified": random[0] if random else None,
        },
        "scaled": {"verified": by_role["scaled"]},
    }


def _front(networks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    values = [[it[name]["value"] for name in OBJECTIVES] for it in networks]
    front = [networks[place] for place in non_dominated(values, tuple(OBJECTIVES.values()))]
    return _fastest_first(front)


def _fastest_first(networks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(networks, key=lambda it: it["latency_ms"]["value"])


def _search(job: Job, outcome: Outcome) -> dict[str, Any]:
    from sartor.cost.designs import deployment

    front = {trial.design.id for trial in outcome.study.front}
    trials = []
    for trial in outcome.trials.all():
        if trial.state != "done":
            continue
        how = deployment(trial.design)
        trials.append(
            {
                "id": trial.design.id,
                "accuracy": trial.measurements["accuracy"].to_json(),
                "latency_ms": trial.measurements["latency_ms"].to_json(),
                "size_bytes": round(trial.value("size_bytes")),
                "runtime": how.runtime,
                "precision": how.precision,
                "origin": trial.origin,
                "front": trial.design.id in front,
            }
        )
    pairs = [
        (it.candidate.promised["accuracy"].value, outcome.verified[it.candidate.id])
        for it in outcome.built
    ]
    heats = outcome.plan.heats
    return {
        "strategy": job.asked.strategy,
        "evaluations": sum(trial["origin"] == SEARCH for trial in trials),
        "limits": [str(limit) for limit in searched_limits(job)],
        "rank_correlation_proxy_verified": rank_correlation(
            [promised for promised, _ in pairs],
            [verified.accuracy.overall.value for _, verified in pairs],
        ),
        "heats": [_heat(it, outcome.plan) for it in heats],
        "rank_correlation_proxy_heats": rank_correlation(
            [it.candidate.promised["accuracy"].value for it in heats],
            [it.tuned.value for it in heats],
        ),
        "predictor_rank_correlation": outcome.quality.get("predictor_rank_correlation"),
        "trials": trials,
    }


def _heat(heat: Heat, plan: Plan) -> dict[str, Any]:
    return {
        "id": heat.candidate.id,
        "latency_ms": heat.candidate.promised["latency_ms"].to_json(),
        "inherited_accuracy": heat.inherited.to_json(),
        "tuned_accuracy": heat.tuned.to_json(),
        "chosen": any(it.id == heat.candidate.id for it in plan.candidates),
    }


def _task(job: Job) -> dict[str, Any]:
    task = job.task
    return {
        "name": task.name,
        "source": task.source,
        "classes": list(task.classes),
        "channels": task.channels,
        "resolution": task.resolution,
        "items": {
            "train": len(task.train),
            "validation": len(task.validation),
            "test": len(task.test),
        },
        "fingerprint": task.fingerprint,
        "skipped": list(task.skipped),
        "notes": list(task.notes),
    }
