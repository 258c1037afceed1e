"""A family of very small networks, for tests of how the stages of a job follow one another."""

from sartor.nets import FAMILIES
from sartor.nets.families.mobile import Layout, Mobile, Stage
from sartor.space import Option

OPTIONS: dict[str, dict[str, tuple[Option, ...]]] = {
    "inverted": {"kernel": (3,), "expand": (2, 4), "squeeze": ("none", "hidden")},
    "fused": {"kernel": (3,), "expand": (1, 2), "squeeze": ("none", "hidden")},
    "plain": {"kernel": (3,)},
}


class Tiny(Mobile):
    """Two stages of at most two blocks."""

    name = "tiny"


@FAMILIES.register("tiny", "Stem, two stages of at most 24 channels, head.")
def tiny(*, resolution: int, channels: int, classes: int) -> Tiny:
    """Make the family; half of the resolution is a choice."""
    layout = Layout(
        resolutions=(resolution // 2, resolution),
        stem_widths=(8, 16),
        stem_strides=(1, 2),
        stages=(
            Stage("stage1", 1, (8, 16), (0, 1), OPTIONS),
            Stage("stage2", 2, (8, 16, 24), (1, 2), OPTIONS),
        ),
        head_convs=(0, 32),
        activations=("relu", "hswish"),
    )
    return Tiny(layout, channels=channels, classes=classes)
