"""Every kind of data keeps the same contract."""

import io
import sys
import tarfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import idx_bytes, noise, write_classes, write_idx, write_npz
from PIL import Image

from sartor import tasks
from sartor.errors import DataError, MissingExtraError
from sartor.tasks.sources import SOURCES, Source
from sartor.tasks.sources import npz as npz_module
from sartor.tasks.sources import torchvision as torchvision_module
from sartor.tasks.sources.torchvision import KNOWN, Cifar


class SourceContract(ABC):
    """What every kind of data keeps. Its test subclasses this and makes some."""

    kind: str

    @abstractmethod
    def make(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        """Make a small data set and return what a user would give."""

    @pytest.fixture
    def text(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        return self.make(tmp_path / "data", monkeypatch)

    @pytest.fixture
    def source(self, text: str, cache: Path) -> Source:
        return SOURCES[self.kind].open(text, cache)

    def test_the_kind_that_is_asked_first_and_matches_is_this_one(self, text: str) -> None:
        assert next(name for name in SOURCES if SOURCES[name].matches(text)) == self.kind

    def test_labels_are_positions_of_classes_and_one_for_each_item(self, source: Source) -> None:
        assert len(source.labels) == len(source.given) > 0
        assert set(source.labels) == set(range(len(source.classes)))

    def test_given_splits_are_known_ones(self, source: Source) -> None:
        assert set(source.given) <= {"", "train", "validation", "test"}

    def test_a_look_agrees_with_what_is_decoded(self, source: Source) -> None:
        for index in range(len(source.labels)):
            look, pixels = source.look(index), source.decode(index)
            assert pixels.dtype == np.uint8
            assert look.shorter == min(pixels.shape[:2])
            assert pixels.shape[2] == (1 if look.grey else 3)

    def test_items_have_different_names(self, source: Source) -> None:
        names = {source.item(index) for index in range(len(source.labels))}
        assert len(names) == len(source.labels)

    def test_opening_again_gives_the_same_key(self, source: Source, text: str, cache: Path) -> None:
        assert SOURCES[self.kind].open(text, cache).key == source.key

    def test_a_task_is_the_same_when_it_comes_from_the_cache(self, text: str, cache: Path) -> None:
        first, again = (tasks.open(text, cache=cache) for _ in range(2))
        assert first.fingerprint == again.fingerprint
        for one, other in ((first.train, again.train), (first.test, again.test)):
            assert np.array_equal(np.asarray(one.images), np.asarray(other.images))
            assert np.array_equal(one.labels, other.labels)


class TestFolder(SourceContract):
    kind = "folder"

    def make(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: ARG002
        return str(write_classes(folder, {"cat": 9, "dog": 8}))


class TestNpz(SourceContract):
    kind = "npz"

    def make(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: ARG002
        folder.mkdir()
        return str(write_npz(folder / "some.npz"))


class TestLargeNpz(TestNpz):
    def make(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr(npz_module, "LARGE", 100)
        return super().make(folder, monkeypatch)


class TestLargeCompressedNpz(TestNpz):
    def make(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr(npz_module, "LARGE", 100)
        folder.mkdir()
        file = folder / "some.npz"
        np.savez_compressed(file, x=noise(30, 16, 18, 3), y=np.arange(30) % 3)
        return str(file)


class TestIdx(SourceContract):
    kind = "idx"

    def make(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: ARG002
        return str(write_idx(folder))


class TestDigits(SourceContract):
    kind = "digits"

    def make(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: ARG002
        return "sklearn:digits"


def cifar_archive(address: str, folder: str, md5: str) -> None:  # noqa: ARG001
    """Stand in for the download: write a small archive of the right form."""
    known = next(it for it in KNOWN.values() if isinstance(it, Cifar) and it.address == address)
    Path(folder).mkdir(parents=True, exist_ok=True)
    with tarfile.open(Path(folder) / address.rpartition("/")[2], "w:gz") as archive:
        for seed, name in enumerate((*known.train, *known.test)):
            planes = noise(10, 3072, seed=seed)
            head = np.zeros((10, known.label_bytes), np.uint8)
            head[:, -1] = np.arange(10) % 2
            add(archive, name, np.hstack([head, planes]).tobytes())
        add(archive, known.names, b"plane\nbird\n")


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(f"cifar/{name}")
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


class TestTorchvision(SourceContract):
    kind = "torchvision"

    def make(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: ARG002
        monkeypatch.setattr("torchvision.datasets.utils.download_url", cifar_archive)
        return "torchvision:CIFAR10"

    def test_channels_and_labels_are_where_they_belong(self, source: Source) -> None:
        planes = noise(10, 3, 32, 32, seed=0)
        assert np.array_equal(source.decode(1)[..., 2], planes[1, 2])
        assert source.labels[1] == 1
        assert list(source.given) == ["train"] * 50 + ["test"] * 10


class TestHub(SourceContract):
    kind = "hf"

    def make(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: ARG002
        datasets = pytest.importorskip("datasets", reason="the extra hub is not installed")
        images = [Image.fromarray(image) for image in noise(12, 10, 10, 3)]
        features = datasets.Features(
            image=datasets.Image(), label=datasets.ClassLabel(names=["in/door", "out"])
        )
        rows = {"image": images, "label": [0, 1] * 5 + [-1, -1]}
        parts = datasets.DatasetDict(train=datasets.Dataset.from_dict(rows, features=features))
        monkeypatch.setattr(datasets, "load_dataset", lambda name, cache_dir: parts)  # noqa: ARG005
        return "hf:owner/name"

    def test_items_without_a_label_are_left_out(self, source: Source) -> None:
        assert len(source.labels) == 10
        assert list(source.classes) == ["in_door", "out"]


def test_every_registered_kind_has_a_contract_and_a_description() -> None:
    tested = {it.kind for it in SourceContract.__subclasses__()}
    assert tested == set(SOURCES)
    assert all(SOURCES.entry(name).description for name in SOURCES)


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "KMNIST"])
def test_torchvision_sets_of_idx_files_are_read(
    name: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stand_in(folder: Path) -> None:
        for part, count in (("train", 12), ("t10k", 6)):
            images, labels = noise(count, 28, 28, seed=count), np.arange(count, dtype=np.uint8) % 3
            (folder / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))
            (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))

    raw = cache / "torchvision" / name / "raw"
    raw.mkdir(parents=True)
    stand_in(raw)
    monkeypatch.setattr("torchvision.datasets.mnist.check_integrity", lambda *_: True)
    source = SOURCES["torchvision"].open(f"torchvision:{name}", cache)
    assert list(source.given) == ["train"] * 12 + ["test"] * 6
    assert np.array_equal(source.decode(13)[..., 0], noise(6, 28, 28, seed=6)[1])


def test_without_network_there_is_one_sentence(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("torchvision.datasets.utils.download_url", refuse)
    with pytest.raises(DataError, match=r"CIFAR100 could not be fetched .*no route.*network"):
        tasks.open("torchvision:CIFAR100", cache=cache)
    datasets = pytest.importorskip("datasets", reason="the extra hub is not installed")
    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(DataError, match=r"hf:a/b could not be fetched .*network"):
        tasks.open("hf:a/b", cache=cache)


def test_without_the_extra_there_is_one_sentence(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r"sartor\[hub\]"):
        tasks.open("hf:owner/name", cache=cache)


@pytest.mark.parametrize("text", ["hf:", "hf:../../etc", "hf:a/b/c", "hf:a b"])
def test_names_that_are_none_on_the_hub_are_refused(text: str, cache: Path) -> None:
    with pytest.raises(DataError, match="write hf:owner/name"):
        tasks.open(text, cache=cache)


def test_hub_data_without_labels_is_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets", reason="the extra hub is not installed")
    parts = datasets.DatasetDict(train=datasets.Dataset.from_dict({"text": ["a"]}))
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: parts)
    with pytest.raises(DataError, match="has the columns text; it needs"):
        tasks.open("hf:owner/name", cache=cache)


def test_archives_of_torchvision_hold_no_pickles() -> None:
    archives: list[Any] = [it for it in torchvision_module.KNOWN.values() if isinstance(it, Cifar)]
    assert len(archives) == 2
    assert all("binary" in it.address for it in archives)
