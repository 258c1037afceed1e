"""Every writer of the registry writes what PyTorch computes."""

import operator
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from sartor.deploy import export
from sartor.deploy.trace import write
from sartor.deploy.writers import WRITERS, Unwritable
from sartor.errors import OptionError
from sartor.nets import ChannelMeans
from sartor.targets import RUNTIMES, reading
from sartor_agent.program import run_rows

Function = Callable[[Tensor], Tensor]
SHAPE = (4, 9, 7)


class Apply(nn.Module):
    """A convolution, so that there is a weight, and a function of its output."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 6, 3, padding=1)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.conv(x))


def vectors(module: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Flatten(1), nn.Linear(4 * 9 * 7, 6), module)


def imul(x: Tensor) -> Tensor:
    x *= 3
    return x


def iadd(x: Tensor) -> Tensor:
    x += 3
    return x


MODULES: dict[object, list[nn.Module]] = {
    nn.Conv2d: [
        nn.Conv2d(4, 8, 3, stride=2, padding=1, groups=2, bias=False),
        nn.Conv2d(4, 4, (5, 3), padding=(2, 0), groups=4),
        nn.Conv2d(4, 8, 2, padding="same", dilation=3),
        nn.Conv2d(4, 8, 3, padding="valid", dilation=2),
    ],
    nn.Linear: [nn.Sequential(nn.Flatten(), nn.Linear(4 * 9 * 7, 5, bias=False))],
    nn.BatchNorm2d: [
        nn.Sequential(nn.Conv2d(4, 6, 1, bias=False), nn.BatchNorm2d(6)),
        nn.Sequential(nn.BatchNorm2d(4, affine=False), nn.Conv2d(4, 6, 1)),
    ],
    nn.BatchNorm1d: [vectors(nn.BatchNorm1d(6))],
    ChannelMeans: [ChannelMeans()],
    nn.AdaptiveAvgPool2d: [nn.AdaptiveAvgPool2d(1), nn.AdaptiveAvgPool2d((1, 1))],
    nn.MaxPool2d: [nn.MaxPool2d(3, 2, 1), nn.MaxPool2d((2, 3))],
    nn.AvgPool2d: [nn.AvgPool2d(3, 2, 1), nn.AvgPool2d(3, 2, 1, count_include_pad=False)],
    nn.GELU: [nn.GELU()],
    nn.Dropout: [vectors(nn.Dropout(0.5))],
    nn.Dropout2d: [nn.Sequential(nn.ReLU(), nn.Dropout2d(0.5))],
    nn.Identity: [nn.Sequential(nn.ReLU(), nn.Identity())],
    nn.Flatten: [nn.Flatten()],
    **{
        kind: [nn.Sequential(nn.Conv2d(4, 6, 1), kind())]
        for kind in (nn.ReLU, nn.ReLU6, nn.Hardsigmoid, nn.Hardswish, nn.Sigmoid, nn.SiLU)
    },
}
FUNCTIONS: dict[object, Function] = {
    torch.relu: torch.relu,
    functional.relu: lambda x: functional.relu(x, inplace=True),
    "relu": lambda x: x.relu(),
    "relu_": lambda x: x.relu_(),
    functional.relu6: functional.relu6,
    functional.hardsigmoid: functional.hardsigmoid,
    functional.hardswish: functional.hardswish,
    torch.sigmoid: torch.sigmoid,
    functional.sigmoid: functional.sigmoid,
    "sigmoid": lambda x: x.sigmoid(),
    "sigmoid_": lambda x: x.sigmoid_(),
    functional.silu: functional.silu,
    functional.gelu: functional.gelu,
    "mean": lambda x: x.mean((2, 3), keepdim=True) * x,
    torch.mean: lambda x: torch.mean(x, (-2, -1)),
    operator.add: lambda x: x + 2,
    operator.iadd: iadd,
    torch.add: lambda x: torch.add(x, x),
    "add": lambda x: x.add(x),
    "add_": lambda x: x.add_(0.5),
    operator.mul: lambda x: 2 * x,
    operator.imul: imul,
    torch.mul: lambda x: torch.mul(x, x),
    "mul": lambda x: x.mul(x),
    "mul_": lambda x: x.mul_(0.5),
    torch.cat: lambda x: torch.cat([x, x + 1], dim=1),
    torch.flatten: lambda x: torch.flatten(x, 1),
    "flatten": lambda x: x.flatten(1),
}


def spread(network: nn.Module) -> nn.Module:
    """Give batch norms something to do."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            if module.affine:
                nn.init.normal_(module.weight)
                nn.init.normal_(module.bias)
    return network.eval()


def run(model: onnx.ModelProto, images: Tensor, folder: Path, runtime: str) -> np.ndarray:
    onnx.checker.check_model(model)
    file = folder / "m.onnx"
    file.write_bytes(model.SerializeToString())
    program = RUNTIMES[runtime]().compile(file, threads=1, precision="fp32")
    return run_rows(program, [images.numpy()])[0]


def called(target: object) -> str:
    """Name what is written, the same in every process."""
    return target if isinstance(target, str) else str(getattr(target, "__name__", target))


def test_every_writer_has_an_example() -> None:
    assert set(WRITERS) == set(MODULES) | set(FUNCTIONS)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("runtime", list(reading(".onnx")))
@pytest.mark.parametrize("target", list(WRITERS), ids=called)
def test_a_writer_writes_what_torch_computes(target: object, runtime: str, tmp_path: Path) -> None:
    examples = MODULES.get(target) or [Apply(FUNCTIONS[target])]
    images = torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(0))
    for example in examples:
        network = spread(nn.Sequential(example))
        with torch.no_grad():
            wanted = network(images.clone())
        found = run(write(network, SHAPE), images, tmp_path, runtime)
        np.testing.assert_allclose(found, wanted, atol=1e-4)


@pytest.mark.parametrize(
    "network",
    [
        nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.AvgPool2d(2, ceil_mode=True),
        nn.AdaptiveAvgPool2d(2),
        nn.BatchNorm2d(4, track_running_stats=False),
        nn.GELU("tanh"),
        nn.Flatten(2),
        nn.PReLU(),
        Apply(lambda x: x.mean(1)),
        Apply(lambda x: torch.add(x, x, alpha=2)),
        Apply(lambda x: x if bool(x.sum() > 0) else -x),
    ],
    ids=lambda network: type(network).__name__,
)
def test_what_no_writer_knows_is_left_to_torch(network: nn.Module) -> None:
    with pytest.raises(Unwritable):
        write(nn.Sequential(network).eval(), SHAPE)


def test_a_norm_is_folded_only_where_nobody_else_reads_its_input(tmp_path: Path) -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 1)
            self.norm = nn.BatchNorm2d(4)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.conv(x)
            return torch.add(y, self.norm(y))

    network = spread(Shared())
    images = torch.randn(1, *SHAPE)
    with torch.no_grad():
        wanted = network(images)
    np.testing.assert_allclose(
        run(write(network, SHAPE), images, tmp_path, "onnxruntime"), wanted, atol=1e-5
    )


def test_a_module_that_is_called_twice_is_written_twice(tmp_path: Path) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 3, padding=1)
            self.norm = nn.BatchNorm2d(4)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.conv(self.norm(self.conv(x)))
            return y

    network = spread(Twice())
    images = torch.randn(1, *SHAPE)
    with torch.no_grad():
        wanted = network(images)
    model = write(network, SHAPE)
    np.testing.assert_allclose(run(model, images, tmp_path, "onnxruntime"), wanted, atol=1e-5)
    assert [node.name for node in model.graph.node] == ["conv", "conv_2"]


def test_what_cannot_be_exported_is_refused_with_its_reason(tmp_path: Path) -> None:
    network = Apply(lambda x: x if bool(x.sum() > 0) else -x)
    with pytest.raises(
        OptionError, match=r"Apply cannot be exported to ONNX: .*torch\.onnx\.export"
    ):
        export(network, tmp_path / "m.onnx", SHAPE)
    assert not (tmp_path / "m.onnx").exists()
