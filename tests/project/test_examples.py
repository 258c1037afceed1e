"""The examples run."""

import subprocess
import sys
from pathlib import Path

import pytest

from hurried import BEGIN

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_the_digits_are_fitted_from_python(tmp_path: Path) -> None:
    code = BEGIN + "import runpy; sys.argv = sys.argv[1:]; "
    code += "runpy.run_path(sys.argv[0], run_name='__main__')"
    words = [str(EXAMPLES / "digits.py"), str(tmp_path / "run"), "--steps", "20"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words, "--cache", str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert " % at " in done.stdout
    assert (tmp_path / "run" / "report.html").exists()
    assert len(list((tmp_path / "run").glob("designs/*/predict.py"))) >= 1
