"""One small live campaign, end to end, with the accidents of two weeks: a killed run, Ctrl-C, a second collection."""

import contextlib
import json
import signal
import time

import psutil
import pytest

from tests.local.platform import pilot, workspace
from tests.report.open_words import MOST, open_words
from tests.stories.test_words import quicken
from tests.suite import warm

SMALL = """
[pilot]
question  = "Which runtime should serve the chat endpoint?"
baseline  = "local_container"
candidate = "local_function"
variants  = ["local_function_provisioned"]
blocks    = 2
[slo]
p95_s               = 5    # a busy machine's lag is not what this story is about
ttft_p95_s          = 5
error_rate          = 0.01
monthly_runtime_usd = 600
[traffic]
requests_per_month = 2_000_000
peak_per_s         = 12
[limits]
budget_usd = 100
attempts   = 8
[load]
deadline_s   = 15
stream_share = 0.8
max_tokens   = 20
[profiles.steady]
rate       = 4    # each request that meets no free instance of the function starts a process
duration_s = 2
warmup_s   = 0.5
[profiles.fromzero]
repeats = 1
[profiles.aa]
aa_of      = "steady"
repeats    = 1
duration_s = 2
warmup_s   = 0
[scaling]
rehearsal        = true
model_time_scale = 0.05
notes            = ["Both runtimes share this machine's processors."]
"""
FROM_ZERO = """
from harness.load import ChatUser, arrivals

class FromZeroUser(ChatUser):
    schedule = arrivals.from_zero(requests=3, repeats=1, idle_s=2, rest_s=0.5)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, corpus):
    root = workspace(tmp_path_factory.mktemp("campaign"), corpus)
    quicken(root)
    (root / "pilot.toml").write_text(SMALL)
    (root / "loadprofiles" / "fromzero.py").write_text(FROM_ZERO)
    return root


def locust_of(process):
    """The running Locust child, once it has begun to measure."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):  # children come and go while we look
                if "locust" in " ".join(child.cmdline()):
                    return child
        time.sleep(0.05)
    raise AssertionError("no run began")


def wait_until_running(attempt):
    """Its first run is sending: run.json is written at its start."""
    deadline = time.monotonic() + 40
    while not list(attempt.glob("*/run.json")) and time.monotonic() < deadline:
        time.sleep(0.05)


def journal(folder, event):
    lines = (folder / "evidence" / "journal.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["event"] == event]


@pytest.mark.timeout(240)
def test_a_campaign_survives_its_accidents_and_ends_in_a_report(folder):
    sealed = pilot(folder, "plan", "--seal")
    assert sealed.returncode == 0, sealed.stderr
    assert "sealed: sha256:" in sealed.stdout

    running = warm.start("pilot", "run", "--now", cwd=folder)
    child = locust_of(running)
    wait_until_running(folder / "evidence" / "blocks" / "b01" / "attempt-1")
    child.send_signal(signal.SIGTERM)  # an accident: the first run is spoilt, so the whole block is repeated
    deadline = time.monotonic() + 90
    while not journal(folder, "block ended") and time.monotonic() < deadline:
        time.sleep(0.1)
    locust_of(running)
    everyone = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(signal.SIGINT)
    _, words = running.communicate(timeout=60)
    assert running.returncode == 130, words
    assert "pilot run goes on" in words
    _, alive = psutil.wait_procs(everyone, timeout=30)
    assert not alive

    spoilt = journal(folder, "block invalid")[0]
    assert spoilt["block"] == 1
    assert spoilt["attempt"] == 1
    assert (folder / "evidence" / "blocks" / "b01" / "attempt-2").is_dir()
    assert "1 of 4 blocks done" in pilot(folder, "status").stdout

    resumed = pilot(folder, "run", "--now", timeout=150)
    assert resumed.returncode == 0, resumed.stderr
    assert "4 blocks valid, 0 given up, 0 left" in resumed.stdout
    assert [row["block"] for row in journal(folder, "block ended")] == [1, 2, 3, 4], (
        "a rehearsal measures what verdicts come from first"
    )


def test_collecting_twice_changes_nothing(folder):
    first = pilot(folder, "collect")
    before = {p: p.read_bytes() for p in (folder / "evidence" / "blocks").rglob("*") if p.is_file()}
    second = pilot(folder, "collect")
    after = {p: p.read_bytes() for p in (folder / "evidence" / "blocks").rglob("*") if p.is_file()}

    assert first.returncode == second.returncode == 0, first.stderr
    assert " 0 already there" in first.stdout
    assert second.stdout.startswith("0 pulled")
    assert before == after


def test_both_targets_got_the_same_work_and_did_it(folder):
    decided = json.loads(pilot(folder, "decide", "--json", light=True).stdout)
    digests = {}
    for path in (folder / "evidence" / "blocks" / "b01" / "attempt-2").glob("*/run.json"):
        run = json.loads(path.read_text())
        digests.setdefault(run["profile"], set()).add(run["schedule_digest"])

    assert {len(d) for d in digests.values()} == {1}
    assert not any("different answers" in doubt for doubt in decided["doubts"])
    assert {s["verdict"] for s in decided["slos"] if s["slo"] == "p95_s"} <= {"INCONCLUSIVE", "FAIL"}
    assert decided["cost"]["local_function"]["per_month"]["value"] > 0


def test_the_report_has_real_numbers_and_the_spoilt_attempt(folder):
    done = pilot(folder, "report", "--no-predict", light=True)
    page = (folder / "reports" / "rendered" / "report.html").read_text()

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("report.html")
    assert "stopped before its end" in page
    assert "This is a rehearsal on one machine" in page
    assert "2 of 2 blocks are valid; verdicts need 6" in page
    assert "Many at once, from zero" in page
    assert "Function, 2 provisioned" in page
    assert len(open_words(page)) <= MOST


def test_a_stop_file_stops_before_anything_is_sent(folder):
    root = folder
    plan = json.loads((root / "evidence" / "plan.json").read_text())
    plan["blocks"].append(
        {**plan["blocks"][0], "number": 9, "runs": [{**r, "block": 9} for r in plan["blocks"][0]["runs"]]}
    )
    (root / "evidence" / "plan.json").write_text(json.dumps(plan))
    (root / "STOP").touch()
    done = pilot(root, "run", "--now")

    assert done.returncode == 4, done.stderr
    assert "remove it to go on" in done.stderr
    assert not (root / "evidence" / "blocks" / "b09").exists()


def test_no_secret_reaches_evidence_or_report(folder):
    texts = [p.read_bytes() for p in (folder / "evidence").rglob("*") if p.is_file()]
    texts += [p.read_bytes() for p in (folder / "reports").rglob("*") if p.is_file()]

    for path in (folder / ".pilot" / "local").glob("*.json"):
        token = json.loads(path.read_text())["token"].encode()
        assert not any(token in text for text in texts)
    assert not any(b"Authorization" in text for text in texts)
