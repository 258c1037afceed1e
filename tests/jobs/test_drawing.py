"""Which architectures a supernet is trained on."""

import math
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from sartor.cost.designs import count
from sartor.jobs.fitting.job import Job
from sartor.jobs.fitting.training import FOCUS, drawing
from sartor.nets import mobile
from sartor.space import Design

FAMILY = mobile(resolution=16, channels=1, classes=3)


def job() -> Job:
    return cast(Job, SimpleNamespace(family=FAMILY))


def distance(one: Design, other: Design) -> float:
    names = set(one) | set(other)
    return sum(one.get(name) != other.get(name) for name in names) / len(names)


def test_half_of_the_draws_are_near_a_promising_design() -> None:
    rng = np.random.default_rng(0)
    promising = FAMILY.space.sample(rng)
    deployed: dict[str, Any] = {**promising, "runtime": "onnxruntime"}  # has choices of its own
    draw = drawing(job(), [Design(deployed)], math.inf)
    designs = [draw(rng) for _ in range(200)]
    assert all(design in FAMILY.space for design in designs)
    near = np.mean([distance(design, promising) < 0.25 for design in designs])
    assert abs(near - FOCUS) < 0.12


def test_without_promising_designs_the_family_draws() -> None:
    ours = [drawing(job(), [], math.inf)(np.random.default_rng(seed)) for seed in range(5)]
    assert ours == [FAMILY.draw(np.random.default_rng(seed)) for seed in range(5)]


def test_architectures_that_are_too_large_are_drawn_again() -> None:
    most = count(FAMILY, FAMILY.largest()).macs / 4
    free, bound = (drawing(job(), [], it) for it in (math.inf, most))
    macs = [
        [count(FAMILY, draw(np.random.default_rng(seed))).macs for seed in range(60)]
        for draw in (free, bound)
    ]
    assert max(macs[0]) > most
    assert np.mean(np.array(macs[1]) <= most) > 0.95
