"""What happens to an environment: freezing, age, timeouts, memory, inits that fail, provisioned ones, copies."""

import asyncio
import json
import math
import re
import sys
import time
from pathlib import Path
from random import Random

import httpx
import psutil
import pytest

from tests.local.platform import Up, pilot

DOUBLE = Path(__file__).parent / "doubles" / "function.py"
PILOT = """
[pilot]
question = "?"
baseline = "fn"
candidate = "other"
[slo]
p95_s = 1
[traffic]
requests_per_month = 1000
peak_per_s = 1
[corpus]
build = ["true"]
"""


def function(folder, environment="", **fields):
    """A workspace whose one function is the double."""
    (folder / "targets" / "fn").mkdir(parents=True)
    (folder / "pilot.toml").write_text(PILOT)
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())
    command = json.dumps([sys.executable, str(DOUBLE)])
    (folder / "targets" / "fn" / "target.toml").write_text(
        f'[runtime]\nkind = "local-function"\ncommand = {command}\n{lines}[runtime.environment]\n{environment}\n'
    )
    (folder / ".pilot" / "corpus").mkdir(parents=True)
    for name in ("index.sqlite", "questions.jsonl"):
        (folder / ".pilot" / "corpus" / name).touch()
    return folder


def ask(up, **what):
    return httpx.post(up.urls["fn"], json=what, trust_env=False, timeout=30)


def log(folder):
    return (folder / ".pilot" / "local" / "logs" / "fn.log").read_text()


def test_a_process_is_frozen_between_invocations_and_thawed_for_the_next(tmp_path):
    with Up(function(tmp_path), "fn") as up:
        pid = ask(up).json()["pid"]
        time.sleep(0.3)
        idle = psutil.Process(pid).status()
        again = ask(up).json()["pid"]

    assert idle == psutil.STATUS_STOPPED
    assert again == pid


def test_freezing_can_be_turned_off(tmp_path):
    with Up(function(tmp_path, freeze=False), "fn") as up:
        pid = ask(up).json()["pid"]
        time.sleep(0.3)

        assert psutil.Process(pid).status() == psutil.STATUS_SLEEPING


def test_an_environment_past_its_maximum_age_is_replaced_though_it_is_never_idle(tmp_path):
    with Up(function(tmp_path, max_age_s=0.8, idle_s=60), "fn") as up:
        pids = []
        for _ in range(12):
            pids.append(ask(up).json()["pid"])
            time.sleep(0.1)
    found = log(tmp_path)

    assert len(set(pids)) >= 2
    assert "End: maximum age" in found


def test_an_invocation_past_its_time_is_killed_with_the_platforms_words(tmp_path):
    with Up(function(tmp_path, timeout_s=0.5), "fn") as up:
        late = ask(up, sleep_s=5)
        after = ask(up)
    found = log(tmp_path)

    assert late.status_code == 504
    assert re.search(r"[0-9a-f-]{36} Task timed out after 0.50 seconds", found)
    assert "Status: timeout" in found
    assert after.status_code == 200
    assert "End: timed out" in found


def test_a_process_over_its_memory_is_killed_with_the_platforms_words(tmp_path):
    with Up(function(tmp_path, memory_mb=128), "fn") as up:
        big = ask(up, mib=300)
        after = ask(up)
    found = log(tmp_path)

    assert big.status_code == 502
    assert "Error: Runtime exited with error: signal: killed\tRuntime.ExitError" in found
    assert "End: out of memory" in found
    assert after.status_code == 200


@pytest.mark.parametrize(("how", "status"), [("slow once", "timeout"), ("crash once", "error")])
def test_an_init_that_fails_is_reported_and_repeated_inside_the_invocation(tmp_path, how, status):
    marked = f'INIT = "{how}"\nMARK = "{tmp_path}/mark"'
    with Up(function(tmp_path, marked, init_timeout_s=0.7), "fn") as up:
        answer = ask(up)
    reports = [line for line in log(tmp_path).splitlines() if "REPORT" in line]

    assert answer.status_code == 200
    assert re.search(rf"INIT_REPORT Init Duration: [0-9.]+ ms\tPhase: init\tStatus: {status}", reports[0])
    assert "Init Duration" not in reports[1], "the second init is part of the invocation's duration"
    assert float(re.search(r"\tDuration: ([0-9.]+) ms", reports[1])[1]) > 10


def test_an_init_that_fails_twice_fails_the_invocation_and_the_next_one_tries_anew(tmp_path):
    with Up(function(tmp_path, 'INIT = "crash"'), "fn") as up:
        answers = [ask(up).status_code for _ in range(2)]
    found = log(tmp_path)

    assert answers == [502, 502]
    assert found.count("Phase: init\tStatus: error\tError Type: Runtime.ExitError") == 2
    assert found.count("Phase: invoke\tStatus: error\tError Type: Runtime.ExitError") == 2


def test_an_init_that_never_ends_runs_into_the_functions_own_timeout(tmp_path):
    with Up(function(tmp_path, 'INIT = "slow"', init_timeout_s=0.4, timeout_s=0.6), "fn") as up:
        answer = ask(up)
    found = log(tmp_path)

    assert answer.status_code == 504
    assert "Phase: init\tStatus: timeout" in found
    assert "Task timed out after 0.60 seconds" in found


def test_provisioned_environments_are_there_before_the_first_request_and_stay(tmp_path):
    with Up(function(tmp_path, provisioned=2, concurrency=3, idle_s=0.3), "fn") as up:
        time.sleep(1)
        sent = time.monotonic()
        first = ask(up).json()
        took_s = time.monotonic() - sent
        time.sleep(1)
        second = ask(up).json()

    assert first["age_s"] > took_s, "born before the request was sent"
    assert second["id"] == first["id"], "idle_s does not apply"
    assert "Init Duration" not in log(tmp_path)


def test_beyond_the_provisioned_ones_environments_are_made_on_demand(tmp_path):
    with Up(function(tmp_path, provisioned=1, concurrency=3), "fn") as up:

        async def at_once():
            async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
                return await asyncio.gather(*(client.post(up.urls["fn"], json={"sleep_s": 0.8}) for _ in range(4)))

        answers = asyncio.run(at_once())

    assert sorted(a.status_code for a in answers) == [200, 200, 200, 429]
    assert len({a.json()["id"] for a in answers if a.status_code == 200}) == 3


def test_cold_makes_provisioned_environments_anew_before_it_returns(tmp_path):
    with Up(function(tmp_path, provisioned=1, concurrency=2), "fn") as up:
        before = ask(up).json()["id"]
        made = json.loads(pilot(tmp_path, "cold", "fn").stdout)
        after = ask(up).json()

    assert made["kind"] == "killed"
    assert "1 provisioned anew" in made["method"]
    assert after["id"] != before
    assert "Init Duration" not in log(tmp_path)


def test_lanes_are_copies_that_share_nothing(tmp_path):
    with Up(function(tmp_path, lanes=2), "fn") as up:
        lanes = up.lanes["fn"]
        ids = {httpx.post(url, json={}, trust_env=False).json()["id"] for url in (up.urls["fn"], *lanes)}
        pilot(tmp_path, "cold", "fn")
        again = {httpx.post(url, json={}, trust_env=False).json()["id"] for url in lanes}

    assert len(lanes) == 2
    assert len(ids) == 3
    assert not ids & again


def test_each_instance_leaves_a_line_with_its_processor_time(tmp_path):
    with Up(function(tmp_path, idle_s=0.3), "fn") as up:
        ask(up)
        time.sleep(1.2)
    line = next(x for x in log(tmp_path).splitlines() if "\tINSTANCE" in x)

    assert re.search(
        r"INSTANCE Pid: \d+\tLived: [0-9.]+ s\tServed: 1\tInit: [0-9.]+ ms\tInit CPU: [0-9.]+ ms\tCPU: [0-9.]+ s\tEnd: idle",
        line,
    )


SCRIPT = [0.0, 0.1, 0.2, 0.3, 0.4, 1.2, 1.3, 1.4, 1.5, 2.5, 2.6]  # seconds; each invocation takes 0.8


def refusals_on_paper(limit, instants, service_s):
    """What the placement rule implies: at most ``limit`` at once, the rest refused at once, never queued."""
    ends, refused = [], []
    for k, at in enumerate(instants):
        ends = [end for end in ends if end > at]
        if len(ends) >= limit:
            refused.append(k)
        else:
            ends.append(at + service_s)
    return refused


def scripted(url, instants, **what):
    async def one(client, at):
        await asyncio.sleep(at)
        return (await client.post(url, json=what)).status_code

    async def everyone():
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            return await asyncio.gather(*(one(client, at) for at in instants))

    return asyncio.run(everyone())


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_concurrency_limit_refuses_exactly_what_the_placement_rule_implies(tmp_path, limit):
    made = function(tmp_path, concurrency=limit, scaling_tokens=limit, provisioned=limit)
    with Up(made, "fn") as up:
        statuses = scripted(up.urls["fn"], SCRIPT, sleep_s=0.8)

    assert [k for k, status in enumerate(statuses) if status == 429] == refusals_on_paper(limit, SCRIPT, 0.8)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_cold_share_of_one_instance_under_poisson_arrivals_is_e_to_the_minus_rk(tmp_path):
    """300 arrivals at 2 a second against a window of half a second: 36.8 %, give or take four standard errors."""
    rng, now, instants = Random(11), 0.0, []
    for _ in range(300):
        now += rng.expovariate(2.0)
        instants.append(now)
    with Up(function(tmp_path, idle_s=0.5, idle_jitter=0.0, concurrency=4, scaling_tokens=1000), "fn") as up:
        statuses = scripted(up.urls["fn"], instants)
    cold = log(tmp_path).count("Init Duration")

    assert set(statuses) == {200}
    assert cold / 300 == pytest.approx(math.exp(-1), abs=4 * 0.0279)
