"""What a user names is opened, written for each runtime, and refused in a sentence."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from sartor import targets
from sartor.deploy.opening import FileSource, open_network
from sartor.deploy.opening.modules import ModuleSource
from sartor.errors import DamagedFileError, OptionError
from sartor.targets import RUNTIMES
from sartor_agent.program import Array, Program

NETS = """
import torch
from torch import nn

class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 8, 3)
        self.scale = nn.Linear(4, 8)

    def forward(self, image, scale):
        return self.convolution(image).relu().mean((2, 3)) * self.scale(scale)

class Branching(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x

class Odd(nn.Module):
    def forward(self, x):
        return torch.special.bessel_j0(x)

def two():
    return Two()

def words():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Embedding(50, 16), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 2))
    return network, (torch.randint(0, 50, (1, 7)),)

def tied():
    first, second = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
    second.weight = first.weight
    return nn.Sequential(first, nn.ReLU(), second), (torch.zeros(1, 4),)

def branching():
    return Branching()

def odd():
    return Odd(), (torch.zeros(1, 3),)

def failing():
    raise RuntimeError("the weights are elsewhere\\nand more")

def number():
    return 7

def pair():
    return Two(), "image"

nothing = None
"""


@pytest.fixture(autouse=True)
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A user's own module in the folder that the command is started in."""
    (tmp_path / "my_nets.py").write_text(NETS)
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("my_nets", None)


def compiled(file: Path, runtime: str) -> Program:
    return RUNTIMES[runtime]().compile(file, threads=1, precision="fp32")


def noise(program: Program) -> list[Array]:
    rng = np.random.default_rng(0)
    return [port.noise(rng) for port in program.inputs]


def outputs(source: ModuleSource | FileSource, folder: Path) -> dict[str, Array]:
    """Run a network on the same numbers in three runtimes."""
    found = {}
    for runtime, ending in {"torch": ".pt2", "onnxruntime": ".onnx", "openvino": ".onnx"}.items():
        program = compiled(source.write(folder, ending, "fp32", runtime), runtime)
        found[runtime] = program.run(*noise(program))[0]
    return found


@pytest.mark.slow
def test_mobilenetv2_has_the_parameters_that_were_published(tmp_path: Path) -> None:
    source = open_network("timm:mobilenetv2_100")
    assert isinstance(source, ModuleSource)
    assert (source.parameters, source.counted) == (3_504_872, "module")
    assert source.examples[0].shape == (1, 3, 224, 224)
    assert "random" in source.note
    file = open_network(str(source.write(tmp_path, ".onnx", "fp32", "onnxruntime")))
    # 34,112 numbers of 17,056 normalised channels are folded into as many biases.
    assert (file.parameters, file.counted) == (3_504_872 - 34_112 + 17_056, "file")


@pytest.mark.slow
def test_one_network_gives_the_same_in_every_runtime(tmp_path: Path) -> None:
    found = outputs(open_network("timm:mobilenetv3_small_050@64"), tmp_path)  # type: ignore[arg-type]
    for values in found.values():
        np.testing.assert_allclose(values, found["torch"], atol=1e-4)
    assert found["torch"].std() > 0.01


@pytest.mark.slow
def test_two_inputs_keep_their_names_in_every_format(tmp_path: Path) -> None:
    source = open_network("my_nets:two", {"image": (1, 3, 8, 8), "scale": (1, 4)})
    assert source.parameters == 3 * 8 * 9 + 8 + 4 * 8 + 8
    for ending, runtime in {".pt2": "torch", ".onnx": "onnxruntime"}.items():
        program = compiled(source.write(tmp_path, ending, "fp32", runtime), runtime)
        assert [it.name for it in program.inputs] == ["image", "scale"]
    found = outputs(source, tmp_path)  # type: ignore[arg-type]
    for values in found.values():
        np.testing.assert_allclose(values, found["torch"], atol=1e-5)


@pytest.mark.slow
def test_integers_are_read_by_a_table_of_words(tmp_path: Path) -> None:
    source = open_network("my_nets:words")
    assert source.parameters == 50 * 16 + 16 * 8 + 8 + 8 * 2 + 2
    found = outputs(source, tmp_path)  # type: ignore[arg-type]
    for values in found.values():
        np.testing.assert_allclose(values, found["torch"], atol=1e-5)
    program = compiled(source.write(tmp_path, ".onnx", "fp32", "onnxruntime"), "onnxruntime")
    assert program.inputs[0].kind == "int64"


@pytest.mark.slow
def test_an_exported_program_is_used_as_it_is_and_converted(tmp_path: Path) -> None:
    exact = open_network("my_nets:two", {"image": (1, 3, 8, 8), "scale": (1, 4)})
    file = exact.write(tmp_path, ".pt2", "fp32", "torch")
    source = open_network(str(file))
    assert source.parameters == exact.parameters
    assert source.write(tmp_path, ".pt2", "fp32", "torch") == file
    program = compiled(source.write(tmp_path, ".onnx", "fp32", "onnxruntime"), "onnxruntime")
    assert [it.name for it in program.inputs] == ["image", "scale"]
    arrays = noise(program)
    wanted = compiled(file, "torch").run(*arrays)[0]
    np.testing.assert_allclose(program.run(*arrays)[0], wanted, atol=1e-5)


@pytest.mark.slow
def test_what_is_shared_is_counted_once_in_every_form(tmp_path: Path) -> None:
    source = open_network("my_nets:tied")
    assert source.parameters == 16
    file = source.write(tmp_path, ".pt2", "fp32", "torch")
    assert open_network(str(file)).parameters == 16


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_network_with_two_inputs_is_computed_in_int8(runtime: str, tmp_path: Path) -> None:
    source = open_network("my_nets:two", {"image": (1, 3, 8, 8), "scale": (1, 4)})
    file = source.write(tmp_path, ".onnx", "int8", runtime)
    program = compiled(file, runtime)
    steps = program.profile(*noise(program), calls=1)
    found = {it.precision for it in steps if "conv" in it.kind.lower()}
    assert found == {"int8"}
    again = open_network(str(file))
    assert again.write(tmp_path, ".onnx", "int8", runtime) == file, "it is int8 already"
    assert again.parameters == source.parameters


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_matrix_products_of_tokens_are_computed_in_int8(runtime: str, tmp_path: Path) -> None:
    source = open_network("my_nets:words")
    exact = compiled(source.write(tmp_path, ".onnx", "fp32", runtime), runtime)
    program = compiled(source.write(tmp_path, ".onnx", "int8", runtime), runtime)
    arrays = noise(program)
    steps = program.profile(*arrays, calls=1)
    kinds = ("matmul", "gemm", "fullyconnected")
    found = [it.precision for it in steps if any(kind in it.kind.lower() for kind in kinds)]
    assert found
    assert set(found) == {"int8"}
    wanted = exact.run(*arrays)[0]
    adds_in_32_bits = targets.open("cpu").largest_weight == 127
    near = 0.1 if adds_in_32_bits else 0.3  # what is measured is written with 127 everywhere
    assert 0 < np.abs(program.run(*arrays)[0] - wanted).max() < near * np.abs(wanted).max()


@pytest.mark.slow
def test_channels_last_weights_are_written_whole(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)).eval()
    network = network.to(memory_format=torch.channels_last)
    image = torch.randn(1, 3, 9, 9).to(memory_format=torch.channels_last)
    file = ModuleSource("last", network, (image,)).write(tmp_path, ".pt2", "fp32", "torch")
    found = compiled(file, "torch").run(image.numpy())[0]
    with torch.no_grad():
        np.testing.assert_allclose(found, network(image), atol=1e-6)


@pytest.mark.slow
def test_a_conversion_is_made_once(tmp_path: Path) -> None:
    source = open_network("my_nets:words")
    file = source.write(tmp_path, ".onnx", "fp32", "onnxruntime")
    stamp = file.stat().st_mtime_ns
    assert source.write(tmp_path, ".onnx", "fp32", "openvino") == file
    assert file.stat().st_mtime_ns == stamp


def test_a_float_file_stays_as_it_is(tmp_path: Path) -> None:
    file = linear(tmp_path / "linear.onnx")
    source = open_network(str(file))
    assert source.formats == (".onnx",)
    assert source.write(tmp_path / "out", ".onnx", "fp32", "openvino") == file
    assert source.parameters == 6
    with pytest.raises(OptionError, match=r"cannot be written as \.pt2; allowed: \.onnx"):
        source.write(tmp_path, ".pt2", "fp32", "torch")


def test_a_file_without_integers_to_be_is_refused_as_int8(tmp_path: Path) -> None:
    source = open_network(str(linear(tmp_path / "linear.onnx")))
    with pytest.raises(OptionError, match="no operator that is computed in int8"):
        source.write(tmp_path, ".onnx", "int8", "onnxruntime")
    assert list(tmp_path.glob("*.int8.onnx")) == []
    with pytest.raises(OptionError, match="torch does not execute ONNX in int8; these do: onnx"):
        source.write(tmp_path, ".onnx", "int8", "torch")


def test_a_network_of_other_floats_is_not_int8_in_pytorch(tmp_path: Path) -> None:
    source = open_network("my_nets:words")
    with pytest.raises(OptionError, match="for int8 choose onnxruntime"):
        source.write(tmp_path, ".pt2", "int8", "torch")


def test_files_of_other_runtimes_are_opened_as_they_are(measuring_data: Path) -> None:
    files = sorted((measuring_data / "mlperf_tiny").rglob("*.tflite"))
    assert files
    for file in files:
        source = open_network(str(file))
        assert source.parameters is not None
        assert source.parameters > 1000
        assert source.write(Path("unused"), ".tflite", "fp32", "litert") == file
        if "int8" in file.name or "quant" in file.name:
            assert source.write(Path("unused"), ".tflite", "int8", "litert") == file


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("absent.onnx", "there is no file absent.onnx"),
        ("absent.pt2", "there is no file absent.pt2"),
        ("model.h5", "known: files that end in .onnx, .tflite, .pt2, .pte, timm:NAME, module:fun"),
        ("mobilenet", "names no network that is known"),
        ("timm:", "write NAME or NAME@RESOLUTION"),
        ("timm:resnet18@", "write NAME or NAME@RESOLUTION"),
        ("my_nets:tow", "has no function 'tow'.*Did you mean 'two'"),
        ("my_nets:nothing", "has no function 'nothing'"),
        ("my_nots:two", "No module named 'my_nots'"),
        ("my_nets:", "write module:function"),
        ("my-nets:two", "write module:function"),
        ("my_nets:failing", "failed with RuntimeError: the weights are elsewhere$"),
        ("my_nets:number", "returned a int; allowed: an nn.Module"),
        ("my_nets:pair", "returned a tuple of Two, str; allowed"),
        ("my_nets:two", "--shape image=1,3,224,224 --shape scale=1,3,224,224"),
    ],
)
def test_what_cannot_be_opened_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence.replace(".", r"\.").replace(r"\.*", ".*")):
        open_network(text)


def test_a_name_that_timm_does_not_have_is_answered_with_a_near_one() -> None:
    with pytest.raises(OptionError, match="Did you mean 'mobilenetv3_small_100'"):
        open_network("timm:mobilenetv3_smal_100")


def test_shapes_that_are_not_asked_for_are_refused() -> None:
    with pytest.raises(OptionError, match="leave out --shape"):
        open_network("my_nets:words", {"input": (1, 7)})
    with pytest.raises(OptionError, match="has no input 'imag'"):
        open_network("my_nets:two", {"imag": (1, 3, 8, 8), "scale": (1, 4), "image": (1, 3, 8, 8)})
    with pytest.raises(OptionError, match="write timm:resnet10t@SIZE"):
        open_network("timm:resnet10t", {"x": (1, 3, 8, 8)})


@pytest.mark.slow
def test_what_pytorch_cannot_export_is_named(tmp_path: Path) -> None:
    branching = open_network("my_nets:branching", {"x": (1, 3)})
    with pytest.raises(OptionError, match="my_nets:branching cannot be exported by PyTorch"):
        branching.write(tmp_path, ".pt2", "fp32", "torch")
    with pytest.raises(OptionError, match=r"Odd cannot be exported to ONNX: .*bessel_j0"):
        open_network("my_nets:odd").write(tmp_path, ".onnx", "fp32", "onnxruntime")


def test_a_free_shape_is_asked_for(tmp_path: Path) -> None:
    file = linear(tmp_path / "free.onnx", ["n", "size"])
    with pytest.raises(OptionError, match="--shape x=1,3,224,224"):
        open_network(str(file))
    assert open_network(str(file), {"x": (1, 3)}).parameters == 6


@pytest.mark.parametrize("ending", [".onnx", ".tflite", ".pt2"])
def test_a_damaged_file_is_refused(ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"garbage{ending}"
    file.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(DamagedFileError, match="garbage"):
        open_network(str(file))


def linear(file: Path, shape: tuple[int, int] | list[str] = (1, 3)) -> Path:
    """Write a sum of a constant, in float: nothing of it is computed in int8."""
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape)),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, list(shape)),
    ]
    weights = [
        helper.make_tensor("a", TensorProto.FLOAT, [1, 3], [1.0, 2.0, 3.0]),
        helper.make_tensor("b", TensorProto.FLOAT, [3], [1.0, 2.0, 3.0]),
    ]
    nodes = [helper.make_node("Mul", ["x", "a"], ["m"]), helper.make_node("Add", ["m", "b"], ["y"])]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], weights)
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), file)
    return file


def test_a_module_is_set_to_evaluation() -> None:
    source = open_network("my_nets:words")
    assert isinstance(source, ModuleSource)
    assert isinstance(source.module, nn.Module)
    assert not source.module.training
    assert source.examples[0].dtype == torch.int64
