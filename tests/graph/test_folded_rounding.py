"""Rounding nodes in pairs: what integer kernels read and write."""

from sartor.graph import Effect, Graph, Operation, Products, Tensor, fold_rounding

ITEMS = 10


def rounded(*operations: Operation, outputs: tuple[str, ...] = ("y",)) -> Graph:
    """A graph whose input is `x`; tensors that end in `.i` are integers of 8 bits."""
    names = {name for it in operations for name in (*it.reads, *it.writes)}
    tensors = {it: Tensor(it, (1, ITEMS), 8 if it.endswith(".i") else 32) for it in sorted(names)}
    return Graph(operations, tensors, ("x",), outputs)


def pair(value: str) -> tuple[Operation, Operation]:
    return (
        Operation(f"{value}.q", "QuantizeLinear", (value,), (f"{value}.i",), Effect.ELEMENTWISE),
        Operation(
            f"{value}.dq", "DequantizeLinear", (f"{value}.i",), (f"{value}.r",), Effect.ELEMENTWISE
        ),
    )


def convolution(read: str, written: str) -> Operation:
    products = Products(1, 1, ITEMS, ITEMS)
    return Operation(f"conv.{written}", "Conv", (read,), (written,), Effect.PRODUCTS, products)


def told(graph: Graph) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(it.kind, it.reads, it.writes) for it in graph.operations]


def test_a_convolution_between_pairs_reads_and_writes_integers() -> None:
    relu = Operation("relu", "Relu", ("a",), ("b",), Effect.ELEMENTWISE)
    one = rounded(*pair("x"), convolution("x.r", "a"), relu, *pair("b"), convolution("b.r", "y"))
    folded = fold_rounding(one)
    assert told(folded) == [
        ("QuantizeLinear", ("x",), ("x.i",)),
        ("Conv", ("x.i",), ("b.i",)),
        ("Conv", ("b.i",), ("y",)),
    ]
    assert set(folded.tensors) == {"x", "x.i", "b.i", "y"}
    assert folded.macs == one.macs


def test_a_sum_is_taken_in_only_where_all_of_it_is_rounded() -> None:
    add = Operation("add", "Add", ("a.r", "b"), ("c",), Effect.ELEMENTWISE)
    one = rounded(
        *pair("x"),
        convolution("x.r", "a"),
        *pair("a"),
        convolution("x.r", "b"),
        add,
        *pair("c"),
        convolution("c.r", "y"),
    )
    assert told(fold_rounding(one)) == [
        ("QuantizeLinear", ("x",), ("x.i",)),
        ("Conv", ("x.i",), ("a.i",)),
        ("DequantizeLinear", ("a.i",), ("a.r",)),
        ("Conv", ("x.i",), ("b",)),
        ("Add", ("a.r", "b"), ("c",)),
        ("QuantizeLinear", ("c",), ("c.i",)),
        ("Conv", ("c.i",), ("y",)),
    ]


def test_a_result_that_floats_are_read_of_stays_in_float() -> None:
    other = Operation("other", "Sigmoid", ("a",), ("z",), Effect.ELEMENTWISE)
    one = rounded(
        *pair("x"),
        convolution("x.r", "a"),
        *pair("a"),
        convolution("a.r", "y"),
        other,
        outputs=("y", "z"),
    )
    assert [it.kind for it in fold_rounding(one).operations] == [
        "QuantizeLinear", "Conv", "QuantizeLinear", "Conv", "Sigmoid",
    ]  # fmt: skip


def test_an_output_is_restored() -> None:
    one = rounded(*pair("x"), convolution("x.r", "y"), *pair("y"), outputs=("y.r",))
    assert told(fold_rounding(one)) == [
        ("QuantizeLinear", ("x",), ("x.i",)),
        ("Conv", ("x.i",), ("y.i",)),
        ("DequantizeLinear", ("y.i",), ("y.r",)),
    ]


def test_a_float_graph_comes_back_as_it_is() -> None:
    one = rounded(convolution("x", "y"))
    assert fold_rounding(one) is one
