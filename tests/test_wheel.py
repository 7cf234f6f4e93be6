"""What an installed package holds: the harness, the reference service, the demo and the report's files."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_wheel_is_whole(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    for path in (ROOT / "targets" / "ragchat" / "ragchat").glob("*.py"):
        assert f"ragchat/{path.name}" in names
    for path in (ROOT / "reports" / "sections").glob("*.j2"):
        assert f"harness/report/assets/sections/{path.name}" in names
    for path in (ROOT / "targets").glob("*/target.toml"):
        assert f"harness/scaffold/assets/targets/{path.parent.name}/target.toml" in names, "name it in pyproject.toml"
    assert {"harness/scaffold/assets/loadprofiles/steady.py", "harness/report/assets/style/report.js"} <= names
    assert "harness/scaffold/targets.md" in names
    for path in (ROOT / "harness" / "workspace" / "presets").glob("*.toml"):
        assert f"harness/workspace/presets/{path.name}" in names
    for path in (ROOT / "docs").glob("*.md"):
        assert f"harness/scaffold/assets/docs/{path.name}" in names
        for link in re.findall(r"\]\((\.\./[^)#]+)", path.read_text()):
            assert f"harness/scaffold/assets/{link[3:]}" in names, f"{path.name} leads to {link}"
    assert {
        "harness/demo/workspace/pilot.toml",
        "harness/platforms/shared/books/aws-2026-11.toml",
        "harness/py.typed",
    } <= names


def test_the_service_that_runs_is_the_one_in_this_tree():
    """An editable install must not leave a copy that goes stale."""
    code = "import ragchat, harness; print(ragchat.__file__, harness.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT.parent, capture_output=True, text=True, check=True)

    assert done.stdout.split() == [
        str(ROOT / "targets" / "ragchat" / "ragchat" / "__init__.py"),
        str(ROOT / "harness" / "__init__.py"),
    ]
