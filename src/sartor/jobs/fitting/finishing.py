"""The finish: candidates are timed, tuned and exported; what misses a limit is replaced."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sartor.cost.designs import Survey, deployment
from sartor.jobs.fitting.asked import HEATS_SHARE
from sartor.jobs.fitting.building import Builder, Built
from sartor.jobs.fitting.candidates import (
    Candidate,
    entrants,
    next_best,
    random_baselines,
    reference,
    scaled_baseline,
)
from sartor.jobs.fitting.heats import ENTRANTS, Heat, winners
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.searching import Evaluator
from sartor.jobs.fitting.teaching import Teacher
from sartor.jobs.fitting.together import train_together
from sartor.jobs.fitting.training import RECORD_EVERY
from sartor.jobs.fitting.verifying import missed_limits
from sartor.search import Study
from sartor.study import StageClock, Trials
from sartor.targets import TimedFile
from sartor.train import Crew, Report, places
from sartor.units import METRICS, show

STAGE = "finish"
PLAN = "finish/plan"
MOST_REPLACED = 8
"""Candidates that are tried in the place of one that misses a limit."""
BESIDE, MOST_BESIDE = 3.0, 0.1
"""Seconds that a network takes beside its training, to be tested and exported; of all networks, at
most that share of the stage."""
LEAST_LEFT = 0.5
"""Share of the stage that is for tuning at least, however long what came before took."""
STEPS_SHARE = 0.25
"""Steps of tuning for every step of supernet training, where the budget is in steps."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is finished: the candidates, the random baselines' proxies, and what was rejected."""

    candidates: tuple[Candidate, ...]
    randoms: tuple[Candidate, ...]
    """All random designs of the cost of the reference; the first is also finished."""
    reference: str
    """Id of the pick at whose cost baselines are compared."""
    rejected: tuple[tuple[str, str], ...] = ()
    """Ids and reasons."""
    heats: tuple[Heat, ...] = ()
    """All candidates that were tuned for a short time."""
    seconds: float | None = None
    """Time for tuning all candidates; None where the budget is in steps."""

    @property
    def picks(self) -> tuple[Candidate, ...]:
        """The candidates that were searched."""
        return tuple(it for it in self.candidates if it.role == "pick")

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "candidates": [it.to_json() for it in self.candidates],
            "randoms": [it.to_json() for it in self.randoms],
            "reference": self.reference,
            "rejected": [list(it) for it in self.rejected],
            "heats": [it.to_json() for it in self.heats],
            "seconds": self.seconds,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Plan":
        """Read what `to_json` wrote."""
        return cls(
            tuple(map(Candidate.from_json, plain["candidates"])),
            tuple(map(Candidate.from_json, plain["randoms"])),
            plain["reference"],
            tuple((str(key), str(reason)) for key, reason in plain["rejected"]),
            tuple(map(Heat.from_json, plain["heats"])),
            plain["seconds"],
        )


@dataclass(slots=True)
class Finisher:
    """Finishes candidates within a budget.

    Args:
        job: What is asked.
        survey: Predicts costs.
        evaluate: Gives the proxies.
        trials: The study's record.
        study: What the search found.
        builder: Makes files.
        seconds: Time for all of it, that of earlier sessions counted in; None where the budget is
            in steps.
    """

    job: Job
    survey: Survey
    evaluate: Evaluator
    trials: Trials
    study: Study
    builder: Builder
    seconds: float | None
    _rejected: list[tuple[str, str]] = field(default_factory=list)

    def plan(self) -> Plan:
        """Choose the candidates, or read which were chosen; picks are timed before tuning."""
        known = self.job.folder.load_json_or_none(PLAN)
        if known is not None:
            return Plan.from_json(known)
        clock = StageClock(self.job.folder, STAGE)
        heats = self._heats(clock)
        chosen = winners(heats, self.job.asked.picks)
        chosen.sort(key=lambda it: it.promised["latency_ms"].value)
        plan = replace(self._with_baselines(chosen), heats=tuple(heats))
        plan = replace(plan, seconds=self.time_left(plan, clock.seconds))
        self.job.folder.save_json(PLAN, plan.to_json())
        clock.record()
        return plan

    def _heats(self, clock: StageClock) -> list[Heat]:
        """Tune candidates of all latencies, those that keep the limits, for a short time."""
        entered: list[Candidate] = []
        taken: set[str] = set()
        for candidate in entrants(self.study, ENTRANTS * self.job.asked.picks):
            kept = self._within_limits(candidate, taken)
            if kept is not None:
                entered.append(kept)
        steps = None if self.steps is None else max(1, round(self.steps * HEATS_SHARE))

        def heat(candidate: Candidate, seconds: float | None, report: Report) -> Heat:
            return self.builder.heat(candidate, seconds=seconds, steps=steps, report=report)

        costs = {it.id: self.builder.cost(it) for it in entered}
        crew = self._crew(clock, self._places(entered, costs), 0.0, HEATS_SHARE)
        seconds = None if self.seconds is None else self.seconds * HEATS_SHARE
        return train_together(crew, entered, costs, "heat of", seconds, heat)

    def training_costs(self, plan: Plan) -> dict[str, float]:
        """Return what candidates cost to train; baselines have the time of the pick that they are
        compared with, whatever a step of theirs takes.
        """
        costs = {it.id: self.builder.cost(it) for it in plan.picks}
        usual = costs.get(plan.reference, min(costs.values(), default=1.0))
        return {it.id: costs.get(it.id, usual) for it in plan.candidates}

    def _places(self, candidates: Sequence[Candidate], costs: Mapping[str, float]) -> int:
        """Return how many are trained at a time: all that have a place, if the costliest gains.

        Where the budget is in steps, they are trained in turn: who teaches whom would depend on
        which ends first.
        """
        most = places(len(candidates))
        if self.steps is not None or most == 1:
            return 1
        costliest = max(candidates, key=lambda it: (costs[it.id], it.id))
        return most if self.builder.side_by_side_pays(costliest, most) else 1

    def time_left(self, plan: Plan, spent: float) -> float | None:
        """Return the time for tuning, given the seconds of the stage that are spent."""
        if self.seconds is None:
            return None
        beside = min(BESIDE * len(plan.candidates), MOST_BESIDE * self.seconds)
        return max(self.seconds - spent - beside, LEAST_LEFT * self.seconds)

    def _crew(self, clock: StageClock, at_a_time: int, before: float, part: float) -> Crew:
        """Make what trains, and tells of its progress: `part` of the stage, from `before` on."""

        def update(done: float, note: str) -> None:
            self.job.progress.update(before + part * done, note)
            clock.record(RECORD_EVERY)

        return Crew(update, at_a_time)

    @property
    def _heat_seconds(self) -> float:
        assert self.seconds is not None
        return self.seconds * HEATS_SHARE / (ENTRANTS * self.job.asked.picks)

    def build(self, plan: Plan) -> list[Built]:
        """Tune all candidates, the costliest first, several at a time, and export them.

        All see the data about as often, and the most accurate so far teaches the next. The
        supernet's largest network teaches none: it shared its training with all the others, and
        what is tuned alone soon knows more (docs/benchmarks.md).
        """
        clock = StageClock(self.job.folder, STAGE)
        costs = self.training_costs(plan)
        at_a_time = self._places(plan.candidates, costs)
        crew = self._crew(clock, at_a_time, HEATS_SHARE, 1 - HEATS_SHARE)
        teacher: Teacher | None = None

        def tune(candidate: Candidate, seconds: float | None, report: Report) -> Built:
            nonlocal teacher
            if seconds is not None and not self.builder.had_heat(candidate):
                seconds += self._heat_seconds
            result = self.builder.tune(
                candidate, teacher, seconds=seconds, steps=self.steps, report=report
            )
            with crew.lock:
                if teacher is None or result.tuned.value > teacher.accuracy.value:
                    teacher = self.builder.as_teacher(result)
                    accuracy = show("accuracy", result.tuned.value)
                    latency = show("latency_ms", candidate.promised["latency_ms"].value)
                    self.job.progress.best(f"{accuracy} (tuned, proxy) at {latency} (predicted)")
            return result

        built = train_together(crew, plan.candidates, costs, "tuning", plan.seconds, tune)
        for it in built:
            self.builder.export(it)
        clock.record()
        return built

    @property
    def steps(self) -> int | None:
        """Steps of tuning, or None where the budget is time."""
        steps = self.job.asked.steps
        return None if steps is None else max(1, round(steps * STEPS_SHARE))

    def replace(self, missed: Candidate, reasons: Sequence[str], plan: Plan) -> Plan:
        """Take a candidate that missed a limit out, and the next best in, if there is one."""
        rejected = (*plan.rejected, (missed.id, "; ".join(reasons)))
        rest = tuple(it for it in plan.candidates if it.id != missed.id)
        taken = {it.id for it in plan.candidates} | {key for key, _ in rejected}
        if len(rejected) <= MOST_REPLACED:
            fresh = next_best(self.study, missed, taken)
            rest = rest if fresh is None else (fresh, *rest)
        changed = replace(plan, candidates=rest, rejected=rejected)
        self.job.folder.save_json(PLAN, changed.to_json())
        return changed

    def _with_baselines(self, chosen: Sequence[Candidate]) -> Plan:
        if not chosen:
            return Plan((), (), "", tuple(self._rejected))
        middle = reference(list(chosen))
        cost = middle.promised["latency_ms"].value
        randoms = random_baselines(self.job, self.survey, self.evaluate, self.trials, cost)
        by_hand = scaled_baseline(self.survey, self.evaluate, self.trials, cost)
        ids = {it.id for it in chosen}
        extra = [it for it in (*randoms[:1], by_hand) if it is not None and it.id not in ids]
        return Plan((*chosen, *extra), tuple(randoms), middle.id, tuple(self._rejected))

    def _within_limits(self, candidate: Candidate, taken: set[str]) -> Candidate | None:
        """Time a candidate with inherited weights; where it misses a limit, go to the next best."""
        current: Candidate | None = candidate
        for _ in range(MOST_REPLACED):
            if current is None:
                return None
            if current.id not in taken:
                taken.add(current.id)
                reasons = missed_limits(self.job.limits, self._costs(current))
                if not reasons:
                    return current
                self._rejected.append((current.id, "; ".join(reasons)))
            current = next_best(self.study, current, taken)
        return None

    def _costs(self, candidate: Candidate) -> dict[str, float]:
        """Measure what does not depend on the weights."""
        if not any(METRICS[limit.metric].bound == "max" for limit in self.job.limits):
            return {}
        how = deployment(candidate.design)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.onnx"
            self.builder.write(candidate, self.builder.inherited(candidate), file)
            timed = TimedFile(file, how.runtime, how.float_precision)
            for_once = self.job.target.how(seconds_each=0.5, seed=self.job.asked.seed)
            timing = self.job.target.place.time_in_turn({"it": timed}, for_once)["it"]
            return {"latency_ms": timing.median_ms, "size_bytes": float(file.stat().st_size)}
