"""Baselines cost as much as the pick that they are compared with, or a little more."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from sartor.cost.designs import Survey, count, deployment, deployment_space
from sartor.jobs.fitting.candidates import (
    BEYOND,
    RANDOMS,
    SAME,
    SPREAD,
    random_baselines,
    scaled_baseline,
)
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.searching import Evaluator
from sartor.nets import mobile
from sartor.search import OBJECTIVES
from sartor.space import Design
from sartor.study import Trials
from sartor.units import Measurement

FAMILY = mobile(resolution=16, channels=1, classes=3)
RUNTIMES = {"onnxruntime": ("fp32",)}
INT8_PAYS = 0.5


def estimate(designs: Sequence[Design]) -> dict[str, np.ndarray]:
    """Take a millisecond for a million multiply-adds, half of that in int8."""
    macs = np.array([count(FAMILY, it).macs for it in designs], float)
    pays = [INT8_PAYS if deployment(it).precision == "int8" else 1.0 for it in designs]
    return {"latency_ms": macs * pays / 1e6, "size_bytes": macs}


def evaluate(design: Design) -> dict[str, Measurement]:
    values = {name: float(it[0]) for name, it in estimate([design]).items()}
    predicted = {name: Measurement(it, "predicted") for name, it in values.items()}
    return predicted | {"accuracy": Measurement(0.5, "proxy")}


SPACE = deployment_space(RUNTIMES, FAMILY.stages)
SURVEY = cast(
    Survey, SimpleNamespace(family=FAMILY, runtimes=RUNTIMES, space=SPACE, estimate=estimate)
)
JOB = cast(
    Job, SimpleNamespace(family=FAMILY, limits=(), asked=SimpleNamespace(seconds=None, seed=0))
)
EVALUATE = cast(Evaluator, evaluate)
SMALLEST, LARGEST = (
    count(FAMILY, FAMILY.scaled(factor)).macs * INT8_PAYS / 1e6 for factor in (0.0, 1.0)
)


@pytest.fixture
def trials() -> Trials:
    return Trials.open(None, FAMILY.space + SPACE, OBJECTIVES)


@pytest.mark.parametrize("between", [0.2, 0.5])
def test_random_designs_cost_a_little_more(trials: Trials, between: float) -> None:
    cost = SMALLEST ** (1 - between) * LARGEST**between
    found = random_baselines(JOB, SURVEY, EVALUATE, trials, cost)
    ratios = [it.promised["latency_ms"].value / cost for it in found]
    assert len(found) == RANDOMS
    assert 1 < SAME * (1 - SPREAD) <= min(ratios) <= max(ratios) <= SAME * (1 + SPREAD)
    assert all(trials.get(it.design) is not None for it in found)


@pytest.mark.parametrize("between", [0.3, 0.5, 0.7])
def test_the_hand_made_design_costs_as_much_or_a_little_more(
    trials: Trials, between: float
) -> None:
    cost = SMALLEST ** (1 - between) * LARGEST**between
    found = scaled_baseline(SURVEY, EVALUATE, trials, cost)
    assert found is not None
    assert deployment(found.design).precision == "int8", "its best deployment"
    assert 1 <= found.promised["latency_ms"].value / cost <= BEYOND


def test_there_is_no_hand_made_design_where_all_cost_far_more(trials: Trials) -> None:
    assert scaled_baseline(SURVEY, EVALUATE, trials, SMALLEST / (BEYOND * 1.01)) is None
    above = scaled_baseline(SURVEY, EVALUATE, trials, 1.01 * LARGEST)
    assert above is not None, "the largest is the nearest where none costs more"
    assert above.promised["latency_ms"].value == pytest.approx(LARGEST)
