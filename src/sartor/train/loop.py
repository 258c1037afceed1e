"""The training loop: one for supernets, networks that are tuned, and networks to compare with."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from sartor.errors import DataError
from sartor.train.budget import Budget
from sartor.train.optimizers import optimizer_of
from sartor.train.recipe import Recipe
from sartor.train.threads import Threads

SAVE_EVERY = 60.0
"""Seconds between checkpoints."""

Step = Callable[[int, float], Tensor]
"""Computes the gradients of a step, given its number and the share done; returns the loss."""
Report = Callable[[float, float], None]
"""Told the share of a training that is done, and its loss."""


@dataclass(slots=True)
class Training:
    """A model that is being trained: weights, momentum, moving average, and how far it is.

    Args:
        model: Trained in place.
        recipe: Its settings.
    """

    model: nn.Module
    recipe: Recipe
    step: int = 0
    seconds: float = 0.0
    """Time spent, in all sessions."""
    optimizer: torch.optim.Optimizer = field(init=False)
    average: dict[str, Tensor] = field(init=False)
    """Moving average of the parameters, by name."""

    def __post_init__(self) -> None:
        self.optimizer = optimizer_of(self.model, self.recipe)
        self.average = {n: p.detach().clone() for n, p in self.model.named_parameters()}

    def advance(self, gradients: Step, share: float) -> float:
        """Take one step and return its loss.

        Raises:
            DataError: The loss is not finite.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = group["top"] * self.recipe.schedule(share)
        self.optimizer.zero_grad(set_to_none=True)
        loss = gradients(self.step, share)
        value = loss.item()
        if value != value or abs(value) == float("inf"):
            raise DataError(
                f"the training diverged at step {self.step} (loss {value}); "
                "look for wrong labels or images, or start again with another seed."
            )
        parameters = [p for p in self.model.parameters() if p.grad is not None]
        nn.utils.clip_grad_norm_(parameters, self.recipe.clip)
        self.optimizer.step()
        self.step += 1
        self._update_average()
        return value

    @torch.no_grad()
    def _update_average(self) -> None:
        new = [p.detach() for p in self.model.parameters()]
        torch._foreach_lerp_(list(self.average.values()), new, 1 - self.recipe.decay(self.step))

    @torch.no_grad()
    def wear_average_(self) -> None:
        """Replace the weights by their moving average; the training is over then."""
        for name, parameter in self.model.named_parameters():
            parameter.copy_(self.average[name])

    def tensors(self) -> dict[str, Tensor]:
        """Return everything that a checkpoint keeps, by a name that says what it is."""
        kept = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        kept |= {f"average.{name}": value for name, value in self.average.items()}
        for name, parameter in self.model.named_parameters():
            state = self.optimizer.state.get(parameter, {})
            if state.get("momentum_buffer") is not None:
                kept[f"momentum.{name}"] = state["momentum_buffer"]
        return {name: value.contiguous() for name, value in kept.items()}

    def restore(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Go back to what `tensors` and `state` (step, seconds) were taken from."""
        model = _with_prefix(tensors, "model.")
        self.model.load_state_dict(model)
        for name, value in _with_prefix(tensors, "average.").items():
            self.average[name].copy_(value)
        momentum = _with_prefix(tensors, "momentum.")
        for name, parameter in self.model.named_parameters():
            if name in momentum:
                buffer = torch.empty_like(parameter).copy_(momentum[name])
                self.optimizer.state[parameter]["momentum_buffer"] = buffer
        self.step, self.seconds = int(state["step"]), float(state["seconds"])


def run(
    training: Training,
    gradients: Step,
    budget: Budget,
    *,
    save: Callable[[Training], None] | None = None,
    report: Report | None = None,
    threads: Threads | None = None,
) -> None:
    """Train until the budget is used up.

    Args:
        training: Changed in place; goes on from its step.
        gradients: Computes the gradients of a step.
        budget: Counts the seconds of earlier sessions in.
        save: Called about once a minute and at the end, with `training.seconds` up to date.
        report: Called about once a second with the share done and a mean of recent losses.
        threads: Told how long each step took, so that it may change the number of threads; not
            for a training that has to repeat exactly.
    """
    saved = told = time.monotonic()
    recent = 0.0
    while (share := budget.share(training.step)) < 1.0:
        began = time.monotonic()
        loss = training.advance(gradients, share)
        recent = loss if recent == 0.0 else 0.95 * recent + 0.05 * loss
        now = time.monotonic()
        training.seconds = budget.elapsed()
        if threads is not None:
            threads.step(now - began)
        if save is not None and now - saved > SAVE_EVERY:
            save(training)
            saved = now
        if report is not None and now - told > 1.0:
            report(share, recent)
            told = now
    if threads is not None:
        threads.give_back()
    if save is not None:
        save(training)


def _with_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
