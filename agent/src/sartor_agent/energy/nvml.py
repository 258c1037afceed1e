"""NVML: the counter of energy in NVIDIA's GPUs, or their power where there is no counter."""

import time
from typing import Any

from sartor_agent.energy.meter import Integral, Meter, Total
from sartor_agent.energy.provider import Processor, Reading
from sartor_agent.errors import MeasurementError, MissingExtraError
from sartor_agent.experiment import Clock

EVERY_S = 0.02
"""Between two samples of power, where it is sampled; GPUs update it every 20 to 100 ms."""


class Nvml:
    """One GPU: the whole board, whoever uses it.

    The counter is there from Volta on; it begins when the driver is loaded.

    Source:
        NVIDIA, NVML API reference: nvmlDeviceGetTotalEnergyConsumption, nvmlDeviceGetPowerUsage.
        Yang et al. 2023, arXiv:2312.02741, on how often the sensors are updated.
    """

    name = "nvml"
    processors: tuple[Processor, ...] = ("gpu",)
    update_s = 0.1

    def __init__(self, index: int = 0, clock: Clock = time.perf_counter_ns) -> None:
        """Name a GPU.

        Args:
            index: Its number, as `nvidia-smi` counts.
            clock: For tests.
        """
        self._index = index
        self._clock = clock
        self._library: Any = None  # Any: untyped library
        self._meter: Meter | None = None
        self._covers = ""

    def available(self) -> str | None:
        """Return why the GPU's energy cannot be read, or None."""
        try:
            self._open()
        except (MeasurementError, MissingExtraError) as error:
            return str(error)
        self._library.nvmlShutdown()
        return None

    def start(self) -> None:
        """Begin a window."""
        total = self._open()
        meter = Meter(total, EVERY_S, self._clock)
        try:
            meter.start()
        except MeasurementError:
            self._library.nvmlShutdown()
            raise
        self._meter = meter

    def stop(self) -> Reading:
        """End the window and return its energy."""
        if self._meter is None:
            raise MeasurementError("the window was not begun; call start before stop.")
        meter, self._meter = self._meter, None
        try:
            joules, seconds = meter.stop()
        finally:
            self._library.nvmlShutdown()
        return Reading(joules, seconds, self.name, True, (self._covers,))

    def _open(self) -> Total:
        """Open the library and return what tells the GPU's joules; what was opened stays so."""
        try:
            import pynvml
        except ImportError as error:
            raise MissingExtraError(
                "NVIDIA's GPUs are read with nvidia-ml-py, which is not installed: "
                "pip install 'sartor-agent[energy]'"
            ) from error
        self._library = pynvml
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            raise MeasurementError(f"NVIDIA's driver does not answer: {_said(error)}.") from error
        try:
            return self._source(pynvml)
        except MeasurementError:
            pynvml.nvmlShutdown()
            raise

    def _source(self, library: Any) -> Total:  # Any: untyped library
        """Return the counter, or samples of power where there is none."""
        try:
            gpu = library.nvmlDeviceGetHandleByIndex(self._index)
            found = library.nvmlDeviceGetName(gpu)
        except library.NVMLError as error:
            raise MeasurementError(f"there is no GPU {self._index}: {_said(error)}.") from error
        self._covers = f"GPU {self._index} ({found})"

        def read(what: str) -> float:
            """Read millijoules or milliwatts."""
            try:
                return float(getattr(library, what)(gpu)) / 1e3
            except library.NVMLError as error:
                raise MeasurementError(f"{self._covers} does not tell: {_said(error)}.") from error

        try:
            library.nvmlDeviceGetTotalEnergyConsumption(gpu)
        except (library.NVMLError_NotSupported, library.NVMLError_FunctionNotFound):
            # An older GPU, or an older driver.
            read("nvmlDeviceGetPowerUsage")
            return Integral(lambda: read("nvmlDeviceGetPowerUsage"), self._clock)
        except library.NVMLError as error:
            raise MeasurementError(f"{self._covers} does not tell: {_said(error)}.") from error
        return lambda: read("nvmlDeviceGetTotalEnergyConsumption")


def _said(error: Exception) -> str:
    """Return the library's words without a full stop, which only some of them have."""
    return str(error).rstrip(".")
