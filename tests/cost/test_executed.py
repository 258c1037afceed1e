"""A precision is named after what was executed."""

import pytest

from sartor.cost.executed import executed_precision
from sartor.graph import Effect, Graph, Operation, Products, Tensor
from sartor_agent.program import Step


def steps(*kinds: tuple[str, str]) -> list[Step]:
    return [
        Step(f"{kind}_{at}", kind, precision, 0.1) for at, (kind, precision) in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("executed", "name"),
    [
        ([("QLinearConv", "int8"), ("QGemm", "int8")], "int8"),
        ([("QuantizeLinear", "fp32"), ("QLinearConv", "int8"), ("QLinearAdd", "int8")], "int8"),
        ([("DequantizeLinear", "int8"), ("Conv", "fp32"), ("Convert", "int8")], "fp32"),
        ([("Convolution", "int8"), ("MatMul", "fp32")], "mixed"),
        ([("aten::linear", "bf16"), ("aten::add", "fp32")], "bf16"),
        ([("Relu", "fp32")], "bf16"),
        ([], "bf16"),
    ],
)
def test_the_operators_that_multiply_matrices_decide(
    executed: list[tuple[str, str]], name: str
) -> None:
    assert executed_precision(steps(*executed), "bf16") == name


@pytest.mark.parametrize(("bits", "name"), [(32, "fp32"), (16, "fp32"), (8, "int8"), (4, "int4")])
def test_where_a_runtime_does_not_tell_the_file_does(bits: int, name: str) -> None:
    tensors = {it: Tensor(it, (1, 8), bits) for it in "xy"}
    product = Operation("p", "FC", ("x",), ("y",), Effect.PRODUCTS, Products(1, 1, 8, 8))
    graph = Graph((product,), tensors, ("x",), ("y",))
    assert executed_precision([], "fp32", graph) == name
