"""Energy of one call: gross and above idle, or why nobody tells."""

from collections.abc import Callable

import pytest
from energy_fakes import Steady
from hypothesis import given
from hypothesis import strategies as st

from sartor_agent.energy import (
    PROVIDERS,
    Energy,
    NotAvailable,
    Reading,
    Windows,
    chain,
    measure,
    pool,
)
from sartor_agent.errors import MeasurementError, OptionError

QUICK = Windows(seconds=0.0)


def measured(found: Energy | NotAvailable) -> Energy:
    assert isinstance(found, Energy)
    return found


@given(st.floats(0.01, 1e3), st.floats(0, 100), st.integers(1, 50))
def test_what_the_machine_takes_at_rest_is_told_apart(
    joules: float, watts: float, calls: int
) -> None:
    provider = Steady(watts=watts)
    found = measured(measure(provider.call(joules), calls, [provider], QUICK))
    assert found.idle_watts == pytest.approx(watts)
    assert found.above_idle.joules == pytest.approx(joules)
    assert found.gross.joules == pytest.approx(joules + watts * provider.seconds / calls)
    assert found.above_idle.low <= found.above_idle.joules <= found.above_idle.high
    assert found.calls == QUICK.count * calls
    assert found.seconds == pytest.approx(QUICK.count * provider.seconds)
    assert (found.provider, found.covers, found.measured) == ("steady", ("all",), True)
    assert found.trustworthy
    assert provider.windows == QUICK.idle + QUICK.count


def test_the_first_that_can_be_read_is_read() -> None:
    blind, first, second = Steady(name="blind", reason="it is gone."), Steady(), Steady(name="b")
    found = measured(measure(first.call(1), 1, [blind, first, second], QUICK))
    assert found.provider == "steady"
    assert blind.windows == second.windows == 0


def test_where_nothing_can_be_read_every_provider_says_why() -> None:
    providers = [Steady(name="a", reason="no counter."), Steady(name="b", reason="not allowed.")]
    found = measure(lambda: None, 1, providers, QUICK)
    assert found == NotAvailable((("a", "no counter."), ("b", "not allowed.")))
    assert str(found) == "energy is not available. a: no counter. b: not allowed."
    assert str(NotAvailable(())) == "energy is not available. No provider was asked."


def test_a_counter_that_rests_is_not_an_energy_of_zero() -> None:
    still, good = Steady(name="still", watts=0.0), Steady()
    found = measure(lambda: None, 1, [still], QUICK)
    assert isinstance(found, NotAvailable)
    assert "(all) did not move in 7 of 7 windows" in found.reasons[0][1]
    assert measured(measure(good.call(1), 1, [still, good], QUICK)).provider == "steady"


def test_a_provider_of_another_processor_is_passed_over() -> None:
    provider = Steady()
    found = measure(lambda: None, 1, [provider], Windows(seconds=0.0, processor="gpu"))
    assert found == NotAvailable((("steady", "it sees the cpu, and the program runs on the gpu."),))


def test_a_call_that_takes_nothing_more_is_doubted() -> None:
    provider = Steady()
    found = measured(measure(lambda: None, 1, [provider], QUICK))
    assert found.above_idle.joules == 0
    assert found.gross.joules == 20
    assert not found.trustworthy
    assert "no more than the machine at rest" in found.reason


def test_windows_that_differ_much_are_doubted() -> None:
    provider, extras = Steady(), iter([1.0, *[1.0, 9.0] * 10])

    def call() -> None:
        provider.extra += next(extras)

    found = measured(measure(call, 1, [provider], QUICK))
    assert "too noisy" in found.reason
    assert found.above_idle.low == 1
    assert found.above_idle.high == 9


def test_a_call_that_fails_ends_its_window() -> None:
    provider = Steady()

    def call() -> None:
        raise MeasurementError("the program is broken.")

    with pytest.raises(MeasurementError, match="broken"):
        measure(call, 1, [provider], QUICK)
    assert not provider.open


def test_windows_are_long_against_the_grain_of_the_counter() -> None:
    provider = Steady()
    provider.update_s = 1e-3
    lengths = []

    def call() -> None:
        provider.extra += 1

    def stop() -> Reading:
        lengths.append(provider.extra)
        return Steady.stop(provider)

    provider.stop = stop  # type: ignore[method-assign]
    found = measured(measure(call, 3, [provider], QUICK))
    number = found.calls / QUICK.count
    assert lengths == [0] * QUICK.idle + [number] * QUICK.count
    assert number > 100  # in 20 ms; 3 were asked for


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: measure(lambda: None, 0, []), "calls is 0; allowed: 1 or more"),
        (lambda: Windows(seconds=-1.0), "seconds of a window is -1.0; allowed: 0 or more"),
        (lambda: Windows(seconds=float("nan")), "seconds of a window is nan"),
        (lambda: Windows(count=1), "count of the windows is 1; allowed: 2 or more"),
        (lambda: Windows(idle=0), "idle of the windows is 0; allowed: 2 or more"),
    ],
)
def test_what_is_not_allowed_is_refused(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        make()


def test_processes_are_pooled() -> None:
    provider = Steady()
    parts = [
        measured(measure(provider.call(joules), 2, [provider], QUICK)) for joules in (1.0, 1.03125)
    ]
    both = pool(parts)
    assert both.calls == 2 * parts[0].calls
    assert both.seconds == pytest.approx(2 * parts[0].seconds)
    assert both.above_idle.low <= 1.0
    assert both.above_idle.high >= 1.03125
    assert both.above_idle.windows == parts[0].above_idle.windows + parts[1].above_idle.windows
    assert both.trustworthy
    assert pool(parts[:1]) == parts[0]


def test_energies_of_different_providers_are_not_pooled() -> None:
    one, other = Steady(), Steady(name="other")
    parts = [measured(measure(it.call(1), 1, [it], QUICK)) for it in (one, other)]
    with pytest.raises(MeasurementError, match="in different ways"):
        pool(parts)


def test_the_chain_asks_in_the_order_of_its_page() -> None:
    assert [it.name for it in chain()] == list(PROVIDERS) == ["nvml", "rapl", "sensor"]
