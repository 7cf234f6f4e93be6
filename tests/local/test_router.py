"""The router before two live sides: passed on as it comes, asked once more after a refusal, gone with its client."""

import asyncio
import json
from contextlib import asynccontextmanager, nullcontext, suppress

import httpx
import pytest

from harness.domain.header_names import USUAL_LOWERED
from harness.local import upstream
from harness.local.asgi import bind, reply, server_for
from harness.local.router import Router, SideTold, Told, control_of, told_from
from harness.platforms.local_router.config import Canary, Fallback, LocalRouter, Overflow

CHAT = "/v1/chat"


class Side:
    """Answers with ``status``; a 200 is two pieces, the second once ``go`` is set."""

    def __init__(self, status=200, *, breaks=False):
        self.status, self.breaks = status, breaks
        self.asked = []
        self.go = asyncio.Event()
        self.left = asyncio.Event()

    async def __call__(self, scope, receive, send):
        await receive()
        self.asked.append(dict(scope["headers"]))
        if self.status != 200:
            await reply(send, self.status, {"error": {"code": "no"}}, [(b"retry-after", b"7")])
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-instance-id", b"i")]})
        await send({"type": "http.response.body", "body": b"first ", "more_body": True})
        waits = [asyncio.create_task(self.go.wait()), asyncio.create_task(receive())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if not self.go.is_set():
            self.left.set()
        for one in waits:
            one.cancel()
        if self.breaks:
            raise RuntimeError("cut")
        await send({"type": "http.response.body", "body": b"second"})


@asynccontextmanager
async def served(app):
    listener = bind("127.0.0.1", 0)
    server = server_for(app)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.001)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.force_exit = server.should_exit = True
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for one in server.servers:
            one.close()


@asynccontextmanager
async def routed(rules, primary, secondary):
    """A client of a router before both sides, None of which is a side that nobody serves."""
    async with served(primary or Side()) as first, served(secondary) as second:
        gone = "http://127.0.0.1:9"  # the port of a service that is not there
        sides = {
            "primary": SideTold("fleet", gone if primary is None else first, {"X-Own": "yes"}),
            "secondary": SideTold("function", second),
        }
        router = Router(LocalRouter(primary="fleet", secondary="function", **rules), sides, USUAL_LOWERED)
        async with served(router) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
            yield client, router
        router.close()


def ran(story):
    asyncio.run(asyncio.wait_for(story(), 60))


def test_an_answer_is_passed_on_as_it_comes_and_says_who_gave_it():
    async def story():
        fleet = Side()
        async with routed({"fallback": Fallback()}, fleet, Side()) as (client, _):
            async with client.stream("POST", CHAT, headers={"X-Tenant-Id": "acme"}, content=b"{}") as answer:
                parts = answer.aiter_raw()
                assert await anext(parts) == b"first "  # while the side has not sent the rest
                fleet.go.set()
                assert await anext(parts) == b"second"
            assert answer.headers["x-route"] == "fleet"
            assert "x-route-from" not in answer.headers
            assert 0 <= float(answer.headers["x-router-ms"]) < 60_000
            assert fleet.asked[0][b"x-own"] == b"yes"
            assert fleet.asked[0][b"x-tenant-id"] == b"acme"

    ran(story)


def test_a_refusal_is_asked_of_the_other_side_which_is_named_with_the_one_that_refused():
    async def story():
        function = Side()
        function.go.set()
        async with routed({"fallback": Fallback()}, Side(503), function) as (client, router):
            answer = await client.post(CHAT, content=b"{}")

        assert (answer.status_code, answer.text) == (200, "first second")
        assert (answer.headers["x-route"], answer.headers["x-route-from"]) == ("function", "fleet")
        assert router.figures()["fell_back"] == 1
        assert router.figures()["in_flight"] == 0

    ran(story)


def test_a_side_that_is_not_there_counts_as_one_that_refuses():
    async def story():
        function = Side()
        function.go.set()
        async with routed({"fallback": Fallback()}, None, function) as (client, _):
            assert (await client.post(CHAT, content=b"{}")).headers["x-route-from"] == "fleet"
        async with routed({"fallback": Fallback(connect=False)}, None, function) as (client, _):
            answer = await client.post(CHAT, content=b"{}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (502, "no_side")
            assert "x-route" not in answer.headers

    ran(story)


def test_a_refusal_by_both_is_the_second_ones_with_all_that_it_said():
    async def story():
        async with routed({"fallback": Fallback()}, Side(503), Side(429)) as (client, _):
            answer = await client.post(CHAT, content=b"{}")

        assert (answer.status_code, answer.headers["retry-after"], answer.headers["x-route"]) == (429, "7", "function")

    ran(story)


def test_without_a_fallback_a_refusal_is_the_answer():
    async def story():
        function = Side()
        async with routed({"overflow": Overflow(9)}, Side(429), function) as (client, _):
            assert (await client.post(CHAT, content=b"{}")).status_code == 429
        assert function.asked == []

    ran(story)


def test_what_began_to_stream_is_never_asked_again():
    async def story():
        fleet, function = Side(breaks=True), Side()
        fleet.go.set()
        async with routed({"fallback": Fallback()}, fleet, function) as (client, _):
            try:
                await client.post(CHAT, content=b"{}")
                whole = True
            except httpx.RemoteProtocolError:
                whole = False
        assert not whole
        assert function.asked == []

    ran(story)


@pytest.mark.parametrize(("after_s", "closed_s", "times"), [(0.0, 30.0, 3), (0.05, 0.03, 2)])
def test_a_kept_connection_is_asked_again_only_where_it_had_been_closed_before(monkeypatch, after_s, closed_s, times):
    monkeypatch.setattr(upstream, "CLOSED_S", closed_s)
    asked, sides = [], []

    async def side(reader, writer):
        sides.append(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                asked.append(writer)
                if len(asked) == 2:
                    await asyncio.sleep(after_s)
                    break
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async def ask_twice():
        server = await asyncio.start_server(side, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        made = upstream.Upstream(f"http://127.0.0.1:{port}", None, 5.0, 60.0)
        try:
            for _ in range(2):
                answer = await made.ask(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n", head_only=False)
                assert [part async for part in answer.parts(5.0)] == []
                made.give_back(answer)
        finally:
            made.close()
            server.close()
            await asyncio.gather(*sides)

    with nullcontext() if times == 3 else pytest.raises(upstream.Broken):
        asyncio.run(ask_twice())
    assert len(asked) == times


def test_beyond_so_many_in_hand_the_secondary_answers():
    async def story():
        fleet, function = Side(), Side()
        function.go.set()
        async with routed({"overflow": Overflow(1)}, fleet, function) as (client, router):
            first = asyncio.create_task(client.post(CHAT, content=b"{}"))
            while router.figures()["in_flight_primary"] < 1:
                await asyncio.sleep(0.001)
            second = await client.post(CHAT, content=b"{}")
            fleet.go.set()
            third_after = (await first, await client.post(CHAT, content=b"{}"))

        assert second.headers["x-route"] == "function"
        assert [answer.headers["x-route"] for answer in third_after] == ["fleet", "fleet"]

    ran(story)


def test_a_client_that_leaves_takes_its_place_at_the_side_with_it():
    async def story():
        fleet = Side()
        async with routed({"overflow": Overflow(1)}, fleet, Side()) as (client, router):
            async with client.stream("POST", CHAT, content=b"{}") as answer:
                await anext(answer.aiter_raw())
                assert router.figures()["in_flight_primary"] == 1
            await asyncio.wait_for(fleet.left.wait(), 30)
            while router.figures()["in_flight"]:
                await asyncio.sleep(0.001)

    ran(story)


def test_what_asks_for_no_work_goes_to_the_primary_whatever_the_split():
    async def story():
        fleet, function = Side(503), Side(429)
        async with routed({"canary": Canary(1.0)}, fleet, function) as (client, _):
            asked = [(await client.get("/v1/meta")).headers["x-route"], (await client.post(CHAT)).headers["x-route"]]

        assert asked == ["fleet", "function"]

    ran(story)


def test_the_split_is_changed_by_the_owner_of_the_token_alone_and_only_to_a_share():
    async def story():
        router = Router(
            LocalRouter(primary="fleet", secondary="function", canary=Canary(0.05)),
            {
                "primary": SideTold("fleet", "http://127.0.0.1:9"),
                "secondary": SideTold("function", "http://127.0.0.1:9"),
            },
            USUAL_LOWERED,
        )
        async with (
            served(control_of(router, "key")) as url,
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client,
        ):
            own = {"Authorization": "Bearer key"}
            assert (await client.post("/split", json={"share": 0.5})).status_code == 401
            for wrong in ({"share": 1.5}, {"share": True}, {"share": "0.5"}, [], {}):
                assert (await client.post("/split", json=wrong, headers=own)).status_code == 400, wrong
            assert router.share == 0.05
            said = (await client.post("/split", json={"share": 0.25}, headers=own)).json()
            assert (said["share"], router.share) == (0.25, 0.25)
            assert said["changed_monotonic_s"] > 0
            assert (await client.get("/figures", headers=own)).json()["split_share"] == 0.25
        router.close()

    ran(story)


def test_what_its_process_is_told_survives_the_way_there_and_holds_no_header_from_the_environment():
    told = Told(
        {"primary": "a", "secondary": "b", "overflow": {"in_flight": 2}},
        {
            "primary": SideTold("a", "http://a", {}, {"Authorization": "A_TOKEN"}),
            "secondary": SideTold("b", "http://b"),
        },
        {"route": "x-route"},
        "key",
        3,
        4,
    )

    assert told_from(told.text()) == told
    assert "A_TOKEN" in json.loads(told.text())["sides"]["primary"]["headers_from_env"].values()
