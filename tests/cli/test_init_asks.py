"""pilot init at a terminal: a person is asked, wrong answers are asked again, Enter takes the default."""

import os
import pty
import re
import select
import subprocess
import sys
import time
import tomllib

import pytest


def answered(folder, words, answers):
    """Everything that was shown; each answer is typed once its question stands there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "harness", "init", *words]
    process = subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True)
    os.close(theirs)
    shown, read = "", 0
    left = list(answers)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                data = os.read(ours, 4096)
            except OSError:
                break
            if not data:
                break
            shown += data.decode(errors="replace")
        if left and (found := shown.find(left[0][0], read)) >= 0 and shown.rstrip(" ").endswith(":"):
            read = found + len(left[0][0])
            os.write(ours, (left.pop(0)[1] + "\n").encode())
    os.close(ours)
    assert process.wait(10) == 0, shown
    assert not left, (left, shown)
    return shown


@pytest.fixture
def asked(tmp_path):
    shown = answered(
        tmp_path,
        ["ours", "--requests-per-month", "500000"],
        [
            ("baseline", "aws_fargat"),
            ("baseline", "aws_fargate"),
            ("candidate", "external"),
            ("URL of the candidate", "chat.example.com"),
            ("URL of the candidate", "https://chat.example.com"),
            ("its dialect", "openai-chat"),
            ("the model", "gpt-4o"),
            ("p95 response time", "8"),
            ("first token", "0"),
            ("share of failures", "2"),
            ("share of failures", "0.02"),
            ("monthly cost limit", "600"),
            ("requests per month", ""),
            ("at the peak", ""),
            ("retrieval:", "n"),
            ("ingestion:", "y"),
            ("does a person wait", "n"),
            ("how many a month", "40000"),
            ("seconds each takes", "1200"),
            ("MB of memory", "0"),
            ("until it is done", "900"),
            ("cost limit per thousand", "4"),
            ("none be lost", ""),
            ("orchestration:", ""),
            ("evaluation:", ""),
            ("webhooks:", ""),
            ("ten minutes", "y"),
        ],
    )
    return tmp_path / "ours", shown


def test_what_is_answered_is_written(asked):
    folder, _ = asked
    said = tomllib.loads((folder / "pilot.toml").read_text())
    target = tomllib.loads((folder / "targets" / "chat_example_com" / "target.toml").read_text())

    assert (said["pilot"]["baseline"], said["pilot"]["candidate"]) == ("aws_fargate", "chat_example_com")
    assert (said["slo"]["p95_s"], said["slo"]["error_rate"], said["slo"]["monthly_runtime_usd"]) == (8, 0.02, 600)
    assert "ttft_p95_s" not in said["slo"]
    assert (target["dialect"], target["model"]) == ("openai-chat", "gpt-4o")


def test_each_kind_of_work_becomes_a_table_and_what_is_not_known_stays_out(asked):
    said = tomllib.loads((asked[0] / "pilot.toml").read_text())["workloads"]

    assert said["chat"] == {"kind": "request", "waited_for": True, "measured_by": "steady", "per_month": 500_000}
    assert said["ingestion"] == {
        "kind": "job",
        "waited_for": False,
        "per_month": 40_000,
        "duration_s": 1200,
        "slo": {"done_within_s": 900, "lost": 0, "usd_per_thousand": 4},
    }
    assert set(said) == {"chat", "ingestion"}


def test_enter_takes_what_a_flag_said_and_the_default_where_none_did(asked):
    said = tomllib.loads((asked[0] / "pilot.toml").read_text())
    assert said["traffic"] == {"requests_per_month": 500_000, "peak_per_s": 12.0}


def test_a_wrong_answer_is_said_to_be_one_and_asked_again(asked):
    shown = re.sub(r"\s+", " ", asked[1])

    assert "unknown kind 'aws_fargat': choose one of" in shown
    assert "chat.example.com: want http:// or https:// with a host" in shown
    assert "want a share, such as 0.01 for 1 %, not 2" in shown
