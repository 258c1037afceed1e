"""The rehearsal of int8 is near what the runtime computes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sartor.compress import fake_quantize_, fold_norms_, round_weight
from sartor.deploy import export, quantize
from sartor.nets import Network, mobile
from sartor.targets import RUNTIMES
from sartor.train import estimate_norms_
from sartor_agent.program import run_rows

FAMILY = mobile(resolution=28, channels=1, classes=10)


def network(seed: int) -> tuple[Network, torch.Tensor]:
    torch.manual_seed(seed)
    design = FAMILY.space.sample(np.random.default_rng(seed))
    size = FAMILY.resolution(design)
    made = Network(FAMILY.blueprint(design))
    images = torch.randn(64, 1, size, size)
    with torch.no_grad():
        made.get_submodule("head.classifier").weight.mul_(50)  # type: ignore[operator]
    estimate_norms_(made, [images])
    return made, images


@given(st.integers(1, 8), st.integers(1, 20), st.integers(0, 50), st.sampled_from([127, 64]))
def test_a_rounded_weight_is_on_its_grid(out: int, inputs: int, seed: int, largest: int) -> None:
    weight = torch.randn(out, inputs, 3, 3, generator=torch.Generator().manual_seed(seed))
    rounded = round_weight(weight, largest)
    scale = weight.abs().flatten(1).amax(1)[:, None, None, None] / largest
    steps = rounded / scale
    torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)
    assert ((weight - rounded).abs() <= scale / 2 + 1e-6).all()


@pytest.mark.parametrize("seed", range(4))
def test_folding_norms_changes_nothing(seed: int) -> None:
    made, images = network(seed)
    with torch.no_grad():
        before = made(images)
        fold_norms_(made)
        torch.testing.assert_close(made(images), before, atol=1e-3, rtol=1e-3)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in made.modules())


@pytest.mark.parametrize("seed", range(4))
def test_what_stays_in_float_is_not_rounded(seed: int) -> None:
    made, images = network(seed)
    with torch.no_grad():
        before = made(images)
        fake_quantize_(made, [images], lambda _: True)
        torch.testing.assert_close(made(images), before, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("seed", range(6))
def test_the_rehearsal_decides_as_the_runtime_does(seed: int, tmp_path: Path) -> None:
    made, images = network(seed)
    size = images.shape[-1]
    export(made, tmp_path / "float.onnx", (1, size, size))
    quantize(tmp_path / "float.onnx", tmp_path / "int8.onnx", images.numpy(), runtime="onnxruntime")
    program = RUNTIMES["onnxruntime"]().compile(tmp_path / "int8.onnx", threads=1, precision="fp32")
    real = run_rows(program, [images.numpy()])[0]
    with torch.no_grad():
        exact = made(images).numpy()
        fake_quantize_(made, [images], lambda _: False)
        fake = made(images).numpy()
    agree = (real.argmax(1) == fake.argmax(1)).mean()
    assert agree >= 0.7
    spread = exact.std()
    assert np.abs(real - exact).mean() < 0.35 * spread
    assert np.abs(fake - exact).mean() < 0.35 * spread
