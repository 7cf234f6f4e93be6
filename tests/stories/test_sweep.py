"""`pilot sweep` by the commands a person types: a server whose settings have a known truth, and the embedded container."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.local.platform import pilot, workspace
from tests.peers.start import MAPPING, oddchat
from tests.suite import processes

pytestmark = (
    pytest.mark.slow
)  # 50 and 40 s; their parts are in the suite: the rule that chooses, an interrupted campaign
TARGETS = Path(__file__).parent.parent.parent / "targets"
PACED = """
apply = [["{python}", "-c", "import pathlib; pathlib.Path(r'PACE').write_text('{pace}')"]]

[[settings]]
name   = "slow"          # twelve pieces of 60 ms: the promise of 500 ms is broken
fill   = { pace = 60 }
prices = { parameters = { vcpu = 0.5 } }

[[settings]]
name   = "right"
fill   = { pace = 20 }
prices = { parameters = { vcpu = 1 } }

[[settings]]
name   = "dear"
fill   = { pace = 2 }
prices = { parameters = { vcpu = 4 } }
"""
PRICES = """
[prices]
book = "aws-2026-11"
region = "us-east-1"
model = "fargate-alb"
parameters = { vcpu = 2, memory_gb = 2, tasks = 1 }
"""


def measurements(ours):
    """Samples of every run of every sweep."""
    return sorted((ours / "evidence" / "sweeps").rglob("samples.parquet"))


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    pace = folder / "pace"
    pace.write_text("5")
    with oddchat(folder, str(pace)) as odd:
        made = pilot(
            folder,
            *("init", "ours", "--quick", "--p95", "0.5", "--ttft", "0", "--stream-share", "0.5"),
            *("--baseline-url", odd, "--baseline-name", "odd", "--baseline-dialect", "mapped"),
            *("--candidate-url", odd, "--candidate-name", "same", "--candidate-dialect", "mapped"),
        )
        assert made.returncode == 0, made.stderr
        ours = folder / "ours"
        for name in ("odd", "same"):
            target = ours / "targets" / name / "target.toml"
            text = target.read_text()
            begin, end = text.index("[mapping]"), text.index("[runtime]")
            target.write_text(text[:begin] + MAPPING + "\n" + text[end:] + PRICES)
        (ours / "targets" / "odd" / "sweep.toml").write_text(PACED.replace("PACE", str(pace)))
        toml = (ours / "pilot.toml").read_text().replace("warmup_s   = 3", "warmup_s   = 0")
        toml = re.sub(r"(?m)^attempts( *)= \d+", r"attempts\1= 8", toml)  # a busy machine is not the story
        (ours / "pilot.toml").write_text(re.sub(r"(?m)^rate +=.*", "rate = 20", toml))
        few = pilot(ours, "sweep", "odd", "--rounds", "2", "--duration", "1")
        assert (few.returncode, "cannot certify a p95: at least 59 are needed" in few.stderr) == (2, True), few.stderr
        first = pilot(ours, "sweep", "odd", "--rounds", "2", "--duration", "2", timeout=170)
        measured = measurements(ours)
        again = pilot(ours, "sweep", "odd", "--json")
        assert measurements(ours) == measured, "a second call measures nothing anew"
        yield ours, pace.read_text(), first, again


def test_the_cheapest_that_keeps_the_promise_is_named_with_what_to_write(swept):
    _, _, first, _ = swept

    assert first.returncode == 0, first.stderr
    assert "contract checked" in first.stderr
    assert "odd: right: the cheapest that keeps every promise" in first.stdout
    assert "  prices.parameters.vcpu = 1" in first.stdout
    [slow] = [line for line in first.stdout.splitlines() if " slow " in line]
    assert " breaks " in slow


def test_the_deployment_is_left_at_what_was_chosen(swept):
    _, pace, _, _ = swept
    assert pace == "20"


def test_a_second_call_measures_nothing_anew(swept):
    ours, _, _, again = swept
    [said] = json.loads(again.stdout)

    assert again.returncode == 0, again.stderr
    assert said["chosen"] == "right"
    assert (said["rounds"], said["rounds_planned"]) == (2, 2)
    assert len(measurements(ours)) >= 6, "two rounds of three, and what a busy machine had repeated"
    p95 = {t["name"]: t["promises"][0]["estimate"]["value"] for t in said["tried"]}
    assert p95["dear"] < p95["right"] < 0.5 < p95["slow"], "12 pieces of 2, 20 and 60 ms"


def test_load_goes_only_to_what_keeps_its_contract(swept):
    ours = swept[0]
    target = ours / "targets" / "same" / "target.toml"
    target.write_text(target.read_text().replace('text          = "data.reply"', 'text          = "data.nothing"'))
    (ours / "targets" / "same" / "sweep.toml").write_text((ours / "targets" / "odd" / "sweep.toml").read_text())
    done = pilot(ours, "sweep", "same")
    (ours / "targets" / "same" / "sweep.toml").unlink()

    assert done.returncode == 5
    assert "the contract check failed" in done.stderr
    assert not list(ours.glob("evidence/sweeps/same-*/blocks"))


def test_a_target_without_settings_is_refused(swept):
    ours = swept[0]
    done = pilot(ours, "sweep", "same")

    assert done.returncode == 2
    assert "no sweep.toml beside target.toml of same" in done.stderr


def test_the_embedded_containers_settings_are_measured_and_an_interrupted_sweep_goes_on(tmp_path, corpus):
    root = workspace(tmp_path, corpus)
    text = (TARGETS / "local_container" / "sweep.toml").read_text()
    (root / "targets" / "local_container" / "sweep.toml").write_text(text[: text.rindex("[[settings]]")])
    toml = (root / "pilot.toml").read_text().replace("[slo]", '[slo]\nprofiles = ["steady"]', 1)
    (root / "pilot.toml").write_text(re.sub(r"(\[profiles.steady\]\nrate +=).*", r"\1 12", toml))
    command = [sys.executable, "-m", "harness", "sweep", "local_container", "--rounds", "2", "--duration", "3"]
    running = processes.start(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(root.rglob("evidence/sweeps/*/blocks/b01/attempt-1/*/run.json")) and time.monotonic() < deadline:
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    _, words = running.communicate(timeout=60)
    assert running.returncode == 130, words
    assert "pilot sweep goes on" in words

    done = pilot(root, *command[3:], "--json", timeout=170)
    [said] = json.loads(done.stdout)
    assert said["rounds"] == 2, done.stderr
    assert {t["name"] for t in said["tried"]} == {"1-worker", "2-workers"}
    assert all(t["per_month_usd"]["value"] > 0 for t in said["tried"])
    shown = pilot(root, "status")
    assert shown.returncode == 0
    assert "local_container: 2 tried in 2 of 2 rounds" in shown.stdout
