"""Every operation of a file is found in what a runtime executed, with its multiply-adds."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from sartor.cost.profile import Profile, join_steps
from sartor.cost.profile.names import forms
from sartor.cost.profile.shapes import products_of
from sartor.deploy import export, quantize
from sartor.graph import Effect, Graph, Operation, Products, Tensor
from sartor.graph.formats import read_onnx
from sartor.targets import RUNTIMES, Step

RUNNING = ("onnxruntime", "openvino")
SIDES = {
    "mobilenetv2_100": 224, "resnet18": 224, "mobilenetv3_small_100": 96, "efficientnet_b0": 96,
    "convnext_atto": 96, "vit_tiny_patch16_224": 96,
}  # fmt: skip
"""Of the images. Smaller ones where no number is published: the operations are the same."""
PUBLISHED = {"mobilenetv2_100": 300_774_272, "resnet18": 1_814_073_344}


def ends(channels: int) -> list[nn.Module]:
    """The last layers of a network with five classes."""
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 5)]


def profiled(file: Path, runtime: str) -> Profile:
    """Run a file twice and join what was executed with its graph."""
    program = RUNTIMES[runtime]().compile(file, threads=1, precision="fp32")
    rng = np.random.default_rng(0)
    steps = program.profile(*[port.noise(rng) for port in program.inputs], calls=1)
    return join_steps(steps, read_onnx(file))


def check(profile: Profile, graph: Graph) -> None:
    """Everything is counted, once, and steps whose shapes tell it agree."""
    assert profile.macs == graph.macs
    assert profile.unplaced == ()
    assert profile.uncounted == ()
    assert set(profile.step_of) == {it.name for it in graph.operations}
    assert all(it.counted == "graph" for it in profile.executed)
    for it in profile.executed:
        shaped = products_of(it.step)
        if it.macs and shaped is not None:
            # Channels are padded to blocks of 16, in the first layer of 3 and in gates of few.
            assert it.macs <= shaped.macs <= 16 * it.macs, it.step.name


@pytest.mark.slow
@pytest.mark.parametrize(("name", "side"), SIDES.items())
def test_multiply_adds_of_all_steps_are_those_of_the_graph(
    name: str, side: int, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    takes_any = not name.startswith("vit")
    network = (
        timm.create_model(name) if takes_any else timm.create_model(name, img_size=side)
    ).eval()
    file = tmp_path / "model.onnx"
    export(network, file, (3, side, side))
    images = np.random.default_rng(0).standard_normal((1, 3, side, side), np.float32)
    graph = read_onnx(file)
    assert graph.macs == PUBLISHED.get(name, graph.macs)
    for runtime in RUNNING:
        check(profiled(file, runtime), graph)
        rounded = tmp_path / f"{runtime}.onnx"
        quantize(file, rounded, images, runtime=runtime)
        assert read_onnx(rounded).macs == graph.macs
        check(profiled(rounded, runtime), read_onnx(rounded))


def test_mobilenetv2_has_the_published_parameters() -> None:
    network = timm.create_model("mobilenetv2_100")
    assert sum(it.numel() for it in network.parameters()) == 3_504_872


@pytest.mark.parametrize("runtime", RUNNING)
def test_bytes_are_those_of_what_is_read_and_written(runtime: str, tmp_path: Path) -> None:
    """Channels in blocks of 16, so that nothing is padded."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), *ends(32))
    export(network, tmp_path / "model.onnx", (16, 20, 20))
    first, last = [it for it in profiled(tmp_path / "model.onnx", runtime).executed if it.macs]
    assert (first.macs, last.macs) == (400 * 16 * 9 * 32, 32 * 5)
    least = 4 * (16 * 400 + 32 * 16 * 9 + 32 * 400)
    assert least <= first.bytes_moved <= least + 4 * 32  # the bias, where it is told
    assert len(first.operations) == 2


@pytest.mark.parametrize("runtime", RUNNING)
def test_a_quantized_step_moves_a_quarter_of_the_bytes(runtime: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    convolutions = nn.Conv2d(16, 64, 1), nn.Conv2d(64, 64, 1), nn.Conv2d(64, 16, 1)
    network = nn.Sequential(*convolutions, *ends(16))
    file, rounded = tmp_path / "model.onnx", tmp_path / "int8.onnx"
    export(network, file, (16, 32, 32))
    images = np.random.default_rng(0).standard_normal((2, 16, 32, 32), np.float32)
    quantize(file, rounded, images, runtime=runtime)
    floats, integers = (
        [it for it in profiled(which, runtime).executed if it.macs][1] for which in (file, rounded)
    )
    assert integers.step.precision == "int8"
    assert 0.24 < integers.bytes_moved / floats.bytes_moved < 0.27


def chain(*kinds: tuple[str, Effect, Products | None]) -> Graph:
    """A graph in which each operation reads what the one before it writes."""
    tensors = {f"t{at}": Tensor(f"t{at}", (1, 8, 4, 4), 32) for at in range(len(kinds) + 1)}
    operations = tuple(
        Operation(f"op{at}", kind, (f"t{at}",), (f"t{at + 1}",), effect, products)
        for at, (kind, effect, products) in enumerate(kinds)
    )
    return Graph(operations, tensors, ("t0",), (f"t{len(kinds)}",))


WORK = Products(1, 16, 8, 8)
CONV = ("Conv", Effect.PRODUCTS, WORK)
RELU = ("Relu", Effect.ELEMENTWISE, None)
SHAPES = ((1, 8, 4, 4), (8, 8, 1, 1))


def step(name: str, kind: str, stands_for: tuple[str, ...] = ()) -> Step:
    return Step(name, kind, "fp32", 1.0, SHAPES, ((1, 8, 4, 4),), stands_for=stands_for)


def test_what_is_fused_goes_with_the_step_that_is_named_after_its_last_tensor() -> None:
    graph = chain(CONV, RELU, CONV, RELU)
    profile = join_steps([step("t2_nchwc", "Conv"), step("t4_nchwc_token_3", "Conv")], graph)
    assert [it.operations for it in profile.executed] == [("op0", "op1"), ("op2", "op3")]
    assert [it.macs for it in profile.executed] == [WORK.macs, WORK.macs]


def test_work_that_no_step_names_goes_to_a_step_of_as_much() -> None:
    other = ("MatMul", Effect.PRODUCTS, Products(1, 16, 8, 9))
    graph = chain(CONV, RELU, other)
    profile = join_steps([step("fresh", "Conv"), step("op1", "Relu")], graph)
    assert profile.executed[0].operations == ("op0",)
    assert profile.executed[0].counted == "graph"
    assert profile.unplaced == ("op2",)


def test_work_that_the_file_does_not_have_is_counted_from_shapes() -> None:
    profile = join_steps([step("fresh", "Conv"), step("op0", "Relu")], chain(RELU))
    assert profile.executed[0].counted == "shapes"
    assert profile.executed[0].macs == 16 * 8 * 8


def test_an_operator_that_no_table_has_is_named() -> None:
    profile = join_steps([step("x", "Frobnicate"), step("y", "Transpose")], chain(RELU))
    assert profile.uncounted == ("Frobnicate",)
    assert [it.macs for it in profile.executed] == [0, 0]


def test_an_operation_of_the_file_that_is_not_known_makes_its_step_uncounted() -> None:
    graph = chain(("Det", Effect.UNKNOWN, None))
    assert join_steps([step("op0", "Det")], graph).uncounted == ("Det",)


def test_a_reorder_named_like_a_convolution_computes_nothing() -> None:
    graph = chain(CONV)
    profile = join_steps([step("op0", "Reorder"), step("op0", "Convolution")], graph)
    assert [it.macs for it in profile.executed] == [0, WORK.macs]


def test_a_step_that_stands_for_several_operations_has_all_their_work() -> None:
    graph = chain(CONV, RELU, CONV)
    profile = join_steps([step("attention", "Subgraph", stands_for=("op0", "op2"))], graph)
    assert profile.executed[0].macs == 2 * WORK.macs
    assert profile.executed[0].operations == ("op0", "op1", "op2")


def test_a_change_of_shape_moves_nothing() -> None:
    (only,) = join_steps([step("op0", "Reshape")], chain(("Reshape", Effect.VIEW, None))).executed
    assert only.bytes_moved == 0


def test_shapes_of_blocked_grouped_and_channels_last_convolutions_are_read() -> None:
    image, turned = (1, 8, 6, 6), (1, 6, 6, 8)
    grouped = Step("a", "Convolution", "fp32", 1, (image, (8, 1, 1, 3, 3)), (image,))
    last = Step(
        "b", "QLinearConv", "int8", 1, (turned, (), (), (8, 1, 3, 3)), (turned,),
        {"channels_last": 1, "group": 8},
    )  # fmt: skip
    plain = Step("c", "Conv", "fp32", 1, (image, (8, 1, 3, 3)), (image,), {"group": 8})
    assert [products_of(it) for it in (grouped, last, plain)] == [Products(8, 36, 9, 1)] * 3
    rows = Step("d", "FullyConnected", "fp32", 1, ((1, 5, 12), (7, 12)), ((1, 5, 7),),
                {"exec_type": "gemm"})  # fmt: skip
    assert products_of(rows) == Products(1, 5, 12, 7)
    assert products_of(Step("e", "Conv", "fp32", 1)) is None


@given(
    st.text(min_size=1), st.sampled_from(["", "_nchwc", "_token_7", "_nchwc_token_12", "/Fused"])
)
def test_a_name_is_among_its_forms_whatever_was_appended(name: str, ending: str) -> None:
    assert name in forms(name + ending)
