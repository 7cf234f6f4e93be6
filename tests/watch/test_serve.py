"""The page's server: who gets in, what it answers, and that it loads nothing from elsewhere."""

import re
from contextlib import closing

import httpx
import pytest

from harness.errors import Refused
from harness.watch.serve import FILES, KINDS, POLICY, Served, palette, wanted
from harness.watch.shown import Wanted


class Still:
    """A picture that never changes; remembers what it was asked for."""

    def __init__(self, problem=None):
        self.asked, self.problem, self.stamps = [], problem, ["new"]

    def stamp(self):
        return self.stamps.pop(0) if len(self.stamps) > 1 else self.stamps[0]

    def now(self, given):
        self.asked.append(given)
        if self.problem:
            raise self.problem
        return {"question": "which?"}


@pytest.fixture
def served():
    picture = Still()
    made = Served(picture)
    made.picture = picture
    yield made
    made.close()


def client(served, **headers):
    return closing(httpx.Client(base_url=served.page.root, trust_env=False, headers=headers))


def test_the_printed_address_opens_it_and_nothing_else_does(served):
    with client(served) as stranger, client(served) as person:
        refused = [stranger.get(path).status_code for path in ("/", "/data", "/page.js", "/?token=guess")]
        let_in = person.get(served.page.address)
        page, data = person.get("/"), person.get("/data")

    assert refused == [403] * 4
    assert (let_in.status_code, let_in.headers["Location"]) == (303, "/")
    assert (page.status_code, data.json()) == (200, {"question": "which?"})
    assert served.page.token not in page.text
    assert page.headers["Content-Security-Policy"] == POLICY
    assert "default-src 'none'" in POLICY
    assert "unsafe" not in POLICY


@pytest.mark.parametrize(
    "forged",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_no_other_page_reads_it_even_with_the_cookie(served, forged):
    cookie = {"Cookie": f"{served.page.cookie}={served.page.token}"}
    with client(served, **cookie, **forged) as attacker:
        answers = [attacker.get(path).status_code for path in ("/", "/data")]

    assert answers == [403, 403]
    assert served.picture.asked == []


def test_it_only_shows(served):
    with client(served, Cookie=f"{served.page.cookie}={served.page.token}") as person:
        answers = [person.post(path, data={"block": "1"}).status_code for path in ("/", "/data")]
        missing = [person.get(path).status_code for path in ("/serve.py", "/../serve.py", "/page/page.js", "/data/x")]

    assert answers == [405, 405]
    assert missing == [404] * 4
    assert served.picture.asked == []


def test_it_listens_on_loopback_alone(served):
    assert served._server.server_address[0] == "127.0.0.1"
    assert served.page.root.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_refused(served):
    with pytest.raises(Refused, match="in use"):
        Served(Still(), served.page.port)


def test_what_is_wrong_is_answered_to_the_page():
    served = Served(Still(Refused("no plan yet", "pilot plan --seal")))
    try:
        with client(served, Cookie=f"{served.page.cookie}={served.page.token}") as person:
            said = person.get("/data").json()
    finally:
        served.close()

    assert said == {"problem": "no plan yet", "hint": "pilot plan --seal"}


def test_a_query_that_makes_no_sense_counts_as_not_asked():
    assert wanted({"block": "2", "profile": "burst", "key": "k", "dots": "3,4"}) == Wanted(2, "burst", "k", (3, 4))
    assert wanted({"block": "-1", "dots": "a,99999999999,7"}) == Wanted(dots=(7,))
    assert wanted({}) == Wanted()


def test_its_files_load_nothing_from_elsewhere_and_have_no_style_or_script_within():
    texts = {name: (FILES / name).read_text(encoding="utf-8") for name in KINDS}
    addresses = {a for text in texts.values() for a in re.findall(r"(?:https?:)?//[\w.-]+\.[\w/.-]+", text)}

    assert addresses == {"http://www.w3.org/2000/svg"}, "a namespace, which nobody fetches"
    assert re.findall(r"<style|style=|onclick|<script>|@import|url\(", texts["page.html"] + texts["page.css"]) == []


def test_it_has_the_reports_colours_light_and_dark():
    made = palette()

    assert made.startswith(":root { --paper:")
    assert "prefers-color-scheme: dark" in made
    assert made.count("--candidate:") == 2


def test_an_answer_waits_for_news_and_not_for_ever(served, monkeypatch):
    slept = []
    monkeypatch.setattr("harness.watch.serve.time.sleep", slept.append)
    served.picture.stamps = ["old", "old", "new"]
    with client(served, Cookie=f"{served.page.cookie}={served.page.token}") as person:
        waited = person.get("/data", params={"stamp": "old"})
        seen = len(slept)
        at_once = person.get("/data", params={"stamp": "before that"})
        monkeypatch.setattr("harness.watch.serve.WAIT_S", 0.0)
        given_up = person.get("/data", params={"stamp": "new"})

    assert [answer.status_code for answer in (waited, at_once, given_up)] == [200] * 3
    assert (seen, len(slept)) == (2, 2)
