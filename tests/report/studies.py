"""Studies to report on."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from sartor.search import run
from sartor.space import Choice, Condition, Design, Space
from sartor.study import Trials
from sartor.units import Direction, Measurement

SPACE = Space(
    [
        Choice("kind", ("plain", "fused")),
        Choice("width", (8, 16, 24, 32), ordered=True),
        Choice("expand", (2, 4), ordered=True, when=(Condition("kind", ("fused",)),)),
        Choice("depth", (1, 2, 3), ordered=True),
        Choice("unused", ("a", "b")),
    ]
)
TWO: dict[str, Direction] = {"accuracy": "max", "latency_ms": "min"}
FOUR: dict[str, Direction] = {
    "accuracy": "max", "latency_ms": "min", "energy_mj": "min", "robustness": "max",
}  # fmt: skip


def evaluate(design: Design) -> dict[str, Measurement]:
    """Measure a design: what it costs adds up, and width and depth make it better."""
    width, depth = design.integer("width"), design.integer("depth")
    expand = design.get("expand", 1)
    assert isinstance(expand, int)
    gain = 0.1 * (width / 32) ** 0.5 + 0.03 * depth + 0.01 * expand
    cost = 0.02 * width * depth * (1 + 0.2 * expand)
    return {
        "accuracy": Measurement(0.7 + gain, "proxy", 0.69 + gain, 0.71 + gain),
        "latency_ms": Measurement(cost, "verified"),
        "energy_mj": Measurement(3 * cost + depth, "proxy"),
        "robustness": Measurement(1.0 / width + 0.1 * depth, "counted"),
        "size_bytes": Measurement(1000.0 * width * depth, "counted"),
    }


def search(
    file: Path,
    objectives: Mapping[str, Direction] = TWO,
    *,
    evaluations: int = 40,
    random: int = 0,
    measure: Callable[[Design], Mapping[str, Measurement]] = evaluate,
) -> Path:
    """Search, and draw at random for comparison, into a file."""
    run(SPACE, measure, objectives=objectives, evaluations=evaluations, storage=file, seed=1)
    if random:
        run(
            SPACE, measure, objectives=objectives, evaluations=random, storage=file, seed=1,
            strategy="random", origin="random",
        )  # fmt: skip
    return file


def record(
    file: Path,
    values: Sequence[Sequence[float]],
    objectives: Mapping[str, Direction] = TWO,
    origin: str = "search",
) -> Path:
    """Write trials with given values of the objectives, in a space of numbers."""
    space = Space([Choice("number", tuple(range(64)))])
    with closing(Trials.open(file, space, objectives)) as trials:
        first = len(trials)
        for number, row in zip(itertools.count(first), values, strict=False):
            measured = {
                name: Measurement(value, "proxy")
                for name, value in zip(objectives, row, strict=True)
            }
            trials.add(space.design({"number": number}), measured, origin=origin)
    return file
