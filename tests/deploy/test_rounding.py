"""Int8 files: the same numbers as the reference quantizer, and integers from end to end."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from torch import Tensor, nn

from sartor import targets
from sartor.deploy import export, quantize
from sartor.deploy.quantize import SCHEMES
from sartor.targets import RUNTIMES
from sartor_agent.program import run_rows

SHAPE = (3, 16, 16)


class Residual(nn.Module):
    """A stem, a residual block with a gate if asked for, pooling and a classifier."""

    def __init__(self, gate: bool = False) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU())
        self.depthwise = nn.Sequential(nn.Conv2d(16, 16, 3, 1, 1, groups=16), nn.ReLU6())
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 16, 1), nn.Hardsigmoid())
        self.gated = gate
        self.project = nn.Conv2d(16, 16, 1)
        self.classifier = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.depthwise(x)
        if self.gated:
            y = y * self.gate(y)
        logits: Tensor = self.classifier((x + self.project(y)).relu().mean((2, 3)))
        return logits


class Reader(CalibrationDataReader):  # type: ignore[misc]
    """Hands images to the reference quantizer."""

    def __init__(self, images: np.ndarray) -> None:
        self._images = iter(images)

    def get_next(self) -> dict[str, np.ndarray] | None:
        image = next(self._images, None)
        return None if image is None else {"input": image[None]}


def exported(folder: Path, seed: int = 0, gate: bool = False) -> tuple[Path, np.ndarray]:
    torch.manual_seed(seed)
    export(Residual(gate), folder / "float.onnx", SHAPE)
    images = np.random.default_rng(seed).standard_normal((16, *SHAPE), np.float32)
    return folder / "float.onnx", images


def run(file: Path, images: np.ndarray, runtime: str = "onnxruntime") -> np.ndarray:
    program = RUNTIMES[runtime]().compile(file, threads=1, precision="fp32")
    return run_rows(program, [images])[0]


def executed(file: Path, folder: Path) -> list[str]:
    """Return the operators that ONNX Runtime makes of a file."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(folder / "optimized.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return [node.op_type for node in onnx.load(folder / "optimized.onnx").graph.node]


@pytest.mark.parametrize(("seed", "largest"), [(0, 127), (1, 127), (2, 127), (0, 64), (1, 64)])
def test_numbers_are_those_of_the_reference_quantizer(
    seed: int, largest: int, tmp_path: Path
) -> None:
    """Oracle: `onnxruntime.quantization.quantize_static`, which takes seconds."""
    file, images = exported(tmp_path, seed)
    own_file = tmp_path / "own.onnx"
    quantize(file, own_file, images, runtime="onnxruntime", largest_weight=largest)
    quantize_static(
        file,
        tmp_path / "reference.onnx",
        Reader(images),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        reduce_range=largest == 64,
        op_types_to_quantize=["Conv", "Gemm", "Add", "Relu", "Clip", "GlobalAveragePool"],
        extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm"]},
    )
    own, reference = run(own_file, images), run(tmp_path / "reference.onnx", images)
    exact = run(file, images)
    step = np.ptp(exact) / 255
    assert np.abs(own - reference).max() <= step * 127 / largest
    if largest <= targets.open("cpu").largest_weight:  # or products are cut off, in both
        assert np.abs(own - exact).mean() < 4 * step


@pytest.mark.parametrize("largest", [127, 64])
def test_no_weight_is_larger_than_the_device_allows(largest: int, tmp_path: Path) -> None:
    file, images = exported(tmp_path)
    target = tmp_path / "int8.onnx"
    quantize(file, target, images, runtime="onnxruntime", largest_weight=largest)
    weights = [
        onnx.numpy_helper.to_array(it)
        for it in onnx.load(target).graph.initializer
        if it.name.endswith(".weight.integers")
    ]
    assert len(weights) == 4
    for weight in weights:
        each = np.abs(weight.astype(int)).reshape(len(weight), -1).max(1)
        np.testing.assert_array_equal(each, largest)


def test_integers_flow_from_end_to_end(tmp_path: Path) -> None:
    file, images = exported(tmp_path)
    quantize(file, tmp_path / "int8.onnx", images, runtime="onnxruntime")
    ops = executed(tmp_path / "int8.onnx", tmp_path)
    assert ops.count("QLinearConv") == 3
    assert ops.count("QLinearAdd") == ops.count("QLinearGlobalAveragePool") == 1
    assert ops.count("QuantizeLinear") == 1, "only the input is rounded while it runs"
    assert not {"Conv", "Add", "Relu", "Clip", "Gemm"} & set(ops)


def test_a_gate_leaves_the_integers_only_for_its_sigmoid(tmp_path: Path) -> None:
    file, images = exported(tmp_path, gate=True)
    quantize(file, tmp_path / "int8.onnx", images, runtime="onnxruntime")
    ops = executed(tmp_path / "int8.onnx", tmp_path)
    assert ops.count("QLinearConv") == 4
    assert ops.count("QLinearMul") == 1
    assert ops.count("QuantizeLinear") == 2
    assert not {"Conv", "Add", "Mul"} & set(ops)


def test_openvino_rounds_inputs_of_weights_only(tmp_path: Path) -> None:
    file, images = exported(tmp_path)
    quantize(file, tmp_path / "int8.onnx", images, runtime="openvino")
    graph = onnx.load(tmp_path / "int8.onnx").graph
    rounded = {node.output[0] for node in graph.node if node.op_type == "DequantizeLinear"}
    for node in graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            continue
        if node.op_type in ("Conv", "Gemm"):
            assert rounded.issuperset(node.input), node.name
        else:
            assert rounded.isdisjoint(node.input), node.name


@pytest.mark.parametrize("runtime", list(SCHEMES))
def test_a_file_without_integers_beside_them_keeps_its_sums(runtime: str, tmp_path: Path) -> None:
    file, images = exported(tmp_path)
    keep = {"stem.0", "depthwise.0", "project", "classifier"}
    quantize(file, tmp_path / "int8.onnx", images, runtime=runtime, keep_float=keep)
    assert onnx.load(tmp_path / "int8.onnx").graph.node == onnx.load(file).graph.node


def test_layers_that_share_a_constant_are_rounded_apart(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3)
    )
    export(network, tmp_path / "float.onnx", SHAPE)
    model = onnx.load(tmp_path / "float.onnx")
    second, third = [node for node in model.graph.node if node.op_type == "Conv"][1:]
    second.input[1:] = third.input[1:]
    onnx.save(model, tmp_path / "shared.onnx")
    images = np.random.default_rng(0).standard_normal((8, *SHAPE), np.float32)
    quantize(tmp_path / "shared.onnx", tmp_path / "int8.onnx", images, runtime="onnxruntime")
    onnx.checker.check_model(tmp_path / "int8.onnx")
    exact, rounded = run(tmp_path / "shared.onnx", images), run(tmp_path / "int8.onnx", images)
    assert np.abs(exact - rounded).mean() < 0.05 * exact.std()


def test_equal_files_and_images_give_equal_bytes(tmp_path: Path) -> None:
    file, images = exported(tmp_path)
    for name in ("a", "b"):
        quantize(file, tmp_path / name, images, runtime="onnxruntime")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_weights_take_a_quarter_of_the_room(tmp_path: Path) -> None:
    torch.manual_seed(0)
    export(nn.Sequential(nn.Conv2d(3, 512, 7)), tmp_path / "float.onnx", SHAPE)
    images = np.zeros((1, *SHAPE), np.float32)
    quantize(tmp_path / "float.onnx", tmp_path / "int8.onnx", images, runtime="onnxruntime")
    sizes = [(tmp_path / name).stat().st_size for name in ("int8.onnx", "float.onnx")]
    assert sizes[0] < 0.3 * sizes[1]
