"""Jobs on both embedded runtimes, live: done, called back, and held to their limits by the platform."""

import asyncio
import contextlib
import json
import re
import sys
import time
from pathlib import Path

import httpx
import pytest

from harness.local.asgi import server_for
from harness.local.event_source import EventSource
from harness.local.jobs import JobWorkers
from harness.local.journal import PlatformLog
from harness.local.reaper import Reaper
from harness.platforms.local_container.config import ContainerJobs
from harness.platforms.local_function.config import FunctionJobs, LocalFunction
from harness.platforms.shared.report_lines import parse_report
from tests.local.platform import Up, pilot, workspace
from tests.peers.serving import Quiet, serving
from tests.suite.waiting import until

CONTAINER = """
variant_of = "local_container"
[runtime.jobs]
command       = ["{python}", "-m", "ragchat.jobs.worker"]
workers       = 2
visibility_s  = 2
most_receives = 1
time_limit_s  = 20
"""
FUNCTION = """
variant_of = "local_function"
[runtime.jobs]
command       = ["{python}", "-m", "ragchat.jobs.on_lambda"]
source        = ["{python}", "-m", "ragchat.jobs.source"]
concurrency   = 2
timeout_s     = 3
visibility_s  = 3
most_receives = 1
"""
NAMES = ("function_jobs", "container_jobs")
SHORT = {"kind": "ingest", "input": {"collection": "short", "reindex": {"first": 0, "count": 3}}}
QUESTION = {"question": "What does json.dumps do?", "must": ["json"], "cites": ["py:json.dumps"]}
LONG = {"kind": "evaluate", "input": {"questions": [QUESTION] * 6, "max_tokens": 100}}  # 0.8 s each, on any machine


@pytest.fixture(scope="module")
def folder(tmp_path_factory, corpus):
    made = workspace(tmp_path_factory.mktemp("jobs"), corpus, jobs=True)
    for name, text in zip(NAMES, (FUNCTION, CONTAINER), strict=True):
        (made / "targets" / name).mkdir()
        (made / "targets" / name / "target.toml").write_text(text)
    return made


@pytest.fixture(scope="module")
def up(folder):
    with Up(folder, *NAMES) as running:
        running.long = submit(running.urls["container_jobs"], LONG)  # works while the other tests do
        yield running


def submit(url, body, **more):
    accepted = httpx.post(f"{url}/v1/jobs", json={**body, **more}, trust_env=False, timeout=30)
    assert accepted.status_code == 202, accepted.text
    return url + accepted.headers["location"]


def ended(location, within_s=60):
    deadline = time.monotonic() + within_s
    while True:
        told = httpx.get(location, trust_env=False, timeout=30).json()
        if told["since_done_ms"] is not None:
            return told
        assert time.monotonic() < deadline, told
        time.sleep(0.02)


@pytest.mark.parametrize("target", NAMES)
def test_a_job_is_done_once_and_called_back(up, target):
    got = []

    class Receiver(Quiet):
        def answer(self):
            got.append(json.loads(self.body()))
            self.send(204)

    with serving(Receiver) as url:
        location = submit(up.urls[target], SHORT, callback_url=url)
        told = ended(location)
        until(lambda: got)
    result = httpx.get(f"{location}/result", trust_env=False, timeout=30).json()

    assert (told["status"], told["attempts"], told["error"]) == ("done", 1, None)
    assert (result["effects"], result["result"]["documents"]) == (1, 3)
    assert result["tokens"] == {"input": 0, "output": 0}, "its embedder is billed by no token"
    assert [(one["id"], one["status"]) for one in got] == [(told["id"], "done")]


def test_the_docs_program_submits_waits_and_reads_a_result(up):
    page = Path(__file__).parent.parent.parent / "docs" / "jobs.md"
    [program] = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    said = {"URL": up.urls["container_jobs"]}
    exec(program, said)

    said["api"].close()
    assert (said["result"]["effects"], said["status"]["status"]) == (1, "done")


@pytest.mark.parametrize("target", NAMES)
def test_questions_are_asked_of_the_services_own_model(up, target):
    location = submit(up.urls[target], {"kind": "evaluate", "input": {"questions": [QUESTION], "max_tokens": 20}})

    assert ended(location)["status"] == "done"
    result = httpx.get(f"{location}/result", trust_env=False, timeout=30).json()
    assert result["result"]["passed"] == 1
    assert result["tokens"]["output"] > 0


def test_a_job_longer_than_the_functions_limit_is_a_dead_letter_with_that_reason(up, folder):
    told = ended(submit(up.urls["function_jobs"], LONG))

    assert (told["status"], told["error"]["code"]) == ("dead", "time_limit")
    assert 2000 < told["running_ms"] < 4000
    log = next(folder.rglob("logs/function_jobs-jobs.log"))
    until(
        lambda: "BATCH failed: Runtime.ExitError" in log.read_text()
    )  # the platform notices after the worker has told
    assert any(parse_report(line) for line in log.read_text().split("\n")), "its log is the function's own"


def test_chat_goes_on_beside_jobs_over_the_same_index(up):
    metas = [httpx.get(f"{url}/v1/meta", trust_env=False, timeout=30).json() for url in up.urls.values()]
    ask = {"messages": [{"role": "user", "content": "What does json.dumps do?"}], "max_tokens": 5}

    assert len({m["index_digest"] for m in metas}) == 1
    assert {m["jobs"]["contract"] for m in metas} == {"rag-jobs/1"}
    for url in up.urls.values():
        assert httpx.post(f"{url}/v1/chat", json=ask, trust_env=False, timeout=30).status_code == 200


def test_cold_takes_the_warm_instances_of_the_jobs_too(up, folder):
    first = ended(submit(up.urls["function_jobs"], SHORT))
    said = pilot(folder, "cold", "function_jobs")
    assert said.returncode == 0, said.stderr
    second = ended(submit(up.urls["function_jobs"], SHORT))

    assert first["instance_id"] != second["instance_id"]


def test_the_same_job_is_done_in_the_container(up):
    told = ended(up.long, within_s=90)

    assert told["status"] == "done"
    assert told["running_ms"] > 3000, "beyond the function's limit"


@contextlib.contextmanager
def log_in(tmp_path):
    """A log and a reaper, closed again."""
    log, reaper = PlatformLog(tmp_path, "t"), Reaper()
    try:
        yield log, reaper
    finally:
        log.close()
        reaper.close()


async def met(true, within_s=60):
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.01)


def test_a_worker_above_its_memory_is_killed_and_started_again(tmp_path):
    eats = "import time; held = bytearray(150_000_000); held[::4096] = b'x' * len(held[::4096]); time.sleep(60)"

    async def run(log, reaper):
        workers = JobWorkers(ContainerJobs((sys.executable, "-c", eats), memory_mb=100), {}, log, reaper)

        def killed():
            workers.reclaim()
            return workers.figures()["out_of_memory"] and workers.figures()["restarts"]

        await met(killed)
        await workers.close()
        return workers.figures()

    with log_in(tmp_path) as opened:
        figures = asyncio.run(run(*opened))
    assert figures["instances"] == 0
    assert "exited with status -9" in (tmp_path / "t.log").read_text()


SOURCE = """
import json, sys
left = [json.loads(x) for x in sys.argv[1:]]
for line in sys.stdin:
    said = json.loads(line)
    if "delete" in said:
        print("deleted", *said["delete"], file=sys.stderr, flush=True)
    else:
        print(json.dumps({"messages": left[:said["receive"]], "due": False}), flush=True)
        del left[:said["receive"]]
        __import__("time").sleep(0.02)
"""
HANDLER = """
import http.client, json, os, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    got = api.getresponse()
    event, id = json.loads(got.read()), got.headers["Lambda-Runtime-Aws-Request-Id"]
    bodies = [r["body"] for r in event["Records"]]
    if "hangs" in bodies:
        time.sleep(60)
    failed = [{"itemIdentifier": r["messageId"]} for r in event["Records"] if r["body"] == "fails"]
    api.request("POST", f"/2018-06-01/runtime/invocation/{id}/response", json.dumps({"batchItemFailures": failed}))
    api.getresponse().read()
"""


def test_a_batch_is_deleted_but_for_what_failed_and_a_hanging_function_is_killed(tmp_path):
    bodies = ("works", "fails", "works too", "hangs")
    messages = [json.dumps({"body": b, "receipt": f"r-{b}", "receives": 1}) for b in bodies]
    handler = (sys.executable, "-c", HANDLER)
    jobs = FunctionJobs(
        handler, source=(sys.executable, "-c", SOURCE, *messages), batch=3, timeout_s=1, visibility_s=1, concurrency=1
    )

    async def run(log, reaper):
        mapping = EventSource("f-jobs", LocalFunction(handler), jobs, {}, log, reaper)
        server = server_for(mapping.function.api)
        serving_it = asyncio.create_task(server.serve(sockets=mapping.function.listen()))
        mapping.start()
        await met(lambda: mapping.figures()["failed_batches"] == 1)
        figures = mapping.figures()
        await mapping.close()
        server.should_exit = True
        await serving_it
        return figures

    with log_in(tmp_path) as opened:
        figures = asyncio.run(run(*opened))
    said = (tmp_path / "t.log").read_text()
    assert (figures["batches"], figures["messages"], figures["deleted"]) == (2, 4, 2)
    assert "deleted r-works r-works too" in said
    assert "Task timed out after 1.00 seconds" in said
    assert "BATCH failed: Sandbox.Timedout" in said
