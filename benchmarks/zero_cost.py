"""What zero-cost proxies tell of accuracy: rank correlations on NAS-Bench-201.

    python benchmarks/zero_cost.py [--designs 200] [--images 64]

Architectures are drawn at random and built as their paper has them (16 channels, five cells in each
of three stages), with weights as torch draws them; each proxy scores them on one batch of CIFAR-10.
The table has Spearman's rank correlation with the published test accuracy on CIFAR-10 after 200
epochs, its 95 % bootstrap interval over architectures, the same for the better half, and the
median seconds for a network.
"""

import argparse
import io
import sys
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from machine import describe
from sartor.cost.zero_cost import ZERO_COST
from sartor.nets import ChannelMeans
from sartor.search import rank_correlation
from sartor.space import Design
from tables import OPERATIONS, SHARED, read_cells

IMAGES_FILE = SHARED / "cifar10/cifar10_train_a.zip"
MEAN = np.array([125.307, 122.950, 113.865])
DEVIATION = np.array([62.993, 62.089, 66.705])
WIDTH, CELLS_OF_A_STAGE, STAGES, CLASSES = 16, 5, 3, 10
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""From node to node, in the order of the table."""
RESAMPLES = 2000
PUBLISHED = {"synflow": 0.74, "snip": 0.58, "grad_norm": 0.58}
"""Spearman's on CIFAR-10 over all architectures, Abdelfattah et al. 2021, arXiv:2101.08134."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--designs", type=int, default=200)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    designs, columns = read_cells()
    places = rng.choice(len(designs), asked.designs, replace=False)
    accuracy = columns["cifar10"][places]
    images, labels = read_batch(asked.images, rng)
    scores, seconds = score_all([designs[it] for it in places], images, labels, asked.seed)
    print(describe())
    print(f"{asked.designs} architectures, {asked.images} images, seed {asked.seed}, one thread\n")
    print("| proxy | Spearman | 95 % interval | better half | published | seconds a network |")
    print("|---|---|---|---|---|---|")
    order = sorted(scores, key=lambda name: -rank_correlation(scores[name], accuracy))
    for name in order:
        print(row(name, scores[name], accuracy, seconds[name]))


def score_all(
    designs: Sequence[Design], images: Tensor, labels: Tensor, seed: int
) -> tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]]:
    """Score architectures, (n,) by proxy, and tell the seconds that each score took."""
    torch.set_num_threads(1)
    scores = {name: np.empty(len(designs)) for name in ZERO_COST}
    seconds = {name: np.empty(len(designs)) for name in ZERO_COST}
    for place, design in enumerate(designs):
        torch.manual_seed(seed)
        network = build([design.text(f"edge{edge}") for edge in range(len(EDGES))])
        for name in ZERO_COST:
            started = time.perf_counter()
            scores[name][place] = ZERO_COST[name](network, images, labels, seed)
            seconds[name][place] = time.perf_counter() - started
        print(f"{place + 1} of {len(designs)}", file=sys.stderr, flush=True)
    return scores, seconds


def row(name: str, scores: np.ndarray, accuracy: np.ndarray, seconds: np.ndarray) -> str:
    """Describe a proxy."""
    rng = np.random.default_rng(0)
    drawn = [rng.integers(len(scores), size=len(scores)) for _ in range(RESAMPLES)]
    low, high = np.quantile(
        [rank_correlation(scores[d], accuracy[d]) for d in drawn], [0.025, 0.975]
    )
    top = accuracy >= np.median(accuracy)
    cells = [
        name,
        f"{rank_correlation(scores, accuracy):.3f}",
        f"{low:.3f} to {high:.3f}",
        f"{rank_correlation(scores[top], accuracy[top]):.3f}",
        str(PUBLISHED.get(name, "")),
        f"{np.median(seconds):.3f}",
    ]
    return f"| {' | '.join(cells)} |"


def read_batch(count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Read images of the first mosaic, (n, 3, 32, 32), standardised, and their classes, (n,)."""
    with zipfile.ZipFile(IMAGES_FILE) as archive:
        tile = next(it for it in sorted(archive.namelist()) if it.endswith("tile_00.webp"))
        mosaic = np.asarray(Image.open(io.BytesIO(archive.read(tile))).convert("RGB"))
        labels = np.load(io.BytesIO(archive.read("labels.npz")), allow_pickle=False)["y"]
    whole = mosaic.reshape(40, 32, 25, 32, 3).transpose(0, 2, 1, 3, 4).reshape(1000, 32, 32, 3)
    chosen = rng.choice(len(whole), count, replace=False)
    pixels = ((whole[chosen] - MEAN) / DEVIATION).astype(np.float32)
    images = torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())
    return images, torch.from_numpy(labels[chosen].astype(np.int64))


def build(edges: Sequence[str]) -> nn.Sequential:
    """Build an architecture of NAS-Bench-201.

    Source:
        Dong and Yang 2020, arXiv:2001.00326, section 2.1.
    """
    modules: list[nn.Module] = [
        nn.Conv2d(3, WIDTH, 3, padding=1, bias=False),
        nn.BatchNorm2d(WIDTH),
    ]
    width = WIDTH
    for stage in range(STAGES):
        if stage:
            modules.append(Reduction(width))
            width *= 2
        modules += [Cell(edges, width) for _ in range(CELLS_OF_A_STAGE)]
    modules += [nn.BatchNorm2d(width), nn.ReLU(), ChannelMeans(), nn.Flatten()]
    return nn.Sequential(*modules, nn.Linear(width, CLASSES))


class Cell(nn.Module):
    """Four nodes, each the sum of what comes over the edges from those before it."""

    def __init__(self, edges: Sequence[str], width: int) -> None:
        super().__init__()
        self.edges = nn.ModuleList(OPERATORS[name](width) for name in edges)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the last node."""
        nodes = [x, *(torch.zeros_like(x) for _ in range(3))]
        for (start, end), operator in zip(EDGES, self.edges, strict=True):
            nodes[end] = nodes[end] + operator(nodes[start])
        return nodes[-1]


class Nothing(nn.Module):
    """Pass on zeros."""

    def forward(self, x: Tensor) -> Tensor:
        """Return zeros."""
        return torch.zeros_like(x)


def activated(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Make a ReLU, a convolution and a batch norm."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(nn.ReLU(), conv, nn.BatchNorm2d(outputs))


OPERATORS: Mapping[str, Callable[[int], nn.Module]] = dict(
    zip(
        OPERATIONS,
        (
            lambda _: Nothing(),
            lambda _: nn.Identity(),
            lambda width: activated(width, width, 1),
            lambda width: activated(width, width, 3),
            lambda _: nn.AvgPool2d(3, 1, 1, count_include_pad=False),
        ),
        strict=True,
    )
)


class Reduction(nn.Module):
    """The residual block between stages, which halves the maps and doubles the channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            activated(width, 2 * width, 3, 2), activated(2 * width, 2 * width, 3)
        )
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(width, 2 * width, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """Add both ways."""
        out: Tensor = self.shortcut(x) + self.convolutions(x)
        return out


if __name__ == "__main__":
    main()
