"""Published tables on which searches are judged: designs that others trained and timed."""

import csv
import functools
import gzip
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
import yaml
from torch import nn

from sartor.space import Choice, Condition, Design, Genes, Space

SHARED = Path(__file__).parents[2] / "shared/data"
CELLS_FILE = SHARED / "nasbench201/nb201_accuracy_latency.csv.gz"
OFA_FOLDER = SHARED / "ofa_tables"

Numbers = npt.NDArray[np.float64]

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
CELLS = Space([Choice(f"edge{number}", OPERATIONS) for number in range(6)])
"""NAS-Bench-201 (Dong and Yang 2020, arXiv:2001.00326): the operations on six edges of a cell."""


def skip_without(path: Path) -> None:
    """Skip a test whose data is not there."""
    if not path.exists():
        pytest.skip(f"the table is not there: {path}")


@functools.cache
def read_cells() -> tuple[tuple[Design, ...], dict[str, Numbers]]:
    """Read all 15,625 designs of NAS-Bench-201 and their numbers by column, (15625,) each.

    The columns `cifar10` and `cifar100` are test accuracies as shares; `lat_...` are milliseconds.
    """
    with gzip.open(CELLS_FILE, "rt") as file:
        rows = list(csv.DictReader(file))
    names = [re.findall(r"(\w+)~\d", row["arch_str"]) for row in rows]
    designs = tuple(
        CELLS.design({f"edge{place}": name for place, name in enumerate(edges)}) for edges in names
    )
    latencies = [name for name in rows[0] if name.startswith("lat_")]
    columns = {name: np.array([float(row[name]) for row in rows]) for name in latencies}
    for data in ("cifar10", "cifar100"):
        columns[data] = np.array([float(row[f"{data}_test_acc_200ep"]) / 100 for row in rows])
    return designs, columns


KERNELS, EXPANSIONS, DEPTHS = (3, 5, 7), (3, 4, 6), (2, 3, 4)
RESOLUTIONS = (160, 176, 192, 208, 224)
STAGES, DEEPEST = 5, 4
STEM, WIDTHS = 24, (32, 48, 96, 136, 192)
STRIDES = (2, 2, 2, 1, 2)
EXCITED, HARD_SWISH = (False, True, False, True, True), (False, False, True, True, True)


def _ofa_space() -> Space:
    choices = [Choice("resolution", RESOLUTIONS, ordered=True)]
    for stage in range(STAGES):
        depth = f"stage{stage}.depth"
        choices.append(Choice(depth, DEPTHS, ordered=True))
        for block in range(DEEPEST):
            deep = tuple(it for it in DEPTHS if it > block)
            when = () if deep == DEPTHS else (Condition(depth, deep),)
            name = f"stage{stage}.block{block}"
            choices.append(Choice(f"{name}.kernel", KERNELS, ordered=True, when=when))
            choices.append(Choice(f"{name}.expand", EXPANSIONS, ordered=True, when=when))
    return Space(choices)


OFA = _ofa_space()
"""Once-for-All's MobileNetV3 space (Cai et al. 2020, arXiv:1908.09791), width 1.2."""


@dataclass(frozen=True)
class OfaTable:
    """Accuracy by the published predictor, latency by the published tables of a Note10.

    Args:
        times: Milliseconds of a block by resolution, stage, block, kernel and expansion,
            (5, 5, 4, 3, 3).
        fixed: Milliseconds of all the rest by resolution, (5,).
        network: From one-hot kernels, expansions and resolution to accuracy, (n, 128) to (n, 1).
    """

    times: Numbers
    fixed: Numbers
    network: nn.Sequential

    @classmethod
    def read(cls) -> "OfaTable":
        """Read it from the files."""
        times = np.zeros((len(RESOLUTIONS), STAGES, DEEPEST, len(KERNELS), len(EXPANSIONS)))
        fixed = np.zeros(len(RESOLUTIONS))
        for number, resolution in enumerate(RESOLUTIONS):
            text = (OFA_FOLDER / f"note10_{resolution}.yaml").read_text()
            table = {name: row["mean"] for name, row in yaml.safe_load(text).items()}
            fixed[number] = _fill(times[number], table, resolution)
        layers = [128, 400, 400, 400, 1]
        parts: list[nn.Module] = []
        for wide, next_wide in itertools.pairwise(layers):
            parts += [nn.Linear(wide, next_wide), nn.ReLU()]
        network = nn.Sequential(*parts[:-1])
        weights = torch.load(
            OFA_FOLDER / "ofa_mbv3_acc_predictor.pth", map_location="cpu", weights_only=True
        )
        network.load_state_dict(weights)
        return cls(times, fixed, network.eval())

    def look_up(self, genes: Genes) -> tuple[Numbers, Numbers]:
        """Return accuracy (share) and latency (ms) of designs by their genes, (n,) each."""
        resolution = genes[:, 0]
        stages = genes[:, 1:].reshape(len(genes), STAGES, 1 + 2 * DEEPEST)
        depth = stages[:, :, 0] + DEPTHS[0]
        kernel, expand = stages[:, :, 1::2], stages[:, :, 2::2]  # (n, stages, blocks)
        there = np.arange(DEEPEST) < depth[:, :, None]
        block_ms = self.times[
            resolution[:, None, None],
            np.arange(STAGES)[None, :, None],
            np.arange(DEEPEST)[None, None, :],
            kernel,
            expand,
        ]
        latency_ms = self.fixed[resolution] + (block_ms * there).sum(axis=(1, 2))
        one_hot = [
            ((options[..., None] == np.arange(3)) & there[..., None]).reshape(len(genes), -1)
            for options in (kernel, expand)
        ]
        # The predictor knows eight resolutions, 112 to 224.
        size = (np.arange(8) - 3) == resolution[:, None]
        x = torch.from_numpy(np.hstack([*one_hot, size]).astype(np.float32))
        with torch.no_grad():
            accuracy = self.network(x)[:, 0].double().numpy()
        return accuracy, latency_ms

    def measure(self, designs: Sequence[Design]) -> tuple[Numbers, Numbers]:
        """Return accuracy (share) and latency (ms) of designs, (n,) each."""
        return self.look_up(OFA.encode(designs))


def _fill(times: Numbers, table: dict[str, float], resolution: int) -> float:
    """Write the times of all blocks at a resolution; return the time of the rest."""
    size, wide = (resolution + 1) // 2, STEM
    fixed = table[f"Conv-input:{resolution}x{resolution}x3-output:{size}x{size}x{wide}"]
    fixed += table[_block(size, size, wide, wide, wide, 3, 1, False, False)]
    for stage in range(STAGES):
        for block in range(DEEPEST):
            stride = STRIDES[stage] if block == 0 else 1
            after = (size - 1) // stride + 1
            for k, kernel in enumerate(KERNELS):
                for e, expand in enumerate(EXPANSIONS):
                    name = _block(
                        size, after, wide, WIDTHS[stage], wide * expand, kernel, stride,
                        EXCITED[stage], HARD_SWISH[stage], skip=block > 0,
                    )  # fmt: skip
                    times[stage, block, k, e] = table[name]
            size, wide = after, WIDTHS[stage]
    fixed += table[f"Conv_1-input:{size}x{size}x{wide}-output:{size}x{size}x1152"]
    fixed += table[f"AvgPool2D-input:{size}x{size}x1152-output:1x1x1152"]
    fixed += table["Conv_2-input:1x1x1152-output:1x1x1536"]
    return fixed + table["Logits-input:1x1x1536-output:1000"]


def _block(
    size: int, after: int, wide: int, out: int, middle: int, kernel: int, stride: int,
    excited: bool, hard_swish: bool, *, skip: bool = True,
) -> str:  # fmt: skip
    return (
        f"expanded_conv-input:{size}x{size}x{wide}-output:{after}x{after}x{out}-expand:{middle}"
        f"-kernel:{kernel}-stride:{stride}-idskip:{skip:d}-se:{excited:d}-hs:{hard_swish:d}"
    )
