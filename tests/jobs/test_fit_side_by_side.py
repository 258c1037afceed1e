"""A fit that trains several networks at a time goes on after a kill.

In a file of its own, so that it runs beside the other long tests of interrupted fits.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hurried import BEGIN


@pytest.mark.slow
def test_a_run_that_is_killed_while_it_tunes_side_by_side_goes_on(tmp_path: Path) -> None:
    """With two threads, and so two trainings at a time: the other tests have one."""
    out = tmp_path / "run"
    code = BEGIN + (
        "import sartor; from sartor.jobs.fitting import asked; asked.FEWEST_MINUTES = 0.4; "
        "sartor.fit('sklearn:digits', minutes=0.6, picks=3, "
        "family=hurried.FAMILY, resolution=int(sys.argv[3]), cache=sys.argv[2], out=sys.argv[1])"
    )
    command = [sys.executable, "-c", code, str(out), str(tmp_path / "cache"), "16"]
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)
    while process.poll() is None and not (out / "finish/plan.json").exists():
        time.sleep(0.05)
    time.sleep(2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "summary.json").exists()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert len(summary["picks"]) == 3
    for pick in summary["picks"]:
        assert (out / pick["file"]).exists()
