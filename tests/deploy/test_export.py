"""Files compute what networks compute, in float and in int8."""

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
import timm
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from sartor.cost.designs import Deployment, float_nodes
from sartor.deploy import export, quantize
from sartor.errors import OptionError, UnknownNameError
from sartor.nets import Network, mobile
from sartor.targets import RUNTIMES, reading
from sartor.train import estimate_norms_
from sartor_agent.program import run_rows

FAMILY = mobile(resolution=28, channels=3, classes=7)


def network(seed: int) -> tuple[Network, int]:
    torch.manual_seed(seed)
    design = FAMILY.space.sample(np.random.default_rng(seed))
    size = FAMILY.resolution(design)
    made = Network(FAMILY.blueprint(design))
    estimate_norms_(made, [torch.randn(16, 3, size, size)])
    return made, size


def run(file: Path, images: torch.Tensor, runtime: str = "onnxruntime") -> np.ndarray:
    program = RUNTIMES[runtime]().compile(file, threads=1, precision="fp32")
    return run_rows(program, [images.numpy()])[0]


def ops(file: Path) -> list[str]:
    return [node.op_type for node in onnx.load(file).graph.node]


@given(st.integers(0, 10_000))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_file_computes_what_the_network_does(tmp_path: Path, seed: int) -> None:
    made, size = network(seed)
    export(made, tmp_path / "m.onnx", (3, size, size))
    images = torch.randn(3, 3, size, size)
    with torch.no_grad():
        np.testing.assert_allclose(run(tmp_path / "m.onnx", images), made(images), atol=1e-4)
    assert "BatchNormalization" not in ops(tmp_path / "m.onnx")


@pytest.mark.parametrize("runtime", list(reading(".onnx")))
def test_runtimes_agree(runtime: str, tmp_path: Path) -> None:
    made, size = network(3)
    export(made, tmp_path / "m.onnx", (3, size, size))
    images = torch.randn(3, 3, size, size)
    with torch.no_grad():
        wanted = made(images)
    np.testing.assert_allclose(run(tmp_path / "m.onnx", images, runtime), wanted, atol=1e-4)


def test_equal_networks_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        made, size = network(5)
        export(made, tmp_path / name, (3, size, size))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_nodes_are_named_after_their_modules(tmp_path: Path) -> None:
    made, size = network(6)
    export(made, tmp_path / "m.onnx", (3, size, size))
    names = {node.name for node in onnx.load(tmp_path / "m.onnx").graph.node}
    assert "stem.conv" in names
    assert "head.classifier" in names


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mobilenetv3_small_050", "resnet10t"])
def test_any_timm_model_is_exported(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    made = timm.create_model(name, num_classes=5).eval()
    export(made, tmp_path / "m.onnx", (3, 32, 32))
    images = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        np.testing.assert_allclose(run(tmp_path / "m.onnx", images), made(images), atol=1e-3)
    names = [node.name for node in onnx.load(tmp_path / "m.onnx").graph.node]
    assert len(set(names)) == len(names)
    modules = {name for name, _ in made.named_modules()}
    assert all(re.sub(r"_\d+$", "", name) in modules or name in modules for name in names)


def test_what_torch_alone_can_export_is_exported(tmp_path: Path) -> None:
    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.logsumexp(x, (2, 3))

    export(Odd(), tmp_path / "m.onnx", (3, 8, 8))
    images = torch.randn(1, 3, 8, 8)
    np.testing.assert_allclose(run(tmp_path / "m.onnx", images), Odd()(images), atol=1e-4)


def test_broken_weights_are_refused(tmp_path: Path) -> None:
    made, size = network(1)
    with torch.no_grad():
        next(made.parameters()).fill_(float("nan"))
    with pytest.raises(OptionError, match=r"stem\.conv\.weight holds NaN"):
        export(made, tmp_path / "m.onnx", (3, size, size))
    assert not (tmp_path / "m.onnx").exists()


@pytest.mark.parametrize("runtime", list(reading(".onnx")))
@pytest.mark.parametrize("seed", range(4))
def test_int8_is_near_float(runtime: str, seed: int, tmp_path: Path) -> None:
    made, size = network(seed)
    images = torch.randn(32, 3, size, size)
    export(made, tmp_path / "f.onnx", (3, size, size))
    quantize(tmp_path / "f.onnx", tmp_path / "q.onnx", images.numpy(), runtime=runtime)
    exact, rounded = run(tmp_path / "f.onnx", images), run(tmp_path / "q.onnx", images, runtime)
    assert np.abs(exact - rounded).mean() < 0.35 * exact.std()
    assert "QuantizeLinear" in ops(tmp_path / "q.onnx")
    weights = {it.name: it for it in onnx.load(tmp_path / "q.onnx").graph.initializer}
    convs = [it for it in onnx.load(tmp_path / "q.onnx").graph.node if it.op_type == "Conv"]
    for conv in convs:
        stored = weights[conv.input[1].replace(".rounded", ".integers")]
        assert stored.data_type == onnx.TensorProto.INT8


def test_stages_that_stay_in_float_are_not_touched(tmp_path: Path) -> None:
    made, size = network(2)
    images = np.random.default_rng(0).standard_normal((4, 3, size, size), np.float32)
    export(made, tmp_path / "f.onnx", (3, size, size))
    how = Deployment("onnxruntime", "mixed", frozenset({"stem", "stage3"}))
    quantize(
        tmp_path / "f.onnx",
        tmp_path / "q.onnx",
        images,
        runtime="onnxruntime",
        keep_float=float_nodes(how),
    )
    for node in onnx.load(tmp_path / "q.onnx").graph.node:
        if node.op_type == "Conv":
            rounded = node.input[1].endswith(".rounded")
            assert rounded != node.name.startswith(("stem", "stage3")), node.name


def test_everything_in_float_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    made, size = network(2)
    images = np.zeros((1, 3, size, size), np.float32)
    export(made, tmp_path / "f.onnx", (3, size, size))
    quantize(
        tmp_path / "f.onnx",
        tmp_path / "q.onnx",
        images,
        runtime="onnxruntime",
        keep_float=lambda _: True,
    )
    assert ops(tmp_path / "f.onnx") == ops(tmp_path / "q.onnx")


def test_an_unknown_runtime_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'openvino'"):
        quantize(
            tmp_path / "f", tmp_path / "q", np.zeros((1, 3, 8, 8), np.float32), runtime="openvin"
        )


def test_a_file_says_the_shape_of_what_it_gives(tmp_path: Path) -> None:
    """Maps were declared as logits, and readers that infer shapes refused the file."""
    export(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()).eval(), tmp_path / "it.onnx", (3, 16, 16))
    model = onnx.load(tmp_path / "it.onnx")
    onnx.shape_inference.infer_shapes(model, strict_mode=True)
    dims = [it.dim_value for it in model.graph.output[0].type.tensor_type.shape.dim]
    assert dims == [1, 8, 14, 14]
