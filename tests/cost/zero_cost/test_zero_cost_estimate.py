"""Zero-cost numbers as estimates of a search."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from sartor import search
from sartor.cost.zero_cost import ZERO_COST, zero_cost_estimate
from sartor.errors import OptionError, UnknownNameError
from sartor.nets import Blueprint, Network
from sartor.nets.families import Layout, Mobile, Stage
from sartor.space import Choice, Design, Space

WIDTHS = (8, 16, 24, 32)
FAMILY = Mobile(
    Layout(
        resolutions=(12,),
        stem_widths=(8, 16),
        stem_strides=(2,),
        stages=tuple(
            Stage(f"stage{number}", 2, WIDTHS, (1,), {"plain": {"kernel": (3, 5)}})
            for number in (1, 2)
        ),
        activations=("hswish",),
    ),
    channels=3,
    classes=4,
)
IMAGES = torch.randn(8, 3, 12, 12, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(8) % 4


def drawn(count: int) -> list[Design]:
    rng = np.random.default_rng(0)
    return list(dict.fromkeys(FAMILY.space.sample(rng) for _ in range(count)))


def test_all_proxies_are_estimated_as_they_are_computed() -> None:
    designs = drawn(4)
    numbers = zero_cost_estimate(FAMILY, ZERO_COST, IMAGES, LABELS, seed=5)(designs)
    assert list(numbers) == list(ZERO_COST)
    for place, design in enumerate(designs):
        torch.manual_seed(5)
        net = Network(FAMILY.blueprint(design))
        for name, values in numbers.items():
            expected = ZERO_COST[name](net, IMAGES, LABELS, 5)
            assert values[place] == pytest.approx(expected, rel=1e-6), name


def test_each_architecture_is_built_once_and_randomness_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Design] = []
    whole = FAMILY.blueprint
    estimate = zero_cost_estimate(FAMILY, ["synflow"], IMAGES, LABELS)

    def blueprint(design: Design) -> Blueprint:
        asked.append(design)
        return whole(design)

    monkeypatch.setattr(FAMILY, "blueprint", blueprint)
    designs = drawn(3)
    before = torch.get_rng_state()
    first = estimate(designs)["synflow"]
    built = len(asked)
    deployed = [Design({**design, "runtime": "other"}) for design in designs]
    np.testing.assert_array_equal(estimate(deployed)["synflow"], first)
    assert len(asked) == built
    assert torch.equal(torch.get_rng_state(), before)


def test_counts_build_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a network was built")

    monkeypatch.setattr("sartor.cost.zero_cost.estimate.Network", refuse)
    names = ["macs", "params", "entropy", "multiscale_entropy", "effectiveness"]
    numbers = zero_cost_estimate(FAMILY, names, IMAGES, LABELS)(drawn(3))
    assert all((values > 0).all() for values in numbers.values())


def test_no_designs_give_no_numbers() -> None:
    numbers = zero_cost_estimate(FAMILY, ["macs"], IMAGES, LABELS)([])
    assert numbers["macs"].shape == (0,)


def test_names_and_seeds_are_checked_before_anything_is_scored() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'synflow'"):
        zero_cost_estimate(FAMILY, ["sinflow"], IMAGES, LABELS)
    with pytest.raises(OptionError, match="no zero-cost proxy is named"):
        zero_cost_estimate(FAMILY, [], IMAGES, LABELS)
    with pytest.raises(OptionError, match="seed is -2"):
        zero_cost_estimate(FAMILY, ["macs"], IMAGES, LABELS, seed=-2)


def searched(estimate: search.Estimate | None, hidden: search.Estimate) -> search.Study:
    def evaluate(design: Design) -> dict[str, float]:
        flow = math.log(hidden([design])["synflow"][0])
        return {"accuracy": flow / 100, "latency_ms": 1.0 + design.integer("stem.width")}

    return search.run(FAMILY.space, evaluate, evaluations=48, seed=1, estimate=estimate)


@pytest.mark.slow
def test_a_search_learns_from_them() -> None:
    hidden = zero_cost_estimate(FAMILY, ["synflow"], IMAGES, LABELS)
    given = zero_cost_estimate(FAMILY, ["synflow", "params"], IMAGES, LABELS)
    told, untold = searched(given, hidden), searched(None, hidden)
    assert len(told.done) == 48
    assert told.quality["predictor_error"] < 0.5 * untold.quality["predictor_error"]
    assert told.quality["predictor_rank_correlation"] > 0.99


def test_limits_on_counts_hold_in_a_search_of_everything() -> None:
    space = FAMILY.space + Space([Choice("runtime", ("one", "other"))])
    estimate = zero_cost_estimate(FAMILY, ["params", "naswot"], IMAGES, LABELS)
    values = estimate(drawn(64))["params"]
    bound = float(np.median(values))

    def evaluate(design: Design) -> dict[str, float]:
        return {"accuracy": 0.5, "latency_ms": float(len(design))}

    study = search.run(
        space, evaluate, strategy="random", evaluations=20, limits={"params": bound},
        estimate=estimate,
    )  # fmt: skip
    assert (_params([trial.design for trial in study.done]) <= bound).all()


def _params(designs: Sequence[Design]) -> np.ndarray:
    return np.array(
        [sum(it.numel() for it in Network(FAMILY.blueprint(d)).parameters()) for d in designs]
    )
