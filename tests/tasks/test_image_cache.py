"""What is decoded once is found again, or made anew where it is damaged."""

import json
import multiprocessing
import resource
from pathlib import Path

import numpy as np
import pytest
from pictures import noise, write_classes, write_npz
from PIL import Image

from sartor import tasks
from sartor.errors import RunFolderError
from sartor.tasks import Batches, Split, whole
from sartor.tasks import cache as cache_module
from sartor.tasks import rows as rows_module
from sartor.tasks.cache import FILES
from sartor.tasks.rows import Rows
from sartor.tasks.sources.folder import FolderSource

MEAN, STD = (0.5,), (0.2,)


def everything(task: tasks.Task) -> list[bytes]:
    return [np.asarray(it.images).tobytes() for it in (task.train, task.validation, task.test)]


def test_images_are_decoded_once(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_classes(tmp_path / "x", {"a": 9, "b": 9})
    before = tasks.open(folder, cache=cache)
    monkeypatch.delattr(FolderSource, "decode")
    monkeypatch.delattr(FolderSource, "look")
    assert everything(tasks.open(folder, cache=cache)) == everything(before)


def test_a_changed_image_is_decoded_again(tmp_path: Path, cache: Path) -> None:
    folder = write_classes(tmp_path / "x", {"a": 9, "b": 9})
    before = tasks.open(folder, cache=cache)
    Image.fromarray(noise(1, 20, 24, 3, seed=7)[0]).save(folder / "a" / "000.png")
    assert tasks.open(folder, cache=cache).fingerprint != before.fingerprint


def test_progress_reaches_the_end(tmp_path: Path, cache: Path) -> None:
    seen: list[tuple[int, int]] = []
    folder = write_classes(tmp_path / "x", {"a": 9, "b": 9})
    tasks.open(folder, cache=cache, progress=lambda *it: seen.append(it))
    assert seen[-1] == (18, 18)
    assert seen == sorted(seen)


@pytest.mark.parametrize("name", [*FILES, "items.json"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "flipped"])
def test_damage_is_seen_and_repaired(tmp_path: Path, cache: Path, name: str, damage: str) -> None:
    file = write_npz(tmp_path / "x.npz")
    before = tasks.open(file, cache=cache)
    wanted = everything(before)
    victim = next(cache.glob(f"*/{name}"))
    content = victim.read_bytes()
    victim.unlink()  # what is mapped stays as it is
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]
    if damage != "gone":
        victim.write_bytes({"empty": b"", "cut": content[:middle], "flipped": flipped}[damage])
    after = tasks.open(file, cache=cache)
    assert everything(after) == wanted
    assert after.fingerprint == before.fingerprint
    assert json.loads(next(cache.glob("*/items.json")).read_text())["skipped"] == []


def test_large_files_are_compared_in_pieces_to_their_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "CHECKED", 4)
    monkeypatch.setattr(cache_module, "PIECES", 8)
    file = tmp_path / "large"
    content = bytearray(range(200))
    file.write_bytes(content)
    code = cache_module.checksum(file)
    for place in (0, 3, 196, 199):
        file.write_bytes(content[:place] + b"\xff" + content[place + 1 :])
        assert cache_module.checksum(file) != code
    file.write_bytes(content[:-1])
    assert cache_module.checksum(file) != code


def test_what_a_killed_process_left_does_no_harm(tmp_path: Path, cache: Path) -> None:
    file = write_npz(tmp_path / "x.npz")
    before = tasks.open(file, cache=cache)
    place = next(cache.glob("*/items.json")).parent
    part = place.with_name(f".{place.name}.part")
    place.rename(part)
    (part / "items.json").unlink()
    assert everything(tasks.open(file, cache=cache)) == everything(before)
    assert not part.exists()


def prepare(folder: Path, cache: Path, results: "multiprocessing.Queue[str]") -> None:
    results.put(tasks.open(folder, cache=cache).fingerprint)


def test_two_processes_may_prepare_the_same_data_at_once(tmp_path: Path, cache: Path) -> None:
    folder = write_classes(tmp_path / "x", {"a": 40, "b": 40})
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[str] = context.Queue()
    processes = [context.Process(target=prepare, args=(folder, cache, results)) for _ in range(2)]
    for process in processes:
        process.start()
    found = {results.get(timeout=120) for _ in processes}
    for process in processes:
        process.join(120)
    assert found == {tasks.open(folder, cache=cache).fingerprint}
    assert len(list(cache.glob("*/items.json"))) == 1


def test_a_disk_that_fills_up_while_writing_gets_a_sentence(tmp_path: Path, cache: Path) -> None:
    folder = write_npz(tmp_path / "x.npz", count=60, x=noise(60, 64, 64))

    def full(*_: object) -> list[str]:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache_module, "fill", full)
        with pytest.raises(RunFolderError, match=r"is full: the images need 246 kB, .* are free"):
            tasks.open(folder, cache=cache)
    assert not list(cache.glob("*/items.json"))
    assert len(tasks.open(folder, cache=cache).classes) == 3


def mapped(path: Path, images: np.ndarray) -> np.ndarray:
    np.save(path, images)
    array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def test_rows_are_those_of_the_array(tmp_path: Path) -> None:
    images = noise(20, 4, 4, 1)
    rows = Rows(mapped(tmp_path / "x.npy", images), np.arange(0, 20, 3))
    kept = images[::3]
    assert len(rows) == 7
    assert rows.shape == kept.shape
    assert np.array_equal(np.asarray(rows), kept)
    assert np.array_equal(np.asarray(rows[1:5:2]), kept[1:5:2])
    assert np.array_equal(rows[np.array([4, 0, 4])], kept[[4, 0, 4]])
    assert np.array_equal(rows[-1], kept[-1])


def test_what_is_read_can_be_written_to_and_the_cache_cannot(tmp_path: Path) -> None:
    rows = Rows(mapped(tmp_path / "x.npy", noise(5, 4, 4, 1)), np.arange(5))
    for read in (rows[2], rows[np.array([1, 2])], np.asarray(rows)):
        read[:] = 0
    assert np.asarray(rows).any()


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def test_reading_much_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("the resident memory is read from /proc, which is not there")
    monkeypatch.setattr(rows_module, "FORGET", 2**22)
    count, side = 6000, 224  # 300 MB, against which a few batches do not count
    file = tmp_path / "x.npy"
    images = np.lib.format.open_memmap(file, "w+", np.uint8, (count, side, side, 1))
    images[:, 0, 0] = 1
    del images
    rows = Rows(np.load(file, mmap_mode="r", allow_pickle=False), np.arange(count))
    split = Split(rows, np.arange(count) % 2)
    before = resident_bytes()
    batches = Batches(split, batch=50, seed=0, augment=None, mean=MEAN, std=STD)
    total = sum(float(x.shape[0]) for x, _ in whole(split, batch=50, mean=MEAN, std=STD))
    for step in range(batches.steps_per_epoch):
        total += len(batches.at(step)[1])
    assert total == 2 * count
    assert resident_bytes() - before < count * side * side / 2
