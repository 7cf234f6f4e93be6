"""Forged requests against Locust's page while it is open: none of them starts, stops, changes or reads anything."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import product
from urllib.parse import urlencode

import httpx
import psutil
import pytest

from tests.attack.ways import LOCUST
from tests.fakes import ScriptedServer
from tests.load.run import questions_file
from tests.load.test_live import wait_for
from tests.load.ui import address, opened
from tests.peers.start import free_port
from tests.suite import processes

ROUTES = {
    "POST": ["/swarm", "/stop", "/stats/reset", "/user", "/login"],
    "GET": [
        *(
            "/",
            "/swarm",
            "/stop",
            "/stats/reset",
            "/stats/requests",
            "/stats/requests/csv",
            "/stats/failures/csv",
            "/stats/report",
        ),
        *(
            "/exceptions",
            "/exceptions/csv",
            "/tasks",
            "/logs",
            "/login",
            "/worker-count",
            "/user",
            "/assets/../../web.py",
        ),
    ],
    "OPTIONS": ["/swarm"],
    "HEAD": ["/", "/stats/requests"],
}
EVIL = {
    "host": "http://evil.example",
    "i_own_this_host": "true",
    "questions": "/dev/zero",
    "evidence": "{elsewhere}",
    "rate": "1000",
}
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PLAIN = "text/plain"  # what a page of another site may send without asking first


class Target:
    """Where this page's run goes, and one that an attacker would have it go to."""

    def __init__(self):
        self.own, self.evil = ScriptedServer(), ScriptedServer()

    def close(self):
        self.own.close()
        self.evil.close()


class Open:
    """Locust with its page open in somebody's browser, and an attacker beside it."""

    def __init__(self, folder, target, *more):
        self.folder, self.target = folder, target
        self.runs, self.elsewhere = folder / "runs", folder / "elsewhere"
        self.output = folder / "output.txt"
        port = free_port()
        given = {"--host": target.own.url, "--rate": 20, "--duration": 2, "--warmup": 0, "--web-port": port}
        given |= {
            "--questions": questions_file(folder, ["ok"]),
            "--evidence": self.runs,
            "--logfile": folder / "log.txt",
        }
        command = [*LOCUST, *(str(part) for pair in given.items() for part in pair), *more]
        with self.output.open("wb") as out:
            self.process = processes.start(command, cwd=folder, stdout=out, stderr=out)
        self.ui = opened(self.output)
        self.url = f"http://127.0.0.1:{port}"
        self.here = f"127.0.0.1:{port}"
        self.token = address(self.output).partition("token=")[2]
        self.cookie = f"pilot_page_{port}={self.token}"

    def close(self):
        self.ui.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    @property
    def evil(self):
        return {name: value.format(elsewhere=self.elsewhere) for name, value in EVIL.items()} | {
            "host": self.target.evil.url
        }


def bodies(page):
    """The same wish in every form that a request may carry it in."""
    boundary = "x" * 16
    parts = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in page.evil.items()
    )
    return {
        FORM: urlencode(page.evil).encode(),
        f"multipart/form-data; boundary={boundary}": f"{parts}--{boundary}--\r\n".encode(),
        JSON: json.dumps(page.evil).encode(),
        PLAIN: urlencode(page.evil).encode(),
        "": b"",
    }


def forgers(page):
    """Whoever is not the person at this page, by what their browser or their script can send."""
    other = f"http://127.0.0.1:{free_port()}"
    known = {"Cookie": page.cookie}  # what a browser adds where its SameSite rule does not hold it back
    return {
        "a script without a token": {},
        "a script that says it is the page": {"Origin": page.url, "Referer": page.url + "/"},
        "a wrong cookie": {"Cookie": page.cookie[:-1]},
        "the cookie of another page": {"Cookie": page.cookie.replace("pilot_page_", "pilot_page_1")},
        "another site": {**known, "Origin": "https://evil.example", "Referer": "https://evil.example/"},
        "another site, as old browsers do": {**known, "Referer": "https://evil.example/"},
        "another site, as new ones do": {**known, "Sec-Fetch-Site": "cross-site"},
        "another server of this machine": {**known, "Origin": other, "Sec-Fetch-Site": "same-site"},
        "a file or a sandboxed frame": {**known, "Origin": "null"},
        "a name that was pointed here": {**known, "Host": "evil.example", "Origin": "http://evil.example"},
        "a name that was pointed here, no origin": {**known, "Host": f"evil.example:{page.here.rpartition(':')[2]}"},
        "an address that was pointed here": {**known, "Host": "198.51.100.1"},
    }


def forged(page):
    """Every forger by every route, and each body where one is read."""
    for name, headers in forgers(page).items():
        for method, routes in ROUTES.items():
            for route, (kind, body) in product(routes, bodies(page).items() if method == "POST" else [("", b"")]):
                path = f"{route}?{urlencode(page.evil)}" if method == "GET" else route
                yield name, method, path, headers | ({"Content-Type": kind} if kind else {}), body


def attack(page, requests):
    """What each was answered; a client of its own, which keeps no cookie."""
    at_once = httpx.Limits(max_keepalive_connections=0)  # on a kept one each answer waits for an acknowledgement
    with httpx.Client(base_url=page.url, trust_env=False, timeout=20, limits=at_once) as client:
        for name, method, path, headers, body in requests:
            yield name, method, path, client.request(method, path, headers=headers, content=body or None)


@pytest.fixture(scope="module")
def target():
    made = Target()
    yield made
    made.close()


@pytest.fixture(scope="module")
def story(target, tmp_path_factory):
    """Forged requests before, during and after a run that a person started."""
    page = Open(tmp_path_factory.mktemp("web"), target)
    try:
        told = {"forged": [(*said, a.status_code, a.text) for *said, a in attack(page, forged(page))]}
        told["before"] = list(page.runs.glob("*"))
        told["from the page"] = by_the_page_itself(page)
        begun = page.ui.post("/swarm", data={"host": target.own.url, "user_count": "1"}).json()
        assert begun["success"], begun
        wait_for(lambda: list(page.runs.glob("*/run.json")))
        ends = [r for r in forged(page) if r[2].startswith(("/stop", "/stats/reset", "/user", "/swarm"))]
        told["during"] = [a.status_code for *_, a in attack(page, ends)]
        wait_for(lambda: list(page.runs.glob("*/ledger.json")))
        [told["folder"]] = page.runs.iterdir()
        told["kept"] = [
            f
            for f in page.folder.rglob("*")
            if f.is_file() and f != page.output and page.token.encode() in f.read_bytes()
        ]
        told["logs"] = page.ui.get("/logs").text + page.ui.get("/").text + page.ui.get("/stats/report").text
        told["memory"] = psutil.Process(page.process.pid).memory_info().rss
        told["token"], told["elsewhere"] = page.token, page.elsewhere.exists()
        told["stopped"] = stopped_by_its_person(page, told["folder"])
    finally:
        told["code"] = page.close()
    return told | {"output": page.output.read_text()}


def stopped_by_its_person(page, first):
    """Another run, and the page's Stop: what it leaves."""
    wait_for(lambda: page.ui.get("/stats/requests").json()["state"] in ("stopped", "ready"))
    assert page.ui.post("/swarm", data={"host": page.target.own.url}).json()["success"]
    wait_for(lambda: len(list(page.runs.glob("*/samples.spool.jsonl"))) == 1)
    answer = page.ui.post("/stop").json()
    [folder] = [path for path in page.runs.iterdir() if path != first]
    return answer, json.loads((folder / "ledger.json").read_text())


def by_the_page_itself(page):
    """A person's own browser, with what the form does not hold."""
    hidden = {
        "target": "x",
        "dialect": "openai-chat",
        "trace": "/dev/zero",
        "master_bind_host": "0.0.0.0",
        "web_host": "0.0.0.0",
    }
    hidden |= {
        "worker_secret_file": "/etc/passwd",
        "headless": "true",
        "locustfile": "x.py",
        "csv_prefix": "/x",
        "expect_workers": "9",
    }
    hidden |= {"loglevel": "DEBUG", "logfile": "/x", "json_file": "/x", "html_file": "/x", "exit_code_on_error": "0"}
    answers = {
        name: page.ui.post("/swarm", data={name: value})
        for name, value in {**page.evil, **hidden}.items()
        if name != "rate"
    }
    answers |= {f"query {name}": page.ui.post("/swarm", params={name: v}, data={}) for name, v in page.evil.items()}
    answers |= {kind or "nothing": page.ui.post("/swarm", content=body, headers={"Content-Type": kind} if kind else {})
                for kind, body in bodies(page).items()}  # fmt: skip
    answers["a file"] = page.ui.post("/swarm", files={"questions": b"{}"})
    answers["large"] = page.ui.post("/swarm", data={"rate": "1" * 10_000_000})
    return {name: (answer.status_code, answer.text) for name, answer in answers.items()}


def test_no_forged_request_gets_an_answer_from_locust(story):
    through = [
        said for *said, code, text in story["forged"] if code != 403 or (text and not text.startswith("refused: "))
    ]

    assert through == []
    assert len(story["forged"]) >= 500


def test_nothing_began_or_was_written_and_no_request_went_where_they_wanted(story, target):
    assert story["before"] == []
    assert not story["elsewhere"]
    assert target.evil.connections == 0


def test_what_belongs_to_the_command_line_comes_from_no_form_of_the_page_itself(story):
    begun = {name: said for name, said in story["from the page"].items() if '"success": true' in said[1]}

    assert begun == {}


def test_the_run_that_a_person_started_is_whole_whatever_was_sent_meanwhile(story):
    ledger = json.loads((story["folder"] / "ledger.json").read_text())

    assert set(story["during"]) == {403}
    assert (ledger["planned"], ledger["outcomes"]) == (40, {"ok": 40})
    assert ledger["stopped_by"] is None
    assert json.loads((story["folder"] / "run.json").read_text())["touched"] == []


def test_the_token_is_printed_once_and_kept_nowhere(story):
    assert story["kept"] == []
    assert story["token"] not in story["logs"]
    assert story["output"].count(story["token"]) == 1
    assert "Traceback" not in story["output"]


def test_the_pages_stop_ends_a_run_in_order_and_with_its_ledger(story):
    answer, ledger = story["stopped"]

    assert answer["success"]
    assert (ledger["valid"], ledger["stopped_by"]) == (False, "interrupted: stopped in Locust")
    assert ledger["planned"] == sum(ledger["outcomes"].values()) == 40
    assert story["code"] == 130


def test_it_takes_no_memory(story):
    assert story["memory"] < 600e6


@pytest.mark.attack
def test_bytes_that_are_no_request_end_nothing(target, tmp_path):
    """What no HTTP client sends: heads without an end, lengths that lie, bodies that never come."""
    page = Open(tmp_path, target)
    head = b"POST /swarm HTTP/1.1\r\nHost: " + page.here.encode() + b"\r\n"
    raw = [
        b"\x00" * 5000,
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: " + page.here.encode() + b"\r\n\r\n",
        head + b"Host: evil.example\r\n\r\n",
        head + b"Content-Length: 99999999999\r\n\r\n",
        head + b"Content-Length: -1\r\n\r\n",
        head + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        head + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        head + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n",
        head + b"".join(b"X%d: y\r\n" % k for k in range(20_000)) + b"\r\n",
        head + b"Content-Length: 10\r\n\r\nrate=1",
    ]
    try:
        answers = [answer for _ in range(10) for answer in (ask(page, data) for data in raw)]
        alive = page.ui.get("/stats/requests").json()["state"]
    finally:
        code = page.close()

    assert [a for a in answers if a.startswith(b"HTTP/1.1 2")] == []
    assert (alive, code) == ("ready", 130)
    assert list(page.runs.glob("*")) == []
    assert psutil.pid_exists(page.process.pid) is False


def ask(page, data):
    host, _, port = page.here.partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=2)) as connection:
        try:
            connection.sendall(data)
            return connection.recv(64)
        except (TimeoutError, ConnectionError):
            return b""


CHROMIUM = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
PAGE_OF_AN_ATTACKER = """<!doctype html><form id=f method=post action="{url}/swarm" target=frame>
<input name=host value="{evil}"><input name=i_own_this_host value=true><input name=rate value=1></form>
<iframe name=frame></iframe><iframe src="{url}/"></iframe><img src="{url}/stats/requests">
<script>
document.title = "";
const kinds = ["application/x-www-form-urlencoded", "text/plain"];
const asked = [
  ...kinds.map(k => fetch("{url}/swarm", {{method: "POST", mode: "no-cors", credentials: "include", headers: {{"Content-Type": k}},
                                           body: "rate=1&host={evil}"}})),
  fetch("{url}/stop", {{method: "POST", mode: "no-cors", credentials: "include"}}),
  fetch("{url}/stats/requests", {{credentials: "include"}}).then(r => r.text()).then(t => document.body.dataset.read = t),
];
f.submit();
Promise.allSettled(asked).then(() => document.title = "done");
</script>"""


@pytest.mark.attack
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_in_a_real_browser_that_has_the_page_open_no_other_page_reaches_it(target, tmp_path):
    """Beside it in the same browser, from another port of this machine and from another name: what they ask is turned away."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    page = Open(tmp_path, target)
    html = PAGE_OF_AN_ATTACKER.format(url=page.url, evil=target.evil.url).encode()
    attacker = HTTPServer(("127.0.0.1", 0), handler_of(html))
    threading.Thread(target=attacker.serve_forever, args=(0.02,), daemon=True).start()
    asked, answers = [], []
    try:
        with api.sync_playwright() as playwright:
            pointed = f"MAP evil.example 127.0.0.1:{attacker.server_port}, MAP rebound.example {page.here}"
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", f"--host-resolver-rules={pointed}"]
            )
            context = browser.new_context()
            mine = context.new_page()
            mine.goto(address(page.output))
            mine.get_by_role("button", name="Start").wait_for()
            assert "token" not in mine.url
            hosts = (page.here, "rebound.example")
            context.on("request", lambda r: asked.append(r.url) if theirs_to(r, mine, hosts) else None)
            context.on("response", lambda r: answers.append(r.status) if theirs_to(r.request, mine, hosts) else None)
            for where in (f"http://127.0.0.1:{attacker.server_port}/", "http://evil.example/"):
                theirs = context.new_page()
                theirs.goto(where)
                theirs.wait_for_function("document.title === 'done'")
                theirs.wait_for_timeout(500)
                assert theirs.evaluate("document.body.dataset.read") is None
            rebound = context.new_page()
            assert rebound.goto("http://rebound.example/").status == 403
            before = list(page.runs.glob("*"))
            mine.get_by_role("button", name="Start").click()
            wait_for(lambda: list(page.runs.glob("*/ledger.json")))
            browser.close()
    finally:
        attacker.shutdown()
        attacker.server_close()
        page.close()
    [ledger] = [json.loads(path.read_text()) for path in page.runs.glob("*/ledger.json")]

    assert before == [], "no other page started anything"
    assert target.evil.connections == 0
    assert len(asked) >= 12
    assert set(answers) == {403}, "the others it does not even hand to the page that asked"
    assert ledger["outcomes"] == {"ok": 40}, "and the person's own run, by the same browser, is whole"


def theirs_to(request, mine, hosts):
    """Whether another page than the person's own asks ours."""
    return request.frame.page is not mine and any(host in request.url for host in hosts)


def handler_of(html):
    """Serves this to whoever asks."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html)

        def log_message(self, *_):
            return

    return Handler
