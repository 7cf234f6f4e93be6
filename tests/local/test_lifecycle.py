"""What happens to an environment: freezing, age, timeouts, memory, inits that fail, provisioned ones, copies."""

import asyncio
import json
import math
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import httpx
import psutil
import pytest

from tests.local.platform import Up, pilot
from tests.suite.waiting import until

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


class Held:
    """Invocations that end when the test says so."""

    def __init__(self, up, folder):
        self._url, self._folder = up.urls["fn"], folder
        self._pool, self._ends = ThreadPoolExecutor(8), []

    def ask(self):
        """One that is begun; its answer is there once it was let go."""
        end = self._folder / f"end-{len(self._ends)}"
        self._ends.append(end)
        answer = self._pool.submit(httpx.post, self._url, json={"until": str(end)}, trust_env=False, timeout=60)
        until(lambda: answer.done() or end.with_suffix(".begun").exists())
        return answer

    def let_go(self, number):
        self._ends[number].touch()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in self._ends:
            end.touch()
        self._pool.shutdown()


def log(folder):
    return (folder / ".pilot" / "local" / "logs" / "fn.log").read_text()


def test_a_process_is_frozen_between_invocations_and_thawed_for_the_next(tmp_path):
    with Up(function(tmp_path), "fn") as up:
        pid = ask(up).json()["pid"]
        until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
        again = ask(up).json()["pid"]

    assert again == pid


def test_freezing_can_be_turned_off(tmp_path):
    with Up(function(tmp_path, freeze=False), "fn") as up:
        pid = ask(up).json()["pid"]
        time.sleep(0.3)

        assert psutil.Process(pid).status() != psutil.STATUS_STOPPED


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
    with Up(function(tmp_path, timeout_s=1), "fn") as up:
        late = ask(up, sleep_s=60)
        after = ask(up)
    found = log(tmp_path)

    assert late.status_code == 504
    assert re.search(r"[0-9a-f-]{36} Task timed out after 1.00 seconds", found)
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


@pytest.mark.parametrize(("how", "status", "most_s"), [("slow once", "timeout", 1.5), ("crash once", "error", 10)])
def test_an_init_that_fails_is_reported_and_repeated_inside_the_invocation(tmp_path, how, status, most_s):
    marked = f'INIT = "{how}"\nMARK = "{tmp_path}/mark"'
    with Up(function(tmp_path, marked, init_timeout_s=most_s), "fn") as up:
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
        time.sleep(0.5)
        sent = time.monotonic()
        first = ask(up).json()
        took_s = time.monotonic() - sent
        time.sleep(0.6)
        second = ask(up).json()

    assert first["age_s"] > took_s, "born before the request was sent"
    assert second["id"] == first["id"], "idle_s does not apply"
    assert "Init Duration" not in log(tmp_path)


def test_beyond_the_provisioned_ones_environments_are_made_on_demand(tmp_path):
    with Up(function(tmp_path, provisioned=1, concurrency=3), "fn") as up, Held(up, tmp_path) as held:
        answers = [held.ask() for _ in range(3)]
        refused = ask(up).status_code

    assert refused == 429
    assert [a.result().status_code for a in answers] == [200] * 3
    assert len({a.result().json()["id"] for a in answers}) == 3


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
        ids = {httpx.post(url, json={}, trust_env=False, timeout=30).json()["id"] for url in (up.urls["fn"], *lanes)}
        pilot(tmp_path, "cold", "fn")
        again = {httpx.post(url, json={}, trust_env=False, timeout=30).json()["id"] for url in lanes}

    assert len(lanes) == 2
    assert len(ids) == 3
    assert not ids & again


def test_each_instance_leaves_a_line_with_its_processor_time(tmp_path):
    with Up(function(tmp_path, idle_s=0.3), "fn") as up:
        ask(up)
        line = until(
            lambda: next(
                (x for x in log(tmp_path).splitlines(keepends=True) if "\tINSTANCE" in x and x[-1] == "\n"), None
            )
        )

    assert re.search(
        r"INSTANCE Pid: \d+\tLived: [0-9.]+ s\tServed: 1\tInit: [0-9.]+ ms\tInit CPU: [0-9.]+ ms\tCPU: [0-9.]+ s\tEnd: idle",
        line,
    )


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
    """At most so many at once, the rest refused at once and never queued; a place that is free again is taken."""
    made = function(tmp_path, concurrency=limit, scaling_tokens=limit, provisioned=limit)
    with Up(made, "fn") as up, Held(up, tmp_path) as held:
        answers = [held.ask() for _ in range(limit)]
        refused = [ask(up).status_code for _ in range(3)]
        held.let_go(0)
        first = answers[0].result().status_code
        answers.append(held.ask())
        refused.append(ask(up).status_code)

    assert refused == [429] * 4
    assert first == 200
    assert [a.result().status_code for a in answers] == [200] * (limit + 1)


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
