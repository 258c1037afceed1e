"""The house is as its page says."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "sartor"
FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = sorted(path.parent for path in PACKAGE.rglob("__init__.py"))
HEAVY = ("torch", "onnxruntime", "openvino", "sklearn", "optuna", "pymoo", "timm")


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_files_are_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 500


def test_no_file_is_a_drawer() -> None:
    drawers = {"utils", "helpers", "common", "misc"}
    assert not [name_of(it) for it in PACKAGE.rglob("*") if it.stem in drawers]


@pytest.mark.parametrize("room", ROOMS, ids=name_of)
def test_a_room_says_what_it_is_for_and_lists_what_is_public(room: Path) -> None:
    tree = ast.parse((room / "__init__.py").read_text())
    assert ast.get_docstring(tree), "a room says what it is for"
    if room == PACKAGE:
        return
    module = importlib.import_module(".".join(room.relative_to(PACKAGE.parent).parts))
    listed = getattr(module, "__all__", None)
    assert listed is not None
    for name in listed:
        assert hasattr(module, name), name
    imported = {
        (alias.asname or alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == set(listed)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_nothing_that_is_loaded_can_run(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
            assert not names & {"pickle", "cPickle", "dill", "joblib", "shelve"}
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in {"eval", "exec", "yaml.load", "torch.jit.load"}, called
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            if called == "torch.load":
                assert given.get("weights_only") == "True"
            if called == "np.load":
                assert given.get("allow_pickle") == "False"


@pytest.mark.parametrize("code", ["import sartor", "import sartor.cli", "import sartor.units"])
def test_heavy_imports_wait(code: str) -> None:
    check = f"{code}; import sys; print([n for n in {HEAVY!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_command_of_the_readme_is_there() -> None:
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make (\w+)`", readme):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for link in re.findall(r"\]\(([\w/.]+)\)", readme):
        assert (ROOT / link).exists(), link


def test_the_lock_has_exact_versions_and_no_hosts() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    for line in lines:
        assert re.fullmatch(r"[\w.\-\[\]]+==[\w.!+]+( ;.*)?", line), line
