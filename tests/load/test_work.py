"""What is asked and how a client behaves: mixes, traces, retries, connections, TLS, headers."""

import json
import socket
import ssl

import pytest

from tests.fakes import ScriptedServer
from tests.load.run import questions_file, run

PILOT = """
[pilot]
question = "?"
baseline = "one"
candidate = "two"
[slo]
p95_s = 2.0
[traffic]
requests_per_month = 1000
peak_per_s = 1
"""


@pytest.fixture
def server():
    running = ScriptedServer()
    yield running
    running.close()


def sent(server, cwd, act="ok", rate=20, duration=1, extra=(), **environment):
    given = ["--host", server.url, "--rate", str(rate), "--duration", str(duration), "--warmup", "0"]
    given += ["--deadline", "3", "--questions", str(questions_file(cwd, [act])), *extra]
    return run(cwd, *given, **environment)


def test_a_mix_reaches_the_target_and_the_samples(server, tmp_path):
    mix = ["--passages", "0:0.3,6:0.7", "--repeats", "0.2", "--turns", "1.8", "--prompt-tokens", "1000:0.2"]
    done = sent(server, tmp_path, duration=8, rate=10, extra=[*mix, "--max-tokens", "33", "--mode", "json"])
    samples = done.samples
    bodies = server.bodies

    assert done.ended_well, done.output
    assert {s["outcome"] for s in samples} == {"ok"}
    assert {b["max_tokens"] for b in bodies} == {33}
    assert {s["top_k"] for s in samples} == {0, 6} == {b["top_k"] for b in bodies}
    texts = ["".join(m["content"] for m in b["messages"]) for b in bodies]
    lengths = sorted(len(t) / 4 for t in texts)
    assert lengths[len(lengths) // 2] == pytest.approx(sorted(s["prompt_tokens"] for s in samples)[40], rel=0.05)
    assert len(set(texts)) < len(texts), "nothing was repeated"
    assert max(s["turn"] for s in samples) >= 2
    assert any("As said before" in t for t in texts)


def test_a_trace_is_played_at_its_own_instants(server, tmp_path):
    (tmp_path / "t.csv").write_text(
        "timestamp,input_tokens,output_tokens\n" + "".join(f"{k * 0.1},50,{k + 1}\n" for k in range(20))
    )
    done = run(
        tmp_path,
        *("--host", server.url, "--questions", str(questions_file(tmp_path, ["ok"]))),
        *("--trace", "t.csv", "--speed", "2", "--mode", "json"),
    )

    assert done.ended_well, done.output
    assert [s["scheduled_s"] for s in done.samples] == pytest.approx([k * 0.05 for k in range(20)])
    assert sorted(b["max_tokens"] for b in server.bodies) == list(range(1, 21))
    assert done.json("run.json")["spec"]["load"]["trace"]["digest"].startswith("sha256:")
    assert done.json("run.json")["arrivals"]["planned"]["gap_cv"] == pytest.approx(0, abs=1e-6)
    assert done.json("run.json")["arrivals"]["achieved"]["n"] == 20


def test_two_workers_play_the_same_trace(server, tmp_path):
    (tmp_path / "t.csv").write_text("timestamp\n" + "".join(f"{k * 0.05}\n" for k in range(20)))
    done = run(
        tmp_path,
        *("--host", server.url, "--questions", str(questions_file(tmp_path, ["ok"]))),
        *("--trace", "t.csv", "--processes", "2"),
    )

    assert done.ended_well, done.output
    assert {s["worker"] for s in done.samples} == {0, 1}
    clocks = done.json("run.json")["worker_clocks"]
    assert all(abs(c["before"]["offset_s"]) <= c["before"]["error_s"] + 1e-6 for c in clocks), "one machine, one clock"
    assert all(c["after"] for c in clocks)


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        (["--trace", "none.csv"], "no such file"),
        (["--speed", "2"], "requires --trace"),
        (["--repeats", "2", "--turns", "0.5"], "--repeats: want a number from 0 to 1"),
        (["--repeats", "2", "--turns", "0.5"], "--turns: want a number from 1 to 100"),
        (["--passages", "99:1"], "K from 0 to 50"),
        (["--prompt-tokens", "many"], "want MEDIAN"),
    ],
)
def test_bad_work_is_refused_before_anything_is_sent(server, tmp_path, extra, says):
    done = sent(server, tmp_path, extra=extra)

    assert done.code == 2, done.output
    assert says in done.output
    assert not server.hits


def test_without_a_policy_a_refusal_is_final(server, tmp_path):
    done = sent(server, tmp_path, act="refuse first")

    assert {s["attempts"] for s in done.samples} == {1}
    assert done.json("ledger.json")["outcomes"] == {"throttled": 20}


def test_a_client_that_tries_again_honours_retry_after_and_logs_each_attempt(server, tmp_path):
    done = sent(server, tmp_path, act="refuse first", rate=4, duration=2, extra=["--retry", "client", "--mode", "json"])
    again = done.samples

    assert done.ended_well, done.output
    assert set(done.json("ledger.json")["outcomes"]) == {"ok"}
    assert {s["attempts"] for s in again} == {2}
    for sample in again:
        first, *_, last = json.loads(sample["attempt_log"])
        assert (first[3], first[4], first[5]) == ("throttled", 429, 0.2)
        assert last[0] - first[2] >= 0.2, "it did not wait"
        assert sample["sent_s"] == pytest.approx(first[0], abs=1e-5)
        assert sample["finished_s"] - sample["sent_s"] > 0.2, "the user waited for both"
    ids = [h["x-request-id"] for h in server.headers]
    assert len(set(ids)) == len(ids) == sum(s["attempts"] for s in done.samples)
    assert "each attempt" in done.output


@pytest.mark.parametrize("policy", ["shared", "fresh"])
def test_the_connection_policy_is_part_of_the_work(server, tmp_path, policy):
    done = sent(server, tmp_path, extra=["--connections", policy, "--mode", "json", "--slots", "20"])
    opened = sum(not s["conn_reused"] for s in done.samples)
    most = max(sum(o["sent_s"] <= s["sent_s"] <= o["finished_s"] for o in done.samples) for s in done.samples)

    assert done.ended_well, done.output
    assert opened == 20 if policy == "fresh" else opened <= most, "one for each that is under way at once"
    assert done.json("run.json")["connections"] == policy


def test_per_user_connections_belong_to_one_slot(server, tmp_path):
    done = sent(server, tmp_path, extra=["--connections", "per-user", "--mode", "json", "--slots", "4"])

    assert sum(not s["conn_reused"] for s in done.samples) == 4


@pytest.fixture
def tls_pilot(tmp_path):
    """A pilot whose target has a certificate of a private authority and wants two secrets."""
    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    running = ScriptedServer(context)
    for name in ("one", "two"):
        folder = tmp_path / "targets" / name
        folder.mkdir(parents=True)
        authority.cert_pem.write_to_path(folder / "ca.pem")
        tls = '[tls]\nca_file = "ca.pem"\n' if name == "one" else ""
        (folder / "target.toml").write_text(
            f'base_url = "{running.url}"\n[headers]\nX-Key = "${{PILOT_TEST_KEY}}"\n[auth]\nkind = "header"\n'
            f'env = "PILOT_TEST_TOKEN"\n{tls}[runtime]\nkind = "external"\n'
        )
    (tmp_path / "pilot.toml").write_text(PILOT)
    yield tmp_path, running
    running.close()


SECRETS = {"PILOT_TEST_KEY": "planted-key-1", "PILOT_TEST_TOKEN": "Bearer planted-token-2"}


def over_tls(folder, target):
    return run(
        folder,
        *("--target", target, "--rate", "10", "--duration", "1", "--warmup", "0", "--mode", "json"),
        *("--questions", str(questions_file(folder, ["ok"]))),
        **SECRETS,
    )


def test_tls_is_verified_against_a_private_authority_and_timed_apart(tls_pilot):
    folder, server = tls_pilot
    done = over_tls(folder, "one")
    opened = [s for s in done.samples if not s["conn_reused"]]

    assert done.json("ledger.json")["outcomes"] == {"ok": 10}, done.output
    assert all(0 < s["tls_s"] < s["connect_s"] for s in opened)
    assert all(s["dns_s"] >= 0 for s in opened)
    assert all(s["tls_s"] is None for s in done.samples if s["conn_reused"])
    assert {(h["x-key"], h["authorization"]) for h in server.headers} == {("planted-key-1", "Bearer planted-token-2")}


def test_no_secret_is_left_in_the_evidence(tls_pilot):
    folder, _ = tls_pilot
    done = over_tls(folder, "one")
    kept = b"".join(p.read_bytes() for p in done.folder.rglob("*") if p.is_file()) + done.output.encode()

    assert b"planted" not in kept


def test_a_certificate_of_nobody_we_know_is_refused(tls_pilot):
    folder, server = tls_pilot
    done = over_tls(folder, "two")

    assert done.ended_well, done.output
    assert done.json("ledger.json")["outcomes"] == {"connection_error": 10}
    assert "certificate" in done.samples[0]["detail"].lower()
    assert not server.hits, "nothing may be sent to a server that is not verified"


def test_out_of_descriptors_is_the_generators_fault(server, tmp_path):
    """Every request wants a connection of its own, and the process may open only so many."""
    limited = tmp_path / "limited.py"
    limited.write_text(
        "import resource\n"
        "from harness.load import ChatUser, arrivals\n"
        "from locust import events\n"
        "@events.test_start.add_listener\n"
        "def _(**_):\n"
        "    import os\n"
        "    used = len(os.listdir('/dev/fd'))\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 6, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))\n"
        "class Limited(ChatUser):\n"
        "    schedule = arrivals.constant(40).during(1)\n"
    )
    given = ["--host", server.url, "--questions", str(questions_file(tmp_path, ["all at once"])), "--mode", "stream"]
    done = run(tmp_path, *given, file=limited)

    assert done.code == 3, done.output
    assert "this machine could not open a connection" in done.output
    assert {s["layer"] for s in done.samples if s["outcome"] == "connection_error"} == {"generator"}


def test_whoever_listens_to_requests_hears_every_one(server, tmp_path):
    listening = tmp_path / "listening.py"
    listening.write_text(
        "from harness.load import ChatUser, arrivals\n"
        "from locust import events\n"
        "@events.request.add_listener\n"
        "def heard(name, response_time, exception, **_):\n"
        "    with open('heard.txt', 'a') as file:\n"
        "        file.write(f'{name} {response_time > 0} {exception}\\n')\n"
        "class Listening(ChatUser):\n"
        "    schedule = arrivals.constant(20).during(1)\n"
    )
    done = run(
        tmp_path,
        *("--host", server.url, "--questions", str(questions_file(tmp_path, ["overloaded"])), "--mode", "json"),
        file=listening,
    )

    assert done.ended_well, done.output
    assert (tmp_path / "heard.txt").read_text().splitlines() == ["json True overloaded"] * 20


def test_a_name_that_does_not_resolve_is_a_connection_error(tmp_path):
    with pytest.raises(OSError, match=r".*"):
        socket.getaddrinfo("no-such-host.invalid", 80)
    done = run(
        tmp_path,
        *("--host", "http://no-such-host.invalid", "--i-own-this-host", "--rate", "5", "--duration", "1"),
        *("--warmup", "0", "--questions", str(questions_file(tmp_path, ["ok"]))),
    )

    assert done.ended_well, done.output
    assert done.json("ledger.json")["outcomes"] == {"connection_error": 5}


def test_a_prompt_that_no_socket_buffer_holds_arrives_whole(server, tmp_path):
    done = sent(server, tmp_path, rate=2, duration=1, extra=["--prompt-tokens", "200000", "--mode", "json"])

    assert done.json("ledger.json")["outcomes"] == {"ok": 2}, done.output
    for body in server.bodies:
        assert sum(len(m["content"]) for m in body["messages"]) == pytest.approx(800_000, abs=4)
        assert all(len(m["content"]) <= 32_000 for m in body["messages"])
