"""What kinds of steps do, by the names that runtimes have for them: `kinds.json`."""

import json
from functools import cache
from pathlib import Path
from typing import Literal

from sartor.graph import Effect
from sartor.graph.formats.operators import effect_of

TABLE = Path(__file__).with_name("kinds.json")
MOVERS = frozenset({"Reorder", "ReorderInput", "ReorderOutput"})
"""Steps that runtimes add between layouts. Their names may be those of their neighbours."""


def multiplies(kind: str) -> bool:
    """Tell whether a kind of step is known to multiply matrices."""
    return kind in _kinds("multiplying")


def is_light(kind: str) -> bool:
    """Tell whether a kind of step is known to multiply none."""
    return kind in _kinds("light") or effect_of("onnx", kind) is not Effect.UNKNOWN


def is_view(kind: str) -> bool:
    """Tell whether a kind of step changes nothing but the shape."""
    return effect_of("onnx", kind) is Effect.VIEW


@cache
def _kinds(which: Literal["multiplying", "light"]) -> frozenset[str]:
    table = json.loads(TABLE.read_text())
    return frozenset(kind for runtime in table.values() for kind in runtime[which])
