"""How wide the gate of a squeeze-and-excite is."""

from sartor.errors import OptionError
from sartor.space import snap

SQUEEZE = ("none", "hidden", "input")
"""No gate; a quarter of the hidden channels, snapped (MobileNetV3); a quarter of the block's
inputs (MnasNet)."""


def squeeze_width(option: str, inputs: int, hidden: int) -> int:
    """Return the channels inside the gate, 0 for none.

    Raises:
        OptionError: The option is not one of `SQUEEZE`.
    """
    if option == "none":
        return 0
    if option == "hidden":
        return snap(hidden / 4)
    if option == "input":
        return max(1, inputs // 4)
    raise OptionError(f"squeeze is {option!r}; allowed: {', '.join(SQUEEZE)}.")
