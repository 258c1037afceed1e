"""From candidates to the result: finished, compared, verified, written down."""

import json
from collections.abc import Mapping
from typing import Any

from sartor.jobs.fitting.building import Built
from sartor.jobs.fitting.cards import write_cards
from sartor.jobs.fitting.finishing import Finisher, Plan
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.summing import Outcome, RivalResult, summarise
from sartor.jobs.fitting.training import RECORD_EVERY
from sartor.jobs.fitting.verifying import Program, Verified, missed_limits, verify
from sartor.jobs.fitting.versus import deploy_best, read_rival, train
from sartor.report import write_report
from sartor.study import StageClock, write_bytes


def finish(job: Job, finisher: Finisher, training: Mapping[str, Any]) -> Outcome:
    """Tune, compare and verify until every delivered network keeps the limits."""
    job.progress.stage("finish")
    plan = finisher.plan()
    built = finisher.build(plan)
    rivals = _rivals(job, finisher, training)
    job.progress.stage("verify")
    verified, pace = _verify(job, built, rivals)
    while (missed := _first_missed(job, plan, verified)) is not None:
        candidate, reasons = missed
        plan = finisher.replace(candidate, reasons, plan)
        built = finisher.build(plan)
        fresh = [it for it in built if it.candidate.id not in verified]
        if fresh:
            verified |= _verify(job, fresh, [])[0]
    kept = {it.id for it in plan.candidates}
    return Outcome(
        plan=plan,
        built=[it for it in built if it.candidate.id in kept],
        rivals=rivals,
        verified=verified,
        pace=pace,
        survey=finisher.survey,
        study=finisher.study,
        trials=finisher.trials,
        training=training,
        quality=finisher.study.quality,
    )


def summarise_run(job: Job, outcome: Outcome) -> dict[str, Any]:
    """Write the cards, `summary.json` and `report.html`, and return the summary."""
    summary = summarise(job, outcome)
    write_cards(job, outcome, summary)
    text = json.dumps(summary, indent=1, allow_nan=False)
    write_bytes(job.folder.path / "summary.json", text.encode())
    write_report(summary, job.folder.path / "report.html")
    return summary


def _verify(
    job: Job, built: list[Built], rivals: list[RivalResult]
) -> tuple[dict[str, Verified], float]:
    programs = {
        it.candidate.id: Program(
            it.file,
            it.how.runtime,
            it.how.float_precision,
            job.family.resolution(it.candidate.design),
        )
        for it in built
    }
    programs |= {it.rival.id: it.program for it in rivals}
    seconds = job.seconds("verify")
    clock = StageClock(job.folder, "verify")
    verified = verify(job, programs, seconds)
    clock.record()
    return verified


def _first_missed(job: Job, plan: Plan, verified: Mapping[str, Verified]) -> Any:
    for candidate in plan.picks:
        reasons = missed_limits(job.limits, verified[candidate.id].values())
        if reasons:
            return candidate, reasons
    return None


def _rivals(job: Job, finisher: Finisher, training: Mapping[str, Any]) -> list[RivalResult]:
    """Train every rival for as long as the run trained: the supernet and all that was tuned."""
    if not job.asked.versus:
        return []
    job.progress.stage("versus")
    seconds = float(training["seconds"]) + (finisher.seconds or 0.0)
    steps = None
    if job.asked.steps is not None:
        steps = job.asked.steps + (finisher.steps or 0) * job.asked.picks
    clock = StageClock(job.folder, "versus")
    results = []
    for number, text in enumerate(job.asked.versus):
        rival = read_rival(text, job.task.resolution)

        def report(done: float, loss: float, number: int = number, name: str = text) -> None:
            share = (number + done) / len(job.asked.versus)
            job.progress.update(share, f"training {name}, loss {loss:.2f}")
            clock.record(RECORD_EVERY)

        network, accuracy = train(
            job,
            rival,
            seconds=None if steps is not None else seconds,
            steps=steps,
            proxy=finisher.builder.proxy,
            report=report,
        )
        folder = job.folder.path / "designs" / rival.id
        program = deploy_best(job, network, rival.resolution, folder)
        params = sum(parameter.numel() for parameter in network.parameters())
        results.append(RivalResult(rival, program, accuracy, None, params, seconds))
    clock.record()
    return results
