"""A campaign on a machine of AWS, against moto: begun, cut, followed, stopped, fetched, removed, and nothing of it left.

moto starts no machine: the stack's user data, and the services that it installs, run under systemd as the first process of a root
of its own on this machine (tests/peers/machine.py). Not covered: packages are not fetched, credentials come from the environment
instead of a role, the 20 minutes after a campaign are skipped, nothing triggers the schedule (the test sends the very request that
it holds), and AWS Budgets stops nothing in moto.
"""

import base64
import json
import os
import random
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from tests.local.platform import Up, pilot, workspace
from tests.peers import machine as machines
from tests.peers.start import free_port, running
from tests.suite import processes

# 3 min; tests/platforms/shared/test_on_aws.py cuts at every call in a second
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
if why := machines.lacking():
    pytestmark.append(pytest.mark.skip(reason=why))
ROOT = Path(__file__).parent.parent.parent
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "planted-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}
MAY = (0, 3)  # a machine that is busy with others spoils a block
CUTS = 4


@pytest.fixture(scope="module")
def served(tmp_path_factory, corpus):
    """Where the two answer."""
    folder = tmp_path_factory.mktemp("served")
    with Up(workspace(folder / "runtimes", corpus), "local_container", "local_function") as up:
        yield {"ALPHA_URL": up.urls["local_container"], "BETA_URL": up.urls["local_function"]}


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    """The log of what AWS is asked."""
    folder, port = tmp_path_factory.mktemp("account"), free_port()
    command = [sys.executable, "-c", f"from tests.peers.aws_generator import serve; serve({port})"]
    env = {**os.environ, **KEYS, "PYTHONPATH": str(ROOT)}
    with running(command, port, folder, env=env) as url, pytest.MonkeyPatch.context() as patch:
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": url}.items():
            patch.setenv(name, value)
        yield folder / f"peer-{port}.log"


def campaign(folder, served, until, monkeypatch, **limits):
    """Sealed, of two URLs that variables name."""
    for name, url in served.items():
        monkeypatch.setenv(name, url)
    words = [w for n in ("alpha", "beta") for w in _side(n, served[f"{n.upper()}_URL"])]
    made = pilot(folder, "init", "ours", "--quick", "--p95", "9", *words)
    assert made.returncode == 0, made.stderr
    ours = folder / "ours"
    for name in ("alpha", "beta"):
        path = ours / "targets" / name / "target.toml"
        text, found = re.subn(r'(?m)^(base_url *=) "[^"]+"', rf'\1 "${{{name.upper()}_URL}}"', path.read_text())
        assert found == 1
        path.write_text(text)
    text = (ours / "pilot.toml").read_text()
    for field, value in {"blocks": 2, "duration_s": 2, "warmup_s": 0, "attempts": 8, **limits}.items():
        text, found = re.subn(rf"(?m)^({field} *=) \S+", rf"\g<1> {value}", text)
        assert found, field
    table = f'\n[on.aws]\nregion = "us-east-1"\nuntil = "{until}"\nvolume_gib = 10\n'
    (ours / "pilot.toml").write_text(text + table)
    sealed = pilot(ours, "plan", "--seal")
    assert sealed.returncode == 0, sealed.stderr
    return ours


def _side(name, url):
    role = {"alpha": "baseline", "beta": "candidate"}[name]
    return (f"--{role}-url", url, f"--{role}-name", name)


def requests(log):
    return log.read_bytes().count(b"HTTP/1.1")


def cut(ours, log, after):
    """Killed after so many of its requests."""
    before = requests(log)
    command = [sys.executable, "-m", "harness", "run", "--on", "aws", "--now", "--detach"]
    process = processes.start(command, cwd=ours, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while requests(log) - before < after and process.poll() is None:
        time.sleep(0.005)
    processes.end(process)


def told(ours):
    """How the machine stands, as somebody who looks in hears it."""
    done = pilot(ours, "run", "--on", "aws", "--now", "--detach", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def standing():
    """The machines that are billed."""
    rows = boto3.client("ec2").describe_instances()["Reservations"]
    return [i["InstanceId"] for row in rows for i in row["Instances"] if i["State"]["Name"] != "terminated"]


def left():
    """Of everything that the stack, or who made it, may have made."""
    client = boto3.client
    stacks = [s["StackName"] for s in client("cloudformation").describe_stacks()["Stacks"]]
    buckets = [b["Name"] for b in client("s3").list_buckets()["Buckets"]]
    parameters = [
        p["Name"] for p in client("ssm").describe_parameters()["Parameters"] if not p["Name"].startswith("/aws/")
    ]
    schedules = [s["Name"] for s in client("scheduler").list_schedules()["Schedules"]]
    number = client("sts").get_caller_identity()["Account"]
    budgets = [b["BudgetName"] for b in client("budgets").describe_budgets(AccountId=number).get("Budgets", ())]
    topics = [t["TopicArn"] for t in client("sns").list_topics()["Topics"]]
    roles = [r["RoleName"] for r in client("iam").list_roles()["Roles"] if "AWSServiceRole" not in r["RoleName"]]
    volumes = [v["VolumeId"] for v in client("ec2").describe_volumes()["Volumes"]]
    volumes += [a["PublicIp"] for a in client("ec2").describe_addresses()["Addresses"]]
    groups = [
        g["GroupName"]
        for g in client("ec2").describe_security_groups()["SecurityGroups"]
        if g["GroupName"] != "default"
    ]
    return [*stacks, *buckets, *parameters, *schedules, *budgets, *topics, *roles, *standing(), *volumes, *groups]


def booted(folder):
    """The stack's machine, with its very user data."""
    [number] = standing()
    said = boto3.client("ec2").describe_instance_attribute(InstanceId=number, Attribute="userData")
    script = base64.b64decode(said["UserData"]["Value"]).decode()
    folder.mkdir()
    made = machines.Machine(folder, script, {**KEYS, "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"]})
    made.start()
    return made


def until(asked, within_s, machine):
    deadline = time.monotonic() + within_s
    while not (answer := asked()):
        assert time.monotonic() < deadline, _words_of(machine)
        time.sleep(0.5)
    return answer


def _words_of(machine):
    setup = machine.root / "var" / "log" / "pilot-setup.log"
    logs = [setup, *sorted((machine.root / "pilot" / "logs").glob("*.log"))]
    said = [f"{path.name}:\n{path.read_text()[-2000:]}" for path in logs if path.exists()]
    units = machine.ask("systemctl", "list-units", "--all", "pilot-*", "first-start*", "--no-pager").stdout
    return "\n".join([machine.console[-500:], units, *said])


def settled(machine):
    """Twenty minutes after its last run: as soon as it has noted that this has ended."""
    ended = machine.root / "pilot" / "state" / "ended"
    until(ended.exists, 240, machine)
    ended.write_text(f"{time.time() - 1300}\n")


@pytest.fixture(scope="module")
def story(tmp_path_factory, served, account):
    steps, folder = {}, tmp_path_factory.mktemp("story")
    with pytest.MonkeyPatch.context() as patch:
        ours = campaign(folder, served, "2099-12-11", patch)
        draw = random.Random(23)
        for _ in range(CUTS):
            cut(ours, account, draw.randrange(1, 20))
        steps["begun"] = pilot(ours, "run", "--on", "aws", "--now", "--detach", "--json")
        steps["machines"] = standing()
        steps["schedules"] = boto3.client("scheduler").list_schedules()["Schedules"]
        steps["here"] = pilot(ours, "run")
        steps["removed too early"] = pilot(ours, "run", "--on", "aws", "--remove")
        machine = booted(folder / "machine")
        try:
            until(lambda: told(ours)["state"] == "running", 120, machine)
            blocks = machine.root / "pilot" / "workspace" / "evidence" / "blocks"
            until(lambda: list(blocks.glob("b01/*/*/samples.spool.jsonl")), 60, machine)
            machine.cut()
            machine.start()
            follow = [sys.executable, "-m", "harness", "run", "--on", "aws", "--now"]
            following = processes.start(follow, cwd=ours, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            settled(machine)
            processes.end(following)  # whoever followed is killed: it goes on there
            steps["followed"] = pilot(ours, "run", "--on", "aws", "--now", timeout=120)
            until(lambda: not machine.runs, 30, machine)
            steps["console"], steps["aws"], steps["root"] = _files_of(machine), machine.aws, machine.root
        finally:
            machine.close()
        steps["again"] = pilot(ours, "run", "--on", "aws", "--now", "--json")
        steps["status"] = pilot(ours, "status", "--json")
        steps["decide"] = pilot(ours, "decide", "--json")
        steps["removed"] = pilot(ours, "run", "--on", "aws", "--remove")
        steps["left"] = left()
        steps["removed again"] = pilot(ours, "run", "--on", "aws", "--remove")
    return ours, steps


def _files_of(machine):
    return {p.name: p.read_text() for p in (machine.root / "pilot" / "logs").glob("*.log")}


def test_one_machine_stands_after_any_cut_and_stops_on_its_day(story):
    _, steps = story
    [schedule] = steps["schedules"]

    assert steps["begun"].returncode == 0, steps["begun"].stderr
    assert len(steps["machines"]) == 1
    assert schedule["Target"]["Arn"].endswith("ec2:stopInstances")


def test_while_it_is_there_it_does_not_run_here_and_is_not_removed(story):
    _, steps = story

    assert (steps["here"].returncode, steps["removed too early"].returncode) == (2, 2)
    assert "this campaign runs on aws" in steps["here"].stderr
    assert "has not been fetched" in steps["removed too early"].stderr


def test_its_services_went_on_after_a_power_cut_and_it_switched_itself_off(story, record_property):
    ours, steps = story
    record_property("aws", steps["aws"])
    journal = [json.loads(line) for line in (ours / "evidence" / "journal.jsonl").read_text().splitlines()]

    assert steps["followed"].returncode in MAY, (steps["followed"].stderr, steps["console"])
    assert "files of evidence are here" in steps["followed"].stderr
    assert any("its campaign was killed" in str(event.get("note")) for event in journal), "the cut was in a run"
    assert "blocks valid" in steps["console"]["run.log"]
    assert "collect.log" in steps["console"]


def test_what_it_measured_is_here_and_is_judged_here(story):
    ours, steps = story
    runs = [json.loads(path.read_text()) for path in ours.glob("evidence/blocks/*/*/*/run.json")]

    assert {run["target"] for run in runs} == {"alpha", "beta"}
    assert {row["target"] for row in json.loads(steps["decide"].stdout)["slos"]} == {"alpha", "beta"}
    assert json.loads(steps["again"].stdout)["files_fetched"] == 0
    assert {b["state"] for b in json.loads(steps["status"].stdout)["blocks"]} <= {"done", "not needed", "given up"}


def test_the_machines_own_hours_count_against_the_budget(story):
    ours, steps = story
    journal = [json.loads(line) for line in (ours / "evidence" / "journal.jsonl").read_text().splitlines()]
    events = {event["event"]: event for event in journal if event["event"] in ("handed over", "machine off")}

    assert set(events) == {"handed over", "machine off"}
    assert float(json.loads(steps["status"].stdout)["spent_usd"]) < 0.1, "of minutes, not of days since"


def test_its_variables_are_in_memory_and_in_no_file_of_it(story, served):
    _, steps = story
    url = next(iter(served.values()))
    files = [p for p in (steps["root"] / "pilot").rglob("*") if p.is_file() and not p.is_symlink()]

    assert files
    assert not [p for p in files if p.suffix in (".toml", ".env", ".sh", "") and url.encode() in p.read_bytes()]


def test_removing_it_leaves_nothing(story):
    _, steps = story

    assert steps["removed"].returncode == 0, steps["removed"].stderr
    assert steps["left"] == []
    assert steps["removed again"].returncode == 0


def test_on_its_day_it_stops_in_order_and_from_outside(tmp_path, served, account, monkeypatch):
    day = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    ours = campaign(tmp_path, served, day, monkeypatch, duration_s=30)
    assert pilot(ours, "run", "--on", "aws", "--now", "--detach").returncode == 0
    machine = booted(tmp_path / "machine")
    try:
        until(lambda: told(ours)["state"] == "running", 120, machine)
        shown = machine.ask("systemctl", "show", "pilot-end.timer", "--property=NextElapseUSecRealtime").stdout
        before = (datetime.fromisoformat(f"{day}T00:00:00") - timedelta(minutes=30)).strftime("%Y-%m-%d %H:%M:%S")
        assert before in shown
        assert machine.ask("systemctl", "start", "pilot-end.service").returncode == 0  # as that timer does then
        settled(machine)
        done = pilot(ours, "run", "--on", "aws", "--stop", "--remove", "--json", timeout=120)
    finally:
        machine.close()

    assert done.returncode == 4, done.stderr
    assert "the stop file" in done.stderr
    assert json.loads(done.stdout)["state"] == "absent"
    assert json.loads(done.stdout)["files_fetched"] > 0
    assert left() == []


def test_what_the_schedule_asks_for_stops_the_machine(tmp_path, served, account, monkeypatch):
    ours = campaign(tmp_path, served, "2099-12-11", monkeypatch)
    assert pilot(ours, "run", "--on", "aws", "--now", "--detach").returncode == 0
    [row] = boto3.client("scheduler").list_schedules()["Schedules"]
    said = boto3.client("scheduler").get_schedule(Name=row["Name"])
    boto3.client("ec2").stop_instances(**json.loads(said["Target"]["Input"]))
    [number] = standing()
    rows = boto3.client("ec2").describe_instances(InstanceIds=[number])["Reservations"][0]["Instances"]

    assert said["ScheduleExpression"] == "at(2099-12-11T00:00:00)"
    assert rows[0]["State"]["Name"] == "stopped"
    (ours / ".pilot" / "elsewhere").unlink()  # nothing was measured
    assert pilot(ours, "run", "--on", "aws", "--remove").returncode == 0
    assert left() == []
