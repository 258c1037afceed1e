"""A folder of class folders."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from sartor.errors import DataError
from sartor.tasks.sources.protocol import SOURCES, Look, Pixels, Source, Unreadable

ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
GREY_MODES = {"1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F"}
DEEP_MODES = {"I", "I;16", "I;16B", "I;16L"}
SMALLEST = 2
"""Pixels of the shorter side below which an image says nothing."""
BROKEN = (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError)
"""What Pillow raises for files that are no images, or cut off."""


class Folder:
    """CLASS/image.jpg, or SPLIT/CLASS/image.jpg."""

    def matches(self, text: str) -> bool:
        """Any folder."""
        return Path(text).is_dir()

    def open(self, text: str, cache: Path) -> Source:  # noqa: ARG002
        """List it."""
        return FolderSource(Path(text))


class FolderSource:
    """The images in a folder of class folders."""

    notes: Sequence[str] = ()

    def __init__(self, folder: Path) -> None:
        self.name = folder.resolve().name
        self._folder = folder
        found = sorted(_images(folder))
        if not found:
            raise DataError(
                f"{folder} has no images in class folders; put them in {folder}/CLASS/, "
                f"with one of the endings {', '.join(sorted(ENDINGS))}."
            )
        self.classes = sorted({kind for _, kind, _ in found})
        position = {kind: number for number, kind in enumerate(self.classes)}
        self.labels: npt.NDArray[np.int64] = np.array([position[kind] for _, kind, _ in found])
        self.given = [split for _, _, split in found]
        self._paths = [path for path, _, _ in found]
        self.key = self._listing()

    def item(self, index: int) -> str:
        """Return the file, relative to the folder."""
        return str(self._paths[index].relative_to(self._folder))

    def look(self, index: int) -> Look:
        """Read the header."""
        try:
            with Image.open(self._paths[index]) as image:
                return Look(min(image.size), image.mode in GREY_MODES)
        except BROKEN as error:
            raise Unreadable(_reason(error)) from error

    def decode(self, index: int) -> Pixels:
        """Decode the first frame, upright, transparency on white."""
        try:
            with Image.open(self._paths[index]) as image:
                image.seek(0)
                pixels = np.asarray(plain(ImageOps.exif_transpose(image)))
        except BROKEN as error:
            raise Unreadable(_reason(error)) from error
        if min(pixels.shape[:2]) < SMALLEST:
            raise Unreadable(f"only {pixels.shape[1]}x{pixels.shape[0]} pixels")
        return pixels if pixels.ndim == 3 else pixels[..., None]

    def _listing(self) -> str:
        digest = hashlib.blake2b(str(self._folder.resolve()).encode(), digest_size=16)
        for path, split in zip(self._paths, self.given, strict=True):
            state = path.stat()
            line = f"{path.relative_to(self._folder)} {split} {state.st_size} {state.st_mtime_ns}\n"
            digest.update(line.encode())
        return digest.hexdigest()


def plain(image: Image.Image) -> Image.Image:
    """Bring an image of any mode to L or RGB."""
    if image.mode in DEEP_MODES:
        deep = np.asarray(image).astype(np.float64)
        # 16 bits in a mode of 32: scaled by what the format can hold, not by what this image does.
        top = 65535.0 if deep.max(initial=0) > 255 else 255.0
        return Image.fromarray(np.rint(np.clip(deep / top, 0, 1) * 255).astype(np.uint8))
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        coloured = image.convert("RGBA")
        white = Image.new("RGBA", coloured.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, coloured)
        return image.convert("L" if image.mode == "LA" else "RGB")
    return image if image.mode in ("L", "RGB") else image.convert(_simple(image.mode))


def _simple(mode: str) -> str:
    return "L" if mode in GREY_MODES else "RGB"


def _images(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield (file, class, split) of all images."""
    parts = [it for it in folder.iterdir() if it.is_dir() and not it.name.startswith(".")]
    splits = {it: SPLIT_NAMES.get(it.name.lower(), "") for it in parts}
    if parts and all(splits.values()):
        for part, split in splits.items():
            for file, kind in _of_classes(part):
                yield file, kind, split
    else:
        for file, kind in _of_classes(folder):
            yield file, kind, ""


def _of_classes(folder: Path) -> Iterator[tuple[Path, str]]:
    for kind in folder.iterdir():
        if kind.is_dir() and not kind.name.startswith("."):
            for file in kind.rglob("*"):
                if file.suffix.lower() in ENDINGS and file.is_file():
                    yield file, kind.name


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


SOURCES.register("folder", "A folder of class folders, with or without train, val and test.")(
    Folder()
)
