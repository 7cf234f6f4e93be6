"""Both embedded runtimes, live: the contract, throttles, queue, cold starts, and what is left afterwards."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from functools import partial
from http.client import HTTPConnection

import httpx
import psutil
import pytest

from harness.check.contract_check import Answer, check_contract
from harness.platforms.shared.report_lines import parse_report
from tests.builders import external
from tests.local.platform import Up, pilot, workspace
from tests.suite.waiting import until

ASK = {"messages": [{"role": "user", "content": "What does json.dumps do?"}], "max_tokens": 20}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, corpus):
    return workspace(tmp_path_factory.mktemp("platform"), corpus)


@pytest.fixture(scope="module")
def up(folder):
    with Up(folder, "local_function", "local_container") as running:
        yield running


@pytest.mark.parametrize("target", ["local_function", "local_container"])
def test_both_runtimes_keep_the_whole_contract(up, target):
    checks = check_contract(external(up.urls[target]), up.urls[target])

    assert [(c.name, c.detail) for c in checks if c.answer is not Answer.PASS] == []
    assert len(checks) == 14


def ask(url, **more):
    return httpx.post(f"{url}/v1/chat", json={**ASK, **more}, trust_env=False, timeout=60)


def at_once(url, n):
    """Status, headers and body of each; connections are made first, so that a busy machine too asks within a moment."""
    with contextlib.ExitStack() as opened:
        made = [HTTPConnection(url.partition("//")[2], timeout=60) for _ in range(n)]
        for one in made:
            opened.callback(one.close)
            one.connect()
        for one in made:
            one.request("POST", "/v1/chat", json.dumps({**ASK, "max_tokens": 100}))  # which take twice as long
        return [(got.status, got.headers, json.loads(got.read())) for got in (one.getresponse() for one in made)]


def test_the_function_refuses_at_once_what_it_has_no_place_for(up):
    answers = at_once(up.urls["local_function"], 16)
    refused = [headers for status, headers, _ in answers if status == 429]

    assert sorted({status for status, _, _ in answers}) == [200, 429]
    assert len(refused) == 6, "concurrency limit 10"
    assert all(headers["retry-after"] == "1" and "x-instance-id" not in headers for headers in refused)
    assert len({headers["x-instance-id"] for status, headers, _ in answers if status == 200}) == 10


def test_the_container_queues_and_then_refuses(up):
    answers = at_once(up.urls["local_container"], 30)
    waited = [body["timings"]["queue_ms"] for status, _, body in answers if status == 200]

    assert sorted({status for status, _, _ in answers}) == [200, 503]
    assert 7 <= sum(status == 503 for status, _, _ in answers) <= 30 - 10 - 12, "10 in hand, 12 in the queue"
    assert sum(ms > 100 for ms in waited) >= 12
    assert len({headers["x-instance-id"] for status, headers, _ in answers if status == 200}) == 2


def test_idle_environments_are_reclaimed_and_the_next_request_is_cold(up, folder):
    url = up.urls["local_function"]
    before = ask(url)
    warm = ask(url)
    until(
        lambda: lines(folder).count("\tINSTANCE Pid") == lines(folder).count("\tInit Duration")
    )  # it keeps one for 3 s
    sent = time.perf_counter()
    after = ask(url)
    waited_ms = (time.perf_counter() - sent) * 1000

    assert warm.headers["x-instance-id"] == before.headers["x-instance-id"]
    assert after.headers["x-instance-id"] != before.headers["x-instance-id"]
    assert float(after.headers["x-instance-age-ms"]) < waited_ms
    assert after.json()["timings"]["init_ms"] > 0


def test_cold_leaves_no_warm_instance(up, folder):
    url = up.urls["local_function"]
    before = ask(url).headers["x-instance-id"]
    done = pilot(folder, "cold", "local_function")
    after = ask(url)

    assert done.returncode == 0, done.stderr
    assert after.headers["x-instance-id"] != before
    assert after.headers["x-instance-requests"] == "1"


def lines(folder):
    return (folder / ".pilot" / "local" / "logs" / "local_function.log").read_text()


def test_the_log_has_report_lines_that_bill_duration_and_init(up, folder):
    ask(up.urls["local_function"])
    starts = lines(folder).count("\tSTART RequestId")
    until(lambda: lines(folder).count("\tREPORT RequestId") == starts)  # written once it was answered
    said = lines(folder)
    reports = [r for line in said.splitlines() if (r := parse_report(line))]
    cold = [r for r in reports if r.init_ms is not None]

    assert cold
    assert all(abs(r.billed_ms - (r.duration_ms + (r.init_ms or 0))) <= 1.01 for r in reports)
    assert all(r.max_memory_mb > 10 for r in reports)
    assert starts == len(reports) == said.count("\tEND RequestId")


def test_a_target_that_is_up_is_not_started_twice(up, folder):
    done = pilot(folder, "up", "local_function")

    assert done.returncode == 2
    assert "already up" in done.stderr


def test_a_killed_supervisor_leaves_no_process(tmp_path, corpus):
    running = Up(workspace(tmp_path / "w", corpus), "local_function", "local_container")
    ask(running.urls["local_function"])
    children = psutil.Process(running.process.pid).children(recursive=True)
    assert len(children) >= 5
    running.process.kill()
    running.process.wait(30)
    _, alive = psutil.wait_procs(children, timeout=30)
    running.__exit__()

    assert not alive


def test_up_ends_with_its_parent(tmp_path, corpus):
    folder = workspace(tmp_path / "w", corpus)
    script = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-m', 'harness', 'up', 'local_container'], stdout=subprocess.PIPE);"
        "p.stdout.readline(); print(p.pid, flush=True); import time; time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=folder, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _, alive = psutil.wait_procs([child], timeout=30)

    assert not alive


def test_detached_targets_stay_until_down(tmp_path, corpus):
    folder = workspace(tmp_path / "w", corpus)
    up = pilot(folder, "up", "--detach", "local_container")
    assert up.returncode == 0, up.stderr
    children = psutil.Process(json.loads(up.stdout)["pid"]).children(recursive=True)
    down = pilot(folder, "down")

    assert down.returncode == 0
    assert children
    assert not [child for child in children if child.is_running()], "down waits for them"
    assert "local_container: down" in down.stdout
    assert pilot(folder, "down").stdout == "nothing is up\n"


def test_a_taken_port_is_refused_with_its_field(tmp_path, corpus):
    folder = workspace(tmp_path / "w", corpus)
    path = folder / "targets" / "local_container" / "target.toml"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path.write_text(path.read_text().replace("workers     = 2", f"workers     = 2\nport = {port}"))
        done = pilot(folder, "up", "local_container")

    assert done.returncode == 2, done.stderr
    assert f"runtime.port {port} cannot be used" in done.stderr
    assert "any free one" in done.stderr


def test_a_provider_that_is_down_is_an_upstream_error_not_a_crash(tmp_path, corpus, monkeypatch):
    monkeypatch.setenv("RAG_PROVIDER_URL", "http://127.0.0.1:9")
    with Up(workspace(tmp_path / "w", corpus), "local_function") as running:
        for stream in (False, True):
            answer = ask(running.urls["local_function"], stream=stream)
            assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_error")


HANDLER = """
import json, os, time

def handler(event, context):
    body = json.loads(event.get("body") or "{}")
    if body.get("boom"):
        raise ValueError("boom")
    if body.get("die"):
        os._exit(3)
    return {"statusCode": 201, "headers": {"x-from": "ric"}, "body": json.dumps({"id": context.aws_request_id, "pid": os.getpid()})}
"""

RIC_TARGET = """
[runtime]
kind = "local-function"
command = ["{python}", "-m", "awslambdaric", "handler.handler"]
concurrency = 2
environment = {{ PYTHONPATH = "{folder}", LAMBDA_TASK_ROOT = "{folder}" }}
"""


def test_the_official_awslambdaric_runs_a_handler_unchanged(tmp_path, corpus):
    folder = workspace(tmp_path / "w", corpus)
    (folder / "targets" / "ric").mkdir()
    (folder / "targets" / "ric" / "handler.py").write_text(HANDLER)
    (folder / "targets" / "ric" / "target.toml").write_text(RIC_TARGET.replace("{{", "{").replace("}}", "}"))
    with Up(folder, "ric") as running:
        post = partial(httpx.post, running.urls["ric"], trust_env=False, timeout=60)
        first, second = (post(json={}) for _ in range(2))
        failed = post(json={"boom": 1})
        after = post(json={})
        died = post(json={"die": 1})
        again = post(json={})
        environments = psutil.Process(running.process.pid).children(recursive=True)
    _, alive = psutil.wait_procs(environments, timeout=30)

    assert (first.status_code, first.headers["x-from"]) == (201, "ric")
    assert first.json()["pid"] == second.json()["pid"] == after.json()["pid"]
    assert first.json()["id"] != second.json()["id"]
    assert failed.status_code == 502
    assert died.status_code == 502
    assert again.status_code == 201
    assert again.json()["pid"] != first.json()["pid"]
    log = (folder / ".pilot" / "local" / "logs" / "ric.log").read_text()
    assert log.count("Init Duration") == 2
    assert (len(environments) > 0, alive) == (True, [])
