"""From a network to an ONNX graph, call by call."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import onnx
from torch import fx, nn

from sartor.deploy.graph import INPUT, Graph, Value
from sartor.deploy.writers import WRITERS, Unwritable

TRACE_ERRORS = (fx.proxy.TraceError, TypeError, ValueError, RuntimeError, AttributeError)
"""What symbolic tracing raises when a network's Python depends on the numbers in a tensor."""


def write(network: nn.Module, shape: tuple[int, int, int]) -> onnx.ModelProto:
    """Write a network, batch norms folded, its nodes named after the modules.

    Args:
        network: In evaluation mode.
        shape: Channels, rows and columns of the input.

    Raises:
        Unwritable: The network cannot be traced, or does something that no writer knows.
        OptionError: A weight is NaN or infinite.
    """
    calls = _trace(network)
    modules = dict(network.named_modules())
    graph = Graph()
    values: dict[fx.Node, object] = {}
    output = Value("")
    for call in calls.nodes:
        if call.op == "placeholder":
            values[call] = _only_input(values)
        elif call.op == "output":
            output = _only_output(call, values)
        else:
            values[call] = _write_call(graph, call, modules, values)
        if len(call.users) > 1:
            shared = values[call]
            assert isinstance(shared, Value)
            graph.shared.add(shared)
    return graph.model(output, shape)


def _trace(network: nn.Module) -> fx.Graph:
    try:
        return _Tracer().trace(network)
    except TRACE_ERRORS as error:
        raise Unwritable(f"cannot be traced: {error}") from error


class _Tracer(fx.Tracer):
    """Does not look into modules that have a writer."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return type(m) in WRITERS or super().is_leaf_module(m, module_qualified_name)


def _only_input(values: dict[fx.Node, object]) -> Value:
    if values:
        raise Unwritable("more than one input")
    return Value(INPUT)


def _only_output(call: fx.Node, values: dict[fx.Node, object]) -> Value:
    result = call.args[0]
    if not isinstance(result, fx.Node) or values[result] == Value(INPUT):
        raise Unwritable("an output that is not one tensor")
    value = values[result]
    assert isinstance(value, Value)
    return value


def _write_call(
    graph: Graph, call: fx.Node, modules: dict[str, nn.Module], values: dict[fx.Node, object]
) -> Value:
    args, kwargs = _resolved(call.args, values), _resolved(call.kwargs, values)
    if call.op == "call_module":
        module = modules[str(call.target)]
        key: object = type(module)
        args, name = (module, *args), str(call.target)
    elif call.op in ("call_function", "call_method"):
        key = call.target
        name = _function_name(call)
    else:
        raise Unwritable(f"{call.op} {call.target}")
    write_it = WRITERS.get(key)
    if write_it is None:
        raise Unwritable(f"{key} has no writer")
    arguments = (graph, graph.unique(name), *args)
    try:
        _signature(write_it).bind(*arguments, **kwargs)
    except TypeError as error:
        raise Unwritable(f"{key}: {error}") from error
    return write_it(*arguments, **kwargs)


def _resolved(given: Any, values: dict[fx.Node, object]) -> Any:  # Any: nested arguments
    """Put values in the place of the calls that made them."""
    return fx.map_arg(given, lambda node: values[node])  # type: ignore[arg-type,return-value]


_signature: Callable[[Callable[..., Value]], inspect.Signature] = cache(inspect.signature)


def _function_name(call: fx.Node) -> str:
    """Return the path of the module that made the call, and the function: `stages.1.0.add`."""
    target = call.target
    function = target if isinstance(target, str) else getattr(target, "__name__", str(target))
    stack = call.meta.get("nn_module_stack")
    path = next(reversed(stack)) if stack else ""
    return f"{path}.{function}" if path else function
