"""What is published to a function app, as its program lays it out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import Refused

ROOT = Path(__file__).parent.parent.parent
PROGRAM = ROOT / "targets" / "azure_functions" / "make_package.py"


def lay(folder, *more):
    command = [sys.executable, str(PROGRAM), str(folder), *more]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)


@pytest.mark.slow  # 2 s: the index is really made
def test_the_package_holds_the_app_its_service_and_an_index_and_works_as_long_as_clients_wait(tmp_path):
    lay(tmp_path, "--timeout-s", "3725")
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}

    assert json.loads((tmp_path / "host.json").read_text())["functionTimeout"] == "01:02:05"
    assert {"function_app.py", "requirements.txt", "ragchat/asgi.py", "index/index.sqlite"} <= names
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.slow
def test_what_is_laid_out_is_what_the_deployment_sends(tmp_path):
    from harness.platforms.shared.azure_deploy.publish import Package, laid_out

    data = laid_out(Package(ROOT, PROGRAM, (), 30), tmp_path)
    assert data[:2] == b"PK"
    assert json.loads((tmp_path / "host.json").read_text()) == json.loads((PROGRAM.parent / "host.json").read_text())


def test_it_is_laid_out_by_the_python_that_the_app_runs_or_refused(tmp_path):
    """The index is made of its Python's own documentation: another version's would be other work than the image's."""
    from harness.platforms.shared.azure_deploy.publish import python_of

    template = PROGRAM.parent / "template.json"
    known = {"python3.11": "/usr/bin/python3.11"}

    assert python_of(template, "3.11", {}.get) == sys.executable
    assert python_of(template, "3.13", known.get) == "/usr/bin/python3.11"
    with pytest.raises(Refused, match=r"the app runs Python 3\.11, and this is Python 3\.13"):
        python_of(template, "3.13", {}.get)


def test_by_hand_another_python_is_refused_before_anything_is_written(tmp_path):
    beside = tmp_path / "azure_functions"
    beside.mkdir()
    (beside / PROGRAM.name).write_bytes(PROGRAM.read_bytes())
    (beside / "template.json").write_text((PROGRAM.parent / "template.json").read_text().replace('"3.11"', '"3.99"'))
    done = subprocess.run(
        [sys.executable, str(beside / PROGRAM.name), str(tmp_path / "build")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, (tmp_path / "build").exists()) == (1, False)
    assert done.stderr.endswith(
        "the app's is 3.99: run it with python3.99, for the index is made of its Python's documentation\n"
    )
