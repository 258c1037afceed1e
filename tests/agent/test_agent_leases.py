"""One client at a time has the device."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sartor_agent.server.leases import Leases
from sartor_agent.server.refusals import GONE, LENT, Refusal


class Desk:
    """Leases of 60 seconds, on a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lost: list[tuple[str, str]] = []
        self.leases = Leases(60, lambda *told: self.lost.append(told), lambda: self.now)


def test_a_second_client_is_told_who_has_the_device_and_for_how_long() -> None:
    desk = Desk()
    assert desk.leases.take("a", "Ada") == 60
    desk.now = 20.5
    with pytest.raises(Refusal, match="lent to Ada for 40 s") as refused:
        desk.leases.take("b", "Bob")
    assert refused.value.status == LENT
    assert refused.value.facts == {"holder": "Ada", "seconds_left": 40}


def test_who_is_silent_keeps_the_device_until_another_wants_it() -> None:
    desk = Desk()
    desk.leases.take("a", "Ada")
    desk.now = 1000
    desk.leases.check("a")
    desk.now = 1059
    with pytest.raises(Refusal):
        desk.leases.take("b", "Bob")
    desk.now = 1061
    desk.leases.take("b", "Bob")
    assert [lease for lease, _ in desk.lost] == ["a"]
    with pytest.raises(Refusal) as refused:
        desk.leases.check("a")
    assert refused.value.status == GONE


def test_what_is_given_back_is_free_at_once() -> None:
    desk = Desk()
    desk.leases.take("a", "Ada")
    desk.leases.give_back("b")
    desk.leases.check("a")
    desk.leases.give_back("a")
    desk.leases.give_back("a")
    desk.leases.take("b", "Bob")
    assert [lease for lease, _ in desk.lost] == ["a"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 100)), max_size=30))
def test_never_two_have_the_device(steps: list[tuple[str, float]]) -> None:
    desk = Desk()
    for who, seconds in steps:
        desk.now += seconds
        try:
            desk.leases.take(who, who)
        except Refusal:
            pass
        else:
            for other in {"a", "b", "c"} - {who}:
                with pytest.raises(Refusal):
                    desk.leases.check(other)
