"""A folder of class folders."""

import hashlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

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
CLEAR_MODES = {"LA", "PA", "RGBA", "La", "RGBa"}
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "GIF", "TIFF")
BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow raises for files that are no images, or cut off."""


class Folder:
    """CLASS/image.jpg, or SPLIT/CLASS/image.jpg."""

    def matches(self, text: str) -> bool:
        """Any folder."""
        return bool(text) and Path(text).is_dir()

    def open(self, text: str, cache: Path) -> Source:  # noqa: ARG002
        """List it."""
        return FolderSource(Path(text))


class FolderSource:
    """The images in a folder of class folders."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        self.name = folder.resolve().name if name is None else name
        self._folder = folder
        Image.init()  # else Pillow does not know all of `FORMATS`
        try:
            found, notes = _listed(folder)
        except PermissionError as error:
            raise DataError(f"{error.filename} cannot be read; change its permissions.") from error
        files = sorted((file, kind, split) for kind, split, paths in found for file in paths)
        if not files:
            raise DataError(
                f"{folder} has no images in class folders; put them in {folder}/CLASS/, "
                f"with one of the endings {', '.join(sorted(ENDINGS))}."
            )
        self.notes: Sequence[str] = notes
        self.classes: Sequence[str] = sorted({kind for kind, _, _ in found})
        position = {kind: number for number, kind in enumerate(self.classes)}
        self.labels: npt.NDArray[np.int64] = np.array([position[kind] for _, kind, _ in files])
        self.given: Sequence[str] = [split for _, _, split in files]
        self._paths = [path for path, _, _ in files]
        self.key = self._listing()

    def item(self, index: int) -> str:
        """Return the file, relative to the folder."""
        return str(self._paths[index].relative_to(self._folder))

    def look(self, index: int) -> Look:
        """Read the header."""
        try:
            with Image.open(self._paths[index], formats=FORMATS) as image:
                return Look(min(image.size), image.mode in GREY_MODES, tuple(_remarks(image)))
        except BROKEN as error:
            raise Unreadable(_reason(error)) from error

    def decode(self, index: int) -> Pixels:
        """Decode the first frame, upright, transparency on white."""
        try:
            with Image.open(self._paths[index], formats=FORMATS) as image:
                image.seek(0)
                pixels = np.asarray(plain(ImageOps.exif_transpose(image)))
        except BROKEN as error:
            raise Unreadable(_reason(error)) from error
        return pixels if pixels.ndim == 3 else pixels[..., None]

    def _listing(self) -> str:
        digest = hashlib.blake2b(str(self._folder.resolve()).encode(), digest_size=16)
        for path, split in zip(self._paths, self.given, strict=True):
            state = path.stat()
            line = f"{path.relative_to(self._folder)} {split} {state.st_size} {state.st_mtime_ns}\n"
            digest.update(line.encode())
        return digest.hexdigest()


def plain(image: Image.Image) -> Image.Image:
    """Bring an image of any mode to L or RGB.

    Where more than 8 bits are kept, the upper 8 of 16 are taken, whatever values occur: the
    brightness of one image must not depend on its own brightest pixel. Pillow would clip.
    """
    if image.mode in DEEP_MODES:
        deep = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        return Image.fromarray((deep >> 8).astype(np.uint8))
    if is_clear(image):
        coloured = image.convert("RGBA")
        white = Image.new("RGBA", coloured.size, (255, 255, 255, 255))
        flat = Image.alpha_composite(white, coloured)
        return flat.convert("L" if image.mode in GREY_MODES else "RGB")
    return image.convert("L" if image.mode in GREY_MODES else "RGB")


def is_clear(image: Image.Image) -> bool:
    """Tell whether parts of an image may be transparent."""
    return image.mode in CLEAR_MODES or "transparency" in image.info


def _remarks(image: Image.Image) -> Iterator[str]:
    if image.mode in DEEP_MODES:
        yield "are 16 bits deep; the upper 8 are used"
    if is_clear(image):
        yield "may be transparent; they are put on white"
    if image.mode == "CMYK":
        yield "are CMYK; they are brought to RGB"
    # A telephone's JPEG often holds a second, smaller copy: no animation.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        yield "are animated; the first frame is used"


Listed = tuple[str, str, list[Path]]
"""Class, split, and image files."""


def _listed(folder: Path) -> tuple[list[Listed], list[str]]:
    """List class folders, and say what is left out."""
    parts = _folders(folder)
    splits = {it: SPLIT_NAMES.get(it.name.lower(), "") for it in parts}
    is_split = "train" in splits.values() or all(splits.values())
    if not parts or not is_split or not any(_folders(it) for it in parts if splits[it]):
        return [(it.name, "", _images(it)) for it in parts], []
    found, notes = [], []
    for part, split in splits.items():
        kinds = _folders(part)
        if split and kinds:
            found += [(kind.name, split, _images(kind)) for kind in kinds]
        else:
            why = "has no class folders" if split else "is neither train, val nor test"
            notes.append(f"{part.name}/ {why} and is left out")
    return found, notes


def _folders(folder: Path) -> list[Path]:
    return sorted(it for it in folder.iterdir() if it.is_dir() and _is_visible(it))


def _images(folder: Path) -> list[Path]:
    return [
        it
        for it in folder.rglob("*")
        if it.suffix.lower() in ENDINGS and _is_visible(it) and it.is_file()
    ]


def _is_visible(path: Path) -> bool:
    """Pass over what systems leave behind: .DS_Store, ._photo.jpg, __MACOSX."""
    return not path.name.startswith((".", "__MACOSX"))


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


SOURCES.register("folder", "A folder of class folders, with or without train, val and test.")(
    Folder()
)
