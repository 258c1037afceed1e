"""Power sensors of a board or a machine, which Linux shows under hwmon."""

import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sartor_agent.energy.meter import Integral, Meter
from sartor_agent.energy.provider import Processor, Reading
from sartor_agent.errors import MeasurementError
from sartor_agent.experiment import Clock

ROOT = Path("/sys")
PLACES = (
    "class/hwmon/hwmon*",
    "bus/i2c/devices/*/hwmon/hwmon*",
    "bus/i2c/drivers/*/*/hwmon/hwmon*",
)
"""Where a chip may be found; the same one stands in several."""
INPUTS = ("VDD_IN", "POM_5V_IN", "5V_IN")
"""Rails that supply a whole Jetson module: the others of its chip branch off them."""
KINDS = ("ina", "power_meter")
"""How the names of chips begin that watch what processors get: monitors of a board's rails (INA219,
INA226, INA3221 and others), meters of a whole machine. What is behind the one is behind the other
too, so that only the first that is there is summed. Other chips watch graphics cards or drives."""
EVERY_S = 0.01
"""Between two samples of power."""
Unit = Literal["joules", "watts"]


@dataclass(frozen=True, slots=True)
class Rail:
    """One thing that a chip measures."""

    chip: str
    label: str
    unit: Unit
    """Joules since some moment, or watts now."""
    factors: tuple[Path, ...]
    """Files whose numbers are multiplied."""
    scale: float

    def read(self) -> float:
        """Return what the rail says, in its unit."""
        return self.scale * math.prod(_number(it) for it in self.factors)

    @property
    def name(self) -> str:
        """Chip and label."""
        return f"{self.chip} {self.label}"


class Sensor:
    """Rails that supply the device, by the chips that watch them."""

    name = "sensor"
    processors: tuple[Processor, ...] = ("cpu", "gpu")
    update_s = 0.1
    """Monitors average over 1 ms to 140 ms, as their drivers set them."""

    def __init__(self, root: Path = ROOT, clock: Clock = time.perf_counter_ns) -> None:
        self._root = root
        self._clock = clock
        self._rails: Sequence[Rail] = ()
        self._meter: Meter | None = None

    def available(self) -> str | None:
        """Return why no sensor can be read, or None."""
        try:
            for rail in self._found():
                rail.read()
        except MeasurementError as error:
            return str(error)
        return None

    def start(self) -> None:
        """Begin a window; every rail that is summed has to be readable."""
        self._rails = self._found()
        self._meter = Meter(_total(self._rails, self._clock), EVERY_S, self._clock)
        self._meter.start()

    def stop(self) -> Reading:
        """End the window and return its energy."""
        if self._meter is None:
            raise MeasurementError("the window was not begun; call start before stop.")
        meter, self._meter = self._meter, None
        joules, seconds = meter.stop()
        return Reading(joules, seconds, self.name, True, tuple(it.name for it in self._rails))

    def _found(self) -> Sequence[Rail]:
        """Return the rails that are summed."""
        places = {it.resolve() for place in PLACES for it in self._root.glob(place)}
        chips = {place: _text(place / "name") for place in sorted(places)}
        rails = [rail for place, name in chips.items() for rail in _rails(place, name)]
        for kind in KINDS:
            if found := [it for it in rails if it.chip.startswith(kind)]:
                return [it for it in found if it.label in INPUTS] or found
        others = ", ".join(sorted({it.chip for it in rails}))
        raise MeasurementError(
            f"there is no power sensor of the board under {self._root / 'class/hwmon'}"
            f"{f', only others: {others}' if others else ''}. A board has one if it has an INA2xx "
            "or INA3221 chip and its driver is loaded."
        )


def _rails(place: Path, chip: str) -> Iterator[Rail]:
    """List what a chip measures: its counters, else its power, else voltage times current."""
    files = {it.name for it in place.iterdir()}
    if counters := _numbered(files, r"energy(\d+)_input"):
        for number in counters:
            file = place / f"energy{number}_input"
            yield Rail(chip, _label(place, "energy", number), "joules", (file,), 1e-6)
    elif powers := _numbered(files, r"power(\d+)_(?:input|average)"):
        for number in powers:
            word = "input" if f"power{number}_input" in files else "average"
            file = place / f"power{number}_{word}"
            yield Rail(chip, _label(place, "power", number), "watts", (file,), 1e-6)
    else:
        # The INA3221 has three channels; its further files are of shunts and of sums.
        for number in _numbered(files, r"curr([123])_input"):
            factors = (place / f"in{number}_input", place / f"curr{number}_input")
            if factors[0].name in files and _is_on(place / f"in{number}_enable"):
                yield Rail(chip, _label(place, "in", number), "watts", factors, 1e-6)


def _total(rails: Sequence[Rail], clock: Clock) -> Callable[[], float]:
    """Return what tells the joules of all rails since some moment."""
    counters = [it for it in rails if it.unit == "joules"]
    powers = [it for it in rails if it.unit == "watts"]
    area = Integral(lambda: sum(it.read() for it in powers), clock)
    return lambda: area() + sum(it.read() for it in counters)


def _numbered(files: set[str], pattern: str) -> list[int]:
    """Return the numbers in the names of files of one pattern, in order, each once."""
    return sorted({int(match[1]) for it in files if (match := re.fullmatch(pattern, it))})


def _label(place: Path, kind: str, number: int) -> str:
    file = place / f"{kind}{number}_label"
    return _text(file) if file.exists() else f"{kind}{number}"


def _is_on(file: Path) -> bool:
    return not file.exists() or _text(file) != "0"


def _number(file: Path) -> float:
    text = _text(file)
    try:
        return float(text)
    except ValueError:
        raise MeasurementError(f"{file} says {text!r}; expected: a number.") from None


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError as error:
        raise MeasurementError(
            f"the sensor's file {file} cannot be read: {error.strerror}. "
            "Allow this user to read it, and look whether its driver is loaded."
        ) from error
