"""Names and the things they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sartor.errors import SartorError, UnknownNameError
from sartor.registry import Registry


@pytest.fixture
def runtimes() -> Registry[int]:
    runtimes: Registry[int] = Registry("runtime")
    runtimes.register("onnxruntime", "Everywhere.", source="ort")(1)
    runtimes.register("openvino", "Fast on x86.")(2)
    return runtimes


def test_an_unknown_name_is_answered_with_the_nearest(runtimes: Registry[int]) -> None:
    with pytest.raises(UnknownNameError) as caught:
        runtimes["onxruntime"]
    assert str(caught.value) == (
        "unknown runtime 'onxruntime'; known: onnxruntime, openvino. Did you mean 'onnxruntime'?"
    )
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, SartorError)


def test_a_name_like_no_other_gets_no_guess(runtimes: Registry[int]) -> None:
    with pytest.raises(UnknownNameError) as caught:
        runtimes.entry("tensorrt-llm")
    assert str(caught.value) == "unknown runtime 'tensorrt-llm'; known: onnxruntime, openvino."


def test_an_empty_registry_says_so() -> None:
    with pytest.raises(UnknownNameError, match="unknown thing 'a'; known: none"):
        Registry[int]("thing")["a"]


def test_a_name_given_twice_is_refused_and_the_first_stays(runtimes: Registry[int]) -> None:
    with pytest.raises(ValueError, match="runtime 'openvino' is registered twice"):
        runtimes.register("openvino", "Another.")(3)
    assert runtimes["openvino"] == 2


def test_an_entry_knows_what_a_listing_says(runtimes: Registry[int]) -> None:
    entry = runtimes.entry("onnxruntime")
    assert (entry.name, entry.value) == ("onnxruntime", 1)
    assert (entry.description, entry.source) == ("Everywhere.", "ort")


def test_registering_gives_back_what_was_decorated() -> None:
    kinds: Registry[type] = Registry("kind")

    @kinds.register("plain", "Nothing special.")
    class Plain: ...

    assert kinds["plain"] is Plain


@given(st.lists(st.text(), unique=True))
def test_names_stand_in_the_order_of_their_registration(names: list[str]) -> None:
    things: Registry[int] = Registry("thing")
    for place, name in enumerate(names):
        things.register(name, "A thing.")(place)
    assert list(things) == names
    assert len(things) == len(names)
    assert all(things[name] == place for place, name in enumerate(names))
    assert all(name in things for name in names)
