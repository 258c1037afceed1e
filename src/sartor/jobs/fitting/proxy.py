"""The proxy: a design evaluated with the shared weights, in its own precision."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sartor.compress import fake_quantize_
from sartor.cost.designs import Deployment, deployment
from sartor.deploy import wilson
from sartor.nets import Supernet, resize
from sartor.space import Design
from sartor.tasks import Batches, Split, Task, whole
from sartor.train import correct, estimate_norms_
from sartor.units import Measurement

NORM_BATCHES = 8
"""Batches of 128 images from which batch-norm statistics are estimated."""
MOST_IMAGES = 2000
"""Images of the validation split on which a proxy is evaluated."""
TUNED_IMAGES = 8000
"""Those for networks that were tuned, which differ by less."""
BATCH = 128


@dataclass(frozen=True, slots=True)
class Proxy:
    """Evaluates networks of a task on its validation split."""

    task: Task
    seed: int
    images: int = MOST_IMAGES
    largest_weight: int = 127
    """In int8, on the target."""

    def of(self, supernet: Supernet, design: Design) -> Measurement:
        """Return the accuracy of a design with inherited weights, in its precision."""
        network = supernet.cut(design).to(memory_format=torch.channels_last)
        resolution = supernet.family.resolution(design)
        self.estimate_norms_(network, resolution)
        how = deployment(design)
        if how.quantized:
            self.quantize_(network, resolution, how)
        return self.accuracy(network, resolution)

    def estimate_norms_(self, network: nn.Module, resolution: int) -> None:
        """Estimate batch-norm statistics on training images."""
        estimate_norms_(network, self.calibration(resolution))

    def quantize_(self, network: nn.Module, resolution: int, how: Deployment) -> None:
        """Round as int8 will, where the deployment is int8."""
        fake_quantize_(
            network,
            self.calibration(resolution, batches=1),
            lambda name: how.is_float(name.partition(".")[0]),
            largest_weight=self.largest_weight,
        )

    def accuracy(
        self, network: nn.Module, resolution: int, split: Split | None = None
    ) -> Measurement:
        """Return the accuracy on the validation split (evenly thinned), or on another."""
        split = self._held_out() if split is None else split
        batches = whole(split, mean=self.task.mean, std=self.task.std, batch=BATCH)
        right, total = correct(network, ((resize(x, resolution), y) for x, y in batches))
        low, high = wilson(right, total)
        return Measurement(right / total, "proxy", low, high)

    def calibration(self, resolution: int, batches: int = NORM_BATCHES) -> Iterator[Tensor]:
        """Yield training images without augmentation."""
        source = Batches(
            self.task.train,
            batch=BATCH,
            seed=self.seed,
            mean=self.task.mean,
            std=self.task.std,
            augment=None,
        )
        for step in range(min(batches, source.steps_per_epoch)):
            yield resize(source.at(step)[0], resolution)

    def _held_out(self) -> Split:
        split = self.task.validation
        every = max(1, len(split) // self.images)  # a split may be sorted by class
        return Split(split.images[::every], split.labels[::every])
