"""`sartor measure` parses, calls its job and prints what a person or a program reads."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sartor
from sartor.cli import main
from sartor.cost.kernels.chains import write_chain
from sartor.jobs.measuring import Compared, Costs, Failed, Measured
from sartor.jobs.measuring.costs import Activations
from sartor.units import Measurement
from sartor_agent.timings import Ratio, Timing

TIMING = Timing(
    median_ms=2.0, low_ms=1.98, high_ms=2.02, min_ms=1.9, p10_ms=1.95, p90_ms=2.3, calls=100,
    rounds_ms=(2.0,) * 10, parts=(5, 5),
)  # fmt: skip


def costs(name: str, **more: Any) -> Costs:
    plain: dict[str, Any] = {
        "name": name,
        "runtime": "onnxruntime",
        "precision": "fp32",
        "macs": 300_774_272,
        "parameters": 3_504_872,
        "size_bytes": 14_000_000,
        "activations": Activations(6_000, 8_000, 6_100, True),
        "latency_ms": Measurement(2.0, "verified", 1.98, 2.02),
        "timing": TIMING,
        "peak_bytes": 30_000_000,
    }
    return Costs(**plain | more)


class Job:
    """Stands in for `sartor.measure`."""

    def __init__(self, found: Measured) -> None:
        self.found = found
        self.asked: dict[str, Any] = {}

    def __call__(self, networks: list[str], **options: Any) -> Measured:
        self.asked = {"networks": networks, **options}
        return self.found


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    networks = [costs("a.onnx"), costs("b.onnx", notes=("it is odd.",))]
    ratio = Compared("a.onnx", "b.onnx", Ratio(1.0, 0.99, 1.01))
    job = Job(Measured({"cpu": "x"}, {}, networks, (), (ratio,)))
    monkeypatch.setitem(vars(sartor), "measure", job)
    return job


def test_options_reach_the_job(job: Job) -> None:
    words = "measure a.onnx b.onnx --target cpu:openvino --threads 2 --precision int8"
    assert main([*words.split(), "--shape", "x=1,3,8,8", "--energy", "--operators"]) == 0
    assert job.asked["networks"] == ["a.onnx", "b.onnx"]
    assert job.asked["target"] == "cpu:openvino"
    assert job.asked["threads"] == 2
    assert job.asked["precision"] == "int8"
    assert job.asked["shapes"] == {"x": (1, 3, 8, 8)}
    assert job.asked["energy"] is job.asked["operators"] is True


@pytest.mark.usefixtures("job")
def test_a_person_reads_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "a.onnx", "b.onnx"]) == 0
    out = capsys.readouterr().out
    assert "2 ms (1.98 to 2.02)" in out
    assert "301 M" in out
    assert "a.onnx and b.onnx are equal: ratio 1.000 (0.990 to 1.010)." in out
    assert "b.onnx: it is odd." in out
    assert "verified" in out.splitlines()[1]


@pytest.mark.usefixtures("job")
def test_a_program_reads_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "a.onnx", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    network, _ = told["networks"]
    wanted = {
        "name", "latency_ms", "macs", "flops", "parameters", "size_bytes", "runtime", "precision",
        "peak_activation_bytes",
    }  # fmt: skip
    assert wanted <= set(network)
    assert set(network["latency_ms"]) == {"value", "low", "high", "provenance"}
    assert network["flops"] == 2 * network["macs"]
    assert told["ratios"][0]["equal"] is True


def test_what_could_not_be_measured_is_told_and_ends_with_one(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    job.found = Measured({}, {}, [costs("a.onnx")], [Failed("b.onnx", "it is damaged.")])
    assert main(["measure", "a.onnx", "b.onnx"]) == 1
    out = capsys.readouterr().out
    assert "Not measured:" in out
    assert "b.onnx: it is damaged." in out
    assert "a.onnx" in out


def test_a_doubtful_number_is_marked(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    from dataclasses import replace

    noisy = replace(TIMING, reason="the interval is 30 % wide; the machine is too noisy")
    job.found = Measured({}, {}, [costs("a.onnx", timing=noisy)])
    assert main(["measure", "a.onnx"]) == 0
    out = capsys.readouterr().out
    assert "2 ms (1.98 to 2.02) !" in out
    assert "too noisy" in out


def test_a_shape_that_is_none_is_asked_wrongly(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", "a.onnx", "--shape", "1,3"]) == 2
    assert "write INPUT=SIZES" in capsys.readouterr().err
    assert not job.asked


def test_folders_are_left_out_where_names_tell_files_apart(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["/some/where/a.onnx", "/some/b.onnx", "/other/b.onnx"]
    job.found = Measured({}, {}, [costs(it) for it in names])
    assert main(["measure", *names]) == 0
    rows = [line.partition("  ")[0] for line in capsys.readouterr().out.splitlines()[2:]]
    assert rows == ["a.onnx", "/some/b.onnx", "/other/b.onnx"]


def test_whether_it_fits_is_told(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    details = {"fits": False, "sram_bytes": 55_300, "flash_bytes": 333_000}
    job.found = Measured({}, {}, [costs("a.tflite", details=details, notes=("it is too large.",))])
    assert main(["measure", "a.tflite"]) == 1
    out = capsys.readouterr().out
    assert "no; it needs 55.3 kB of SRAM and 333 kB of flash." in out


def test_a_file_is_measured_without_pytorch(tmp_path: Path) -> None:
    """It takes seconds to load, which nobody waits for who has an ONNX file."""
    write_chain({"block": "plain", "depth": 1, "size": 8, "width": 8}, tmp_path / "it.onnx")
    code = (
        "import sys; from sartor.cli import main; code = main(sys.argv[1:]); "
        "sys.exit(code or 'torch' in sys.modules)"
    )
    words = ["measure", str(tmp_path / "it.onnx"), "--processes", "1", "--seconds", "0.05"]
    ended = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "it.onnx" in ended.stdout
