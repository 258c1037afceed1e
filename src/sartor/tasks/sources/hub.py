"""Data sets of the Hugging Face hub, fetched by name."""

import re
from pathlib import Path
from typing import Any

from sartor.errors import DataError, MissingExtraError
from sartor.tasks.sources.protocol import SOURCES, Source

NAME = re.compile(r"(\w[\w.-]*/)?\w[\w.-]*")
COMPLETE = "complete"
SPLIT_NAMES = {"train": "train", "validation": "val", "valid": "val", "val": "val", "test": "test"}


class HuggingFace:
    """`hf:owner/name`, with a column of images and one of labels."""

    def matches(self, text: str) -> bool:
        """Tell by the prefix."""
        return text.startswith("hf:")

    def open(self, text: str, cache: Path) -> Source:
        """Fetch it, or take what was fetched before; its images are written to class folders."""
        from sartor.tasks.sources.folder import FolderSource  # which asks last

        name = text.partition(":")[2]
        if NAME.fullmatch(name) is None:
            raise DataError(f"{text} is no name on the hub; write hf:owner/name.")
        folder = cache / "hf" / name.replace("/", "--")
        if not (folder / COMPLETE).exists():
            _write_folders(_load(name, cache), folder / "images", text)
            (folder / COMPLETE).touch()
        return FolderSource(folder / "images", name=name.rpartition("/")[2])


def _load(name: str, cache: Path) -> Any:  # Any: the library is untyped
    try:
        import datasets
    except ImportError:
        raise MissingExtraError(
            "data from the hub needs the extra: pip install 'sartor[hub]'."
        ) from None
    try:
        return datasets.load_dataset(name, cache_dir=str(cache / "hub"))
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(
            f"hf:{name} could not be fetched ({error}); it needs the network the first time."
        ) from error


def _write_folders(parts: Any, folder: Path, text: str) -> None:
    """Write the files of all labelled images to SPLIT/CLASS/, as they are."""
    import datasets

    for split, rows in parts.items():
        image, label = _columns(rows.features, text)
        names = getattr(rows.features[label], "names", None)
        for number, row in enumerate(rows.cast_column(image, datasets.Image(decode=False))):
            kind, file = row[label], row[image]
            # -1 stands for a label that is kept secret.
            if kind is None or file is None or (names and kind < 0):
                continue
            place = folder / SPLIT_NAMES.get(split, "train") / _folder_name(kind, names)
            place.mkdir(parents=True, exist_ok=True)
            # Pillow goes by the content, not by the ending.
            content = file["bytes"] or Path(file["path"]).read_bytes()
            (place / f"{split}-{number:08d}.png").write_bytes(content)


def _folder_name(kind: Any, names: list[str] | None) -> str:  # Any: a number or a text
    name = names[kind] if names else str(kind)
    return re.sub(r"[/\\]", "_", name).lstrip(".") or "_"


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


SOURCES.register("hf", "hf:owner/name from the Hugging Face hub; needs the extra hub.")(
    HuggingFace()
)
