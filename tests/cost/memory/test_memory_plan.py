"""Orders and places that need the least memory, against brute force and closed forms."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sartor.cost.memory import (
    Buffer,
    Interpreter,
    Memory,
    best_order,
    most_in_use,
    pack,
    plan_memory,
)
from sartor.graph import Effect, Graph, Operation, Products, Tensor


def graph(sizes: list[int], reads: list[list[int]], effects: list[Effect] | None = None) -> Graph:
    """A graph whose tensor 0 is the input, and whose operation i writes tensor i + 1.

    What nothing reads is an output.
    """
    names = [f"t{at}" for at in range(len(sizes))]
    effects = effects or [Effect.PRODUCTS] * len(reads)
    operations = tuple(
        Operation(f"op{at}", "Op", tuple(names[it] for it in read), (names[at + 1],), effects[at])
        for at, read in enumerate(reads)
    )
    read = {it for each in reads for it in each}
    outputs = tuple(name for at, name in enumerate(names) if at not in read and at > 0)
    tensors = {name: Tensor(name, (1, size), 8) for name, size in zip(names, sizes, strict=True)}
    return Graph(operations, tensors, (names[0],), outputs)


@st.composite
def graphs(draw: st.DrawFn, most: int = 7) -> Graph:
    """Random graphs that branch."""
    count = draw(st.integers(1, most))
    sizes = draw(st.lists(st.sampled_from([1, 3, 8, 20]), min_size=count + 1, max_size=count + 1))
    reads = [
        draw(st.lists(st.integers(0, at), min_size=1, max_size=3, unique=True))
        for at in range(count)
    ]
    some = st.sampled_from([Effect.PRODUCTS, Effect.ELEMENTWISE, Effect.LIGHT])
    return graph(sizes, reads, draw(st.lists(some, min_size=count, max_size=count)))


def lowest_peak(one: Graph, *, in_place: bool) -> int:
    """The lowest peak of all orders, by trying every one."""
    memory = Memory(one, in_place=in_place)
    found = []
    for order in itertools.permutations(range(len(one.operations))):
        try:
            one.in_order(order)
        except ValueError:
            continue
        found.append(max(memory.profile(order)))
    return min(found)


@given(graphs(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_the_order_found_is_the_best_of_all(one: Graph, in_place: bool) -> None:
    memory = Memory(one, in_place=in_place)
    expected = lowest_peak(one, in_place=in_place)
    found = best_order(memory)
    assert found.exact
    assert found.peak_bytes == expected
    assert max(memory.profile(found.places)) == expected
    one.in_order(found.places)  # is one in which it can be run


@given(graphs(most=12), st.booleans(), st.booleans(), st.sampled_from([1, 4, 16]))
@settings(deadline=None)
def test_a_plan_lies_between_its_bounds(
    one: Graph, in_place: bool, reorder: bool, alignment: int
) -> None:
    how = Interpreter(reorder=reorder, in_place=in_place, alignment=alignment)
    plan = plan_memory(one, how)
    assert plan.peak_bytes <= plan.stored_peak_bytes
    assert most_in_use(plan.buffers) <= plan.arena_bytes
    slack = alignment * len(plan.buffers)
    assert plan.arena_bytes <= plan.total_bytes + slack
    for a, b in itertools.combinations(plan.buffers, 2):
        assert not a.meets(b) or a.end <= b.offset or b.end <= a.offset
    assert all(it.offset % alignment == 0 for it in plan.buffers)


@given(graphs(most=12), st.booleans())
@settings(deadline=None)
def test_what_is_placed_is_what_is_live(one: Graph, in_place: bool) -> None:
    plan = plan_memory(one, Interpreter(in_place=in_place))
    for step, live in enumerate(plan.live_bytes):
        in_use = sum(it.size_bytes for it in plan.buffers if it.first <= step <= it.last)
        assert in_use == live


@given(graphs(most=12))
@settings(deadline=None)
def test_in_place_the_block_is_never_larger(one: Graph) -> None:
    plan = plan_memory(one, Interpreter(in_place=True))
    assert plan.arena_bytes <= plan_memory(one).arena_bytes
    assert plan.peak_bytes <= plan.stored_peak_bytes


@given(st.lists(st.integers(1, 50), min_size=2, max_size=30))
@example([1, 1, 6, 3, 8, 4, 1, 8, 4, 4, 6, 5])
def test_a_chain_needs_its_largest_neighbours(sizes: list[int]) -> None:
    chain = graph(sizes, [[at] for at in range(len(sizes) - 1)])
    plan = plan_memory(chain)
    expected = max(a + b for a, b in itertools.pairwise(sizes))
    assert plan.peak_bytes == plan.arena_bytes == plan.stored_peak_bytes == expected


@given(graphs(most=12))
@settings(deadline=None)
def test_writing_over_what_is_read_no_more_never_needs_more(one: Graph) -> None:
    apart, over = best_order(Memory(one)), best_order(Memory(one, in_place=True))
    assert over.peak_bytes <= apart.peak_bytes


def test_the_branch_that_frees_most_is_run_first() -> None:
    """A wide tensor that shrinks: running the other branch first holds both."""
    forked = graph([10, 40, 40, 1, 1, 1], [[0], [0], [2], [1], [3, 4]])
    stored = plan_memory(forked, Interpreter(reorder=False))
    found = plan_memory(forked)
    assert stored.peak_bytes == 10 + 40 + 40
    assert found.peak_bytes == 10 + 40 + 1
    assert found.exact
    assert not stored.exact


def test_a_search_in_width_finds_an_order_where_there_are_too_many_sets() -> None:
    branches = 12
    sizes = [4, *([8] * branches), *([1] * branches), 1]
    reads = [[0]] * branches + [[1 + at] for at in range(branches)]
    reads.append(list(range(1 + branches, 1 + 2 * branches)))
    wide = graph(sizes, reads)
    memory = Memory(wide)
    found = best_order(memory, most_states=10, beam=16)
    assert not found.exact
    assert found.peak_bytes == max(memory.profile(found.places)) < 8 * branches
    assert found.peak_bytes == 4 + (branches - 1) + 8


def test_a_depthwise_convolution_writes_over_its_input() -> None:
    tensors = {
        "x": Tensor("x", (1, 8, 10, 10), 8),
        "y": Tensor("y", (1, 8, 10, 10), 8),
        "z": Tensor("z", (1, 2), 8),
    }
    operations = (
        Operation("depthwise", "Conv", ("x",), ("y",), Effect.DEPTHWISE, Products(8, 100, 9, 1)),
        Operation("rest", "Gemm", ("y",), ("z",)),
    )
    one = Graph(operations, tensors, ("x",), ("z",))
    assert plan_memory(one).peak_bytes == 1600
    plan = plan_memory(one, Interpreter(in_place=True))
    assert plan.peak_bytes == plan.arena_bytes == 800 + 100


@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.integers(0, 8), st.integers(0, 4)), min_size=1, max_size=6
    )
)
@settings(deadline=None)
def test_few_buffers_are_packed_into_the_least_memory(shapes: list[tuple[int, int, int]]) -> None:
    """Against every order of placing each as low as it can be."""
    buffers = [
        Buffer(str(at), size, first, first + length)
        for at, (size, first, length) in enumerate(shapes)
    ]
    found = max(it.end for it in pack(buffers))
    least = min(_first_fit(order) for order in itertools.permutations(buffers))
    assert most_in_use(buffers) <= found <= 1.25 * least


def _first_fit(order: tuple[Buffer, ...]) -> int:
    spans: list[tuple[int, int, Buffer]] = []
    for buffer in order:
        offset = 0
        for start, end, other in sorted(spans, key=lambda it: it[0]):
            if other.meets(buffer) and start < offset + buffer.size_bytes and offset < end:
                offset = end
        spans.append((offset, offset + buffer.size_bytes, buffer))
    return max(end for _, end, _ in spans)


def test_a_graph_that_reads_what_is_not_there_is_refused() -> None:
    tensors = {"x": Tensor("x", (1,), 8), "y": Tensor("y", (1,), 8)}
    with pytest.raises(ValueError, match="before it is there"):
        Graph((Operation("a", "Relu", ("y",), ("x",)),), tensors, ("x",), ("x",))


def test_crowded_buffers_are_packed_close_to_their_bound() -> None:
    """Drawn so that placing the largest first alone does not reach it."""
    rng = np.random.default_rng(7)
    over = []
    for _ in range(20):
        first = rng.integers(0, 12, 30)
        buffers = [
            Buffer(str(at), int(rng.integers(1, 100)), int(it), int(it + rng.integers(0, 5)))
            for at, it in enumerate(first)
        ]
        placed = pack(buffers)
        for a, b in itertools.combinations(placed, 2):
            assert not a.meets(b) or a.end <= b.offset or b.end <= a.offset
        over.append(max(it.end for it in placed) / most_in_use(buffers))
    assert min(over) >= 1
    assert max(over) <= 1.03
    assert over.count(1) >= 15
