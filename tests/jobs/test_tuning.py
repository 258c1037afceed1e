"""How networks are trained."""

import pytest
from torch import nn

from sartor.jobs.fitting.tuning import DENSE, DEPTHWISE, Lesson
from sartor.nets import Network
from sartor.nets.families import published


@pytest.mark.parametrize(
    ("groups", "recipe"), [(1, DENSE), (4, DEPTHWISE)], ids=["dense", "depthwise"]
)
def test_the_recipe_suits_the_network(groups: int, recipe: object) -> None:
    network = nn.Sequential(nn.Conv2d(4, 8, 3, groups=groups), nn.ReLU(), nn.Flatten())
    assert Lesson("it", network, 8).recipe == recipe


def test_batches_of_large_images_are_smaller() -> None:
    network = nn.Conv2d(3, 8, 3)
    assert [Lesson("it", network, size).recipe.batch for size in (28, 64, 224)] == [256, 128, 128]


def test_mobilenets_are_trained_without_orthogonal_updates() -> None:
    family, design = published("mobilenet_v3_small", resolution=32)
    assert Lesson("it", Network(family.blueprint(design)), 32).recipe.matrix_rate is None
