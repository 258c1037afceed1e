"""The main job: data and a device in, networks that are ready to ship out."""

import contextlib
import math
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sartor import targets, tasks
from sartor.cost.designs import Survey
from sartor.errors import LimitError, RunFolderError
from sartor.jobs.fitting.affordable import affordable
from sartor.jobs.fitting.asked import SHARES, Asked
from sartor.jobs.fitting.building import Builder
from sartor.jobs.fitting.finishing import Finisher
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.outcome import finish, summarise_run
from sartor.jobs.fitting.proxy import TUNED_IMAGES, Proxy
from sartor.jobs.fitting.relating import settle_limits
from sartor.jobs.fitting.searching import (
    Evaluator,
    check_strategy,
    open_trials,
    promising_designs,
    search_designs,
)
from sartor.jobs.fitting.surveying import check_smallest, survey_target
from sartor.jobs.fitting.training import train_supernet
from sartor.jobs.fitting.versus import read_rival
from sartor.jobs.progress import Progress, Silent
from sartor.nets import FAMILIES
from sartor.report import read_summary
from sartor.space import Design
from sartor.study import CACHE, RunFolder, StageClock
from sartor.tasks import Task
from sartor.train import give_freed_memory_back, keep_freed_memory
from sartor.units import Limit, divide_limits


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has ended."""

    folder: Path
    summary: Mapping[str, Any]

    @property
    def report(self) -> Path:
        """The page for people."""
        return self.folder / "report.html"

    @property
    def front(self) -> Sequence[Mapping[str, Any]]:
        """Every network that no other one of the run beats, fastest first, verified."""
        return self.summary["front"]  # type: ignore[no-any-return]

    def pick(self, *, latency_ms: float | None = None) -> Mapping[str, Any]:
        """Return the most accurate delivered network, within a latency if one is given.

        Raises:
            LimitError: None is as fast; the message names the fastest.
        """
        picks = list(self.summary["picks"])
        kept = [it for it in picks if latency_ms is None or it["latency_ms"]["value"] <= latency_ms]
        if not kept:
            fastest = min((it["latency_ms"]["value"] for it in picks), default=None)
            nearest = "" if fastest is None else f" The fastest takes {fastest:.3g} ms."
            raise LimitError(f"no delivered network takes {latency_ms} ms or less.{nearest}")
        return max(kept, key=lambda it: it["accuracy"]["value"])


def fit(
    data: str | Path,
    *,
    out: str | Path,
    target: str = "cpu",
    limits: str | Limit | Mapping[str, float | str] | Iterable[str | Limit] | None = None,
    minutes: float | None = None,
    steps: int | None = None,
    threads: int = 1,
    seed: int = 0,
    strategy: str = "predictor",
    family: str = "mobile",
    versus: Iterable[str] = (),
    picks: int = 4,
    resolution: int | None = None,
    tokens: str | Path | None = None,
    certificate: str | Path | None = None,
    cache: str | Path | None = None,
    progress: Progress | None = None,
) -> Run:
    """Search networks for data and a device, and deliver those that keep the limits.

    The run goes on where it was if `out` holds it already.

    Args:
        data: A folder of class folders, an .npz, IDX files, or a name such as `sklearn:digits`.
        out: The run folder; new, or holding a run that was asked for the same.
        target: Device on which the networks will run: `cpu`, `cpu:RUNTIME`, or a board,
            `http://HOST:PORT`; several equal boards, with commas between, share the work.
        limits: `"latency=5ms"`, several in a list, or bounds by metric: `{"latency_ms": 5}`;
            `"latency=0.5x"` is half of what the first network in `versus` takes.
        minutes: Time for everything but `versus`; 30 where neither this nor `steps` is given.
        steps: Steps of supernet training instead; the run then repeats exactly by seed.
        threads: Threads that a network may use on the target.
        seed: Start of all random numbers.
        strategy: How designs are chosen.
        family: Where designs come from.
        versus: timm models to compare with, `NAME` or `NAME@RESOLUTION`; each is trained for as
            long as the run trained, beside its minutes.
        picks: Networks to deliver.
        resolution: Rows and columns to which images are brought; by default what suits the data.
        tokens: JSON file of the tokens of boards, by host and port; by default
            `~/.config/sartor/tokens.json`.
        certificate: PEM file to trust, for boards that are reached by https.
        cache: Where decoded images and surveys are kept; by default `~/.cache/sartor`.
        progress: Told how the run goes.

    Raises:
        SartorError: What is asked cannot be done; the message says what to change.

    Example:
        >>> run = fit("photos/", limits={"latency_ms": 5}, out="runs/photos")  # doctest: +SKIP
        >>> run.pick(latency_ms=3)["file"]  # doctest: +SKIP
        'designs/3f2a91c07b/model.onnx'
    """
    fixed, relative = divide_limits(limits)
    asked = Asked(
        data=str(data),
        target=target,
        threads=threads,
        limits=fixed,
        relative=relative,
        minutes=30.0 if minutes is None and steps is None else minutes,
        steps=steps,
        seed=seed,
        strategy=strategy,
        family=family,
        versus=tuple(versus),
        picks=picks,
        resolution=resolution,
    )
    place = CACHE if cache is None else Path(cache)
    opened = targets.open(
        asked.target, threads=asked.threads, tokens=tokens, certificate=certificate
    )
    with contextlib.closing(opened.place):
        device = opened.reading(targets.EXCHANGED)
        with RunFolder.open(out, asked.to_json(), {"target": dict(device.fingerprint)}) as folder:
            stages = _Stages(asked, folder, place, device, progress or Silent())
            return Run(folder.path, stages.run())


@dataclass(frozen=True, slots=True)
class _Stages:
    """The stages in order; each is skipped where the folder has what it made."""

    asked: Asked
    folder: RunFolder
    cache: Path
    target: targets.Target
    progress: Progress

    def run(self) -> dict[str, Any]:
        """Go through all stages and return the summary."""
        if self.folder.stage_done("report"):
            return self._again()
        keep_freed_memory()
        self.progress.plan(self._planned())
        job = self._prepare()
        survey = self._survey(job)
        check_strategy(job, survey)
        promising = promising_designs(job, survey)
        evaluator, builder, training = self._train(job, survey, promising)
        trials = open_trials(job, survey)
        try:
            with self._stage("search"):
                study = search_designs(
                    job, survey, evaluator, trials, promising, job.seconds("search")
                )
            finisher = Finisher(
                job, survey, evaluator, trials, study, builder, job.seconds("finish")
            )
            outcome = finish(job, finisher, training)
            with self._stage("report"):
                summary = summarise_run(job, outcome)
        finally:
            trials.close()
        # Weights of the heats and soft labels: nothing that is delivered needs them.
        shutil.rmtree(self.folder.path / "training", ignore_errors=True)
        self.folder.finish_stage("report", {}, 0.0)
        return summary

    def _prepare(self) -> Job:
        with self._stage("prepare"):
            clock = StageClock(self.folder, "prepare")
            task = tasks.open(
                self.asked.data,
                cache=self.cache / "data",
                resolution=self.asked.resolution,
                progress=lambda done, total: self.progress.update(done / max(1, total)),
            )
            for sentence in task.notes:
                self.progress.say(sentence)
            family = FAMILIES[self.asked.family](
                resolution=task.resolution, channels=task.channels, classes=len(task.classes)
            )
            for text in self.asked.versus:
                read_rival(text, task.resolution)  # a misspelt name is refused before any work
            job = Job(
                self.asked,
                self.folder,
                self.cache,
                self.progress,
                task,
                self.target,
                family,
                self.asked.limits,
            )
            job = replace(job, limits=settle_limits(job))
            if not self.folder.stage_done("prepare"):
                check_smallest(job)
                clock.finish({"data": task.fingerprint})
            refuse_other_data(self.folder, task)
            return job

    def _survey(self, job: Job) -> Survey:
        with self._stage("survey"):
            return survey_target(job, job.seconds("survey"))

    def _train(
        self, job: Job, survey: Survey, promising: Sequence[Design]
    ) -> tuple[Evaluator, Builder, dict[str, Any]]:
        with self._stage("train"):
            most = min((it.bound for it in affordable(job)), default=math.inf)
            supernet = train_supernet(job, promising, most, job.seconds("train"))
            proxy = Proxy(job.task, job.asked.seed, largest_weight=job.target.largest_weight)
            finer = replace(proxy, images=TUNED_IMAGES)
            builder = Builder(job, supernet, finer)
            record = dict(self.folder.stage_result("train"))
            record["largest_proxy_accuracy"] = builder.largest_accuracy().to_json()
        return Evaluator(supernet, proxy, survey), builder, record

    def _planned(self) -> dict[str, float]:
        total = self.asked.seconds or 60.0
        return {
            "prepare": 0.02 * total,
            **{name: share * total for name, share in SHARES.items() if name != "verify"},
            "versus": (SHARES["train"] + SHARES["finish"]) * total * len(self.asked.versus),
            "verify": SHARES["verify"] * total,
            "report": 1.0,
        }

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        self.progress.stage(name)
        give_freed_memory_back()  # what the stage before had cut into pieces
        yield
        for sentence in self.folder.notes:
            self.progress.say(sentence)
        self.folder.notes.clear()

    def _again(self) -> dict[str, Any]:
        self.progress.say("this run has ended already; here is its result")
        return read_summary(self.folder.path)


def refuse_other_data(folder: RunFolder, task: Task) -> None:
    """Refuse to go on with data that is not what the run began with.

    Raises:
        RunFolderError: The fingerprints differ.
    """
    before = folder.stage_result("prepare")["data"]
    if before != task.fingerprint:
        raise RunFolderError(
            f"the data in {task.source} has changed since this run began (fingerprint {before}, "
            f"now {task.fingerprint}). Bring the old data back, or begin a new run with --out."
        )
