"""The default strategy on a published table: 15,625 networks, trained and timed by others."""

import numpy as np
import pytest

from sartor.search import hypervolume, non_dominated, run
from tables import CELLS, CELLS_FILE, read_cells, skip_without


@pytest.mark.data
@pytest.mark.slow
def test_the_predictor_beats_the_mean_and_the_front_of_random_search() -> None:
    skip_without(CELLS_FILE)
    designs, columns = read_cells()
    everything = np.stack([columns["cifar10"], columns["lat_gold_6226"]], axis=1)
    table = dict(zip(designs, everything, strict=True))
    worst = [0.8, float(np.quantile(everything[:, 1], 0.999))]
    front = everything[non_dominated(everything, ["max", "min"])]
    whole = hypervolume(front, ["max", "min"], worst)

    def search(strategy: str, seed: int) -> list[list[float]]:
        study = run(
            CELLS,
            lambda design: dict(zip(("accuracy", "latency_ms"), table[design], strict=True)),
            strategy=strategy,
            evaluations=128,
            seed=seed,
            estimate=lambda designs: {"latency_ms": np.array([table[it][1] for it in designs])},
        )
        return [[trial.value("accuracy"), trial.value("latency_ms")] for trial in study.front]

    def share(found: list[list[float]]) -> float:
        return hypervolume(found, ["max", "min"], worst) / whole

    ours = [search("predictor", seed) for seed in range(3)]
    chance = [search("random", seed) for seed in range(3)]
    assert min(map(share, ours)) > max(map(share, chance))
    for accuracy, latency_ms in (point for found in ours for point in found):
        alike = np.abs(everything[:, 1] / latency_ms - 1) <= 0.15
        if alike.sum() >= 100:  # at the ends there are too few to speak of a mean
            assert accuracy > everything[alike, 0].mean()
