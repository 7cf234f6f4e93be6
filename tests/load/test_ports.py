"""Where a machine's own workers meet their master: at a free port, unless somebody chose one."""

import contextlib
import json
import socket
import subprocess
import sys

from tests.fakes import ScriptedServer
from tests.load.run import ROOT, finish, questions_file, start

CHOOSE = """
import json, sys
from argparse import Namespace
from harness.errors import Refused
from harness.load.ports import UNSAID, MeetingPort, choose_page_port

out = []
for given in json.loads(sys.argv[1]):
    parsed = Namespace(**{"master_bind_port": UNSAID, "master_port": UNSAID, "master_bind_host": "127.0.0.1", "web_port": UNSAID,
                          "web_host": "127.0.0.1", "headless": False, "master": False, "processes": None, "worker": False, **given})
    try:
        MeetingPort().choose(parsed)
        choose_page_port(parsed)
        out.append([parsed.master_bind_port, parsed.master_port, parsed.web_port])
    except Refused as refusal:
        out.append(str(refusal))
print(json.dumps(out))
"""


def chosen(*given):
    command = [sys.executable, "-c", CHOOSE, json.dumps(given)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_two_runs_of_several_processes_go_on_side_by_side(tmp_path):
    server = ScriptedServer()
    running = []
    for name in ("one", "two"):
        cwd = tmp_path / name
        cwd.mkdir()
        given = ["--host", server.url, "--questions", str(questions_file(cwd, ["ok"])), "--rate", "20"]
        given += ["--duration", "1", "--warmup", "0", "--processes", "2", "--evidence", str(cwd / "run")]
        running.append((start(cwd, *given), cwd))
    runs = [finish(process, cwd, cwd / "run") for process, cwd in running]
    server.close()

    for done in runs:
        assert done.ended_well, done.output
        assert {row["worker"] for row in done.samples} == {0, 1}
        assert {row["outcome"] for row in done.samples} == {"ok"}


def test_a_port_is_chosen_only_where_nobody_did_and_both_sides_know_it():
    here, bound, joined, apart, remote = (
        ports[:2]
        for ports in chosen(
            {"processes": 2},
            {"processes": 2, "master_bind_port": 6000},
            {"processes": 2, "master_bind_port": 6000, "master_port": 6001},
            {},
            {"processes": 2, "worker": True, "master_port": 6002},
        )
    )

    assert here[0] == here[1] != 5557
    assert bound == [6000, 6000]
    assert joined == [6000, 6001]
    assert apart == [5557, 5557], "master and workers that are started apart know Locust's own"
    assert remote == [5557, 6002]


def test_a_port_that_somebody_chose_and_another_has_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        master, forks, page, headless = chosen(
            {"master": True, "headless": True, "master_bind_port": taken},
            {"processes": 2, "headless": True, "master_bind_port": taken},
            {"web_port": taken},
            {"web_port": taken, "headless": True},
        )

    assert master == forks == f"--master-bind-port {taken}: something else listens there"
    assert page == f"--web-port {taken}: something else listens there"
    assert headless[2] == taken


def test_a_second_page_finds_a_free_port_where_nobody_chose_one():
    try:
        first = socket.create_server(("127.0.0.1", 8089))
    except OSError:  # another test's page has it: as well
        first = contextlib.nullcontext()
    with first:
        [[*_, port]] = chosen({})

    assert port not in (8089, -1)


def test_a_host_that_is_none_is_refused_in_words():
    assert chosen({"processes": 2, "headless": True, "master_bind_host": "nowhere.invalid"})[0].startswith(
        "--master-bind-host"
    )
