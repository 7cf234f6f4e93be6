"""The house: import direction, size of files, what an import costs."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from harness.platforms import registry

ROOT = Path(__file__).parent.parent
SOURCES = [
    p for folder in ("harness", "targets", "loadprofiles", "bench", "tests") for p in (ROOT / folder).rglob("*.py")
]


def test_imports_go_downward():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(linter)], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("module", ["harness", "harness.cli.app", "harness.local.supervisor", "harness.run.execute"])
def test_importing_it_loads_neither_locust_nor_scipy_nor_boto(module):
    code = f"import sys, {module}; print([m for m in ('locust', 'gevent', 'boto3', 'scipy', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_asking_one_question_patches_nothing():
    code = (
        "import socket, sys; plain = socket.socket; import harness.load.ask;"
        "print('locust' in sys.modules, socket.socket is plain)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "True"]


def test_no_file_is_longer_than_500_lines():
    long = {str(p.relative_to(ROOT)): n for p in SOURCES if (n := len(p.read_text().splitlines())) > 500}

    assert long == {}


# rooms that hold what a person may write: the embedded platforms serve their own, a new workspace copies targets
MAY_NAME = ("platforms", "scaffold", "demo")
ANOTHERS_WORD = {("harness/dialects/openai_chat.py", "custom")}  # a kind of tool call, in OpenAI's API


def constants(path, *written):
    """Line and value of each constant of a file that has one of these in its text: parsing all of them takes a while."""
    text = path.read_text()
    tree = ast.parse(text) if any(one in text for one in written) else ast.Module([], [])
    return [(node.lineno, node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)]


def test_no_other_room_names_a_platform_a_bill_or_a_source():
    """A kind that a room compares with is a decision that belongs into the platform's folder."""
    names = {*registry.runtimes(), *(b.model for b in registry.billings()), *registry.source_kinds()}
    names |= {kind for p in registry.runtimes().values() for kind in p.config.own_sources}
    assert {"aws-lambda", "eks", "cloudwatch"} <= names
    found = {
        f"{path.relative_to(ROOT)}:{line}: {value}"
        for path in (ROOT / "harness").rglob("*.py")
        if path.relative_to(ROOT / "harness").parts[0] not in MAY_NAME
        for line, value in constants(path, *names)
        if value in names and (str(path.relative_to(ROOT)), value) not in ANOTHERS_WORD
    }

    assert found == set()


def test_the_contract_knows_every_platforms_folder():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [folders] = [c["forbidden_modules"] for c in contracts if c["name"].startswith("No other room knows")]

    assert sorted(folders) == sorted(
        f"harness.platforms.{p.parent.name}"
        for p in (ROOT / "harness" / "platforms").glob("*/__init__.py")
        if p.parent.name not in registry.NO_ROOM
    )


def test_a_month_has_its_hours_in_one_place():
    own = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "harness").rglob("*.py")
        for _, value in constants(path, "730", "2628000", "2_628_000")
        if value in (730, 2_628_000)
    }

    assert own == {"harness/domain/traffic.py"}


def test_every_room_says_what_it_is():
    for room in sorted((ROOT / "harness").iterdir()):
        if room.is_dir() and (room / "__init__.py").exists():
            assert (room / "__init__.py").read_text().startswith('"""'), room.name


def test_the_service_is_named_by_no_file_of_the_harness_but_its_default_corpus_command():
    naming = [p.name for p in (ROOT / "harness").rglob("*.py") if "ragchat" in p.read_text()]

    assert naming == ["pilot_toml.py"]
