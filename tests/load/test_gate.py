"""The door of Locust's page: who gets in, and what becomes of the rest."""

from __future__ import annotations

from argparse import Namespace

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from harness.load.gate import Gate, page_of

HERE = "127.0.0.1:8089"


def page(**options):
    given = {"web_host": "127.0.0.1", "web_port": 8089, "web_base_path": "", "web_host_display_name": None}
    return page_of(Namespace(**{**given, "tls_cert": None, "tls_key": None, **options}))


class Door:
    """A browser before the page, and what came through to Locust."""

    def __init__(self, **options):
        self.page = page(**options)
        self.through = []
        self.client = Client(Gate(self._inside, self.page), use_cookies=False)

    def _inside(self, environ, start_response):
        self.through.append(Request(environ).path)
        return Response("inside", headers={"Access-Control-Allow-Origin": "*"})(environ, start_response)

    def ask(self, path="/", method="GET", host=HERE, *, known=True, **headers):
        """With the cookie of whoever opened the address, or without."""
        cookie = {"Cookie": f"{self.page.cookie}={self.page.token}"} if known else {}
        sent = {"Host": host, **cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.open(path, method=method, headers=sent, data="rate=1" if method == "POST" else None)


def test_the_printed_address_gives_a_cookie_that_no_script_reads_and_no_other_site_sends():
    door = Door()
    answer = door.ask(f"/?token={door.page.token}", known=False)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert answer.headers["Set-Cookie"] == f"pilot_page_8089={door.page.token}; HttpOnly; Path=/; SameSite=Strict"
    assert door.through == [], "the token is not handed to Locust"
    assert door.ask("/").text == "inside"


def test_what_is_behind_the_door_is_open_to_no_other_page():
    headers = Door().ask("/").headers

    assert "Access-Control-Allow-Origin" not in headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_link_that_another_site_shows_opens_the_page_all_the_same():
    door = Door()
    answer = door.ask(
        f"/?token={door.page.token}", known=False, Sec_Fetch_Site="cross-site", Referer="https://chat.example/"
    )

    assert (answer.status_code, door.through) == (200, [])
    assert "url=/" in answer.text
    assert door.page.token not in answer.text


FORGED = {
    "no cookie": {"known": False},
    "no cookie, own origin": {"known": False, "Origin": f"http://{HERE}"},
    "another site": {"Origin": "https://evil.example"},
    "another port of this machine": {"Origin": "http://127.0.0.1:3000"},
    "a sandboxed frame or file": {"Origin": "null"},
    "no origin, another referer": {"Referer": "https://evil.example/page"},
    "origin that only begins alike": {"Origin": f"http://{HERE}.evil.example"},
    "origin that is no URL": {"Origin": "http://[::1"},
    "fetched from elsewhere": {"Sec_Fetch_Site": "cross-site"},
    "fetched from another port": {"Sec_Fetch_Site": "same-site"},
    "another name": {"host": "evil.example:8089"},
    "another name, its own origin": {"host": "evil.example:8089", "Origin": "http://evil.example:8089"},
    "no name": {"host": ""},
    "two names": {"host": f"{HERE}, evil.example"},
    "a user in the name": {"host": f"evil@{HERE}"},
    "another address": {"host": "203.0.113.7:8089"},
}
PATHS = [
    "/",
    "/swarm",
    "/stop",
    "/stats/reset",
    "/user",
    "/worker-count",
    "/stats/requests",
    "/logs",
    "/login",
    "/assets/x.js",
    "/none",
]


@pytest.mark.parametrize("forged", FORGED)
def test_nobody_else_gets_through_by_any_path_or_method(forged):
    door = Door()
    answers = [door.ask(path, method, **FORGED[forged]) for path in PATHS for method in ("GET", "HEAD", "POST")]

    assert {answer.status_code for answer in answers} == {403}
    assert door.through == []
    assert door.page.token not in "".join(answer.text for answer in answers)


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"])
def test_a_page_needs_three_methods(method):
    door = Door()

    assert door.ask("/swarm", method).status_code == 403
    assert door.through == []


@pytest.mark.parametrize(
    "said",
    ["", "x", "é", "\udcff", "a" * 10_000, "%00", "{token}x", "{token}%20", "{token}&token=other&token={token}x"],
)
def test_a_token_that_is_not_the_one_opens_nothing(said):
    door = Door()
    first = said.startswith("{token}&")  # the first of several counts, whatever follows
    answer = door.client.get(f"/?token={said.format(token=door.page.token)}".encode("utf-8", "surrogateescape").decode("latin-1"),
                             headers={"Host": HERE})  # fmt: skip

    assert answer.status_code == (303 if first else 403)
    assert door.through == []


def test_the_token_opens_only_the_page_itself():
    door = Door()

    assert door.ask(f"/swarm?token={door.page.token}", "POST", known=False).status_code == 403
    assert door.ask(f"/stats/requests?token={door.page.token}", known=False).status_code == 403
    assert door.ask(f"/?token={door.page.token}", "POST", known=False).status_code == 403


def test_a_tunnel_by_another_port_of_this_machine_is_let_in():
    assert Door().ask("/swarm", "POST", host="localhost:9000", Origin="http://localhost:9000").text == "inside"


def test_beyond_this_machine_its_addresses_and_names_count_and_no_others():
    door = Door(web_host="0.0.0.0", web_host_display_name="https://load.example.com")

    assert door.ask(host="192.0.2.4:8089").text == "inside"
    assert door.ask(host="[2001:db8::1]:8089").text == "inside"
    assert door.ask("/swarm", "POST", host="load.example.com", Origin="https://load.example.com").text == "inside"
    assert door.ask("/swarm", "POST", host=HERE, Origin="https://load.example.com").text == "inside", (
        "a proxy's own Host"
    )
    assert door.ask(host="evil.example").status_code == 403
    assert door.page.address.startswith("https://load.example.com/?token=")


def test_below_a_path_of_its_own():
    door = Door(web_base_path="/load/", web_host="::1", tls_cert="c", tls_key="k")
    answer = door.ask(f"/load/?token={door.page.token}", host="[::1]:8089", known=False)

    assert door.page.address == f"https://[::1]:8089/load/?token={door.page.token}"
    assert answer.headers["Location"] == "/load/"
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "Path=/load/" in answer.headers["Set-Cookie"]


def test_each_process_has_a_token_of_its_own_that_is_not_shown_by_accident():
    one, other = page(), page()

    assert one.token != other.token
    assert len(one.token) == 43
    assert one.token not in repr(one)
