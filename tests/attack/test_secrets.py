"""A secret that this program knows is written nowhere and printed nowhere, whoever says it again and in whatever form."""

import base64
import gzip
import html
import io
import json
import logging
import os
import subprocess
import sys
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest

from harness import outlet
from harness.domain.identities import without_identity
from harness.domain.sample import Sample
from harness.evidence.events import CHECKED
from harness.evidence.files import dump, write_text
from harness.evidence.store import Store
from harness.load.quoting import quoted
from harness.secrecy import Secrets
from tests.attack import echoes
from tests.attack.ways import PILOT_TOML, SCHEDULE, TARGET_TOML
from tests.load.run import STEADY, questions_file
from tests.suite import processes

CANARY = 'Kanarie/7+"\\x=&5f'
CANARIES = {  # one of each kind, and all that some library takes from the environment by itself
    "CHAT_TOKEN": "Bearer kanarie-header-7Zq3",
    "CHAT_PAIR": "Basic " + base64.b64encode(b"someone:kanarie-basic-7Zq3").decode(),
    "CHAT_FIELD": "kanarie-field-7Zq3",
    "TENANT": "kanarie-tenant-7Zq3",  # called like no secret: only a target's header says that it is one
    "AWS_ACCESS_KEY_ID": "AKIAKANARIE7ZQ3XYZ00",
    "AWS_SECRET_ACCESS_KEY": "kanarie/aws+secret/7Zq3",
    "AWS_SESSION_TOKEN": "kanarie//aws//session==7Zq3",
    "AZURE_CLIENT_SECRET": "kanarie~azure~7Zq3",
    "OPENAI_API_KEY": "sk-kanarie-openai-7Zq3",
    "ANTHROPIC_API_KEY": "sk-ant-kanarie-7Zq3",
    "PILOT_WORKER_SECRET": "kanarie-worker-7Zq3",
    "PILOT_WEB_PASSWORD": "kanarie-web-7Zq3",
    "DATABASE_URL": "postgres://someone:kanarie-url-7Zq3@db.example/x",
}
KANARIE = b"kanarie"


def secrets(**values):
    made = Secrets()
    for name, value in values.items():
        made.learn(name, value)
    return made


FORMS = {
    "as it is": CANARY,
    "in a URL": quote(CANARY, safe=""),
    "in a path": quote(CANARY),
    "in lower hex": quote(CANARY, safe="").lower().replace("kanarie", "Kanarie"),
    "in JSON": json.dumps(CANARY)[1:-1],
    "in HTML": html.escape(CANARY),
    "in Python": repr(CANARY)[1:-1],
    "in lower case": CANARY.lower(),
    "in hex": CANARY.encode().hex(),
    "base64": base64.b64encode(CANARY.encode()).decode(),
    "base64 of a pair": base64.b64encode(f"user:{CANARY}".encode()).decode(),
    "base64 in the middle": base64.b64encode(f"{{a{CANARY}z}}".encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(f"ab{CANARY}".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_secret_is_known_in_every_form(form):
    hidden = secrets(TOKEN=CANARY).hide(f"it said <{form}>!")

    assert "[secret TOKEN]" in hidden
    for piece in (CANARY[:8], CANARY[8:], form[4:16], form[-12:-4]):
        assert piece not in hidden


def test_a_scheme_and_its_credentials_are_each_known():
    known = secrets(CHAT=CANARIES["CHAT_TOKEN"], PAIR=CANARIES["CHAT_PAIR"])

    assert known.hide("got kanarie-header-7Zq3.") == "got [secret CHAT]."
    assert known.hide("got Bearer kanarie-header-7Zq3.") == "got Bearer [secret CHAT]."
    assert known.hide("someone is kanarie-basic-7Zq3") == "someone is [secret PAIR]"


def test_a_piece_that_was_cut_off_is_hidden_too():
    known = secrets(TOKEN="kanarie-that-is-long-enough-7Zq3")

    assert known.hide("…begins kanarie-that-is-l…") == "…begins [secret TOKEN]…"
    assert known.hide("kanarie") == "kanarie", "seven characters are nobody's secret"


def test_a_body_of_nothing_else_is_cleaned_in_one_pass():
    known = secrets(TOKEN="kanarie-7Zq3x")
    assert known.hide("kanarie-7Zq3x" * 200_000) == "[secret TOKEN]" * 200_000


def test_what_is_short_or_a_word_hides_nothing():
    known = Secrets()
    known.learn("PIN", "1234")
    known.learn_surroundings(
        environment={"A_TOKEN": "true", "B_SECRET": "steady", "C_KEY": "/home/me/key.json", "HOME": "kanarie-home"}
    )

    assert (
        known.hide("1234 true steady /home/me/key.json kanarie-home")
        == "1234 true steady /home/me/key.json kanarie-home"
    )


def test_passwords_of_urls_are_learned_from_variables_and_from_the_command_line():
    known = Secrets()
    known.learn_surroundings(
        ["--host", "http://me:pw-of-host@x"], {"DATABASE_URL": CANARIES["DATABASE_URL"], "SOME": "x"}
    )
    pair = base64.b64encode(b"me:pw-of-host").decode()

    assert (
        known.hide(f"pw-of-host kanarie-url-7Zq3 {pair}").rstrip("=")
        == "[secret in a URL] [secret DATABASE_URL] [secret in a URL]"
    )


def test_everything_that_is_written_or_shown_passes_the_one_place(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("CHAT_TOKEN", CANARY)
    factory = logging.getLogRecordFactory()
    try:
        outlet.install()
        shown = io.StringIO()
        handler = logging.StreamHandler(shown)
        logging.getLogger("somebody").addHandler(handler)
        print(CANARY)
        try:
            int(CANARY)
        except ValueError:
            logging.getLogger("somebody").exception("it was %s", CANARY)
        sys.excepthook(ValueError, ValueError(CANARY), None)
        write_text(tmp_path / "a.json", dump({"deep": [{"said": CANARY}]}))
        Store(tmp_path).note("said", words=CANARY)
        logging.getLogger("somebody").removeHandler(handler)
        written = [sys.stdout.beneath.getvalue(), sys.stderr.beneath.getvalue(), shown.getvalue()]
        written += [path.read_text() for path in tmp_path.iterdir()]
    finally:
        logging.setLogRecordFactory(factory)

    assert len(written) == 5
    for text in written:
        assert "[secret CHAT_TOKEN]" in text
        assert "Kanarie" not in text
    assert json.loads((tmp_path / "a.json").read_text()) == {"deep": [{"said": "[secret CHAT_TOKEN]"}]}


def test_a_sample_that_holds_nothing_is_left_as_it_is():
    sample = Sample(1, "steady", True, "q1", False, 0.0)
    sample.request_id, sample.citations, sample.instance_id = "a1", "p1 p2", "i-1"
    before = sample.row()
    quoted(sample)

    assert sample.row() == before


def test_half_a_surrogate_pair_costs_no_sample():
    sample = Sample(1, "steady", True, "q1", False, 0.0)
    sample.request_id = "\ud800"
    quoted(sample)

    assert sample.request_id == "\\ud800"


SAID_BY_CLOUDS = [
    "AccessDenied: User: arn:aws:sts::123456789012:assumed-role/Admin/alice@corp.example is not authorized",
    "no such thing: arn:aws:lambda:eu-west-1:123456789012:function:chat",
    "The client 'alice@corp.example' with object id '11111111-2222-3333-4444-555555555555' does not have authorization",
    "to perform action over scope '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg'",
    "AADSTS700016: Application with identifier is missing in tenant '11111111-2222-3333-4444-555555555555'",
    "Subscription '11111111-2222-3333-4444-555555555555' could not be found.",
    '{"tenantId": "11111111-2222-3333-4444-555555555555"}',
    "GET https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2",
    "Permission denied for serviceAccount:bot@proj.iam.gserviceaccount.com on projects/123456789012",
    "API has not been used in project 123456789012 before",
    "Authorization: Bearer abcdefghijklmnop1234",
    "AWS4-HMAC-SHA256 Credential=AKIAABCDEFGHIJKLMNOP/20261126/eu-west-1/lambda/aws4_request, Signature=" + "ab12" * 16,
]


@pytest.mark.parametrize("said", SAID_BY_CLOUDS)
def test_a_clouds_words_name_neither_account_nor_person(said):
    shown = without_identity(said)

    assert "[" in shown
    for identity in ("123456789012", "alice", "11111111", "bot@", "abcdefghijklmnop1234", "AKIA", "ab12ab12"):
        assert identity not in shown


def test_ids_of_requests_stay_as_they_are():
    said = "RequestId: 8f0f2b2a-1c1d-4e4f-9a9b-123456789012 Duration: 12.34 ms, digest " + "ab12" * 10
    assert without_identity(said) == said


def test_a_declared_host_with_a_password_is_refused(tmp_path):
    (tmp_path / "targets" / "alpha").mkdir(parents=True)
    (tmp_path / "pilot.toml").write_text(PILOT_TOML.format(seconds=1))
    (tmp_path / "targets" / "alpha" / "target.toml").write_text(
        'base_url = "https://chat.example.com"\n[runtime]\nkind = "external"\n'
    )
    questions_file(tmp_path, ["ok"])
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(STEADY),
        "--headless",
        "--host",
        "https://me:kanarie-pw@chat.example.com",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL
    )

    assert done.returncode == 2
    assert "holds a name or password" in done.stderr
    assert "kanarie" not in done.stderr + done.stdout


# -- the whole, against a server that says everything again

KINDS = {
    "header": '[auth]\nkind = "header"\nenv = "CHAT_TOKEN"\n[headers]\nX-Tenant = "${TENANT}"\n',
    "basic": '[auth]\nkind = "header"\nenv = "CHAT_PAIR"\n',
    "sigv4": '[auth]\nkind = "aws-sigv4"\nregion = "eu-west-1"\nservice = "lambda"\n',
    "field": 'dialect = "mapped"\n[mapping]\npath = "/v1/chat"\nrequest = { q = "{prompt}", key = "{env:CHAT_FIELD}" }\n'
    '[mapping.answer]\ntext = "answer"\n[mapping.stream]\ntext = "text"\n',
}


def bytes_of(folder):
    """Every byte under it, Parquet and gzip decoded; by path."""
    for path in folder.rglob("*"):
        if not path.is_file() or path.is_symlink():
            continue
        data = path.read_bytes()
        yield path, data
        if path.suffix == ".parquet":
            yield path, json.dumps(pq.read_table(path).to_pylist(), default=str).encode()
        if path.suffix == ".gz":
            yield path, gzip.decompress(data)


KNOWN = Secrets()
for _name, _value in CANARIES.items():
    KNOWN.learn(_name, _value)
    KNOWN.learn_url(_name, _value)


def found_in(folder):
    """Where a canary stands, in any form."""
    out = []
    for path, data in bytes_of(folder):
        text = data.decode("utf-8", "surrogateescape")
        if KANARIE in data.lower() or KNOWN.holds(text):
            out.append((str(path), KNOWN.hide(text)[:300]))
    return out


@pytest.mark.parametrize(
    "kind", ["header", *(pytest.param(k, marks=pytest.mark.attack) for k in KINDS if k != "header")]
)
def test_a_run_against_an_echo_holds_no_secret(tmp_path, kind):
    with echoes.echoing() as (url, got):
        target = f'base_url = "{url}"\n' + ("" if "dialect" in KINDS[kind] else 'dialect = "rag-chat/1"\n')
        folder = tmp_path / "targets" / "alpha"
        folder.mkdir(parents=True)
        (folder / "target.toml").write_text(f'{target}{KINDS[kind]}[runtime]\nkind = "external"\n')
        (tmp_path / "pilot.toml").write_text(PILOT_TOML.format(seconds=1))
        questions_file(tmp_path, ["ok"])
        command = [sys.executable, "-m", "locust", "-f", str(STEADY), "--headless", "--target", "alpha", "--rate", "40"]
        command += [
            "--duration",
            "4",
            "--warmup",
            "0",
            "--deadline",
            "3",
            "--slots",
            "60",
            "--evidence",
            str(tmp_path / "run"),
        ]
        command += ["--mode", "json"] if kind == "field" else []
        (tmp_path / "out").mkdir()
        with (tmp_path / "out" / "log.txt").open("wb") as log:
            process = processes.start(
                command, cwd=tmp_path, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, **CANARIES}
            )
            code = process.wait(90)

    rows = pq.read_table(tmp_path / "run" / "samples.parquet").to_pylist()
    words = (tmp_path / "out" / "log.txt").read_text()
    assert code in (0, 3, 4), words
    assert len(got) >= 100, words
    assert any(KNOWN.holds(request.decode("latin-1")) for request in got), "what was sent was no secret"
    assert any("[secret " in str(value) for row in rows for value in row.values()), "nothing was said again"
    assert found_in(tmp_path / "run") == []
    assert found_in(tmp_path / "out") == []
    for row in rows:
        for value in row.values():
            assert not isinstance(value, str) or value.isprintable(), value


@pytest.mark.attack
def test_a_whole_campaign_against_an_echo_holds_no_secret(tmp_path, monkeypatch):
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "loadprofiles").mkdir()
    (tmp_path / "loadprofiles" / "steady.py").write_text(SCHEDULE)
    (tmp_path / "pilot.toml").write_text(PILOT_TOML.format(seconds=4).replace("rate       = 20", "rate       = 40"))
    questions_file(tmp_path, ["ok"])
    out = tmp_path / "out"
    out.mkdir()
    with echoes.echoing() as (url, got):
        for name, kind in (("alpha", "header"), ("beta", "basic")):
            (tmp_path / "targets" / name).mkdir(parents=True)
            text = TARGET_TOML.format(url=url).replace("[runtime]", f"{KINDS[kind]}[runtime]")
            (tmp_path / "targets" / name / "target.toml").write_text(text)
        steps = [
            ("check",),
            ("check", "--json"),
            ("check", url, "--header", "X-Key=${CHAT_FIELD}"),
            ("plan", "--seal"),
            ("run", "--now"),
        ]
        steps += [
            ("collect",),
            ("status",),
            ("decide",),
            ("decide", "--json"),
            ("report",),
            ("report", "--table", "outcomes"),
        ]
        for number, words in enumerate(steps):
            if words[0] == "run":
                Store(tmp_path / "evidence").note(CHECKED, checks=1)
            command = [sys.executable, "-m", "harness", *words]
            done = subprocess.run(
                command,
                cwd=tmp_path,
                capture_output=True,
                timeout=300,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            (out / f"{number}-{words[0]}.txt").write_bytes(done.stdout + done.stderr)
            assert b"Traceback" not in done.stderr, done.stderr
    for name in ("targets", "pilot.toml"):
        path = tmp_path / name
        path.rename(tmp_path.parent / f"{tmp_path.name}-{name}")

    print(
        f"\n{len(got)} requests, {sum(1 for _ in bytes_of(tmp_path))} files and decoded tables searched for {len(CANARIES)} secrets"
    )
    assert any(b"anarie" in request for request in got)
    assert (tmp_path / "reports" / "rendered" / "report.html").is_file(), (out / "9-report.txt").read_text()
    assert found_in(tmp_path) == []
