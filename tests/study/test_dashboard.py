"""Optuna's dashboard shows our studies."""

import json
import threading
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import optuna
import pytest

from sartor import search
from sartor.space import Choice, Condition, Space

SPACE = Space(
    [
        Choice("kind", ("plain", "fused")),
        Choice("width", (8, 16, 24), ordered=True),
        Choice("expand", (2, 4), when=(Condition("kind", ("fused",)),)),
    ]
)


class Quiet(WSGIRequestHandler):
    """Answers without a log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def measure(design: Any) -> dict[str, float]:
    if design["width"] == 24 and design["kind"] == "plain":
        raise ValueError("too wide")
    return {
        "accuracy": design["width"] / 32,
        "latency_ms": design["width"] * design.get("expand", 1),
    }


@pytest.mark.filterwarnings("ignore")  # those of the dashboard are not ours
def test_the_dashboard_shows_objectives_and_choices(tmp_path: Path) -> None:
    dashboard = pytest.importorskip(
        "optuna_dashboard", reason="the extra 'dashboard' is not installed"
    )
    study = search.run(SPACE, measure, strategy="random", storage=tmp_path / "study.db")
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'study.db'}")
    server = make_server("127.0.0.1", 0, dashboard.wsgi(storage), handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        home = f"http://127.0.0.1:{server.server_port}/api/studies"
        with closing(urllib.request.urlopen(home, timeout=30)) as answer:
            [summary] = json.load(answer)["study_summaries"]
        with closing(urllib.request.urlopen(f"{home}/{summary['study_id']}", timeout=30)) as answer:
            shown = json.load(answer)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        storage.remove_session()
        storage.engine.dispose()
    assert shown["objective_names"] == ["accuracy", "latency_ms"]
    assert shown["directions"] == ["maximize", "minimize"]
    assert {it["name"] for it in shown["union_search_space"]} == {"kind", "width", "expand"}
    assert len(shown["trials"]) == SPACE.count()
    for trial, ours in zip(shown["trials"], study.trials, strict=True):
        params = {it["name"]: it["param_external_value"] for it in trial["params"]}
        assert params == {name: str(option) for name, option in ours.design.items()}
        if ours.state == "done":
            assert trial["values"] == [ours.value("accuracy"), ours.value("latency_ms")]
        else:
            assert trial["state"] == "Fail"
