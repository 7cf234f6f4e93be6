"""Two endpoints that others wrote, piloted side by side: from `pilot init` to a report, by the commands a person types."""

import json
import re
import subprocess
import sys

import pytest

from tests.peers.start import MAPPING, MOCKLLM, mockllm, oddchat

# Slow: 50 s; the README's story leads two such servers to a report in CI.
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not MOCKLLM.exists(), reason="mockllm is not installed")]


def pilot(folder, *words):
    command = [sys.executable, "-m", "harness", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=170)


@pytest.fixture(scope="module")
def piloted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("external")
    with mockllm(folder) as openai, oddchat(folder) as odd:
        made = pilot(
            folder,
            *("init", "ours", "--quick", "--stream-share", "0.5", "--p95", "3"),
            *("--baseline-url", openai, "--baseline-name", "openai_like", "--baseline-dialect", "openai-chat"),
            *("--baseline-model", "gpt-4"),
            *("--candidate-url", odd, "--candidate-name", "odd", "--candidate-dialect", "mapped"),
        )
        assert made.returncode == 0, made.stderr
        ours = folder / "ours"
        target = ours / "targets" / "odd" / "target.toml"
        text = target.read_text()
        begin, end = text.index("[mapping]"), text.index("[runtime]")
        target.write_text(text[:begin] + MAPPING + "\n" + text[end:])
        toml = (ours / "pilot.toml").read_text()
        for field, value in {"blocks": 2, "duration_s": 2, "warmup_s": 0, "attempts": 8}.items():
            toml, found = re.subn(rf"(?m)^({field} *=) \S+", rf"\g<1> {value}", toml)
            assert found, field
        (ours / "pilot.toml").write_text(toml)
        steps = [
            pilot(ours, *words)
            for words in (["check"], ["plan", "--seal"], ["run"], ["collect"], ["report", "--no-predict"])
        ]
    return ours, dict(zip(("check", "plan", "run", "collect", "report"), steps, strict=True))


def test_every_step_ends_well(piloted):
    _, steps = piloted
    # what two strangers have no field for is told, and is no fault of theirs
    assert steps["check"].returncode == 0, steps["check"].stdout
    assert "not told   same index_digest: openai_like and odd have no field for it" in steps["check"].stdout
    for name in ("plan", "run", "collect", "report"):
        assert steps[name].returncode == 0, steps[name].stderr + steps[name].stdout


def test_both_are_measured_whole_and_streamed(piloted):
    import pyarrow.parquet as pq

    ours, _ = piloted
    for name in ("odd", "openai_like"):
        files = list(ours.glob(f"evidence/blocks/*/*/*{name}*/samples.parquet"))
        rows = [row for file in files for row in pq.read_table(file).to_pylist()]
        assert len(files) >= 2, "of an INVALID attempt too"
        assert {row["outcome"] for row in rows} == {"ok"}
        assert {row["stream"] for row in rows} == {True, False}
        assert all(row["first_token_s"] for row in rows if row["stream"])
        assert all(row["output_tokens"] for row in rows if name == "odd")
        assert {row["citations"] for row in rows if name == "odd"} <= {"a_1 b", None}


def test_the_report_says_what_strangers_cannot_show(piloted):
    ours, _ = piloted
    said = json.loads((ours / "reports" / "rendered" / "decision.json").read_text())
    page = (ours / "reports" / "rendered" / "report.md").read_text()

    assert {row["target"] for row in said["slos"]} == {"odd", "openai_like"}
    assert all(
        row["value"] for row in said["slos"] if row["slo"] == "p95 response time" or row.get("metric") == "p95_s"
    )
    assert "not known" in page
