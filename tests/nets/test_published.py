"""The published networks are designs of the family."""

import pytest
import timm

from sartor.cost.designs import count
from sartor.errors import UnknownNameError
from sartor.nets import Network
from sartor.nets.families import published, published_designs

TIMM = {
    "mobilenet_v2": "mobilenetv2_100",
    "mobilenet_v3_large": "mobilenetv3_large_100",
    "mobilenet_v3_small": "mobilenetv3_small_100",
    "mnasnet_a1": "semnasnet_100",
    "mnasnet_b1": "mnasnet_100",
}


@pytest.mark.parametrize("name", list(TIMM))
def test_parameters_and_multiply_adds_are_the_published_ones(name: str) -> None:
    family, design = published(name)
    counts, figures = count(family, design), published_designs()[name]["published"]
    assert counts.params == pytest.approx(figures["params"], rel=0.01)
    assert counts.macs == pytest.approx(figures["macs"], rel=0.01)


@pytest.mark.parametrize("name", list(TIMM))
def test_parameters_equal_those_of_timm(name: str) -> None:
    family, design = published(name)
    theirs = sum(p.numel() for p in timm.create_model(TIMM[name]).parameters())
    ours = sum(p.numel() for p in Network(family.blueprint(design)).parameters())
    assert count(family, design).params == ours == theirs


def test_mobilenet_v2_has_the_known_number_of_multiply_adds() -> None:
    assert count(*published("mobilenet_v2")).macs == 300_774_272


def test_an_unknown_network_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'mnasnet_b1'"):
        published("mnasnet_b2")
