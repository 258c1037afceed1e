"""torchvision's data sets, fetched by name."""

import contextlib
import io
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sartor.errors import DataError, did_you_mean
from sartor.tasks.sources.arrays import ArraySource, as_images
from sartor.tasks.sources.protocol import SOURCES, Source

Arrays = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]
"""Images, (n, h, w[, c]), and labels, (n,)."""
SIDE, DEPTH = 32, 3


@dataclass(frozen=True, slots=True)
class Cifar:
    """CIFAR in its binary version: torchvision reads the other one, which holds pickles.

    Source:
        Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
    """

    address: str
    md5: str
    """Of the archive, as that page states it."""
    label_bytes: int
    """Bytes in front of every image; the last of them is the label."""
    train: tuple[str, ...]
    test: tuple[str, ...]
    names: str

    def read(self, folder: Path) -> tuple[Arrays, Arrays, list[str]]:
        """Fetch the archive where it is missing, and read it without unpacking it."""
        from torchvision.datasets.utils import download_url

        download_url(self.address, str(folder), md5=self.md5)
        with tarfile.open(folder / self.address.rpartition("/")[2]) as archive:
            held = {Path(it.name).name: it for it in archive.getmembers() if it.isfile()}

            def content(name: str) -> bytes:
                file = archive.extractfile(held[name])
                assert file is not None, f"{name} is a file"
                return file.read()

            train = self._arrays(b"".join(content(name) for name in self.train))
            test = self._arrays(b"".join(content(name) for name in self.test))
            return train, test, content(self.names).decode().split()

    def _arrays(self, raw: bytes) -> Arrays:
        rows = np.frombuffer(raw, np.uint8).reshape(-1, self.label_bytes + DEPTH * SIDE * SIDE)
        planes = rows[:, self.label_bytes :].reshape(-1, DEPTH, SIDE, SIDE)
        images = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))  # (n, h, w, c)
        return images, rows[:, self.label_bytes - 1].astype(np.int64)


@dataclass(frozen=True, slots=True)
class Mnist:
    """A data set of torchvision that is made of IDX files."""

    name: str

    def read(self, folder: Path) -> tuple[Arrays, Arrays, list[str]]:
        """Fetch the files where they are missing, and read them."""
        from torchvision import datasets

        kind = getattr(datasets, self.name)
        parts = [kind(str(folder), train=train, download=True) for train in (True, False)]
        train, test = (_tensors(part) for part in parts)
        return train, test, [str(name) for name in parts[0].classes]


def _tensors(part: Any) -> Arrays:  # Any: torchvision is untyped
    return np.asarray(part.data, np.uint8), np.asarray(part.targets, np.int64)


KNOWN: dict[str, Cifar | Mnist] = {
    "CIFAR10": Cifar(
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "c32a1d4ab5d03f1284b67883e8d87530",
        1,
        tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
        ("test_batch.bin",),
        "batches.meta.txt",
    ),
    "CIFAR100": Cifar(
        "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
        "03b5dce01913d631647c71ecec9e9cb8",
        2,
        ("train.bin",),
        ("test.bin",),
        "fine_label_names.txt",
    ),
    "MNIST": Mnist("MNIST"),
    "FashionMNIST": Mnist("FashionMNIST"),
    "KMNIST": Mnist("KMNIST"),
}


class Torchvision:
    """`torchvision:NAME`."""

    def matches(self, text: str) -> bool:
        """Tell by the prefix."""
        return text.startswith("torchvision:")

    def open(self, text: str, cache: Path) -> Source:
        """Fetch it, or take what was fetched before."""
        name = text.partition(":")[2]
        if name not in KNOWN:
            near = did_you_mean(name, KNOWN)
            raise DataError(f"unknown data set {name!r}; known: {', '.join(KNOWN)}.{near}")
        try:
            # What it says while it fetches is no result of the command.
            with contextlib.redirect_stdout(sys.stderr or io.StringIO()):
                train, test, classes = KNOWN[name].read(cache / "torchvision")
        except (OSError, RuntimeError, tarfile.TarError, KeyError, EOFError) as error:
            raise DataError(
                f"{text} could not be fetched ({error}); it needs the network the first time."
            ) from error
        images, notes = as_images(np.concatenate([train[0], test[0]]), name)
        labels = np.concatenate([train[1], test[1]])
        given = ["train"] * len(train[1]) + ["test"] * len(test[1])
        return ArraySource(name, images, labels, classes, given, notes)


SOURCES.register("torchvision", "torchvision:NAME; needs the network the first time.")(
    Torchvision()
)
