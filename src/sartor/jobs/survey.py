"""`sartor.survey`: learn how long the kernels of a target take, to predict any network there."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sartor.cost.kernels import (
    Asked,
    KernelSurvey,
    TransferredSurvey,
    kernel_survey_file,
    load_survey,
    survey_kernels,
    transfer_survey,
)
from sartor.errors import BudgetError, OptionError, unknown_name
from sartor.jobs.progress import Progress, Silent
from sartor.nets import FAMILIES, Family
from sartor.study import CACHE
from sartor.targets import EXCHANGED, Target
from sartor.targets import open as open_target

PIXELS, CLASSES = 224, 1000
"""Of the images that a family's designs read where nothing else is said."""
SECONDS_OF_TRANSFER = 30.0
"""About, for the progress."""
FEWEST_MINUTES = 0.2
"""Below this too few networks are timed to fit anything."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A survey that has ended."""

    survey: KernelSurvey | TransferredSurvey
    file: Path
    """Where it is kept: it can be copied to another machine and used there."""


def survey(
    target: str = "cpu",
    *,
    threads: int = 1,
    precisions: tuple[str, ...] | None = None,
    space: str | None = None,
    known: Sequence[str | Path] = (),
    networks: int = 10,
    minutes: float = 10.0,
    seed: int = 0,
    out: str | Path | None = None,
    tokens: str | Path | None = None,
    certificate: str | Path | None = None,
    cache: str | Path | None = None,
    progress: Progress | None = None,
) -> Surveyed:
    """Time kernels of a runtime and fit a model, which predicts networks that were never timed.

    A survey that was stopped goes on where it was when it is asked for again.

    Args:
        target: `cpu:RUNTIME`; `cpu` is `cpu:onnxruntime`. A board, `http://HOST:PORT`, or several
            equal ones with commas between, which share the work.
        threads: Of one call.
        precisions: Of `fp32`, `bf16` and `int8`; by default fp32 and int8.
        space: A family whose designs are timed as well, `mobile` or `mobile@PIXELS`.
        known: Files of surveys of other targets in the same runtime. With them a few networks are
            measured, in seconds; precisions, space and minutes then do not matter.
        networks: How many of them.
        minutes: Time for it.
        seed: Decides which networks are timed.
        out: A file for the survey, beside the cache.
        tokens: JSON file of the tokens of boards, by host and port; by default
            `~/.config/sartor/tokens.json`.
        certificate: PEM file to trust, for boards that are reached by https.
        cache: Where surveys are kept; by default `~/.cache/sartor`.
        progress: Is told how far it is.

    Raises:
        OptionError: The target cannot be surveyed, or lacks the runtime or a precision.
        UnknownNameError: There is no such target, runtime or family.
        BudgetError: The minutes are too few.
        BoardError: A board cannot be reached, or none is left.
    """
    if minutes < FEWEST_MINUTES:
        raise BudgetError(f"minutes is {minutes:g}; allowed: {FEWEST_MINUTES:g} or more.")
    family = None if space is None else _family(space)
    progress = progress or Silent()
    opened = open_target(target, threads=threads, tokens=tokens, certificate=certificate)
    with contextlib.closing(opened.place):
        runtime = _runtime_of(opened)
        if known:
            return _transferred(opened, runtime, known, networks, seed, out, progress)
        asked = Asked(
            runtime=runtime,
            precisions=precisions or ("fp32", "int8"),
            seconds=60 * minutes,
            seed=seed,
            family=family,
        )
        file = kernel_survey_file(CACHE if cache is None else Path(cache), opened, asked)
        file.parent.mkdir(parents=True, exist_ok=True)
        progress.plan({"survey": asked.seconds})
        progress.stage("survey")
        started = file.with_suffix(".jsonl")
        found = survey_kernels(opened, asked, progress_file=started, report=progress.update)
    found.save(file)
    if out is not None:
        file = Path(out)
        found.save(file)
    return Surveyed(found, file)


def _transferred(
    target: Target,
    runtime: str,
    known: Sequence[str | Path],
    networks: int,
    seed: int,
    out: str | Path | None,
    progress: Progress,
) -> Surveyed:
    """Measure a few networks, and learn the rest from surveys of other targets."""
    if out is None:
        raise OptionError("out is missing; say where the survey of the new target is kept.")
    surveys = []
    for it in known:
        try:
            one = load_survey(Path(it))
        except FileNotFoundError as error:
            raise OptionError(f"there is no survey {it}; give files of sartor survey.") from error
        if isinstance(one, TransferredSurvey):
            raise OptionError(f"{it} was learnt from other surveys itself; give one that was not.")
        surveys.append(one)
    progress.plan({"survey": SECONDS_OF_TRANSFER})
    progress.stage("survey")
    found = transfer_survey(
        target, surveys, runtime=runtime, networks=networks, seed=seed, report=progress.update
    )
    found.save(Path(out))
    return Surveyed(found, Path(out))


def _runtime_of(target: Target) -> str:
    """Name the runtime that is surveyed: the first that reads what a survey writes.

    Raises:
        OptionError: There is none.
    """
    for name, it in target.runtimes.items():
        if EXCHANGED in it.formats and it.profiles:
            return name
    raise OptionError(
        f"target is {target.name!r}; none of its runtimes tells what it executes of ONNX files: "
        f"{', '.join(target.runtimes)}. Install onnxruntime there."
    )


def _family(text: str) -> Family:
    """Open NAME or NAME@PIXELS."""
    name, _, pixels = text.partition("@")
    if name not in FAMILIES:
        raise unknown_name("space", name, FAMILIES)
    if pixels and not pixels.isdigit():
        raise OptionError(f"space {text!r} is not understood; write {name} or {name}@224.")
    return FAMILIES[name](resolution=int(pixels or PIXELS), channels=3, classes=CLASSES)
