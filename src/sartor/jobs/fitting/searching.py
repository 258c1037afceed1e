"""The search stage: designs are proposed, and evaluated with the shared weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sartor import search
from sartor.cost.designs import Survey
from sartor.jobs.fitting.affordable import affordable
from sartor.jobs.fitting.asked import KNOWN_BEFORE
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.proxy import Proxy
from sartor.nets import Supernet
from sartor.search import OBJECTIVES, STRATEGIES, Problem, Study, richest
from sartor.space import Design, Space
from sartor.study import StageClock, Trial, Trials
from sartor.units import Limit, Measurement, show

STAGE = "search"
SEARCH, CAPACITY, SCALED = "search", "capacity", "scaled"
"""Origins of trials, beside random ones."""
PROMISING = 24
"""Designs of the largest capacity at their latency, where training and search begin."""
ALIKE = 2 / 3
"""Share of them that have the kinds of blocks and the activations of the largest network."""
FEWEST, MOST = 24, 400
"""Evaluations of a search, when its budget is time."""


@dataclass(frozen=True, slots=True)
class Evaluator:
    """From a design to its measurements: the proxy, and what the survey predicts and counts."""

    supernet: Supernet
    proxy: Proxy
    survey: Survey

    def __call__(self, design: Design) -> Mapping[str, Measurement]:
        """Evaluate a design."""
        numbers = {name: float(it[0]) for name, it in self.survey.estimate([design]).items()}
        error = self.survey.error_of(design)
        latency = numbers["latency_ms"]
        return {
            "accuracy": self.proxy.of(self.supernet, design),
            "latency_ms": Measurement(
                latency, "predicted", latency * max(0.0, 1 - error), latency * (1 + error)
            ),
            "size_bytes": Measurement(numbers["size_bytes"], "predicted"),
            "macs": Measurement(numbers["macs"], "counted"),
            "params": Measurement(numbers["params"], "counted"),
        }


def space_of(job: Job, survey: Survey) -> Space:
    """Return everything that is searched: the architecture and its deployment."""
    return job.family.space + survey.space


def open_trials(job: Job, survey: Survey) -> Trials:
    """Open the study in the run folder."""
    return Trials.open(job.folder.path / "study.db", space_of(job, survey), OBJECTIVES)


def searched_limits(job: Job) -> tuple[Limit, ...]:
    """Return the limits that can be kept before a design is exported, and that of the budget.

    Those on what only the finished network has are kept when it is verified.
    """
    known = (limit for limit in job.limits if limit.metric in KNOWN_BEFORE)
    return (*known, *affordable(job))


def check_strategy(job: Job, survey: Survey) -> None:
    """Make the strategy once, so that what it lacks is told before anything is trained.

    Raises:
        MissingExtraError: It needs an extra that is not installed.
        OptionError: It cannot search this problem.
    """
    STRATEGIES[job.asked.strategy](problem_of(job, survey), job.asked.seed)


def promising_designs(job: Job, survey: Survey) -> list[Design]:
    """Return designs of the largest capacity at each latency, fastest first.

    Most of them are of the kind of the largest network, whose weights learn most.
    """
    problem = problem_of(job, survey)
    alike, seed = round(ALIKE * PROMISING), job.asked.seed
    found = richest(problem, alike, seed=seed, fixed=job.family.teaching())
    found += richest(problem, PROMISING - alike, seed=seed)
    return list(dict.fromkeys(found))


def search_designs(
    job: Job,
    survey: Survey,
    evaluate: Evaluator,
    trials: Trials,
    promising: Sequence[Design],
    seconds: float | None,
) -> Study:
    """Search until the evaluations or the seconds are used up, whichever is first.

    Args:
        job: With `asked.steps`, from which the number of evaluations follows where it is given.
        survey: Predicts costs.
        evaluate: Measures designs.
        trials: Where they are recorded.
        promising: Evaluated before the strategy proposes others.
        seconds: The budget, those of earlier sessions counted in; None for no bound.
    """
    done = job.folder.stage_done(STAGE)
    wanted = MOST if job.asked.steps is None else max(FEWEST, min(MOST, job.asked.steps // 10))
    wanted = trials_of(trials, SEARCH) if done else wanted
    clock = StageClock(job.folder, STAGE)
    best = 0.0

    def stop() -> bool:
        late = seconds is not None and clock.seconds > seconds
        return late and trials_of(trials, SEARCH) >= FEWEST

    def on_trial(trial: Trial) -> None:
        nonlocal best
        clock.record()
        number = trials_of(trials, SEARCH, CAPACITY)
        share = number / (len(promising) + wanted)
        if seconds is not None:
            # The fewest are evaluated also where the time is over.
            least = number / (len(promising) + FEWEST)
            spent = clock.seconds / seconds if seconds > 0 else 1.0
            share = max(share, min(spent, least, 1.0))
        job.progress.update(share, f"{number} designs evaluated")
        if trial.value("accuracy") > best:
            best = trial.value("accuracy")
            latency = show("latency_ms", trial.value("latency_ms"))
            job.progress.best(f"{show('accuracy', best)} (proxy) at {latency} (predicted)")

    for design in () if done else promising:
        on_trial(recorded(trials, evaluate, design, CAPACITY))
    study = search.run(
        trials.space,
        evaluate,
        limits=searched_limits(job),
        strategy=job.asked.strategy,
        evaluations=max(1, wanted),
        seed=job.asked.seed,
        storage=trials,
        estimate=survey.estimate,
        logarithmic=["latency_ms"],
        stop=stop,
        on_trial=on_trial,
        origin=SEARCH,
    )
    if not done:
        result = {"evaluations": trials_of(trials, SEARCH), "quality": dict(study.quality)}
        clock.finish(result)
    return study


def problem_of(job: Job, survey: Survey) -> Problem:
    """Return what is searched, for what, and under which limits."""
    return Problem(space_of(job, survey), OBJECTIVES, searched_limits(job), survey.estimate)


def recorded(trials: Trials, evaluate: Evaluator, design: Design, origin: str) -> Trial:
    """Return the trial of a design, evaluated if it is not known."""
    known = trials.get(design)
    return known or trials.add(design, evaluate(design), origin=origin)


def trials_of(trials: Trials, *origins: str) -> int:
    """Count the trials of some origins."""
    return sum(trial.origin in origins for trial in trials.all())
