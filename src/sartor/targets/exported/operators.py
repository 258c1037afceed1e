"""Which operators a file may name: those that compute, and nothing else that Python can reach."""

import math
import operator
import re
from collections.abc import Callable
from typing import Any

import torch

from sartor.errors import OptionError

OPERATOR = re.compile(r"torch\.ops\.(aten|torchvision)\.(\w+)\.(\w+)")
"""Namespace, operator, overload."""
ON_NUMBERS: dict[str, Callable[..., Any]] = {  # Any: whole, real or truth
    f"_operator.{name}": getattr(operator, name)
    for name in (
        "add", "sub", "mul", "floordiv", "truediv", "mod", "neg", "pos", "eq", "ne", "lt", "le",
        "gt", "ge", "and_", "or_",
    )
} | {
    f"torch.sym_{name}": getattr(torch, f"sym_{name}")
    for name in ("int", "float", "max", "min", "not", "ite")
} | {"math.trunc": math.trunc}  # fmt: skip
"""What is computed from sizes, by the names that files have."""
REACHING_OUT = frozenset({"filename", "s"})
"""Arguments of operators that open files or print."""


def known_operator(target: str) -> Callable[..., Any]:  # Any: an operator of any signature
    """Return the operator that a file names.

    Raises:
        OptionError: It is none that a network is computed with; the message names it.
    """
    if target in ON_NUMBERS:
        return ON_NUMBERS[target]
    match = OPERATOR.fullmatch(target)
    found = None if match is None else _overload(*match.groups())
    if found is None or _reaches_out(found):
        raise OptionError(
            f"the operator {target!r} is not known; known are those of aten and torchvision. "
            "Export a network that computes with them alone."
        )
    return found


def _overload(namespace: str, name: str, overload: str) -> torch._ops.OpOverload | None:
    if namespace == "torchvision":
        import torchvision  # noqa: F401  (registers its operators)
    found = getattr(getattr(getattr(torch.ops, namespace), name, None), overload, None)
    return found if isinstance(found, torch._ops.OpOverload) else None


def _reaches_out(found: torch._ops.OpOverload) -> bool:
    """Tell whether an operator does more than compute.

    TorchScript's own functions, `aten::save` among them, stand in the same place but have no
    kernel in the dispatcher.
    """
    name = found._schema.name + (f".{it}" if (it := found._schema.overload_name) else "")
    texts = {it.name for it in found._schema.arguments if isinstance(it.type, torch.StringType)}
    return not torch._C._dispatch_has_kernel(name) or bool(texts & REACHING_OUT)
