"""How runs end: whole, refused, interrupted, with a worker lost, on a full disk, at a dead target."""

import json
import os
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from tests.fakes import ScriptedServer
from tests.load.run import (
    ROOT,
    STEADY,
    described,
    finish,
    interrupt_when_running,
    questions_file,
    run,
    start,
    wait_for_samples,
    wait_until_running,
)
from tests.local.test_lifecycle import PILOT
from tests.peers.start import free_port
from tests.suite import processes, warm


@pytest.fixture
def server():
    running = ScriptedServer()
    yield running
    running.close()


def options(server, cwd, rate=20, duration=3, **more):
    given = {"--rate": rate, "--duration": duration, "--warmup": 0, "--deadline": 3, "--host": server.url, **more}
    given["--questions"] = questions_file(cwd, ["ok"])
    return [str(part) for pair in given.items() for part in pair]


@pytest.mark.alone
def test_two_workers_send_the_same_schedule_as_one(server, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    alone = run(one, *options(server, one, duration=2))
    together = run(two, *options(server, two, duration=2), "--processes", "2")

    assert alone.ended_well, alone.output
    assert together.ended_well, together.output
    assert alone.json("run.json")["schedule_digest"] == together.json("run.json")["schedule_digest"]
    assert {s["worker"] for s in together.samples} == {0, 1}
    assert [s["outcome"] for s in together.samples] == ["ok"] * 40
    assert together.json("ledger.json")["lag_p99_s"] < 0.05


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_keeps_what_it_measured_and_says_invalid(server, tmp_path, name):
    folder = tmp_path / "run"
    process = start(tmp_path, "--evidence", str(folder), *options(server, tmp_path, duration=30))
    interrupt_when_running(process, folder, 8, name)
    done = finish(process, tmp_path, folder)

    ledger = done.json("ledger.json")
    assert done.code == 130, done.output
    assert not ledger["valid"]
    assert ledger["outcomes"]["ok"] > 5
    assert ledger["planned"] == sum(ledger["outcomes"].values()) == len(done.samples) == 600


def test_a_killed_worker_makes_its_arrivals_lost_and_the_run_invalid(server, tmp_path):
    folder = tmp_path / "run"
    process = start(tmp_path, "--evidence", str(folder), *options(server, tmp_path), "--processes", "2")
    wait_for_samples(folder, 8)
    psutil.Process(process.pid).children()[0].kill()
    done = finish(process, tmp_path, folder)

    ledger = done.json("ledger.json")
    assert done.code == 3, done.output
    assert ledger["outcomes"]["lost"] > 5
    assert ledger["lost_workers"] == 1
    assert sum(ledger["outcomes"].values()) == 60


def test_no_process_outlives_a_killed_master(server, tmp_path):
    folder = tmp_path / "run"
    process = start(tmp_path, "--evidence", str(folder), *options(server, tmp_path, duration=30), "--processes", "2")
    wait_for_samples(folder, 8)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait(30)
    _, alive = psutil.wait_procs(children, timeout=30)

    assert len(children) == 2
    assert not alive
    spool = (folder / "samples.spool.jsonl").read_text().splitlines()
    assert json.loads(spool[0])["columns"][0] == "seq"
    assert len(spool) > 5


def test_a_dead_target_makes_a_valid_bad_run(tmp_path):
    questions = questions_file(tmp_path, ["ok"])
    done = run(
        tmp_path,
        *(
            "--host",
            "http://127.0.0.1:9",
            "--rate",
            "20",
            "--duration",
            "1",
            "--warmup",
            "0",
            "--questions",
            str(questions),
        ),
    )

    assert done.ended_well, done.output
    assert done.json("ledger.json")["outcomes"] == {"connection_error": 20}


def patient(folder):
    """A promise of 15 s: what is asked here is not whether this machine sends within 20 ms."""
    (folder / "pilot.toml").write_text(PILOT.replace("p95_s = 1", "p95_s = 15"))
    return folder


@pytest.mark.parametrize("act", ["hang", "drip"])
def test_a_target_that_hangs_makes_a_valid_bad_run_in_which_every_arrival_is_accounted_for(server, tmp_path, act):
    given = options(server, patient(tmp_path), rate=15, duration=1, **{"--deadline": 1})
    questions_file(tmp_path, [act])
    done = run(tmp_path, *given, "--mode", "stream")
    ledger = done.json("ledger.json")

    assert done.ended_well, done.output
    assert ledger["outcomes"] == {"timeout": 15}
    assert not any(row["held_up"] for row in done.samples), "there was a slot for each"
    assert [row["seq"] for row in done.samples] == list(range(15))


def test_a_target_that_never_takes_a_connection_makes_a_valid_bad_run(tmp_path):
    """The listener's queue is full: further connections wait in the network until their deadline."""
    with socket.create_server(("127.0.0.1", 0), backlog=1) as silent:
        server = SimpleNamespace(url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        given = options(server, patient(tmp_path), rate=15, duration=1, **{"--deadline": 1})
        done = run(tmp_path, *given, "--dialect", "openai-chat", "--model", "m")  # which is not asked who it is

    assert done.ended_well, done.output
    assert done.json("ledger.json")["outcomes"] == {"timeout": 15}


def test_slots_that_a_hanging_target_fills_are_its_fault_and_are_said(server, tmp_path):
    given = options(server, patient(tmp_path), rate=15, duration=2, **{"--deadline": 0.6})
    questions_file(tmp_path, ["hang"])
    done = run(tmp_path, *given, "--slots", "5")
    ledger = done.json("ledger.json")
    late = [row["seq"] for row in done.samples if row["held_up"]]

    assert done.ended_well, done.output
    assert "answers that take longer than" in done.output
    assert ledger["outcomes"] == {"timeout": 30}
    assert len(late) > 10
    assert f"{len(late)} arrivals were sent late because" in " ".join(ledger["warnings"])


def test_too_few_slots_make_the_run_invalid(server, tmp_path):
    done = run(tmp_path, *options(server, tmp_path, rate=40, duration=1), "--slots", "1", "--mode", "stream")

    assert done.code == 3, done.output
    assert "no slot was free" in " ".join(done.json("ledger.json")["reasons"])


def test_ten_refused_credentials_in_a_row_stop_the_run(server, tmp_path):
    given = options(server, tmp_path)
    questions_file(tmp_path, ["unauthorized"])
    done = run(tmp_path, *given)

    assert done.code == 4, done.output
    outcomes = done.json("ledger.json")["outcomes"]
    asked = [row for row in done.samples if row["outcome"] == "unauthorized"]
    tenth_s = sorted(row["finished_s"] for row in asked)[9]
    assert max(row["sent_s"] for row in asked) <= tenth_s, "what slots already hold is not sent either"
    assert outcomes == {"unauthorized": len(asked), "not_sent": 60 - len(asked)}
    assert "401 or 403" in done.json("ledger.json")["stopped_by"]


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounting a small tmpfs needs root on Linux")
def test_a_full_disk_leaves_readable_evidence_and_an_invalid_run(server, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)], check=False, capture_output=True
    ).returncode:
        pytest.skip("this machine may not mount a tmpfs")
    try:
        given = options(server, tmp_path, rate=100, duration=3)
        process = start(tmp_path, "--evidence", str(disk / "run"), *given)
        done = finish(process, tmp_path, disk / "run")
        ledger = done.json("ledger.json")
        assert done.code == 3, done.output
        assert "no space left" in " ".join(ledger["write_errors"]).lower()
        assert ledger["planned"] == 300
        assert (disk / "run" / "samples.spool.jsonl").stat().st_size > 1000
    finally:
        subprocess.run(["umount", str(disk)], check=False)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--host", "http://example.com"], "is not declared in any target.toml"),
        (["--host", "ftp://127.0.0.1"], "want http"),
        (["--host", "http://127.0.0.1:9", "--rate", "-1", "--deadline", "x"], "--deadline"),
        (["--host", "http://127.0.0.1:9", "--cv", "2"], "only gamma"),
        ([], "no pilot.toml"),
    ],
)
def test_bad_options_are_refused_before_anything_is_sent(tmp_path, given, says):
    questions = questions_file(tmp_path, ["ok"])
    done = run(tmp_path, *given, "--questions", str(questions))

    assert done.code == 2, done.output
    assert says in done.output
    assert not done.folder.exists()


def test_evidence_is_never_overwritten(server, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "old").write_text("kept")
    done = run(tmp_path, *options(server, tmp_path))

    assert done.code == 2, done.output
    assert [p.name for p in done.folder.iterdir()] == ["old"]


def test_a_server_of_another_contract_is_refused(tmp_path):
    script = (
        "import http.server as h; s = h.ThreadingHTTPServer(('127.0.0.1', 0), h.SimpleHTTPRequestHandler);"
        "print(s.server_port, flush=True); s.serve_forever()"
    )
    other = processes.start(
        [sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    port = other.stdout.readline().strip()
    questions = questions_file(tmp_path, ["ok"])
    done = run(tmp_path, "--host", f"http://127.0.0.1:{port}", "--questions", str(questions))

    assert done.code == 2, done.output
    assert "does not say that it speaks" in done.output


def test_every_shipped_profile_is_one_page():
    paths = sorted((ROOT / "loadprofiles").glob("*.py"))

    assert STEADY in paths
    assert [path.name for path in paths if len(path.read_text().splitlines()) >= 40] == []


def test_a_web_ui_beyond_this_machine_wants_a_login(tmp_path):
    questions = questions_file(tmp_path, ["ok"])
    given = ["-f", str(STEADY), "--host", "http://127.0.0.1:9", "--questions", str(questions)]
    done = warm.run("locust", *given, "--web-host", "0.0.0.0", cwd=tmp_path)

    assert done.returncode == 2
    assert "--web-login" in done.stderr


@pytest.mark.parametrize("variable", ["PILOT_BASE_URL", "PILOT_LANE_URLS"])
def test_an_environment_variable_cannot_send_load_to_a_stranger(variable):
    [said] = described(ROOT, ["loadprofiles/keepalive.py"], **{variable: "http://stranger.example.com"})

    assert said["code"] == 2
    assert "is not declared in any target.toml" in said["err"]


def test_master_and_worker_started_apart_run_together(server, tmp_path):
    """As on two hosts: the worker has nothing but the locustfile and the master's address."""
    folder = tmp_path / "run"
    given = options(server, tmp_path, duration=1)
    port = str(free_port())
    master = start(
        tmp_path, "--evidence", str(folder), *given, "--master", "--expect-workers", "1", "--master-bind-port", port
    )
    (tmp_path / "worker").mkdir()
    join = ["-f", str(STEADY), "--worker", "--master-port", port, *given]
    worker = warm.start("locust", *join, cwd=tmp_path / "worker")
    done = finish(master, tmp_path, folder)
    worker.wait(20)

    assert done.ended_well, done.output
    assert [s["outcome"] for s in done.samples] == ["ok"] * 20
    assert done.json("run.json")["workers"] == 1


def test_a_worker_with_other_questions_refuses_to_take_part(tmp_path):
    """As on a host that was not updated: the digest of the plan is not that of its own file."""
    code = (
        "import harness.load, pathlib; from harness.domain import arrivals; from harness.load.generator import build;"
        "from harness.load.spec import RunSpec;"
        "s = RunSpec('p', 't', None, 'rag-chat/1', arrivals.constant(1), 1, 1, 1.0, 0.0, 'q', 'sha256:other', None, None);"
        f"build(s, pathlib.Path({str(questions_file(tmp_path, ['ok']))!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "differs from what this run was planned with" in done.stderr


@pytest.mark.slow  # 14 s, alone
@pytest.mark.alone
def test_a_worker_that_joins_later_stays_idle_and_is_said(server, tmp_path):
    folder = tmp_path / "run"
    given = options(server, tmp_path, duration=8)
    port = str(free_port())
    command = [sys.executable, "-m", "locust", "-f", str(STEADY), "--worker", "--master-port", port, *given]

    def worker(name):
        (tmp_path / name).mkdir()
        return processes.start(
            command, cwd=tmp_path / name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )

    master = start(
        tmp_path, "--evidence", str(folder), *given, "--master", "--expect-workers", "1", "--master-bind-port", port
    )
    first = worker("first")
    wait_until_running(folder)
    late = worker("late")
    done = finish(master, tmp_path, folder)
    for process in (first, late):
        process.wait(20)

    assert done.ended_well, done.output
    assert {s["worker"] for s in done.samples} == {0}
    assert [s["outcome"] for s in done.samples] == ["ok"] * 160
    assert "1 worker joined after the start and stayed idle" in done.json("ledger.json")["warnings"]
