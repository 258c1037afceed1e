"""What a user can mend is said in plain sentences."""

import pytest

from sartor import errors
from sartor.errors import SartorError, did_you_mean

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, SartorError)
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_prints_its_sentence_without_quotes(kind: type[SartorError]) -> None:
    sentence = "the run folder 'a' is in use; wait, or give another."
    assert str(kind(sentence)) == sentence
    assert str(kind()) == kind.__name__


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_stands_in_the_tree_at_the_head_of_its_file(kind: type[SartorError]) -> None:
    assert errors.__doc__ is not None
    assert kind.__name__ in errors.__doc__
    assert (kind.__doc__ or "").endswith(".")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("latnecy", " Did you mean 'latency'?"),
        ("latency", " Did you mean 'latency'?"),
        ("colour", ""),
        ("", ""),
    ],
)
def test_only_a_near_name_is_suggested(given: str, sentence: str) -> None:
    assert did_you_mean(given, ["latency", "size"]) == sentence
