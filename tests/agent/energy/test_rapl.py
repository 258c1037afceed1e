"""RAPL, on a powercap tree made of files."""

import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from energy_fakes import Clock, ProviderContract, write
from hypothesis import given
from hypothesis import strategies as st

from sartor_agent.energy import Provider, Rapl
from sartor_agent.energy.meter import Meter, Unwrapped
from sartor_agent.errors import MeasurementError

RANGE = 262_143_328_850
"""Microjoules, of a real processor."""


class Zone:
    """A counter in the tree."""

    def __init__(self, root: Path, zone: str, name: str, *, start: int = 0, span: int = RANGE):
        self.folder = root / zone
        self.span = span
        self.at = start
        write(self.folder / "name", name)
        write(self.folder / "max_energy_range_uj", span)
        self.take(0)

    def take(self, joules: float) -> None:
        self.at = (self.at + round(joules * 1e6)) % self.span
        write(self.folder / "energy_uj", self.at)


def window(rapl: Rapl, *taken: tuple[Zone, float]) -> float:
    """Return the joules of a window in which zones take some."""
    rapl.start()
    for zone, joules in taken:
        zone.take(joules)
    return rapl.stop().joules


class TestContract(ProviderContract):
    def readable(self, tmp_path: Path) -> tuple[Provider, Callable[[float], None]]:
        clock, zone = Clock(), Zone(tmp_path, "intel-rapl:0", "package-0")

        def take(joules: float) -> None:
            zone.take(joules)
            clock.wait(1)

        return Rapl(tmp_path, clock), take

    def absent(self, tmp_path: Path) -> Provider:
        return Rapl(tmp_path / "nothing")


def test_a_counter_that_begins_again_in_the_window_loses_nothing(tmp_path: Path) -> None:
    zone = Zone(tmp_path, "intel-rapl:0", "package-0", start=RANGE - 2_000_000)
    assert window(Rapl(tmp_path), (zone, 5.0)) == pytest.approx(5.0)
    assert zone.at == 3_000_000


def test_a_counter_that_wraps_often_in_a_window_is_read_in_between() -> None:
    readings: list[int] = []

    def read() -> int:
        """Move on by 70 of 100 from one reading to the next."""
        readings.append(70 * len(readings) % 100)
        return readings[-1]

    meter = Meter(Unwrapped(read, 100), 1e-4, Clock())
    meter.start()
    while len(readings) < 20:
        time.sleep(1e-4)
    joules, _ = meter.stop()
    # The first reading is the counter's own, and the window begins with the second.
    assert joules == 70 * (len(readings) - 2)


def test_packages_are_summed_and_their_parts_are_not_counted_twice(tmp_path: Path) -> None:
    one = Zone(tmp_path, "intel-rapl:0", "package-0", start=RANGE - 10)
    other = Zone(tmp_path, "intel-rapl:1", "package-1", start=7)
    core = Zone(tmp_path, "intel-rapl:0:0", "core")
    uncore = Zone(tmp_path, "intel-rapl:0:1", "uncore")
    psys = Zone(tmp_path, "intel-rapl:2", "psys")
    rapl = Rapl(tmp_path)
    taken = window(rapl, (one, 10.0), (other, 20.0), (core, 8.0), (uncore, 1.0), (psys, 40.0))
    assert taken == pytest.approx(30.0)


def test_memory_is_added_to_its_package(tmp_path: Path) -> None:
    package = Zone(tmp_path, "intel-rapl:0", "package-0")
    memory = Zone(tmp_path, "intel-rapl:0:0", "dram", span=65_532_610_987)
    rapl = Rapl(tmp_path)
    rapl.start()
    package.take(10)
    memory.take(3)
    reading = rapl.stop()
    assert reading.joules == pytest.approx(13.0)
    assert reading.covers == ("package-0", "package-0 dram")


def test_a_package_that_is_there_in_two_ways_counts_once(tmp_path: Path) -> None:
    plain = Zone(tmp_path, "intel-rapl:0", "package-0")
    again = Zone(tmp_path, "intel-rapl-mmio:0", "package-0", start=99)
    assert window(Rapl(tmp_path), (plain, 6.0), (again, 6.0)) == pytest.approx(6.0)


def test_other_files_of_the_tree_are_left_alone(tmp_path: Path) -> None:
    zone = Zone(tmp_path, "intel-rapl:0", "package-0")
    write(tmp_path / "intel-rapl" / "enabled", 1)
    write(tmp_path / "dtpm" / "name", "package-9")
    assert window(Rapl(tmp_path), (zone, 1.0)) == pytest.approx(1.0)


def test_no_tree_is_no_energy_of_zero(tmp_path: Path) -> None:
    reason = Rapl(tmp_path / "powercap").available()
    assert reason is not None
    assert "no processor package" in reason
    assert "virtual machines" in reason


def test_psys_alone_is_not_a_package(tmp_path: Path) -> None:
    Zone(tmp_path, "intel-rapl:0", "psys")
    assert "no processor package" in (Rapl(tmp_path).available() or "")


def test_one_domain_that_may_not_be_read_makes_all_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Zone(tmp_path, "intel-rapl:0", "package-0")
    locked = Zone(tmp_path, "intel-rapl:1", "package-1").folder / "energy_uj"
    refuse(locked, monkeypatch)
    reason = Rapl(tmp_path).available()
    assert reason is not None
    assert f"{locked} may not be read" in reason
    assert "root" in reason
    with pytest.raises(MeasurementError, match="may not be read"):
        Rapl(tmp_path).start()


def refuse(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody read a file; its mode alone would not stop root."""
    locked.chmod(0)
    if os.geteuid() == 0:
        read = Path.read_text

        def refused(self: Path) -> str:
            if self == locked:
                raise PermissionError(13, "Permission denied", str(self))
            return read(self)

        monkeypatch.setattr(Path, "read_text", refused)


def test_a_domain_that_disappears_in_the_window_is_said(tmp_path: Path) -> None:
    Zone(tmp_path, "intel-rapl:0", "package-0")
    gone = Zone(tmp_path, "intel-rapl:1", "package-1").folder / "energy_uj"
    rapl = Rapl(tmp_path)
    rapl.start()
    gone.unlink()
    with pytest.raises(MeasurementError, match="cannot be read: No such file"):
        rapl.stop()
    assert "No such file" in (rapl.available() or "")


@pytest.mark.parametrize("content", ["", "many", "-3", "1.5"])
@pytest.mark.parametrize("file", ["energy_uj", "max_energy_range_uj"])
def test_what_is_no_number_is_said(tmp_path: Path, file: str, content: str) -> None:
    write(Zone(tmp_path, "intel-rapl:0", "package-0").folder / file, content)
    assert "expected: a whole number" in (Rapl(tmp_path).available() or "")


def test_a_range_of_zero_is_said(tmp_path: Path) -> None:
    write(Zone(tmp_path, "intel-rapl:0", "package-0").folder / "max_energy_range_uj", 0)
    assert "above 0" in (Rapl(tmp_path).available() or "")


@given(
    st.integers(1, 1000).flatmap(
        lambda span: st.tuples(
            st.just(span), st.integers(0, span - 1), st.lists(st.integers(0, span - 1))
        )
    )
)
def test_a_counter_may_wrap_any_number_of_times_if_once_between_readings(
    case: tuple[int, int, list[int]],
) -> None:
    span, start, steps = case
    true = itertools.accumulate(steps, initial=start)
    values = [it % span for it in true]
    shown = iter(values)
    counter = Unwrapped(lambda: next(shown), span)
    sums = [counter() for _ in steps]
    assert sums == list(itertools.accumulate(steps))


@given(st.lists(st.floats(0, 200), min_size=1, max_size=6), st.integers(0, 10**9))
def test_joules_of_parts_are_those_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, steps: list[float], start: int
) -> None:
    root = tmp_path_factory.mktemp("powercap")
    zone = Zone(root, "intel-rapl:0", "package-0", start=start, span=1_000_000_001)
    whole, part = Rapl(root), Rapl(root)
    whole.start()
    parts = sum(window(part, (zone, step)) for step in steps)
    taken = round(sum(round(step * 1e6) for step in steps))
    assert parts == pytest.approx(taken / 1e6)
    assert whole.stop().joules == pytest.approx(taken % 1_000_000_001 / 1e6)
