"""The second dialect, against the model provider, which speaks it."""

import json
import subprocess
import sys

import pytest

from harness.check.contract_check import Answer, check_contract
from tests.builders import external
from tests.load.run import questions_file, run
from tests.suite import processes


@pytest.fixture(scope="module")
def provider():
    command = [sys.executable, "-m", "ragchat.provider", "--time-scale", "0.1"]
    process = processes.start(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["base_url"]
    processes.end(process)


def test_a_server_of_the_dialect_passes(provider):
    checks = check_contract(external(provider, "openai-chat"), provider)

    assert [c.answer for c in checks] == [Answer.PASS] * 3, checks
    assert "usage told" in checks[1].detail


def test_a_target_that_is_down_cannot_be_told_and_is_no_pass():
    down = external("http://127.0.0.1:9", "openai-chat")
    assert {c.answer for c in check_contract(down, down.base_url)} == {Answer.UNKNOWN}


def test_a_run_in_the_dialect_records_tokens_and_leaves_the_rest_unknown(provider, tmp_path):
    questions = questions_file(tmp_path, ["What is a list?"])
    given = ["--host", provider, "--dialect", "openai-chat", "--questions", str(questions), "--rate", "10"]
    done = run(tmp_path, *given, "--duration", "2", "--warmup", "0", "--stream-share", "0.5")
    samples = done.samples

    assert done.ended_well, done.output
    assert {s["outcome"] for s in samples} == {"ok"}
    assert all(s["output_tokens"] > 0 for s in samples)
    assert all(s["cold"] is None and s["citations"] is None and s["instance_id"] is None for s in samples)
    assert len({s["answer_digest"] for s in samples}) == 1, "streamed or whole, the same words"
    assert all((s["first_token_s"] is not None) == s["stream"] for s in samples)
