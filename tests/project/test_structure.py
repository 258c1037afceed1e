"""The house is as its page says."""

import ast
import importlib
import importlib.metadata
import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import sartor

ROOT = Path(__file__).parents[2]
PACKAGE, AGENT = ROOT / "src" / "sartor", ROOT / "agent" / "src" / "sartor_agent"
PACKAGES = {PACKAGE: ROOT / "pyproject.toml", AGENT: ROOT / "agent" / "pyproject.toml"}
FILES = sorted(file for package in PACKAGES for file in package.rglob("*.py"))
ROOMS = sorted(path.parent for path in FILES if path.name == "__init__.py")
HEAVY = ("torch", "onnxruntime", "openvino", "sklearn", "optuna", "pymoo", "timm")
OWN = "sartor-agent"
"""Installed from this repository, not from an index."""
BEHIND = {"onnxscript": "torch.onnx loads it"}
"""Dependencies that no file of ours imports, and why they are there."""


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_files_are_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 500


def test_no_file_is_a_drawer() -> None:
    drawers = {"utils", "helpers", "common", "misc"}
    assert not [name_of(it) for it in FILES if it.stem in drawers or it.parent.stem in drawers]


@pytest.mark.parametrize("room", ROOMS, ids=name_of)
def test_a_room_says_what_it_is_for_and_lists_what_is_public(room: Path) -> None:
    tree = ast.parse((room / "__init__.py").read_text())
    assert ast.get_docstring(tree), "a room says what it is for"
    if room == PACKAGE:
        return
    module = importlib.import_module(".".join(room.parts[room.parts.index("src") + 1 :]))
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


def test_annotations_stay_types() -> None:
    delayed = re.compile(r"^from __future__ import annotations", re.MULTILINE)
    assert not [name_of(file) for file in FILES if delayed.search(file.read_text())]


def test_imports_go_down_the_floors() -> None:
    # Its command, so that the settings in pyproject.toml are those that count.
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import sartor",
        "import sartor.errors, sartor.units, sartor.registry, sartor.space",
        "from sartor.cli import main; import contextlib, io\n"
        "with contextlib.redirect_stdout(io.StringIO()): main(['--help'])",
        "from sartor.cli import main; import contextlib, io\n"
        "with contextlib.redirect_stdout(io.StringIO()): main(['fit', '--help'])",
    ],
)
def test_heavy_imports_wait(code: str) -> None:
    check = f"{code}\nimport sys; print([n for n in {HEAVY!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_command_and_file_of_a_page_is_there(page: str) -> None:
    text, makefile = (ROOT / page).read_text(), (ROOT / "Makefile").read_text()
    commands = re.findall(r"(?:`|^)make (\w+)", text, re.MULTILINE)
    assert commands
    for target in commands:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    linked = re.findall(r"\]\(([\w/.]+)\)", text)
    for place in linked + re.findall(r"\b(?:tests|benchmarks|docs|examples)/[\w./]+", text):
        assert (ROOT / place.rstrip(".")).exists(), place


def test_the_changelog_has_the_version() -> None:
    sections = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert {"Unreleased", sartor.__version__} & set(sections)
    assert all(count == 1 for count in Counter(sections).values())


def test_the_lock_has_exact_versions_and_no_hosts() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    for line in lines:
        assert re.fullmatch(r"[\w.\-\[\]]+==[\w.!+]+( ;.*)?", line), line


def test_the_lock_keeps_the_ranges_of_the_project() -> None:
    locked = dict(
        line.partition(" ;")[0].split("==")
        for line in (ROOT / "requirements.lock").read_text().splitlines()
    )
    locked[OWN] = importlib.metadata.version(OWN)
    for page in PACKAGES.values():
        project = _project(page)
        extras = project["optional-dependencies"].values()
        for requirement in map(Requirement, itertools.chain(project["dependencies"], *extras)):
            version = locked[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), (requirement, version)


@pytest.mark.parametrize("package", PACKAGES, ids=name_of)
def test_what_is_imported_is_declared_and_what_is_declared_is_imported(package: Path) -> None:
    provided, project = importlib.metadata.packages_distributions(), _project(PACKAGES[package])
    imported = {
        canonicalize_name(distribution)
        for file in package.rglob("*.py")
        for top in _imported(file) - {package.name}
        for distribution in provided.get(top, [top])
    }
    base = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    extras = {
        canonicalize_name(Requirement(text).name)
        for name, texts in project["optional-dependencies"].items()
        if name != "dev"
        for text in texts
    }
    assert imported - base - extras == set(), "imported, but not in pyproject.toml"
    assert base - imported - set(BEHIND) == set(), "in pyproject.toml, but not imported"


def _project(page: Path) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(page.read_text())["project"]
    return found


def _imported(file: Path) -> set[str]:
    """Name the foreign packages that a file imports, at its top or in a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names


def test_test_files_have_names_of_their_own() -> None:
    names = Counter(file.name for file in (ROOT / "tests").rglob("*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_no_tracked_file_knows_a_machine_or_an_index() -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no git checkout: what is tracked is not known")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    known = re.compile(
        r"/(?:root|home|Users|work|opt)/\w"  # places of one machine
        r"|index-url|find-links|trusted-host|pythonhosted|pypi\.org"
    )
    here = Path(__file__).relative_to(ROOT).as_posix()
    for name in listed.stdout.split("\0"):
        file = ROOT / name
        if name in {"", here} or file.suffix in {".gz", ".png", ".onnx"} or not file.is_file():
            continue
        assert known.search(file.read_text("utf-8")) is None, name


@pytest.mark.parametrize(
    ("said", "found"),
    [({}, "20000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "PASSIVE"}, "None")],
)
def test_threads_do_not_wait_busily_for_long_unless_it_is_said(
    said: dict[str, str], found: str
) -> None:
    names = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    environment = {name: it for name, it in os.environ.items() if name not in names} | said
    code = "import os, sartor; print(os.environ.get('GOMP_SPINCOUNT'))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == found
