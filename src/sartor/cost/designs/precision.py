"""The choices of deployment: which runtime, in which precision, stage by stage."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sartor.space import Choice, Condition, Design, Option, Space

FLOAT, INT8 = "float", "int8"


@dataclass(frozen=True, slots=True)
class Deployment:
    """How a design is executed.

    `precision` is what a user reads: `fp32`, `bf16`, `int8`, or `mixed`, where the places for
    which `is_float` holds stay in fp32 and the others are int8.
    """

    runtime: str
    precision: str
    float_stages: frozenset[str]
    """Under `mixed`, the stages that stay in float."""

    @property
    def float_precision(self) -> str:
        """What the runtime computes float operations in."""
        return self.precision if self.precision == "bf16" else "fp32"

    @property
    def quantized(self) -> bool:
        """Some operations are int8."""
        return self.precision in ("int8", "mixed")

    def is_float(self, place: str) -> bool:
        """Tell whether the part at `place` computes in float."""
        if self.precision != "mixed":
            return self.precision != "int8"
        return place.partition("_")[0] in self.float_stages


def deployment_space(runtimes: Mapping[str, Sequence[str]], stages: Sequence[str]) -> Space:
    """Make the space of deployments on a target.

    Args:
        runtimes: The float precisions of every runtime.
        stages: Names of the family's stages.

    Returns:
        Choices `runtime`, `RUNTIME.precision`, and under `mixed` one of float and int8 for each
        of `stem`, the stages and `head`.
    """
    choices = [Choice("runtime", tuple(runtimes))]
    for runtime, floats in runtimes.items():
        name = f"{runtime}.precision"
        chosen = Condition("runtime", (runtime,))
        choices.append(Choice(name, (*floats, INT8, "mixed"), when=(chosen,)))
        for stage in ("stem", *stages, "head"):
            choices.append(
                Choice(
                    f"{runtime}.{stage}.precision",
                    (FLOAT, INT8),
                    when=(Condition(name, ("mixed",)),),
                )
            )
    return Space(choices)


def deployment(design: Design) -> Deployment:
    """Read the deployment out of a design that has one."""
    runtime = design.text("runtime")
    start, end = f"{runtime}.", ".precision"
    stages = frozenset(
        name.removeprefix(start).removesuffix(end)
        for name, option in design.items()
        if name.startswith(start) and name.endswith(end) and option == FLOAT
    )
    return Deployment(runtime, design.text(f"{runtime}.precision"), stages)


def deployed(architecture: Mapping[str, Option], runtime: str, precision: str) -> dict[str, Option]:
    """Return the options of an architecture, deployed in one precision throughout."""
    return dict(architecture) | {"runtime": runtime, f"{runtime}.precision": precision}


def float_nodes(how: Deployment) -> Callable[[str], bool]:
    """Return a predicate on node names that holds for those that stay in float."""
    return lambda node: how.is_float(node.partition(".")[0])
