"""Checkpoints: whole, or passed over for the one before."""

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import torch

from sartor.study import Checkpoints


def tensors(seed: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        "conv": torch.randn(4, 3, 3, 3, generator=generator).to(memory_format=torch.channels_last),
        "half": torch.randn(5, generator=generator).to(torch.bfloat16),
        "step": torch.tensor(seed),
        "empty": torch.empty(0, 3),
    }


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "supernet")
    assert checkpoints.latest() is None
    checkpoints.save(7, tensors(7), {"lr": 0.1, "best": None})
    found = checkpoints.latest()
    assert found is not None
    step, loaded, state = found
    assert step == 7
    assert state == {"lr": 0.1, "best": None}
    assert loaded.keys() == tensors(7).keys()
    for name, tensor in tensors(7).items():
        assert loaded[name].dtype == tensor.dtype
        assert torch.equal(loaded[name], tensor)


def test_tensors_that_share_memory_are_saved(tmp_path: Path) -> None:
    weight = torch.arange(6.0)
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, {"a": weight, "b": weight, "part": weight[2:4]}, {})
    found = checkpoints.latest()
    assert found is not None
    assert torch.equal(found.tensors["b"], weight)
    assert torch.equal(found.tensors["part"], weight[2:4])


def test_the_two_newest_are_kept(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, keep=2)
    for step in (1, 2, 10, 11):
        checkpoints.save(step, tensors(step), {})
    assert sorted(path.name[:9] for path in tmp_path.iterdir()) == ["000000010", "000000011"]


def test_a_step_back_gives_up_what_came_later(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for step in (10, 20, 15):
        checkpoints.save(step, tensors(step), {})
    found = checkpoints.latest()
    assert found is not None
    assert found.step == 15
    assert sorted(path.name[:9] for path in tmp_path.iterdir()) == ["000000010", "000000015"]


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path, damage: str) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, tensors(1), {"n": 1})
    newest = checkpoints.save(2, tensors(2), {"n": 2})
    content = bytearray(newest.read_bytes())
    if damage == "flip":
        content[-3] ^= 1
    newest.write_bytes({"cut": bytes(content[:-5]), "flip": bytes(content), "empty": b""}[damage])
    found = checkpoints.latest()
    assert found is not None
    assert (found.step, found.state) == (1, {"n": 1})
    assert checkpoints.skipped == (newest.name,)
    again = checkpoints.latest()
    assert again is not None
    assert again.step == 1
    assert len(checkpoints.skipped) == 0


def test_only_damaged_ones_are_as_good_as_none(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, tensors(1), {}).write_bytes(b"x")
    assert checkpoints.latest() is None
    assert len(checkpoints.skipped) == 1


def test_a_kill_while_saving_loses_at_most_that_checkpoint(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        import torch
        from sartor.study import Checkpoints
        checkpoints = Checkpoints(Path(sys.argv[1]))
        for step in range(10**8):
            checkpoints.save(step, {"w": torch.full((200_000,), float(step))}, {"step": step})
            print(step, flush=True)
        """
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(3):
            writer.stdout.readline()
        time.sleep(0.013)
        writer.kill()
        said = [2, *map(int, writer.stdout.read().split())]
    checkpoints = Checkpoints(tmp_path)
    found = checkpoints.latest()
    assert found is not None
    assert found.step >= said[-1]
    assert found.state == {"step": found.step}
    assert bool((found.tensors["w"] == found.step).all())
    assert len(checkpoints.skipped) == 0
