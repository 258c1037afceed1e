"""Commands parse, call their job and print; they end with the code and the stream they should."""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import sartor
from sartor.cli import main
from sartor.cli.commands import COMMANDS
from sartor.errors import DataError
from sartor.jobs.measuring import Measured
from sartor.search import STRATEGIES

HEAVY = ("torch", "onnxruntime", "openvino", "sklearn", "optuna", "plotly", "numpy", "rich", "timm")
SAMPLE = Path(__file__).parents[1] / "report" / "summary.json"


@dataclass
class Job:
    """Stands in for `sartor.fit`: keeps what it was called with, and does what a test wants."""

    summary: dict[str, Any]
    data: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    act: Callable[[Any], None] = lambda _: None
    """Called with the progress listener."""

    def __call__(self, data: str, **options: Any) -> "Job":
        self.data, self.options = data, options
        self.act(options["progress"])
        return self

    @property
    def folder(self) -> Path:
        """Return the run folder."""
        return Path(self.options["out"])


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    """Replace `sartor.fit`, without loading the real one."""
    job = Job(json.loads(SAMPLE.read_text(encoding="utf-8")))
    monkeypatch.setitem(vars(sartor), "fit", job)
    return job


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Return a function that runs the command line and says how it ended."""

    def call(*words: str) -> Ended:
        code = main(words)
        return Ended(code, *capsys.readouterr())

    return call


def raising(error: BaseException) -> Callable[[Any], None]:
    def act(_: Any) -> None:
        raise error

    return act


@pytest.mark.parametrize("words", ["--help", "fit --help", "report --help", "fit x --limit y"])
def test_help_and_refusals_load_nothing_heavy(words: str) -> None:
    code = (
        "import sys; from sartor.cli import main; code = main(sys.argv[1:]); "
        f"print(sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *words.split()], capture_output=True, text=True, check=True
    )
    assert ended.stderr.splitlines()[-1] == "[]"


def test_the_help_of_fit_names_every_strategy(run: Any) -> None:
    words = run("fit", "--help").out.replace(",", " ").replace(".", " ").split()
    assert set(STRATEGIES) <= set(words)


def test_no_words_at_all_show_the_help(run: Any) -> None:
    assert run().out == run("--help").out
    assert run().code == 0


def test_version_is_printed_alone(run: Any) -> None:
    assert run("--version").out == "0.1.0\n"


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_help_has_an_example_that_works(
    name: str, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # The real survey, short and apart from the user's own; measuring is tested with its own words.
    monkeypatch.setattr("sartor.jobs.survey.CACHE", tmp_path)
    monkeypatch.setitem(vars(sartor), "measure", lambda *_, **__: Measured({}, {}, ()))
    (tmp_path / "runs/digits").mkdir(parents=True)
    shutil.copy(SAMPLE, tmp_path / "runs/digits/summary.json")
    example = run(name, "--help").out.partition("Example: sartor ")[2].splitlines()[0]
    assert example.startswith(name)
    example = example.replace("--minutes 10", "--minutes 0.5")
    assert run(*shlex.split(example)).code == 0


def test_every_option_reaches_the_job(run: Any, job: Any) -> None:
    given = (
        "fit photos/ --target cpu --limit latency=5ms --limit size=2MB --steps 40 --out runs/x "
        "--threads 2 --seed 7 --strategy random --family mobile --versus a --versus b@64 "
        "--picks 3 --resolution 48 --cache c --quiet"
    )
    assert run(*given.split()).code == 0
    assert job.data == "photos/"
    assert job.options == {
        "target": "cpu",
        "limits": ("latency=5ms", "size=2MB"),
        "minutes": None,
        "steps": 40,
        "out": Path("runs/x"),
        "threads": 2,
        "seed": 7,
        "strategy": "random",
        "family": "mobile",
        "versus": ("a", "b@64"),
        "picks": 3,
        "resolution": 48,
        "tokens": None,
        "certificate": None,
        "cache": Path("c"),
        "progress": None,
    }


def test_thirty_minutes_are_the_budget_where_none_is_given(run: Any, job: Any) -> None:
    run("fit", "photos/", "--out", "runs/x")
    assert job.options["minutes"] == 30
    assert job.options["steps"] is None


@pytest.mark.usefixtures("job")
def test_the_result_has_the_front_and_the_paths(run: Any) -> None:
    ended = run("fit", "photos/", "--out", "runs/x")
    lines = ended.out.splitlines()
    assert ended.code == 0
    head = next(line for line in lines if line.startswith("network "))
    pick = next(line for line in lines if line.startswith("pick 4 "))
    assert "98.61 % (96.79 to 99.41)" in pick
    assert "0.172 ms (0.153 to 0.191) !" in pick  # not trustworthy
    assert head.index("latency") == pick.index("0.172 ms")
    assert "verified" in lines[lines.index(head) + 1]
    assert "report: runs/x/report.html" in lines
    assert "pick 1: runs/x/designs/3f2a91c07b/model.onnx" in lines
    assert "\x1b" not in ended.out + ended.err


def test_json_is_the_summary_and_nothing_else(run: Any, job: Any) -> None:
    ended = run("fit", "photos/", "--out", "runs/x", "--json")
    assert json.loads(ended.out) == job.summary


def test_progress_goes_to_stderr_and_quiet_ends_it(run: Any, job: Any) -> None:
    job.act = lambda progress: progress and progress.say("3 duplicates were dropped")
    loud = run("fit", "photos/", "--out", "runs/x")
    assert loud.err == "3 duplicates were dropped\n"
    quiet = run("fit", "photos/", "--out", "runs/x", "--quiet")
    assert quiet.err == ""
    assert quiet.out == loud.out


def test_limits_that_are_not_kept_end_with_1(run: Any, job: Any) -> None:
    job.summary |= {"status": "limits_not_kept", "picks": [], "front": []}
    ended = run("fit", "photos/", "--out", "runs/x")
    assert ended.code == 1
    assert ended.out.startswith("No network keeps latency ≤ 0.25 ms and size ≤ 500 kB.")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("fit", "Missing argument"),
        ("fit photos/", "Missing option '--out'"),
        ("fit photos/ --out x --minuts 3", "--minutes"),
        ("fit photos/ --out x --threads two", "--threads"),
        ("fot photos/", "Did you mean 'fit'"),
        ("fit photos/ --out x --minutes 3 --steps 4", "give one of them"),
        ("fit photos/ --out x --limit latency=5lightyears", "unknown unit 'lightyears'"),
        ("fit photos/ --out x --limit 5", "write NAME=VALUE"),
        ("fit photos/ --out x --limit latenzy=5ms", "Did you mean 'latency'"),
        ("fit photos/ --out x --limit latency=5ms --limit latency>=6ms", "exclude one another"),
        ("report nowhere", "holds no summary.json"),
        ("report nowhere.db", "nowhere.db is not there"),
        ("report sqlite:///nowhere.db", "say where the page goes with --out"),
        ("report nowhere.db --limit latenzy=5ms", "Did you mean 'latency'"),
    ],
)
def test_what_is_asked_wrongly_gets_one_sentence(
    words: str, sentence: str, run: Any, job: Any
) -> None:
    ended = run(*words.split())
    assert ended.code == 2
    assert ended.out == ""
    assert sentence in ended.err
    assert ended.err.startswith("sartor: ")
    assert ended.err.count("\n") == 1
    assert job.options == {}


@pytest.mark.parametrize(
    "error", [DataError("photos/ is empty;\n give images."), OSError(28, "No space left on device")]
)
def test_what_a_job_refuses_gets_one_sentence(error: Exception, run: Any, job: Any) -> None:
    job.act = raising(error)
    ended = run("fit", "photos/", "--out", "x")
    assert ended.code == 2
    assert "Traceback" not in ended.err
    assert ended.err.count("\n") == 1
    assert "Traceback" in run("fit", "photos/", "--out", "x", "--debug").err


def test_a_bug_is_not_taken_for_a_wrong_question(run: Any, job: Any) -> None:
    job.act = raising(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        run("fit", "photos/", "--out", "x")


def test_an_interrupted_run_says_how_to_go_on(run: Any, job: Any) -> None:
    job.act = raising(KeyboardInterrupt())
    ended = run("fit", "my photos/", "--out", "runs/x", "--seed", "3")
    assert ended.code == 130
    assert ended.out == ""
    assert "sartor fit 'my photos/' --out runs/x --seed 3" in ended.err


def test_report_draws_the_page_anew(run: Any, tmp_path: Path) -> None:
    shutil.copy(SAMPLE, tmp_path / "summary.json")
    ended = run("report", str(tmp_path))
    assert ended.code == 0
    assert "pick 1" in ended.out
    assert "<h1>Networks for digits</h1>" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Return a study of nine designs, of which one failed."""
    from sartor import search
    from sartor.space import Choice, Space

    def measure(design: Any) -> dict[str, float]:
        if design["width"] == 72:
            raise ValueError("too wide")
        return {"accuracy": design["width"] / 72, "latency_ms": design["width"] / 8}

    space = Space([Choice("width", tuple(range(8, 80, 8)), ordered=True)])
    search.run(space, measure, strategy="random", storage=tmp_path / "study.db")
    return tmp_path / "study.db"


def test_report_of_a_study_has_the_front_and_the_page(run: Any, study: Path) -> None:
    ended = run("report", str(study))
    assert ended.code == 0
    assert ended.err == ""
    lines = ended.out.splitlines()
    assert lines[0].startswith("9 designs were evaluated, of which 1 failed; 8 stand on the front")
    assert lines[2].split() == ["design", "accuracy", "latency_ms", "evaluated", "as"]
    assert "88.89 % proxy" in lines[3]
    assert "8 ms proxy" in lines[3]
    assert "  1: ValueError: too wide" in lines
    page = study.with_name("study.html")
    assert lines[-1] == f"page: {page}"
    assert "How it came about" in page.read_text(encoding="utf-8")


def test_report_of_a_study_is_told_to_programs(run: Any, study: Path, tmp_path: Path) -> None:
    page = tmp_path / "pages" / "it.html"
    ended = run("report", f"sqlite:///{study}", "--json", "--out", str(page))
    told = json.loads(ended.out)
    assert told["page"] == str(page)
    assert page.is_file()
    assert len(told["front"]) == 8
    assert told["front"][0]["measurements"]["latency_ms"]["value"] == 8


def test_a_study_of_which_nothing_keeps_the_limits_ends_with_1(run: Any, study: Path) -> None:
    assert (
        len(json.loads(run("report", str(study), "--limit", "latency=2ms", "--json").out)["front"])
        == 2
    )
    ended = run("report", str(study), "--limit", "latency=0.5ms")
    assert ended.code == 1
    assert "no design keeps latency ≤ 0.5 ms: the nearest of 8 evaluated has 1 ms" in ended.out
