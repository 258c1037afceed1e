"""Everything that a runtime executes is a kernel."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sartor.cost.kernels import Kernel, kernels_of
from sartor.cost.kernels.blocks import BLOCKS
from sartor.cost.kernels.chains import write_chain
from sartor.cost.kernels.draw import DRAWS, draw, vary
from sartor.cost.kernels.extract import kernel_of, kernels_and_shares
from sartor.cost.kernels.sketch import Sketch
from sartor.deploy import export, quantize
from sartor.errors import OptionError
from sartor.graph.formats.onnx import read_onnx
from sartor.nets import Network, mobile
from sartor.targets import Program, Step, reading

PLAIN: Sketch = {
    "block": "plain", "depth": 2, "size": 14, "width": 32, "outputs": 32, "kernel": 3,
    "activation": "relu",
}  # fmt: skip
RUNTIMES = reading(".onnx")


def drawn(block: str) -> Sketch:
    """The first sketch of a sort."""
    rng = np.random.default_rng(0)
    while True:
        sketch = draw(rng)
        if sketch["block"] == block:
            return sketch


def compiled(file: Path, shape: tuple[int, int, int], precision: str, runtime: str) -> Program:
    if precision == "int8":
        rounded = file.with_suffix(".int8.onnx")
        images = np.random.default_rng(0).standard_normal((1, *shape), np.float32)
        quantize(file, rounded, images, runtime=runtime)
        file = rounded
    return RUNTIMES[runtime].compile(file, threads=1, precision="fp32")


def profiled(program: Program) -> tuple[Step, ...]:
    images = [port.noise(np.random.default_rng(0)) for port in program.inputs]
    return program.profile(*images, calls=1)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_step_of_a_network_is_a_kernel(
    seed: int, precision: str, runtime: str, tmp_path: Path
) -> None:
    family = mobile(resolution=32, channels=3, classes=10)
    design = family.space.sample(np.random.default_rng(seed))
    pixels = family.resolution(design)
    file = tmp_path / "network.onnx"
    export(Network(family.blueprint(design)).eval(), file, (3, pixels, pixels))
    program = compiled(file, (3, pixels, pixels), precision, runtime)
    steps = profiled(program)
    kernels = kernels_of(steps, runtime)
    if runtime == "onnxruntime":  # OpenVINO leaves out other steps each time that it is asked
        assert sorted(it.kind for it in kernels) == sorted(it.kind for it in steps)
    assert all(it.runtime == runtime and it.precision for it in kernels)
    assert all(it.read or it.written for it in kernels)
    if runtime == "onnxruntime":  # channels are filled up to blocks of 16, for float at least
        assert read_onnx(file).macs <= sum(it.macs for it in kernels) < 4 * read_onnx(file).macs


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_full_blocks_of_channels_keep_the_multiply_adds(precision: str, tmp_path: Path) -> None:
    shape = write_chain(PLAIN, tmp_path / "chain.onnx")
    program = compiled(tmp_path / "chain.onnx", shape, precision, "onnxruntime")
    kernels = kernels_of(profiled(program), "onnxruntime")
    assert sum(it.macs for it in kernels) == 14**2 * 32**2 * (4 * 9 + 1)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_sort_of_chain_is_written_compiled_and_rounded(block: str, tmp_path: Path) -> None:
    sketch = drawn(block)
    shape = write_chain(sketch, tmp_path / "chain.onnx")
    for precision in ("fp32", "int8"):
        program = compiled(tmp_path / "chain.onnx", shape, precision, "onnxruntime")
        kernels, shares = kernels_and_shares(profiled(program), "onnxruntime")
        assert len(kernels) == len(shares) > 1
        assert sum(shares) == pytest.approx(1, rel=1e-3)
        assert min(shares) > 0
    assert read_onnx(tmp_path / "chain.onnx").macs > 0, "shapes are declared as they are"


def test_every_sort_of_chain_is_drawn() -> None:
    assert set(DRAWS) == set(BLOCKS)


@pytest.mark.parametrize("step", [1, 3])
def test_sorts_come_in_turn_as_often_as_their_shares_say(step: int) -> None:
    numbers = range(0, 300 * step, step)
    drawn = Counter(draw(np.random.default_rng(it), it)["block"] for it in numbers)
    whole = sum(share for share, _ in DRAWS.values())
    for name, (share, _) in DRAWS.items():
        assert drawn[name] == pytest.approx(300 * share / whole, abs=3)


def test_equal_seeds_draw_equal_chains() -> None:
    one, other = (
        [draw(rng) for _ in range(20)] for rng in (np.random.default_rng(3) for _ in range(2))
    )
    assert one == other


@pytest.mark.parametrize("block", BLOCKS)
def test_a_chain_near_another_is_of_its_sort_and_can_be_written(block: str, tmp_path: Path) -> None:
    sketch = drawn(block)
    near = vary(sketch, np.random.default_rng(1))
    assert near["block"] == block
    assert near != sketch
    write_chain(near, tmp_path / "near.onnx")
    RUNTIMES["onnxruntime"].compile(tmp_path / "near.onnx", threads=1, precision="fp32")


def test_convolutions_are_told_apart_by_how_they_are_computed(tmp_path: Path) -> None:
    sketch: Sketch = {
        "block": "inverted", "depth": 2, "size": 14, "width": 32, "middle": 64, "group_width": 1,
        "outputs": 32, "kernel": 5, "activation": "relu", "gate": "sigmoid", "squeeze": 16,
    }  # fmt: skip
    write_chain(sketch, tmp_path / "chain.onnx")
    program = compiled(tmp_path / "chain.onnx", (32, 14, 14), "fp32", "onnxruntime")
    found: dict[str, list[Kernel]] = {}
    for it in kernels_of(profiled(program), "onnxruntime"):
        if it.kind == "Conv":
            found.setdefault(it.form.removesuffix(" in blocks"), []).append(it)
    assert {form: len(own) for form, own in found.items()} == {
        "pointwise": 5, "depthwise": 2, "vector": 4,
    }  # fmt: skip
    depthwise = found["depthwise"][0]
    assert (depthwise.count, depthwise.taps, depthwise.inner, depthwise.rows) == (64, 25, 25, 196)
    assert depthwise.detail == "Relu"


@pytest.mark.parametrize(("channels", "form"), [(64, "depthwise"), (72, "depthwise ragged")])
def test_integers_of_ragged_channels_take_other_code(
    channels: int, form: str, tmp_path: Path
) -> None:
    sketch: Sketch = {
        "block": "inverted", "depth": 1, "size": 14, "width": 32, "middle": channels,
        "group_width": 1, "outputs": 32, "kernel": 5, "activation": "relu",
    }  # fmt: skip
    shape = write_chain(sketch, tmp_path / "chain.onnx")
    program = compiled(tmp_path / "chain.onnx", shape, "int8", "onnxruntime")
    forms = {it.form for it in kernels_of(profiled(program), "onnxruntime")}
    assert {it for it in forms if it.startswith("depthwise")} == {form}


@pytest.mark.parametrize(
    ("shape", "order", "form"),
    [
        ((1, 192, 14, 14), (0, 2, 3, 1), "one axis"),
        ((1, 3, 198, 64), (0, 1, 3, 2), "one axis"),
        ((8, 16, 64, 20), (2, 3, 0, 1), "one axis"),  # two that stay together
        ((1, 64, 16, 2, 16, 2), (0, 1, 3, 5, 2, 4), "numbers"),
        ((1, 64, 256, 4), (0, 3, 2, 1), "numbers"),
        ((8, 16, 64, 20), (0, 2, 1, 3), "runs"),
    ],
)
def test_moving_one_axis_is_told_from_copying_number_by_number(
    shape: tuple[int, ...], order: tuple[int, ...], form: str
) -> None:
    result = tuple(shape[it] for it in order)
    step = Step("t", "Transpose", "int8", 0.1, (shape,), (result,), {"perm": list(order)})
    assert kernel_of(step, "onnxruntime").form == form


def test_a_thin_part_among_others_does_not_make_all_runs_short() -> None:
    pixels = (1, 16, 16)
    parts = ((*pixels, 1), (*pixels, 128), (*pixels, 128))
    step = Step("s", "Split", "fp32", 0.1, ((*pixels, 257),), parts, {"axis": -1})
    assert kernel_of(step, "onnxruntime").width == 257 // 3


def test_a_residual_that_is_added_by_a_convolution_is_read_by_it(tmp_path: Path) -> None:
    shape = write_chain(PLAIN, tmp_path / "chain.onnx")
    program = compiled(tmp_path / "chain.onnx", shape, "fp32", "onnxruntime")
    reads = [it.read for it in kernels_of(profiled(program), "onnxruntime") if "sum" in it.detail]
    assert reads
    assert set(reads) == {2 * 14**2 * 32}


def test_a_network_that_is_compiled_again_has_the_same_kernels(tmp_path: Path) -> None:
    chain = tmp_path / "chain.onnx"
    shape = write_chain(drawn("patches"), chain)
    one, other = (
        kernels_of(profiled(compiled(chain, shape, "fp32", "onnxruntime")), "onnxruntime")
        for _ in range(2)
    )
    assert one == other


def test_a_runtime_that_tells_nothing_is_refused() -> None:
    with pytest.raises(OptionError, match="does not tell what it executes"):
        kernels_of((), "quiet")
