"""The default strategy on a published table: 15,625 networks, trained and timed by others."""

import csv
import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from sartor.search import hypervolume, non_dominated, run
from sartor.space import Choice, Design, Space

TABLE = Path(__file__).parents[3] / "shared/data/nasbench201/nb201_accuracy_latency.csv.gz"
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
SPACE = Space([Choice(f"edge{number}", OPERATIONS) for number in range(6)])


def read_table(device: str) -> dict[Design, tuple[float, float]]:
    if not TABLE.exists():
        pytest.skip(f"the table is not there: {TABLE}")
    rows = {}
    with gzip.open(TABLE, "rt") as file:
        for row in csv.DictReader(file):
            operations = re.findall(r"(\w+)~\d", row["arch_str"])
            design = SPACE.design({f"edge{n}": name for n, name in enumerate(operations)})
            rows[design] = (float(row["cifar10_test_acc_200ep"]) / 100, float(row[device]))
    return rows


@pytest.mark.data
@pytest.mark.slow
def test_the_predictor_beats_the_mean_and_the_front_of_random_search() -> None:
    table = read_table("lat_gold_6226")
    everything = np.array(list(table.values()))
    worst = [0.8, float(np.quantile(everything[:, 1], 0.999))]
    front = everything[non_dominated(everything, ["max", "min"])]
    whole = hypervolume(front, ["max", "min"], worst)

    def search(strategy: str, seed: int) -> list[list[float]]:
        study = run(
            SPACE,
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
