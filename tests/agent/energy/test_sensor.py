"""Power sensors, on a hwmon tree made of files."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from energy_fakes import Clock, ProviderContract, write
from hypothesis import given
from hypothesis import strategies as st

from sartor_agent.energy import Provider, Sensor, sensor
from sartor_agent.energy.meter import Integral, Meter
from sartor_agent.errors import MeasurementError


def chip(root: Path, number: int, name: str, **files: object) -> Path:
    """Write a chip under hwmon."""
    place = root / "class" / "hwmon" / f"hwmon{number}"
    write(place / "name", name)
    for file, content in files.items():
        write(place / file, content)
    return place


def channel(label: str, millivolts: int, milliamperes: int, number: int) -> dict[str, object]:
    """Return the files of a channel of an INA3221."""
    return {
        f"in{number}_label": label,
        f"in{number}_input": millivolts,
        f"curr{number}_input": milliamperes,
    }


def joules_of_a_second(root: Path) -> tuple[float, tuple[str, ...]]:
    """Return the joules of a window of one second in which nothing changes."""
    clock = Clock()
    it = Sensor(root, clock)
    it.start()
    clock.wait(1)
    reading = it.stop()
    return reading.joules, reading.covers


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the thread take no samples: those at the ends alone are the same on every machine."""
    monkeypatch.setattr(sensor, "EVERY_S", 1000.0)


class TestContract(ProviderContract):
    def readable(self, tmp_path: Path) -> tuple[Provider, Callable[[float], None]]:
        clock = Clock()
        place = chip(tmp_path, 0, "ina226", power1_input=0)

        def take(joules: float) -> None:
            # Power climbs in a straight line from what it was.
            held = int((place / "power1_input").read_text()) / 1e6
            write(place / "power1_input", round((2 * joules - held) * 1e6))
            clock.wait(1)

        return Sensor(tmp_path, clock), take

    def absent(self, tmp_path: Path) -> Provider:
        return Sensor(tmp_path / "nothing")


def test_the_rail_that_supplies_the_module_holds_all_others(tmp_path: Path) -> None:
    rails = channel("VDD_IN", 5000, 2000, 1) | channel("VDD_CPU_GPU_CV", 5000, 800, 2)
    place = chip(tmp_path, 3, "ina3221", **rails, **channel("VDD_SOC", 5000, 300, 3))
    joules, covers = joules_of_a_second(tmp_path)
    assert joules == pytest.approx(10.0)
    assert covers == ("ina3221 VDD_IN",)
    write(place / "in1_label", "GPU")
    assert joules_of_a_second(tmp_path)[0] == pytest.approx(10 + 4 + 1.5)


def test_sums_and_shunts_of_a_chip_are_no_rails(tmp_path: Path) -> None:
    files = channel("CPU", 5000, 1000, 1) | channel("sum of shunt voltages", 100, 1000, 4)
    place = chip(tmp_path, 0, "ina3221", **files, in7_input=3, **channel("off", 5000, 400, 2))
    write(place / "in2_enable", 0)
    joules, covers = joules_of_a_second(tmp_path)
    assert joules == pytest.approx(5.0)
    assert covers == ("ina3221 CPU",)


def test_a_chip_that_stands_in_several_places_counts_once(tmp_path: Path) -> None:
    real = tmp_path / "devices" / "i2c-1" / "1-0040" / "hwmon" / "hwmon0"
    write(real / "name", "ina219")
    write(real / "power1_input", 3_000_000)
    for place in ("class/hwmon", "bus/i2c/devices", "bus/i2c/drivers/ina2xx"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "class/hwmon/hwmon0").symlink_to(real)
    (tmp_path / "bus/i2c/devices/1-0040").symlink_to(real.parents[1])
    (tmp_path / "bus/i2c/drivers/ina2xx/1-0040").symlink_to(real.parents[1])
    assert joules_of_a_second(tmp_path)[0] == pytest.approx(3.0)


def test_a_chip_that_only_the_bus_shows_is_found(tmp_path: Path) -> None:
    place = tmp_path / "bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4"
    for file, content in (channel("VDD_IN", 19_000, 500, 1) | {"name": "ina3221"}).items():
        write(place / file, content)
    assert joules_of_a_second(tmp_path)[0] == pytest.approx(9.5)


def test_counters_go_before_power(tmp_path: Path) -> None:
    place = chip(tmp_path, 0, "ina228", energy1_input=5_000_000, power1_input=99_000_000)
    it = Sensor(tmp_path, Clock())
    it.start()
    write(place / "energy1_input", 7_500_000)
    assert it.stop().joules == pytest.approx(2.5)


def test_a_board_goes_before_a_machine_that_contains_it(tmp_path: Path) -> None:
    chip(tmp_path, 0, "power_meter", power1_average=80_000_000)
    assert joules_of_a_second(tmp_path)[0] == pytest.approx(80.0)
    chip(tmp_path, 1, "ina226", power1_input=20_000_000)
    assert joules_of_a_second(tmp_path)[0] == pytest.approx(20.0)


def test_a_graphics_card_is_no_board(tmp_path: Path) -> None:
    chip(tmp_path, 0, "amdgpu", power1_average=30_000_000)
    chip(tmp_path, 1, "coretemp", temp1_input=40_000)
    reason = Sensor(tmp_path).available() or ""
    assert "no power sensor of the board" in reason
    assert "only others: amdgpu." in reason


def test_a_sensor_that_disappears_in_the_window_is_said(tmp_path: Path) -> None:
    place = chip(tmp_path, 0, "ina226", power1_input=1)
    it = Sensor(tmp_path)
    it.start()
    (place / "power1_input").unlink()
    with pytest.raises(MeasurementError, match="No such file"):
        it.stop()


def test_what_is_no_number_is_said(tmp_path: Path) -> None:
    chip(tmp_path, 0, "ina226", power1_input="nan?")
    assert "expected: a number" in (Sensor(tmp_path).available() or "")


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 100)), min_size=2, max_size=20))
def test_the_area_of_straight_lines_is_exact(samples: list[tuple[float, float]]) -> None:
    clock, now = Clock(), [0.0]
    area = Integral(lambda: now[0], clock)
    total, wanted, held = 0.0, 0.0, None
    for seconds, watts in samples:
        clock.wait(seconds)
        now[0] = watts
        total = area()
        wanted += 0.0 if held is None else round(seconds * 1e9) / 1e9 * (watts + held) / 2
        held = watts
    assert total == pytest.approx(wanted)


def test_power_that_changes_in_the_window_is_sampled_by_a_thread() -> None:
    clock, taken = Clock(), []

    def watts() -> float:
        """Tell 4 W for the first ten samples, then 1 W; a second passes between two."""
        clock.wait(1)
        taken.append(clock.ns)
        return 4.0 if len(taken) <= 10 else 1.0

    meter = Meter(Integral(watts, clock), 1e-4, clock)
    meter.start()
    while len(taken) < 20:
        time.sleep(1e-4)
    joules, seconds = meter.stop()
    assert joules == pytest.approx(9 * 4 + 2.5 + (seconds - 10))


def test_what_fails_in_the_thread_is_raised_at_the_end() -> None:
    asked = threading.Event()
    answers = iter([1.0])

    def watts() -> float:
        for it in answers:
            return it
        asked.set()
        raise MeasurementError("the board is gone.")

    meter = Meter(Integral(watts, Clock()), 1e-4, Clock())
    meter.start()
    assert asked.wait(60)
    with pytest.raises(MeasurementError, match="the board is gone"):
        meter.stop()
