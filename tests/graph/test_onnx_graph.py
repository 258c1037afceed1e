"""Graphs of ONNX files: shapes, constants and published multiply-adds; hostile files."""

import contextlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from sartor.errors import DamagedFileError, OptionError, SartorError
from sartor.graph import Effect, Graph
from sartor.graph.formats import read_onnx


def written(
    file: Path,
    nodes: list[onnx.NodeProto],
    shape: list[int | str | None],
    result: list[int | None],
    **weights: tuple[int, ...],
) -> Path:
    """Write a file with one input `x` and one output `y`."""
    held = [numpy_helper.from_array(np.zeros(s, np.float32), n) for n, s in weights.items()]
    graph = helper.make_graph(
        nodes,
        "it",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, result)],
        held,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, file)
    return file


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A convolution, a depthwise one, and a linear layer."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "first", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"], "act"),
        helper.make_node("Conv", ["b", "d"], ["c"], group=8, pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("GlobalAveragePool", ["c"], ["e"], "pool"),
        helper.make_node("Flatten", ["e"], ["f"], "flat"),
        helper.make_node("Gemm", ["f", "l"], ["y"], "last"),
    ]
    return written(
        tmp_path / "small.onnx", nodes, ["n", 3, 10, 10], [None, 5],
        w=(8, 3, 3, 3), d=(8, 1, 3, 3), l=(8, 5),
    )  # fmt: skip


def test_shapes_products_and_effects_are_read(small: Path) -> None:
    graph = read_onnx(small)
    assert graph.inputs == ("x",)
    assert graph.tensors["x"].shape == (1, 3, 10, 10)
    assert graph.tensors["c"].shape == (1, 8, 5, 5)
    assert graph.tensors["c"].size_bytes == 8 * 25 * 4
    effects = [it.effect for it in graph.operations]
    assert effects == [
        Effect.PRODUCTS, Effect.ELEMENTWISE, Effect.DEPTHWISE,
        Effect.LIGHT, Effect.VIEW, Effect.PRODUCTS,
    ]  # fmt: skip
    macs = [it.products.macs for it in graph.operations if it.products]
    assert macs == [100 * 27 * 8, 25 * 9 * 8, 40]
    assert graph.macs == sum(macs)
    assert graph.operations[0].constants[0].shape == (8, 3, 3, 3)


def test_what_is_computed_from_constants_does_not_flow(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Neg", ["w"], ["v"], "folded"),
        helper.make_node("Conv", ["x", "v"], ["y"], "conv"),
    ]
    file = written(tmp_path / "it.onnx", nodes, [1, 3, 4, 4], [1, 2, 4, 4], w=(2, 3, 1, 1))
    graph = read_onnx(file)
    assert [it.name for it in graph.operations] == ["conv"]
    assert graph.macs == 16 * 6
    assert set(graph.tensors) == {"x", "y"}


def test_an_operator_that_is_not_known_is_named(tmp_path: Path) -> None:
    nodes = [helper.make_node("Det", ["x"], ["y"])]
    graph = read_onnx(written(tmp_path / "it.onnx", nodes, [1, 3, 3], [1]))
    assert graph.uncounted == ("Det",)


def test_free_shapes_are_asked_for(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    file = written(tmp_path / "it.onnx", nodes, ["n", 3, "h", "w"], [None, 3, None, None])
    with pytest.raises(OptionError, match="--shape x=1,3,224,224"):
        read_onnx(file)
    assert read_onnx(file, {"x": (2, 3, 8, 6)}).tensors["y"].shape == (2, 3, 8, 6)
    with pytest.raises(OptionError, match="has 3 where 4 is asked"):
        read_onnx(file, {"x": (2, 4, 8, 6)})
    with pytest.raises(OptionError, match="4 dimensions"):
        read_onnx(file, {"x": (2, 3)})
    with pytest.raises(OptionError, match="no input 'z'"):
        read_onnx(file, {"z": (2, 3)})


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "it.onnx"
    for content in (b"", b"nothing", b"\x08\x09" * 40):
        file.write_bytes(content)
        with pytest.raises(DamagedFileError, match=r"it\.onnx"):
            read_onnx(file)
    with pytest.raises(DamagedFileError, match=r"absent\.onnx"):
        read_onnx(tmp_path / "absent.onnx")


def test_weights_in_other_files_are_refused(small: Path) -> None:
    model = onnx.load(small)
    weight = model.graph.initializer[0]
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="/etc/passwd")
    small.write_bytes(model.SerializeToString())
    with pytest.raises(DamagedFileError, match="other files"):
        read_onnx(small)


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_read_or_refused(small: Path, data: st.DataObject) -> None:
    content = bytearray(small.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    broken = small.with_name("broken.onnx")
    broken.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    with contextlib.suppress(SartorError):
        assert isinstance(read_onnx(broken), Graph)
