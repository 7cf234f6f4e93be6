"""What is published to a function app, as its program lays it out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
    from harness.platforms.shared.azure_deploy.publish import laid_out

    data = laid_out(ROOT, PROGRAM, tmp_path, 30)
    assert data[:2] == b"PK"
    assert json.loads((tmp_path / "host.json").read_text()) == json.loads((PROGRAM.parent / "host.json").read_text())
