"""From the JSON of an exported program to a module: every node is checked and built anew."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import fx

from sartor.errors import OptionError
from sartor.targets.exported.archive import DTYPES, Json
from sartor.targets.exported.operators import known_operator

STORED = {
    "parameter": "parameter_name",
    "buffer": "buffer_name",
    "tensor_constant": "tensor_constant_name",
}
"""Kinds of inputs that are tensors of the archive, and the field with their name."""
MEMORY = {
    1: torch.contiguous_format, 2: torch.channels_last, 3: torch.channels_last_3d,
    4: torch.preserve_format,
}  # fmt: skip
POSITIONAL = 1
"""How arguments are given, as files number it."""
SWITCHES = {
    "torch.ops.higher_order.wrap_with_set_grad_enabled": 1,
    "torch.ops.higher_order.wrap_with_autocast": 4,
}
"""Blocks of a `with`, and the position of their graph; what follows it is read by the graph."""
AUTOCAST_ENABLED = 2

Values = dict[str, fx.Node | int | float | bool]
"""What has been computed, by the file's names."""


def build(
    program: Json, tensors: Mapping[str, torch.Tensor], device: torch.device
) -> tuple[fx.GraphModule, list[str]]:
    """Build a module that reads the user's inputs, in order, and returns a tuple of outputs.

    Nodes carry the path of the module that they come from as `meta["place"]`. What the program
    creates is created on `device`, wherever it was exported.

    Returns:
        The module, and the file's names of its inputs.

    Raises:
        OptionError: The program does something that is not known; the message names it.
        KeyError, TypeError, ValueError: The file does not have the form that it should.
    """
    told = program["graph_module"]
    root, graph, values, names = torch.nn.Module(), fx.Graph(), Values(), list[str]()
    for spec in told["signature"]["input_specs"]:
        ((kind, fields),) = spec.items()
        if kind == "user_input":
            name = _user_input(fields["arg"])
            values[name] = graph.placeholder(f"input_{len(names)}")
            names.append(name)
        elif kind in STORED:
            own = f"tensor_{len(values)}"
            _keep(root, own, tensors[fields[STORED[kind]]])
            values[fields["arg"]["name"]] = graph.get_attr(own)
        else:
            raise OptionError(f"it reads a {kind}; allowed: tensors, parameters and buffers.")
    found = _Nodes(graph, device).add(told["graph"], values)
    kinds = [next(iter(spec)) for spec in told["signature"]["output_specs"]]
    if set(kinds) - {"user_output"}:
        other = next(kind for kind in kinds if kind != "user_output")
        raise OptionError(f"it has a {other}; export the network in evaluation mode, without it.")
    graph.output(tuple(found))
    return fx.GraphModule(root, graph).to(device), names


def _user_input(argument: Json) -> str:
    ((kind, value),) = argument.items()
    if kind != "as_tensor":
        raise OptionError(f"it reads a {kind.removeprefix('as_')}; allowed: tensors.")
    return str(value["name"])


def _keep(root: torch.nn.Module, name: str, tensor: torch.Tensor) -> None:
    if isinstance(tensor, torch.nn.Parameter):
        root.register_parameter(name, tensor)
    else:
        root.register_buffer(name, tensor)


class _Nodes:
    """Adds the nodes of the file's graphs to one of ours."""

    def __init__(self, graph: fx.Graph, device: torch.device) -> None:
        self._graph = graph
        self._device = device

    def add(self, told: Json, values: Values) -> list[Any]:  # Any: nodes and numbers
        """Add a graph that reads `values`, and return its outputs."""
        for node in told["nodes"]:
            if node["target"] in SWITCHES:
                found = self._inside(node, values)
            else:
                found = self._call(node, values)
            values.update(found)
        return [self._argument(it, values) for it in told["outputs"]]

    def _call(self, node: Json, values: Values) -> Values:
        target = known_operator(node["target"])
        given = {it["name"]: self._argument(it["arg"], values) for it in node["inputs"]}
        if isinstance(target, torch._ops.OpOverload):
            args, kwargs = _arranged(target, node, given)
        else:
            args, kwargs = tuple(self._argument(it["arg"], values) for it in node["inputs"]), {}
        # The file's own name is put into source code by torch.fx: it is made harmless there.
        name = re.sub(r"\W", "_", str(node.get("name") or "node"), flags=re.ASCII)
        made = self._graph.create_node("call_function", target, args, kwargs, f"n_{name}")
        made.meta["place"] = _place(node)
        return self._results(node, made)

    def _results(self, node: Json, made: fx.Node) -> Values:
        """Name what an operator returns: one value, a list, or several."""
        outputs = node["outputs"]
        if len(outputs) == 1 and "as_tensors" not in outputs[0]:
            return dict(_named(outputs[0], made))
        if len(outputs) == 1:
            outputs = [{"as_tensor": it} for it in outputs[0]["as_tensors"]]
        values = Values()
        for place, output in enumerate(outputs):
            part = self._graph.call_function(operator.getitem, (made, place))
            values.update(_named(output, part))
        return values

    def _inside(self, node: Json, values: Values) -> Values:
        """Add the graph of a block, which computes as it would outside of it."""
        given, place = node["inputs"], SWITCHES[node["target"]]
        if place > AUTOCAST_ENABLED and self._argument(given[AUTOCAST_ENABLED]["arg"], values):
            raise OptionError("it computes under autocast; export it without, and in one type.")
        inner = given[place]["arg"]["as_graph"]["graph"]
        read = [self._argument(it["arg"], values) for it in given[place + 1 :]]
        own = {name: it for it, name in zip(read, map(_input, inner["inputs"]), strict=True)}
        found = self.add(inner, own)
        outputs = [it for output in node["outputs"] for it in _flat(output)]
        return {
            name: value
            for output, it in zip(outputs, found, strict=True)
            for name, value in _named(output, it)
        }

    def _argument(self, told: Json, values: Values) -> Any:  # Any: what an operator may read
        ((kind, value),) = told.items()
        if kind in READ:
            return READ[kind](value)
        if kind == "as_tensor":
            return values[value["name"]]
        if kind == "as_device":
            return self._device
        if kind in ("as_sym_int", "as_sym_float", "as_sym_bool"):
            return _size(value, values)
        if kind in ("as_sym_ints", "as_sym_floats", "as_sym_bools"):
            return [_size(it, values) for it in value]
        if kind == "as_tensors":
            return [values[it["name"]] for it in value]
        if kind == "as_optional_tensors":
            return [self._argument(it, values) for it in value]
        if kind == "as_optional_tensor":
            return self._argument(value, values)
        raise OptionError(f"it has an argument of the kind {kind!r}, which is not known.")


READ: dict[str, Callable[[Any], Any]] = {  # Any: JSON
    "as_none": lambda _: None,
    "as_int": int,
    "as_ints": lambda it: [int(n) for n in it],
    "as_float": float,  # also of the texts "Infinity" and "NaN"
    "as_floats": lambda it: [float(n) for n in it],
    "as_bool": bool,
    "as_bools": lambda it: [bool(n) for n in it],
    "as_string": str,
    "as_scalar_type": DTYPES.__getitem__,
    "as_memory_format": MEMORY.__getitem__,
    "as_layout": lambda _: torch.strided,
    "as_int_lists": lambda it: [[int(n) for n in row] for row in it],
}
"""How arguments are read that are plain data."""


def _arranged(
    target: torch._ops.OpOverload, node: Json, given: Json
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Divide arguments into those given by position and those given by name."""
    kinds = {it["name"]: it.get("kind") for it in node["inputs"]}
    args: list[Any] = []
    named = dict(given)
    for argument in target._schema.arguments:
        chosen = kinds.get(argument.name) in (POSITIONAL, None)
        if argument.kwarg_only or argument.name not in named or not chosen:
            break
        args.append(named.pop(argument.name))
    unknown = set(named) - {it.name for it in target._schema.arguments}
    if unknown:
        raise ValueError(f"{node['target']} has no argument {min(unknown)!r}")
    return tuple(args), named


def _named(output: Json, value: Any) -> Iterator[tuple[str, Any]]:  # Any: node or number
    """Yield the file's name of a result, if it has one."""
    ((kind, told),) = output.items()
    if kind == "as_tensor":
        yield told["name"], value
    elif kind in ("as_sym_int", "as_sym_float", "as_sym_bool"):
        yield told["as_name"], value
    elif kind != "as_none":
        raise OptionError(f"an operator returns a {kind!r}, which is not known.")


def _flat(output: Json) -> list[Json]:
    return (
        [{"as_tensor": it} for it in output["as_tensors"]] if "as_tensors" in output else [output]
    )


def _input(told: Json) -> str:
    return next(name for name, _ in _named(told, None))


def _size(told: Json, values: Values) -> Any:  # Any: node or number
    """Read a size: a number, or the name of one that was computed."""
    if "as_name" in told:
        return values[told["as_name"]]
    ((_, value),) = told.items()
    if not isinstance(value, int | float):
        raise TypeError(f"the size {value!r}")
    return value


def _place(node: Json) -> str:
    """Return the path of the innermost module that a node was in: `blocks.0.conv`."""
    stack = str(node.get("metadata", {}).get("nn_module_stack", ""))
    parts = stack.rpartition(";")[2].split(",")
    return parts[1] if len(parts) > 1 else ""
