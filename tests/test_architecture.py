"""The house: import direction, size of files, what an import costs."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [
    p for folder in ("harness", "targets", "loadprofiles", "bench", "tests") for p in (ROOT / folder).rglob("*.py")
]


def test_imports_go_downward():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(linter)], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    "module", ["harness", "harness.cli.app", "harness.local.supervisor", "harness.campaign.execute"]
)
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


def test_every_room_says_what_it_is():
    for room in sorted((ROOT / "harness").iterdir()):
        if room.is_dir() and (room / "__init__.py").exists():
            assert (room / "__init__.py").read_text().startswith('"""'), room.name


def test_the_service_is_named_by_no_file_of_the_harness_but_its_default_corpus_command():
    naming = [p.name for p in (ROOT / "harness").rglob("*.py") if "ragchat" in p.read_text()]

    assert naming == ["pilot_toml.py"]
