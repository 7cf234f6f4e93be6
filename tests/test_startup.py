"""What a command or a locustfile loads before it does anything: heavy packages only where they are used."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from harness.evidence.files import dump
from tests.builders import LIGHT, Pilot

ROOT = Path(__file__).parent.parent
SAY = """
import atexit, runpy, sys
sys.argv = {argv!r}
atexit.register(lambda: print("LOADED", *sorted(m for m in {watched!r} if m in sys.modules), file=sys.stderr))
{code}
"""
HEAVY = ("pandas", "boto3", "botocore", "azure.identity", "google.auth", "psycopg", "playwright")
ARROW = ("pyarrow", "numpy", "scipy")


def ended(code, *argv, watched=(*HEAVY, *ARROW, "locust", "gevent")):
    """Which of the watched packages a process holds when it ends, or a fork of it; and what it printed."""
    program = SAY.format(argv=list(argv), watched=watched, code=code)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [line.split()[1:] for line in done.stderr.splitlines() if line.startswith("LOADED")]
    return sorted(set().union(*found)), done.stdout


def loaded(*given, **more):
    return ended(*given, **more)[0]


def test_the_help_of_pilot_loads_no_heavy_package():
    assert loaded("runpy.run_module('harness', run_name='__main__')", "pilot", "--help", watched=HEAVY) == []


def test_what_every_step_imports_loads_no_law_page_or_client():
    assert loaded("import harness.pipeline", watched=(*HEAVY, "scipy", "httpx", "jinja2", "markdown_it")) == []


def test_every_shipped_locustfile_describes_itself_and_loads_locust_and_nothing_that_only_evidence_needs():
    names = sorted(p.stem for p in (ROOT / "loadprofiles").glob("*.py"))
    files = [f"loadprofiles/{name}.py" for name in names]
    code = f"""
import os
from harness.load import ChatUser, describe, forks
for file in {files!r}:
    pid = forks.fork()
    if pid == 0:
        describe.describe(file, [])
        atexit._run_exitfuncs()
        sys.stdout.flush()
        os._exit(0)  # taking apart in each fork what was imported costs more than all the rest
    assert describe._waitpid(pid, 0)[1] == 0
"""

    held, said = ended(code, "describe")

    assert held == ["gevent", "locust"]
    assert [json.loads(line)["profile"] for line in said.splitlines()] == names
    assert "steady" in names


def test_importing_the_package_loads_nothing():
    assert loaded("import harness") == []


def test_opening_a_pilot_is_what_loads_pandas():
    assert "pandas" in loaded("import harness\ntry: harness.open('/nowhere')\nexcept harness.errors.Refused: pass")


def test_a_client_of_aws_is_what_loads_boto():
    code = "from harness.platforms.shared.aws import client\nclient('lambda', 'us-east-1')"

    assert "boto3" in loaded(code, watched=HEAVY)


def test_metering_and_deciding_load_no_pandas(tmp_path):
    workspace, _, store = Pilot(tmp_path, blocks=2, per_run=20).write()
    target = dump(
        {
            "root": str(workspace.root),
            "runs": [str(p.parent) for p in store.root.rglob("samples.parquet")],
            "effort": asdict(LIGHT),
        }
    )
    code = f"""
import json, pathlib
from harness import pipeline
from harness.predict.predict import Effort
from harness.campaign.metering import metered
from harness.workspace import open_workspace
said = json.loads({target!r})
workspace = open_workspace(pathlib.Path(said["root"]))
assert metered(workspace.target("alpha"), pathlib.Path(said["runs"][0])).samples == 20
assert pipeline.decide(workspace, effort=Effort(**said["effort"])).findings.slos
"""

    assert loaded(code, watched=HEAVY) == []
