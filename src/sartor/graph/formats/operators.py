"""What operators do that multiply no matrices, by format: `operators.json`."""

import json
from functools import cache
from pathlib import Path

from sartor.graph.graph import Effect

TABLE = Path(__file__).with_name("operators.json")


def effect_of(form: str, kind: str) -> Effect:
    """Return what an operator does: `UNKNOWN` where the table does not have it.

    Args:
        form: `onnx` or `tflite`.
        kind: Operator, as the file calls it.
    """
    return _effects(form).get(kind, Effect.UNKNOWN)


@cache
def _effects(form: str) -> dict[str, Effect]:
    table = json.loads(TABLE.read_text())[form]
    return {kind: Effect[name] for name, kinds in table.items() for kind in kinds}
