"""Data sets that are fetched by name: torchvision's and the Hugging Face hub's."""

from pathlib import Path
from typing import Any

import numpy as np

from sartor.errors import DataError, MissingExtraError, did_you_mean
from sartor.tasks.sources.arrays import ArraySource, as_images
from sartor.tasks.sources.protocol import SOURCES, Source

KNOWN = ("CIFAR10", "CIFAR100", "MNIST", "FashionMNIST", "KMNIST")
"""torchvision's data sets with one array of images for each of two splits."""
SPLIT_NAMES = {"train": "train", "validation": "validation", "valid": "validation", "test": "test"}


class Torchvision:
    """`torchvision:NAME`."""

    def matches(self, text: str) -> bool:
        """Tell by the prefix."""
        return text.startswith("torchvision:")

    def open(self, text: str, cache: Path) -> Source:
        """Fetch it, or take what was fetched before."""
        from torchvision import datasets

        name = text.partition(":")[2]
        if name not in KNOWN:
            near = did_you_mean(name, KNOWN)
            raise DataError(f"unknown data set {name!r}; known: {', '.join(KNOWN)}.{near}")
        try:
            parts = [
                getattr(datasets, name)(str(cache / "torchvision"), train=train, download=True)
                for train in (True, False)
            ]
        except (OSError, RuntimeError) as error:
            raise DataError(
                f"{text} could not be fetched ({error}); it needs the network the first time."
            ) from error
        arrays = [np.asarray(part.data, np.uint8) for part in parts]
        images, notes = as_images(np.concatenate(arrays), name)
        labels = np.concatenate([np.asarray(part.targets, np.int64) for part in parts])
        given = ["train"] * len(arrays[0]) + ["test"] * len(arrays[1])
        return ArraySource(name, images, labels, list(parts[0].classes), given, notes)


class HuggingFace:
    """`hf:owner/name`, with an image and a label column."""

    def matches(self, text: str) -> bool:
        """Tell by the prefix."""
        return text.startswith("hf:")

    def open(self, text: str, cache: Path) -> Source:
        """Fetch it, or take what was fetched before; its images are written to class folders."""
        from sartor.tasks.sources.folder import FolderSource

        name = text.partition(":")[2]
        folder = cache / "hf" / name.replace("/", "--")
        if not (folder / "complete").exists():
            _write_folders(_load(name, cache), folder, text)
            (folder / "complete").touch()
        return FolderSource(folder)


def _load(name: str, cache: Path) -> Any:  # Any: the library is untyped
    try:
        import datasets
    except ImportError:
        raise MissingExtraError(
            "data from the hub needs the extra: pip install 'sartor[hub]'."
        ) from None
    try:
        return datasets.load_dataset(name, cache_dir=str(cache / "hub"))
    except (OSError, ValueError, ConnectionError, RuntimeError) as error:
        raise DataError(
            f"hf:{name} could not be fetched ({error}); it needs the network the first time."
        ) from error


def _write_folders(parts: Any, folder: Path, text: str) -> None:
    """Write every image as PNG to SPLIT/CLASS/NUMBER.png."""
    for split, rows in parts.items():
        image, label = _columns(rows.features, text)
        names = getattr(rows.features[label], "names", None)
        for number, row in enumerate(rows):
            kind = names[row[label]] if names else str(row[label])
            place = folder / SPLIT_NAMES.get(split, "train") / kind.replace("/", "_")
            place.mkdir(parents=True, exist_ok=True)
            row[image].save(place / f"{number:08d}.png")


def _columns(features: dict[str, Any], text: str) -> tuple[str, str]:
    images = [name for name, kind in features.items() if type(kind).__name__ == "Image"]
    labels = [name for name, kind in features.items() if type(kind).__name__ == "ClassLabel"]
    labels += [name for name in ("label", "labels") if name in features and name not in labels]
    if not images or not labels:
        raise DataError(
            f"{text} has the columns {', '.join(features)}; it needs one of images and one of "
            "class labels."
        )
    return images[0], labels[0]


SOURCES.register("torchvision", "torchvision:NAME; needs the network the first time.")(
    Torchvision()
)
SOURCES.register("hf", "hf:owner/name from the Hugging Face hub; needs the extra hub.")(
    HuggingFace()
)
