"""A whole pilot over two servers that are not ours to start: one wants signatures, one a key in a header."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.guarded import API_KEY, KEYS
from tests.local.platform import DEMO
from tests.peers.start import free_port
from tests.suite import processes, warm

ROOT = Path(__file__).parent.parent.parent
[ACCESS_KEY] = KEYS
SECRET, TOKEN = KEYS[ACCESS_KEY]
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_SESSION_TOKEN": TOKEN,
    "AWS_EC2_METADATA_DISABLED": "true",
    "CHAT_KEY": API_KEY,
}
PILOT_TOML = """
[pilot]
question  = "Which of two servers?"
baseline  = "keyed"
candidate = "signed"
blocks    = 2
[slo]
p95_s = 5.0
[traffic]
requests_per_month = 1000000
peak_per_s = 4
[limits]
attempts = 8
[load]
max_tokens = 16
deadline_s = 30
[profiles.steady]
rate       = 5
duration_s = 2
"""
TARGET_TOML = """
title = "{title}"
base_url = "http://127.0.0.1:{port}"
[runtime]
kind = "external"
[auth]
{auth}
"""
AUTH = {
    "signed": 'kind = "aws-sigv4"\nregion = "eu-west-1"',
    "keyed": 'kind = "header"\nheader = "X-Api-Key"\nenv = "CHAT_KEY"',
}


def serve(words, **environment):
    return processes.start(
        [sys.executable, "-m", *words], cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory, corpus):
    root = tmp_path_factory.mktemp("guarded")
    provider, ports = free_port(), {name: free_port() for name in AUTH}
    shared = {
        "RAG_INDEX": f"{corpus}/index.sqlite",
        "RAG_PROVIDER_URL": f"http://127.0.0.1:{provider}",
        "RAG_REGION": "local",
    }
    servers = [serve(["ragchat.provider", "--time-scale", "0.1", "--port", str(provider)])]
    (root / "pilot.toml").write_text(PILOT_TOML)
    (root / ".pilot").mkdir()
    (root / ".pilot" / "corpus").symlink_to(corpus, target_is_directory=True)
    (root / "loadprofiles").mkdir()
    (root / "loadprofiles" / "steady.py").write_text((DEMO / "workspace" / "loadprofiles" / "steady.py").read_text())
    for (name, auth), guard in zip(AUTH.items(), ("sigv4", "header"), strict=True):
        folder = root / "targets" / name
        folder.mkdir(parents=True)
        (folder / "target.toml").write_text(TARGET_TOML.format(title=name, port=ports[name], auth=auth))
        words = ["uvicorn", "tests.guarded.app:app", "--port", str(ports[name]), "--log-level", "error"]
        servers.append(serve(words, GUARD=guard, **shared))
    for port in ports.values():
        transport = httpx.HTTPTransport(retries=8)
        with httpx.Client(transport=transport) as client:
            assert client.get(f"http://127.0.0.1:{port}/healthz").status_code == 403, "the guard lets nobody in"
    yield root
    for process in servers:
        processes.end(process)


def ended(command, folder, *words, **environment):
    """Its code and both streams, without credentials of whoever runs this."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    process = warm.start(command, *words, cwd=folder, env={**clean, **environment})
    out, err = process.communicate(timeout=150)
    return process.wait(), out, err


def pilot(folder, *words, **environment):
    return subprocess.CompletedProcess(words, *ended("pilot", folder, *words, **environment))


def test_without_its_credentials_nothing_is_sent_and_the_words_say_what_is_missing(folder):
    done = pilot(folder, "check", "keyed")
    assert done.returncode == 2
    assert "CHAT_KEY is not set" in done.stderr

    done = pilot(folder, "check", "signed", CHAT_KEY=API_KEY, AWS_EC2_METADATA_DISABLED="true", HOME=str(folder))
    assert done.returncode == 2
    assert "signed: [auth] aws-sigv4: no AWS credentials: set AWS_PROFILE" in done.stderr


@pytest.mark.slow  # 48 s; each kind of authorisation is tried in tests/attack/test_secrets.py
@pytest.mark.timeout(240)
def test_the_whole_pilot_runs_and_no_credential_is_left_behind(folder):
    words = [("check",), ("plan", "--seal"), ("run", "--now"), ("collect",), ("report", "--no-predict")]
    said = ""
    for command in words:
        done = pilot(folder, *command, **CREDENTIALS)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        said += done.stdout + done.stderr
    ledgers = [json.loads(p.read_text()) for p in folder.glob("evidence/blocks/*/*/*/ledger.json")]

    assert sum(ledger["valid"] for ledger in ledgers) >= 4, ledgers
    assert all(set(ledger["outcomes"]) == {"ok"} for ledger in ledgers), ledgers
    planted = [ACCESS_KEY, SECRET, TOKEN, API_KEY]
    left = [p for p in folder.rglob("*") if p.is_file() and ".pilot/corpus" not in str(p)]
    assert len(left) > 30
    for path in left:
        content = path.read_bytes()
        assert not [word for word in planted if word.encode() in content], path
    assert not [word for word in planted if word in said]


def test_ten_refusals_in_a_row_stop_a_run(folder):
    wrong = {**CREDENTIALS, "AWS_SECRET_ACCESS_KEY": "another"}
    words = ["-f", "loadprofiles/steady.py", "--headless", "--target", "signed", "--evidence", "refused"]
    code, _, err = ended("locust", folder, *words, "--duration", "20", **wrong)

    assert code == 4, err
    assert "10 answers of 401 or 403 in a row" in (folder / "refused" / "ledger.json").read_text()
