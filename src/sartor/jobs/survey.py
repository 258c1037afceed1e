"""`sartor.survey`: learn how long the kernels of a target take, to predict any network there."""

from dataclasses import dataclass
from pathlib import Path

from sartor.cost.kernels import Asked, KernelSurvey, kernel_survey_file, survey_kernels
from sartor.errors import BudgetError, OptionError, unknown_name
from sartor.jobs.progress import Progress, Silent
from sartor.nets import FAMILIES, Family
from sartor.study import CACHE
from sartor.targets import Target
from sartor.targets import open as open_target

PIXELS, CLASSES = 224, 1000
"""Of the images that a family's designs read where nothing else is said."""
FEWEST_MINUTES = 0.2
"""Below this too few networks are timed to fit anything."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A survey that has ended."""

    survey: KernelSurvey
    file: Path
    """Where it is kept: it can be copied to another machine and used there."""


def survey(
    target: str = "cpu",
    *,
    threads: int = 1,
    precisions: tuple[str, ...] | None = None,
    space: str | None = None,
    minutes: float = 10.0,
    seed: int = 0,
    out: str | Path | None = None,
    cache: str | Path | None = None,
    progress: Progress | None = None,
) -> Surveyed:
    """Time kernels of a runtime and fit a model, which predicts networks that were never timed.

    A survey that was stopped goes on where it was when it is asked for again.

    Args:
        target: `cpu:RUNTIME`; `cpu` is `cpu:onnxruntime`.
        threads: Of one call.
        precisions: Of `fp32`, `bf16` and `int8`; by default fp32 and int8.
        space: A family whose designs are timed as well, `mobile` or `mobile@PIXELS`.
        minutes: Time for it.
        seed: Decides which networks are timed.
        out: A file for the survey, beside the cache.
        cache: Where surveys are kept; by default `~/.cache/sartor`.
        progress: Is told how far it is.

    Raises:
        OptionError: The target cannot be surveyed, or lacks the runtime or a precision.
        UnknownNameError: There is no such target, runtime or family.
        BudgetError: The minutes are too few.
    """
    if minutes < FEWEST_MINUTES:
        raise BudgetError(f"minutes is {minutes:g}; allowed: {FEWEST_MINUTES:g} or more.")
    opened, runtime = _opened(target, threads)
    asked = Asked(
        runtime=runtime,
        precisions=precisions or ("fp32", "int8"),
        seconds=60 * minutes,
        seed=seed,
        family=None if space is None else _family(space),
    )
    progress = progress or Silent()
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


def _opened(target: str, threads: int) -> tuple[Target, str]:
    """Open a target, and name its runtime that is surveyed."""
    kind, _, runtime = target.partition(":")
    if kind != "cpu":
        raise OptionError(
            f"target is {target!r}; surveyed are runtimes of this machine's CPU: cpu:onnxruntime "
            "or cpu:openvino. Run the survey on the device itself and copy its file."
        )
    opened = open_target(kind, threads=threads)
    runtime = runtime or next(iter(opened.runtimes))
    if runtime not in opened.runtimes:
        raise unknown_name("runtime", runtime, opened.runtimes)
    return opened, runtime


def _family(text: str) -> Family:
    """Open NAME or NAME@PIXELS."""
    name, _, pixels = text.partition("@")
    if name not in FAMILIES:
        raise unknown_name("space", name, FAMILIES)
    if pixels and not pixels.isdigit():
        raise OptionError(f"space {text!r} is not understood; write {name} or {name}@224.")
    return FAMILIES[name](resolution=int(pixels or PIXELS), channels=3, classes=CLASSES)
