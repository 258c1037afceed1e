"""Arrays cross the wire unchanged, and nothing else does."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sartor_agent.arrays import KINDS, array_from_json, array_to_json
from sartor_agent.errors import OptionError

ANY = st.sampled_from(KINDS).flatmap(
    lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)


@given(ANY)
def test_what_is_sent_arrives(array: np.ndarray) -> None:
    found = array_from_json(json.loads(json.dumps(array_to_json(array))))
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    np.testing.assert_array_equal(found, array)


def test_arrays_that_are_not_contiguous_or_big_endian_arrive_too() -> None:
    array = np.arange(12, dtype=">i4").reshape(3, 4).T[::2]
    np.testing.assert_array_equal(array_from_json(array_to_json(array)), array)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "object"}, "the type is 'object'; allowed: bool"),
        ({"kind": "float32,"}, "the type is"),
        ({"shape": [3]}, "has 12 bytes; got 8"),
        ({"shape": [2, 2]}, "has 16 bytes; got 8"),
        ({"data": "?!"}, "no base64"),
        ({"data": ""}, "got 0"),
    ],
)
def test_what_does_not_belong_together_is_refused(changes: dict[str, object], message: str) -> None:
    plain = array_to_json(np.ones(2, np.float32))
    with pytest.raises(OptionError, match=message):
        array_from_json(plain | changes)


def test_arrays_of_objects_are_not_sent() -> None:
    with pytest.raises(OptionError, match="an array of object cannot be sent"):
        array_to_json(np.array([object()]))
