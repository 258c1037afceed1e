"""A survey tells how fast networks are, and not how busy the machine was."""

from pathlib import Path

import numpy as np
import pytest

from sartor import targets
from sartor.cost.designs import Surveyor, deployed
from sartor.cost.designs.features import stack, usual_costs
from sartor.cost.designs.survey import Timed
from sartor.nets import mobile
from sartor.space import Design

FAMILY = mobile(resolution=28, channels=1, classes=10)


def surveyed(slower: float) -> Surveyor:
    """Of 40 networks on a machine of usual costs; every third was timed in a slow moment."""
    surveyor = Surveyor(FAMILY, targets.open("cpu").reading(".onnx"), seed=0)
    surveyor.runtimes = {"onnxruntime": ("fp32",)}
    rng = np.random.default_rng(0)
    for group in range(40):
        design = Design(deployed(FAMILY.space.sample(rng), "onnxruntime", "fp32"))
        factor = slower if group % 3 == 0 else 1.0
        ms = float((stack(FAMILY, [design]) @ usual_costs())[0]) * factor
        surveyor.timed.append(Timed(design, group, ms, 10_000, pace=0.03 * factor))
    return surveyor


def test_slow_moments_leave_no_trace() -> None:
    quiet, busy = surveyed(1.0).result(), surveyed(1.5).result()
    designs = [item.design for item in quiet.timed]
    np.testing.assert_allclose(
        busy.estimate(designs)["latency_ms"], quiet.estimate(designs)["latency_ms"]
    )
    assert busy.pace == quiet.pace == 0.03
    for key, error in quiet.errors.items():
        assert busy.errors[key].p95_error == pytest.approx(error.p95_error, abs=1e-6)


def test_the_pace_is_kept_in_the_file(tmp_path: Path) -> None:
    first = surveyed(1.5)
    first.save(tmp_path / "survey.json")
    again = Surveyor(FAMILY, targets.open("cpu").reading(".onnx"), seed=0)
    again.load(tmp_path / "survey.json")
    assert again.timed == first.timed


def test_a_survey_that_goes_on_knows_how_fast_the_machine_was(tmp_path: Path) -> None:
    """Once for what was timed in turn, as if it had not been stopped."""
    found = surveyed(1.5).anchors(tmp_path)
    assert found.paces == pytest.approx([0.045, 0.03])
    assert found.slow == pytest.approx(1.1)
