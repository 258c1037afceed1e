"""Latency models recover what made the times, and say how far they are off."""

import numpy as np
import pytest

from sartor.cost.designs import LatencyModel, deployed, deployment
from sartor.cost.designs.features import WIDTH, kernel_class, stack, usual_costs
from sartor.cost.designs.latency import fit, held_out
from sartor.cost.designs.precision import deployment_space, float_nodes
from sartor.cost.designs.size import fit_size
from sartor.cost.prediction import error_of
from sartor.errors import DamagedFileError, DataError, OptionError
from sartor.nets import Layer, mobile
from sartor.space import Design

FAMILY = mobile(resolution=28, channels=1, classes=10)
RUNTIMES = {"onnxruntime": ("fp32",), "openvino": ("fp32", "bf16")}
SPACE = FAMILY.space + deployment_space(RUNTIMES, FAMILY.stages)


def designs(count: int, precision: str = "fp32", seed: int = 0) -> list[Design]:
    rng = np.random.default_rng(seed)
    return [
        Design(deployed(FAMILY.space.sample(rng), "onnxruntime", precision)) for _ in range(count)
    ]


def timed(found: list[Design], noise: float = 0.01) -> tuple[np.ndarray, np.ndarray]:
    """Times of a machine whose costs are not the usual ones."""
    rng = np.random.default_rng(1)
    vectors = stack(FAMILY, found)
    costs = usual_costs() * rng.uniform(0.3, 3.0, WIDTH)
    return vectors, vectors @ costs * (1 + noise * rng.standard_normal(len(found)))


@pytest.mark.parametrize(("count", "within"), [(12, 0.5), (100, 0.95)])
def test_networks_never_seen_are_predicted(count: int, within: float) -> None:
    vectors, times = timed(designs(count + 100))
    predicted = fit(vectors[:count], times[:count]).predict(vectors[count:])
    error = error_of(predicted, times[count:], count)
    assert error.within_10_percent >= within
    assert error.rank_correlation is not None
    assert error.rank_correlation > 0.9
    assert error.networks_held_out == 100


def test_a_model_survives_json() -> None:
    vectors, times = timed(designs(40))
    model = fit(vectors, times)
    again = LatencyModel.from_json(model.to_json())
    np.testing.assert_array_equal(model.predict(vectors), again.predict(vectors))
    with pytest.raises(DamagedFileError):
        LatencyModel.from_json({"costs": [1.0]})


def test_held_out_networks_are_predicted_without_their_twins() -> None:
    vectors, times = timed(designs(40), noise=0)
    odd = times.copy()
    odd[3] *= 10  # a model that saw it would come near
    groups = np.arange(40)
    assert held_out(vectors, odd, groups)[3] < 3 * times[3]


def test_too_few_networks_are_refused() -> None:
    vectors, times = timed(designs(3))
    with pytest.raises(DataError, match="at least 6 networks; got 3"):
        fit(vectors, times)


def test_sizes_of_files_are_predicted() -> None:
    found = designs(30) + designs(30, "int8", seed=5)
    from sartor.cost.designs import count

    exact = np.array(
        [
            count(FAMILY, it).params * (4.0 if deployment(it).precision == "fp32" else 1.2) + 9e3
            for it in found
        ]
    )
    model = fit_size(FAMILY, found[::2], exact[::2])
    np.testing.assert_allclose(model.predict(FAMILY, found[1::2]), exact[1::2], rtol=0.1)


def test_a_deployment_is_read_out_of_a_design() -> None:
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(200):
        design = SPACE.sample(rng)
        how = deployment(design)
        seen.add((how.runtime, how.precision))
        keeps = float_nodes(how)
        for place in ("stem", *FAMILY.stages, "head"):
            is_float = keeps(f"{place}_block0.expand.conv" if "stage" in place else f"{place}.conv")
            wanted = {"int8": False, "fp32": True, "bf16": True}.get(
                how.precision, design.get(f"{how.runtime}.{place}.precision") == "float"
            )
            assert is_float == wanted
    assert seen == {
        ("onnxruntime", "fp32"), ("onnxruntime", "int8"), ("onnxruntime", "mixed"),
        ("openvino", "fp32"), ("openvino", "bf16"), ("openvino", "int8"), ("openvino", "mixed"),
    }  # fmt: skip


def test_precision_changes_the_features() -> None:
    rows = stack(FAMILY, [*designs(1), *designs(1, "int8")])
    assert rows[0].sum() == pytest.approx(rows[1].sum())
    assert not np.array_equal(rows[0], rows[1])


@pytest.mark.parametrize(
    ("channels", "precision", "kind"),
    [(64, "int8", "depthwise"), (72, "int8", "ragged"), (72, "fp32", "depthwise")],
)
def test_integers_of_ragged_channels_have_costs_of_their_own(
    channels: int, precision: str, kind: str
) -> None:
    layer = Layer("conv", channels, channels, size=14, kernel=3, groups=channels)
    assert kernel_class(layer, precision) == kind


def test_a_design_without_a_deployment_is_refused() -> None:
    with pytest.raises(OptionError, match="no option for 'runtime'"):
        SPACE.design(dict(FAMILY.smallest()))
