"""A campaign led over three hosts: network namespaces with host names of their own, real processes, one server.

How long the server takes for an answer is the question's, so the same schedule meets the same answers whoever sends it.
Slow, 4 minutes: tests/run/test_generators.py tells the same of fakes, tests/load/test_hosts.py of one run.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from harness.analysis.quantiles import quantile
from harness.domain.quantile import quantile as plain
from harness.evidence.store import Store
from harness.workspace import open_workspace
from tests.load.run import STEADY, questions_file
from tests.load.test_hosts import HUB, Hosts, ip, pytestmark

pytestmark = [pytestmark, pytest.mark.slow, pytest.mark.timeout(400)]

PORTS = {"alpha": 8080, "beta": 8081}
QUESTIONS = 300
SERVE = f"""
import random, time
from tests.fakes import ACTS, ScriptedServer
def act(takes_s):
    return lambda connection, stream: time.sleep(takes_s) or ACTS["ok"](connection, stream)
draw = random.Random(7)
ACTS.update({{f"q {{k}}": act(draw.lognormvariate(-2.5, 0.6)) for k in range({QUESTIONS})}})
kept = [ScriptedServer(host={HUB!r}, port=port) for port in {list(PORTS.values())}]
print("serving", flush=True)
time.sleep(400)
"""
CAMPAIGN = """
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from harness.campaign.progress import Progress
from harness.evidence.store import Store
from harness.planning import draw_plan
from harness.planning.profiles import describe
from harness.run.execute import Campaign
from harness.workspace import open_workspace
workspace = open_workspace(Path(sys.argv[1]))
store = Store(workspace.evidence)
plan = draw_plan(workspace, describe(workspace), datetime.now(UTC), Decimal(0))
store.write_plan(plan)
with Progress() as progress:
    print(Campaign(workspace, plan, store, progress).run(now=True))
"""
PILOT = """
[pilot]
question = "?"
baseline = "alpha"
candidate = "beta"
blocks = {blocks}
[slo]
p95_s = 2.0
profiles = ["steady"]
[traffic]
requests_per_month = 2000000
peak_per_s = 10
[load]
questions = "questions.jsonl"
stream_share = 0.0
deadline_s = 5
[profiles.steady]
rate = 36
duration_s = 5
{generator}
"""


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    made = Hosts(3)
    cwd = tmp_path_factory.mktemp("server")
    made.start(made.hub, cwd, sys.executable, "-c", SERVE)
    until = time.monotonic() + 30
    while b"serving" not in (cwd / f"{made.hub}.txt").read_bytes():
        assert time.monotonic() < until, (cwd / f"{made.hub}.txt").read_text()
        time.sleep(0.1)
    yield made
    made.close()


def workspace(root, blocks, generator=""):
    (root / "loadprofiles").mkdir(parents=True)
    (root / "loadprofiles" / "steady.py").write_bytes(STEADY.read_bytes())
    questions_file(root, [f"q {k}" for k in range(QUESTIONS)])
    for name, port in PORTS.items():
        (root / "targets" / name).mkdir(parents=True)
        toml = f'base_url = "http://{HUB}:{port}"\n[runtime]\nkind = "external"\n'
        (root / "targets" / name / "target.toml").write_text(toml)
    (root / "pilot.toml").write_text(PILOT.format(blocks=blocks, generator=generator))
    return root


def of_hosts(hosts):
    """The table that a person writes, with namespaces in place of ssh."""

    def command(name):
        there = ["ip", "netns", "exec", name, "unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', name]
        return json.dumps([*there, sys.executable, "-P", "-m", "harness.launch.standby"])

    rows = [f"{name} = {command(name)}" for name in hosts.workers]
    return "\n".join(
        ["[generator]", 'kind = "hosts"', f'address = "{HUB}"', "start_s = 60", "[generator.hosts]", *rows]
    )


def campaign(hosts, root):
    return hosts.start(hosts.hub, root, sys.executable, "-c", CAMPAIGN, str(root))


def ended(process, hosts, root):
    code = process.wait(300)
    said = (root / f"{hosts.hub}.txt").read_text(errors="replace")
    assert code == 0, said
    return said


def samples(root, target):
    """By block, of the attempt that counts."""
    store = Store(open_workspace(root).evidence)
    plan = store.plan()
    out = []
    for block in plan.blocks:
        [run] = [run for run in block.runs if run.target == target]
        folder = store.run_folder(run, store.valid_attempt(block))
        out.append((folder, pq.read_table(folder / "samples.parquet").to_pylist()))
    return out


def responses(rows):
    return np.array(
        [r["finished_s"] - r["scheduled_s"] if r["outcome"] == "ok" else np.inf for r in rows if r["measured"]]
    )


def pids_of(name):
    return [int(pid) for pid in ip("netns", "pids", name).stdout.split()]


def test_percentiles_over_three_hosts_are_those_of_one_and_exact_to_the_merged_samples(
    hosts, tmp_path, record_property
):
    led, alone = workspace(tmp_path / "led", 3, of_hosts(hosts)), workspace(tmp_path / "alone", 3)
    ended(campaign(hosts, led), hosts, led)
    ended(campaign(hosts, alone), hosts, alone)

    for target in PORTS:
        over_hosts, by_one = samples(led, target), samples(alone, target)
        for (folder, rows), (_, ones) in zip(over_hosts, by_one, strict=True):
            assert [r["seq"] for r in rows] == list(range(len(ones))), "every arrival once, whoever sent it"
            assert {r["worker"] for r in rows} == {0, 1, 2}
            assert {r["worker"] for r in ones} == {0}
            run = json.loads((folder / "run.json").read_text())
            assert {c["before"]["machine"].split(":")[0] for c in run["worker_clocks"]} == set(hosts.workers)
            ledger = json.loads((folder / "ledger.json").read_text())
            assert ledger["clocks_unknown"] == 0
            assert ledger["clocks_apart_s"] <= 1e-3, "one clock in truth"
            merged = np.concatenate([responses([r for r in rows if r["worker"] == k]) for k in range(3)])
            said = re.search(r"response time .*", folder.with_suffix(".log").read_text())[0]
            for share in (0.5, 0.95, 0.99):
                assert f"p{share * 100:g} {plain(merged.tolist(), share) * 1e3:.3g} ms" in said, said
        for share in (0.5, 0.95, 0.99):
            a = quantile([responses(rows) for _, rows in over_hosts], share)
            b = quantile([responses(rows) for _, rows in by_one], share)
            figures = f"{_told(a)} over 3 hosts, {_told(b)} by one"
            record_property(f"{target} p{share * 100:g}", figures)
            print(f"{target} p{share * 100:g}: {figures}")
            assert b.low <= a.value <= (b.high or np.inf), figures
            assert a.low <= b.value <= (a.high or np.inf), figures
    assert {name: pids_of(name) for name in hosts.workers} == {name: [] for name in hosts.workers}


def _told(estimate):
    high = "open" if estimate.high is None else f"{estimate.high * 1e3:.1f}"
    return f"{estimate.value * 1e3:.1f} ms [{estimate.low * 1e3:.1f}, {high}]"


def test_a_host_killed_in_the_middle_makes_its_block_invalid_and_it_is_repeated(hosts, tmp_path):
    root = workspace(tmp_path / "led", 2, of_hosts(hosts))
    process = campaign(hosts, root)
    until = time.monotonic() + 60
    while (
        not (spools := list(root.glob("evidence/blocks/b01/attempt-1/*/samples.spool.jsonl")))
        or spools[0].read_bytes().count(b"\n") < 40
    ):
        assert time.monotonic() < until, (root / f"{hosts.hub}.txt").read_text()
        time.sleep(0.05)
    for pid in pids_of(hosts.workers[1]):
        os.kill(pid, signal.SIGKILL)
    said = ended(process, hosts, root)
    store = Store(open_workspace(root).evidence)
    journal = store.journal()
    spoilt = [e for e in journal if e["event"] == "block invalid"]
    first, second = store.plan().blocks

    assert [(e["block"], e["attempt"]) for e in spoilt][:1] == [(1, 1)], said
    assert any("lost" in reason for reason in spoilt[0]["reasons"])
    assert store.valid_attempt(first) is not None
    assert store.valid_attempt(first) > 1
    assert store.valid_attempt(second) is not None
    assert f"generator {hosts.workers[1]}" in said, "who was brought up again is said"
    assert [len(e["members"]) for e in journal if e["event"] == "generators"] == [3]
    assert {name: pids_of(name) for name in hosts.workers} == {name: [] for name in hosts.workers}
    left = subprocess.run(["ip", "netns", "pids", hosts.hub], check=True, capture_output=True, text=True).stdout.split()
    assert len(left) == 1, "the server alone"


def test_a_campaign_that_is_killed_leaves_nothing_running_on_any_host(hosts, tmp_path):
    root = workspace(tmp_path / "led", 2, of_hosts(hosts))
    process = campaign(hosts, root)
    until = time.monotonic() + 60
    while not list(root.glob("evidence/blocks/b01/attempt-1/*/samples.spool.jsonl")):
        assert time.monotonic() < until, (root / f"{hosts.hub}.txt").read_text()
        time.sleep(0.05)
    assert all(pids_of(name) for name in hosts.workers)
    [campaigns] = [pid for pid in pids_of(hosts.hub) if "import Campaign" in Path(f"/proc/{pid}/cmdline").read_text()]
    os.kill(campaigns, signal.SIGKILL)
    process.wait(30)

    until = time.monotonic() + 40
    while left := {name: pids_of(name) for name in hosts.workers if pids_of(name)}:
        assert time.monotonic() < until, left
        time.sleep(0.5)
    while len(left := pids_of(hosts.hub)) > 1:  # the server stays
        assert time.monotonic() < until, left
        time.sleep(0.5)
