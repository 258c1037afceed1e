"""RAPL: counters of energy in x86 processors, which Linux shows under powercap."""

import re
import time
from pathlib import Path

from sartor_agent.energy.meter import Meter, Unwrapped
from sartor_agent.energy.provider import Processor, Reading
from sartor_agent.errors import MeasurementError
from sartor_agent.experiment import Clock

ROOT = Path("/sys/class/powercap")
ZONE = re.compile(r"intel-rapl(-\w+)?:\d+(:\d+)?")
"""AMD's processors are called so as well."""
EVERY_S = 10.0
"""Between two readings. The smallest range that processors have, 65 kJ, is not passed in that time
below 6.5 kW."""


class Rapl:
    """Processor packages, and the memory beside them where it has a counter.

    Parts of a package (`core`, `uncore`) are in its sum already, and `psys` contains the packages:
    none of them is added. Memory (`dram`) stands under its package in the tree, but is not in its
    sum.

    Source:
        Linux, Documentation/power/powercap; Intel, Software Developer's Manual 3B, chapter "Power
        and thermal management", RAPL interfaces.
    """

    name = "rapl"
    processors: tuple[Processor, ...] = ("cpu",)
    update_s = 1e-3
    """By the manual."""

    def __init__(self, root: Path = ROOT, clock: Clock = time.perf_counter_ns) -> None:
        self._root = root
        self._clock = clock
        self._zones: dict[str, Path] = {}
        self._meter: Meter | None = None

    def available(self) -> str | None:
        """Return why the counters cannot be read, or None."""
        try:
            for zone in self._found().values():
                _counter(zone)
        except MeasurementError as error:
            return str(error)
        return None

    def start(self) -> None:
        """Begin a window; every counter that is summed has to be readable."""
        self._zones = self._found()
        counters = [_counter(zone) for zone in self._zones.values()]
        self._meter = Meter(lambda: sum(it() for it in counters) / 1e6, EVERY_S, self._clock)
        self._meter.start()

    def stop(self) -> Reading:
        """End the window and return its energy."""
        if self._meter is None:
            raise MeasurementError("the window was not begun; call start before stop.")
        meter, self._meter = self._meter, None
        joules, seconds = meter.stop()
        return Reading(joules, seconds, self.name, True, tuple(self._zones))

    def _found(self) -> dict[str, Path]:
        """Return the zones that are summed, by name."""
        matches = [ZONE.fullmatch(it.name) for it in self._root.glob("intel-rapl*")]
        zones: dict[str, Path] = {}
        # The same package may be there twice, read in two ways, of which the plain one comes first.
        for match in sorted(filter(None, matches), key=lambda it: (it[1] or "", it[0])):
            path = self._root / match[0]
            name, inner = _text(path / "name"), match[2] is not None
            if name.startswith("package-") and not inner:
                zones.setdefault(name, path)
            elif name == "dram" and inner:
                package = _text(self._root / path.name.rpartition(":")[0] / "name")
                zones.setdefault(f"{package} dram", path)
        if not any(name.startswith("package-") for name in zones):
            raise MeasurementError(
                f"there is no processor package under {self._root}; virtual machines and "
                "processors other than x86 seldom have one. Measure on the machine itself."
            )
        return zones


def _counter(zone: Path) -> Unwrapped:
    """Return a zone's counter in microjoules."""
    span = _number(zone / "max_energy_range_uj")
    if span <= 0:
        raise MeasurementError(f"{zone / 'max_energy_range_uj'} says {span}; expected: above 0.")
    return Unwrapped(lambda: _number(zone / "energy_uj"), span)


def _number(file: Path) -> int:
    text = _text(file)
    if not text.isdecimal():
        raise MeasurementError(f"{file} says {text!r}; expected: a whole number.")
    return int(text)


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except PermissionError:
        raise MeasurementError(
            f"{file} may not be read by this user. Run as root, or let root allow it: "
            f"chmod a+r {file}"
        ) from None
    except OSError as error:
        raise MeasurementError(f"{file} cannot be read: {error.strerror}.") from error
