"""Every kind of network that can be opened."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sartor.deploy.opening.files import open_onnx, open_pte, open_tflite
from sartor.deploy.opening.protocol import TIMM, NetworkSource
from sartor.errors import OptionError
from sartor.registry import Registry
from sartor_agent.program import Shapes


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens networks of one kind; what needs PyTorch is imported when one is opened."""

    takes: Callable[[str], bool]
    """Tells whether a text names one."""
    open: Callable[[str, Shapes], NetworkSource]


OPENERS: Registry[Opener] = Registry("kind of network")


def open_network(text: str, shapes: Shapes | None = None) -> NetworkSource:
    """Open what a user names.

    Args:
        text: A file, `timm:NAME`, `timm:NAME@RESOLUTION`, or `module:function`, which runs that
            function.
        shapes: Of inputs, by name, where the network leaves them free.

    Raises:
        OptionError: It names nothing that is known, or what it names cannot be used.
        DamagedFileError: The file is damaged.
    """
    for kind in OPENERS:
        if OPENERS[kind].takes(text):
            return OPENERS[kind].open(text, shapes or {})
    known = ", ".join(OPENERS.entry(kind).description for kind in OPENERS)
    raise OptionError(f"{text!r} names no network that is known; known: {known}.")


def _file(ending: str, opens: Callable[[Path, Shapes], NetworkSource]) -> Opener:
    def checked(text: str, shapes: Shapes) -> NetworkSource:
        file = Path(text)
        if not file.is_file():
            raise OptionError(f"there is no file {text}; give the path of one.")
        return opens(file, shapes)

    return Opener(lambda text: text.endswith(ending), checked)


def _pt2(file: Path, shapes: Shapes) -> NetworkSource:
    from sartor.deploy.opening.modules import open_pt2

    return open_pt2(file, shapes)


def _timm(text: str, shapes: Shapes) -> NetworkSource:
    from sartor.deploy.opening.timm import open_timm

    return open_timm(text, shapes)


def _function(text: str, shapes: Shapes) -> NetworkSource:
    from sartor.deploy.opening.function import open_function

    return open_function(text, shapes)


OPENERS.register("onnx", "files that end in .onnx")(_file(".onnx", open_onnx))
OPENERS.register("tflite", ".tflite")(_file(".tflite", open_tflite))
OPENERS.register("pt2", ".pt2")(_file(".pt2", _pt2))
OPENERS.register("pte", ".pte")(_file(".pte", open_pte))
OPENERS.register("timm", "timm:NAME")(Opener(lambda text: text.startswith(TIMM), _timm))
OPENERS.register("function", "module:function")(Opener(lambda text: ":" in text, _function))
