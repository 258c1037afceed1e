"""Networks from a user's own code: `package.module:function`, which is imported and called."""

import importlib
import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from sartor.deploy.opening.modules import ModuleSource
from sartor.errors import OptionError, did_you_mean
from sartor_agent.program import Shapes


def open_function(text: str, shapes: Shapes) -> ModuleSource:
    """Import a user's module, from where the command was started too, and call its function.

    This runs the user's code, as Python does. The function returns a network, or a network and
    the tuple of tensors that it reads.

    Args:
        text: `module:function`.
        shapes: Of inputs, by the names of the network's `forward`, where no tensors are returned.

    Raises:
        OptionError: There is no such module or function, it fails, or it returns something else.
    """
    with _here():
        returned = _call(text)
    network, examples = returned if _is_pair(returned) else (returned, None)
    if not isinstance(network, nn.Module):
        raise OptionError(
            f"{text} returned {_kind(returned)}; allowed: an nn.Module, or an nn.Module and the "
            "tuple of tensors that it reads."
        )
    if examples is None:
        examples = _noise(text, network, shapes)
    elif shapes:
        raise OptionError(f"{text} returns what its network reads; leave out --shape.")
    return ModuleSource(text, network.eval(), examples)


@contextmanager
def _here() -> Iterator[None]:
    """Find modules in the folder that the command was started in."""
    folder = os.getcwd()
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _call(text: str) -> Any:  # Any: a user's function may return everything
    path, _, name = text.partition(":")
    if not all(it.isidentifier() for it in (*path.split("."), name)):
        raise OptionError(f"{text!r} is not understood; write module:function, as in nets:make.")
    try:
        module = importlib.import_module(path)
        function = getattr(module, name, None)
        if callable(function):
            return function()
    except Exception as error:  # a border: a user's code may raise everything
        said = str(error).strip().partition("\n")[0]
        raise OptionError(f"{text} failed with {type(error).__name__}: {said}") from error
    known = [key for key, value in vars(module).items() if callable(value)]
    raise OptionError(
        f"the module {path} has no function {name!r}; write one that returns an nn.Module."
        + did_you_mean(name, known)
    )


def _is_pair(returned: object) -> bool:
    return (
        isinstance(returned, tuple)
        and len(returned) == 2
        and isinstance(returned[1], tuple)
        and len(returned[1]) > 0
        and all(isinstance(it, torch.Tensor) for it in returned[1])
    )


def _kind(returned: object) -> str:
    if isinstance(returned, tuple):
        return f"a tuple of {', '.join(type(it).__name__ for it in returned)}"
    return f"a {type(returned).__name__}" if returned is not None else "nothing"


def _noise(text: str, network: nn.Module, shapes: Shapes) -> tuple[torch.Tensor, ...]:
    """Return random numbers for the inputs of a network that said no examples."""
    told = inspect.signature(network.forward).parameters.values()
    names = [
        it.name for it in told if it.default is it.empty and it.kind is it.POSITIONAL_OR_KEYWORD
    ]
    missing = [name for name in names if name not in shapes]
    unknown = [name for name in shapes if name not in names]
    if missing or unknown:
        wrong = f"has no input {unknown[0]!r}" if unknown else "does not say what it reads"
        asked = " ".join(f"--shape {name}=1,3,224,224" for name in missing or names)
        raise OptionError(
            f"{text} {wrong}; say it, for example {asked}, or let the function return "
            "(module, (tensor, ...)), which is needed for integers."
        )
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(tuple(shapes[name]), generator=generator) for name in names)
