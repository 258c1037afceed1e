"""How a trial is written into an Optuna study, and read back."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sartor.errors import DamagedFileError, RunFolderError
from sartor.space import Choice, Condition, Design, Option, Space
from sartor.units import Measurement

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

State = Literal["done", "failed"]
SAME_COST = "same cost"
"""Origin of designs that a job drew at random at the cost of a pick."""
MEASUREMENTS = "measurements"
ORDERED, WHERE, AMONG = " in order", " where ", " is in "
"""What stands between the parts of a choice that is described."""
OPTUNA_DIRECTIONS: dict[str, Literal["maximize", "minimize"]] = {
    "max": "maximize",
    "min": "minimize",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """One design and what was measured of it."""

    number: int
    """Position in the study, from 0."""
    design: Design
    measurements: Mapping[str, Measurement] = field(hash=False)
    """By metric; empty where the evaluation failed."""
    origin: str
    """Who asked for it: "search", "same cost", "scaled"."""
    batch: int
    """Batch of its origin, from 0."""
    state: State = "done"
    reason: str = ""
    """Why it failed."""

    def value(self, metric: str) -> float:
        """Return the number measured for `metric`, NaN where there is none."""
        measured = self.measurements.get(metric)
        return math.nan if measured is None else measured.value


def distributions(space: Space) -> "dict[str, BaseDistribution]":
    """Return what Optuna needs to know of every choice, by name."""
    from optuna.distributions import CategoricalDistribution

    return {choice.name: CategoricalDistribution(choice.options) for choice in space.choices}


def to_optuna(
    trial: Trial, objectives: Mapping[str, str], choices: "Mapping[str, BaseDistribution]"
) -> "FrozenTrial":
    """Write a trial as Optuna keeps it: options as params, measurements as user attributes."""
    from optuna.trial import TrialState, create_trial

    attributes: dict[str, Any] = {  # Any: Optuna's own signature
        "origin": trial.origin,
        "batch": trial.batch,
        MEASUREMENTS: {name: it.to_json() for name, it in trial.measurements.items()},
    }
    if trial.reason:
        attributes["reason"] = trial.reason
    done = trial.state == "done"
    return create_trial(
        state=TrialState.COMPLETE if done else TrialState.FAIL,
        values=[trial.value(name) for name in objectives] if done else None,
        params=dict(trial.design),
        distributions={name: choices[name] for name in trial.design},
        user_attrs=attributes,
    )


def from_optuna(frozen: "FrozenTrial") -> Trial | None:
    """Read a trial, or None where another program left one that is unfinished."""
    if not frozen.state.is_finished() or MEASUREMENTS not in frozen.user_attrs:
        return None
    attributes = frozen.user_attrs
    return Trial(
        number=frozen.number,
        design=Design(frozen.params),
        measurements={name: Measurement(**it) for name, it in attributes[MEASUREMENTS].items()},
        origin=attributes["origin"],
        batch=attributes["batch"],
        state="done" if frozen.state.name == "COMPLETE" else "failed",
        reason=attributes.get("reason", ""),
    )


def describe_space(space: Space) -> str:
    """Write the choices of a space as JSON, for `refuse_other_space` and `read_space`."""
    return json.dumps({choice.name: _describe(choice) for choice in space.choices})


def read_space(where: str, described: str, fingerprint: str) -> Space:
    """Read a space that `describe_space` wrote.

    Args:
        where: The study, for messages.
        described: What was written.
        fingerprint: That of the space.

    Raises:
        DamagedFileError: The text is of no space, or of one with another fingerprint.

    Example:
        >>> space = Space([Choice("width", (8, 16), ordered=True)])
        >>> read_space("study.db", describe_space(space), space.fingerprint) == space
        True
    """
    damaged = f"the study in {where} is damaged: its choices cannot be read"
    try:
        texts = json.loads(described)
        space = Space(_choice(name, text, list(texts)) for name, text in texts.items())
    except (AttributeError, TypeError, ValueError) as error:
        raise DamagedFileError(f"{damaged} ({error}).") from error
    if space.fingerprint != fingerprint:
        raise DamagedFileError(f"{damaged}; they are not those it was begun with.")
    return space


def refuse_other_space(where: str, before: str, space: Space) -> None:
    """Refuse a space with other choices than those that `before` describes.

    Raises:
        RunFolderError: The message names up to five choices that differ, and how.
    """
    old: dict[str, str] = json.loads(before)
    new: dict[str, str] = json.loads(describe_space(space))
    if list(old.items()) == list(new.items()):
        return
    changes = [
        f"{name} was {old.get(name, 'absent')} and is now {new.get(name, 'absent')}"
        for name in [*old, *(name for name in new if name not in old)]
        if old.get(name) != new.get(name)
    ] or ["its choices stand in another order"]
    more = f"; and {len(changes) - 5} more" if len(changes) > 5 else ""
    raise RunFolderError(
        f"the study in {where} is of another space: {'; '.join(changes[:5])}{more}. "
        "Use the space it was begun with, or begin a new study."
    )


def _describe(choice: Choice) -> str:
    text = json.dumps(list(choice.options))
    if choice.ordered:
        text += ORDERED
    for condition in choice.when:
        text += f"{WHERE}{condition.choice}{AMONG}{json.dumps(list(condition.options))}"
    return text


def _choice(name: str, text: str, names: list[str]) -> Choice:
    """Read a choice that `_describe` wrote; `names` are those of all choices."""
    options, rest = _options(text)
    ordered = rest.startswith(ORDERED)
    rest = rest.removeprefix(ORDERED)
    when = []
    while rest:
        # Every name is tried: one may hold the words that stand behind a name.
        starts = {it: f"{WHERE}{it}{AMONG}[" for it in names}
        other = max((it for it in names if rest.startswith(starts[it])), key=len, default=None)
        if other is None:
            raise ValueError(f"{name!r} is described as {text!r}")
        needed, rest = _options(rest.removeprefix(starts[other].removesuffix("[")))
        when.append(Condition(other, needed))
    return Choice(name, options, ordered=ordered, when=tuple(when))


def _options(text: str) -> tuple[tuple[Option, ...], str]:
    """Read the list at the head of a text, and return what follows it."""
    options, end = json.JSONDecoder().raw_decode(text)
    return tuple(options), text[end:]
