"""NVML, on a library that is made up."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from energy_fakes import Clock, ProviderContract

from sartor_agent.energy import Nvml, Provider, nvml
from sartor_agent.errors import MeasurementError


class Library:
    """What `pynvml` offers, for one GPU."""

    class NVMLError(Exception):
        """Any error."""

    class NVMLError_NotSupported(NVMLError):
        """The GPU lacks it."""

    class NVMLError_FunctionNotFound(NVMLError):
        """The driver lacks it."""

    def __init__(self) -> None:
        self.counter: type[Exception] | None = None
        self.millijoules = 5_000_000
        self.milliwatts = 0
        self.opened = 0
        self.driver = True

    def nvmlInit(self) -> None:
        if not self.driver:
            raise self.NVMLError("The system has blocked it.")
        self.opened += 1

    def nvmlShutdown(self) -> None:
        self.opened -= 1

    def nvmlDeviceGetHandleByIndex(self, index: int) -> str:
        if index:
            raise self.NVMLError("Invalid Argument")
        return "gpu"

    def nvmlDeviceGetName(self, gpu: str) -> str:
        return f"made-up {gpu}"

    def nvmlDeviceGetTotalEnergyConsumption(self, gpu: str) -> int:
        if self.counter is not None:
            raise self.counter("no counter")
        return self._there(gpu, self.millijoules)

    def nvmlDeviceGetPowerUsage(self, gpu: str) -> int:
        return self._there(gpu, self.milliwatts)

    def _there(self, gpu: str, value: int) -> int:
        assert self.opened == 1
        assert gpu == "gpu"
        if not self.driver:
            raise self.NVMLError("GPU is lost")
        return value


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(nvml, "EVERY_S", 1000.0)
    made = Library()
    monkeypatch.setitem(sys.modules, "pynvml", made)
    return made


class TestCounter(ProviderContract):
    counter: type[Exception] | None = None
    """What reading the counter raises."""

    @pytest.fixture(autouse=True)
    def _made(self, library: Library) -> None:
        self.library = library
        library.counter = self.counter

    def readable(self, tmp_path: Path) -> tuple[Provider, Callable[[float], None]]:  # noqa: ARG002
        clock = Clock()

        def take(joules: float) -> None:
            self.library.millijoules += round(joules * 1e3)
            self.library.milliwatts = round(2 * joules * 1e3) - self.library.milliwatts
            clock.wait(1)

        return Nvml(clock=clock), take

    def absent(self, tmp_path: Path) -> Provider:  # noqa: ARG002
        return Nvml(index=1)


class TestPower(TestCounter):
    """Where the GPU has no counter, power is sampled."""

    counter = Library.NVMLError_NotSupported


class TestOldDriver(TestCounter):
    """Where the driver has no counter, power is sampled."""

    counter = Library.NVMLError_FunctionNotFound


def test_a_machine_without_the_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert "pip install 'sartor-agent[energy]'" in (Nvml().available() or "")


def test_a_machine_without_the_driver_says_so(library: Library) -> None:
    library.driver = False
    assert Nvml().available() == "NVIDIA's driver does not answer: The system has blocked it."


def test_a_driver_that_refuses_the_counter_says_so(library: Library) -> None:
    library.counter = library.NVMLError
    assert Nvml().available() == "GPU 0 (made-up gpu) does not tell: no counter."
    assert library.opened == 0


def test_a_gpu_that_is_not_there_is_named(library: Library) -> None:
    assert Nvml(index=3).available() == "there is no GPU 3: Invalid Argument."
    assert library.opened == 0


def test_a_gpu_that_is_lost_in_the_window_is_said(library: Library) -> None:
    it = Nvml()
    it.start()
    library.driver = False
    with pytest.raises(MeasurementError, match=r"GPU 0 \(made-up gpu\) does not tell: GPU is lost"):
        it.stop()
    assert library.opened == 0


def test_the_library_is_closed_after_each_window(library: Library) -> None:
    it = Nvml()
    for _ in range(3):
        assert it.available() is None
        assert library.opened == 0
        it.start()
        assert library.opened == 1
        it.stop()
        assert library.opened == 0
