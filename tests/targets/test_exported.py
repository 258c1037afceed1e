"""Exported programs are read as they are, and nothing that is in their files runs."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sartor.errors import DamagedFileError, OptionError, SartorError
from sartor.targets.exported import read_exported
from sartor.targets.exported.operators import known_operator

Json = dict[str, Any]  # Any: what a file says
PROGRAM = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"


class Network(nn.Module):
    """Convolves without gradients, reads two inputs, has a constant, gives two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor, scale: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.no_grad():
            y = self.norm(self.conv(x)).relu().mean((2, 3))
        first, second = (self.head(y) * scale).split(1, dim=1)
        return first + torch.tensor([1.5]), second


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(0)
    return Network().eval()


@pytest.fixture(scope="module")
def saved(network: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("exported") / "saved.pt2"
    inputs = (torch.randn(2, 3, 8, 8), torch.ones(1))
    images = torch.export.Dim("images", min=1, max=64)
    shapes = {"x": {0: images}, "scale": None}
    torch.export.save(torch.export.export(network, inputs, dynamic_shapes=shapes), file)
    return file


def members(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as opened:
        return {it.partition("/")[2]: opened.read(it) for it in opened.namelist()}


def written(content: dict[str, bytes], file: Path) -> Path:
    with zipfile.ZipFile(file, "w") as opened:
        for name, data in content.items():
            opened.writestr(f"saved/{name}", data)
    return file


def changed(saved: Path, target: Path, member: str, change: Callable[[Json], object]) -> Path:
    content = members(saved)
    told = json.loads(content[member])
    change(told)
    return written(content | {member: json.dumps(told).encode()}, target)


def outer(told: Json) -> list[Json]:
    nodes: list[Json] = told["graph_module"]["graph"]["nodes"]
    return nodes


class Touch:
    """When it is unpickled, it writes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return (Path.touch, (self.file,))


def test_a_program_computes_what_the_network_does(network: nn.Module, saved: Path) -> None:
    exported = read_exported(saved)
    assert [(it.name, it.shape, it.any_batch) for it in exported.inputs] == [
        ("x", (1, 3, 8, 8), True),
        ("scale", (1,), False),
    ]
    images, scale = torch.randn(5, 3, 8, 8), torch.full((1,), 3.0)
    with torch.no_grad():
        found, wanted = exported.module(images, scale), network(images, scale)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)
    places = {it.meta.get("place") for it in exported.module.graph.nodes}
    assert {"conv", "norm", "head"} <= places


def test_parameters_are_parameters_and_statistics_are_not(saved: Path) -> None:
    count = sum(it.numel() for it in read_exported(saved).module.parameters())
    assert count == 3 * 4 * 9 + 4 + 8 + 4 * 2 + 2


def test_a_pickle_among_the_weights_is_refused_and_not_run(saved: Path, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    buffer = io.BytesIO()
    torch.save(Touch(touched), buffer)
    content = members(saved)
    told = json.loads(content[WEIGHTS])
    first = next(iter(told["config"].values()))
    first["use_pickle"] = True
    content |= {WEIGHTS: json.dumps(told).encode()}
    content |= {f"data/weights/{first['path_name']}": buffer.getvalue()}
    with pytest.raises(OptionError, match="could run code"):
        read_exported(written(content, tmp_path / "hostile.pt2"))
    assert not touched.exists()


@pytest.mark.parametrize(
    "member",
    [
        "data/sample_inputs/model.pt",
        "data/weights/model.pt",
        "data/constants/model.pt",
        "data/constants/opaque_obj_0",
        "data/constants/custom_obj_0",
        "serialized_state_dict.pt",
    ],
)
def test_a_pickle_anywhere_else_is_not_opened(member: str, saved: Path, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    buffer = io.BytesIO()
    torch.save(Touch(touched), buffer)
    file = written(members(saved) | {member: buffer.getvalue()}, tmp_path / "hostile.pt2")
    read_exported(file)
    assert not touched.exists()


def test_pytorch_itself_would_run_such_a_pickle(saved: Path, tmp_path: Path) -> None:
    """Proves that the hostile archive is one: without it the tests above would prove nothing."""
    touched = tmp_path / "touched"
    buffer = io.BytesIO()
    torch.save(Touch(touched), buffer)
    content = members(saved) | {"data/sample_inputs/model.pt": buffer.getvalue()}
    hostile = written(content, tmp_path / "hostile.pt2")
    code = f"import torch; torch.export.load({str(hostile)!r})"
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert touched.exists()


def test_an_opaque_constant_is_refused(saved: Path, tmp_path: Path) -> None:
    def change(told: Json) -> None:
        meta = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True}
        told["config"]["lifted_tensor_0"] = meta | {"tensor_meta": None}

    with pytest.raises(OptionError, match="Python object"):
        read_exported(changed(saved, tmp_path / "hostile.pt2", CONSTANTS, change))


def test_compiled_code_is_refused(saved: Path, tmp_path: Path) -> None:
    content = members(saved) | {"data/aotinductor/model/code.so": b"\x7fELF"}
    with pytest.raises(OptionError, match="compiled code"):
        read_exported(written(content, tmp_path / "hostile.pt2"))


@pytest.mark.parametrize(
    "target",
    [
        "torch.os.system",
        "torch.hub.load",
        "torch.serialization.pickle.loads",
        "torch.ops.aten.save.default",
        "torch.ops.aten.from_file.default",
        "torch.ops.aten._print.default",
        "torch.ops.aten.__init_subclass__.default",
        "torch.ops.higher_order.cond",
        "torch.ops.load_library",
        "_operator.attrgetter",
        "_operator.methodcaller",
        "math.factorial",
        "#aot:model",
        "builtins.eval",
    ],
)
def test_what_is_no_operator_of_networks_is_named_and_refused(target: str) -> None:
    with pytest.raises(OptionError, match="is not known"):
        known_operator(target)


def test_an_unknown_operator_is_named_with_the_file(saved: Path, tmp_path: Path) -> None:
    def change(told: Json) -> None:
        outer(told)[-1]["target"] = "torch.ops.mylib.frobnicate.default"

    with pytest.raises(OptionError, match=r"odd\.pt2 cannot be read.*mylib\.frobnicate"):
        read_exported(changed(saved, tmp_path / "odd.pt2", PROGRAM, change))


def test_names_and_guards_are_not_run(saved: Path, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    code = f"__import__('pathlib').Path({str(touched)!r}).touch()"

    def change(told: Json) -> None:
        told["guards_code"] = [code]
        told["graph_module"]["signature"]["input_specs"][-1]["user_input"]["arg"]["as_tensor"][
            "name"
        ] = f"x={code}"
        graph = told["graph_module"]["graph"]
        graph["tensor_values"][f"x={code}"] = graph["tensor_values"]["scale"]
        outer(told)[-1]["name"] = f"x); {code} #"
        for node in outer(told):
            node["metadata"] = {"stack_trace": f"\n{code}\n", "custom": code}
            for argument in node["inputs"]:
                if argument["arg"].get("as_tensor") == {"name": "scale"}:
                    argument["arg"]["as_tensor"]["name"] = f"x={code}"

    exported = read_exported(changed(saved, tmp_path / "hostile.pt2", PROGRAM, change))
    exported.module(*exported.examples())
    assert not touched.exists()


def test_sizes_are_not_evaluated(saved: Path, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    code = f"__import__('pathlib').Path({str(touched)!r}).touch()"
    content = members(saved)
    text = content[PROGRAM].decode()
    assert "Symbol('s" in text
    start = text.index("Symbol('s")
    expression = text[start : text.index(")", start) + 1]
    content[PROGRAM] = text.replace(json.dumps(expression)[1:-1], json.dumps(code)[1:-1]).encode()
    read_exported(written(content, tmp_path / "hostile.pt2"))
    assert not touched.exists()


@given(share=st.floats(0, 0.999))
@settings(max_examples=30)
def test_a_file_that_is_cut_off_is_refused(
    saved: Path, tmp_path_factory: pytest.TempPathFactory, share: float
) -> None:
    file = tmp_path_factory.getbasetemp() / "cut.pt2"
    content = saved.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DamagedFileError, match=r"cut\.pt2"):
        read_exported(file)


@given(data=st.data())
@settings(max_examples=150)
def test_whatever_a_file_says_there_is_a_sentence_for_it(
    saved: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any value in any of the tables is replaced; the file is read or refused, nothing else."""
    content = members(saved)
    member = data.draw(st.sampled_from([PROGRAM, WEIGHTS, CONSTANTS]))
    told = json.loads(content[member])
    holder, key = told, next(iter(told))
    for _ in range(data.draw(st.integers(0, 12))):
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner:
            break
        holder = inner
        keys = sorted(inner) if isinstance(inner, dict) else range(len(inner))
        key = data.draw(st.sampled_from(list(keys)))
    odd: st.SearchStrategy[Any] = st.sampled_from(
        [None, -1, 2**70, 1e300, "x", "", [], {}, [[]], {"as_int": "x"}, True]
    )
    holder[key] = data.draw(odd)
    content[member] = json.dumps(told).encode()
    file = written(content, tmp_path_factory.getbasetemp() / "odd.pt2")
    refused = ""
    try:
        read_exported(file)
    except SartorError as error:
        refused = str(error)
    assert not refused or "odd.pt2" in refused


def test_a_compressed_member_is_refused(saved: Path, tmp_path: Path) -> None:
    file = tmp_path / "bomb.pt2"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members(saved).items():
            opened.writestr(f"saved/{name}", content)
    with pytest.raises(DamagedFileError, match="is compressed"):
        read_exported(file)


def test_a_tensor_beyond_its_bytes_is_refused(saved: Path, tmp_path: Path) -> None:
    def change(told: Json) -> None:
        told["config"]["conv.weight"]["tensor_meta"]["storage_offset"] = {"as_int": 1}

    with pytest.raises(DamagedFileError, match="larger than its bytes"):
        read_exported(changed(saved, tmp_path / "odd.pt2", WEIGHTS, change))


def test_a_shape_that_is_free_is_asked_for(tmp_path: Path) -> None:
    class Any2d(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mean((2, 3))

    file = tmp_path / "free.pt2"
    size = torch.export.Dim("size", min=4)
    program = torch.export.export(
        Any2d(), (torch.zeros(1, 3, 8, 9),), dynamic_shapes=({2: size, 3: torch.export.Dim("w")},)
    )
    torch.export.save(program, file)
    with pytest.raises(OptionError, match="--shape x=1,3,224,224"):
        read_exported(file)
    assert read_exported(file, {"x": (1, 3, 6, 7)}).inputs[0].shape == (1, 3, 6, 7)


def test_a_network_that_changes_its_buffers_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "training.pt2"
    program = torch.export.export(Network().train(), (torch.randn(2, 3, 8, 8), torch.ones(1)))
    torch.export.save(program.run_decompositions(), file)
    with pytest.raises(OptionError, match="buffer_mutation; export the network in evaluation"):
        read_exported(file)
