"""The model provider: OpenAI's wire format, paced by the clock, with a rate limit of its own."""

import json
import time

import httpx
import pytest
from ragchat.clock import Law
from ragchat.provider import Bucket, create_app

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}


@pytest.fixture
def anyio_backend():
    return "asyncio"


def client(**limits):
    law = Law(time_scale=0.02)
    return httpx.AsyncClient(transport=httpx.ASGITransport(create_app(law, **limits)), base_url="http://provider")


@pytest.mark.anyio
async def test_a_stream_ends_with_usage_and_done():
    async with client() as c:
        answer = await c.post(
            "/v1/chat/completions", json={**BODY, "stream": True, "stream_options": {"include_usage": True}}
        )
    frames = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    chunks = [json.loads(f) for f in frames[:-1]]

    assert frames[-1] == "[DONE]"
    assert chunks[-1]["usage"]["completion_tokens"] == sum(bool(c["choices"][0]["delta"]) for c in chunks[:-1])
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.anyio
async def test_a_whole_answer_takes_the_time_of_its_tokens():
    async with client() as c:
        began = time.perf_counter()
        answer = await c.post("/v1/chat/completions", json=BODY)

    assert answer.json()["choices"][0]["message"]["content"]
    assert time.perf_counter() - began > 0.004


@pytest.mark.anyio
async def test_its_own_rate_limit_says_when_to_come_back():
    async with client(rpm=1) as c:
        codes = [await c.post("/v1/chat/completions", json=BODY) for _ in range(2)]

    assert [a.status_code for a in codes] == [200, 429]
    assert 0 < float(codes[1].headers["retry-after"]) <= 60


@pytest.mark.anyio
async def test_a_broken_request_is_400():
    async with client() as c:
        assert (await c.post("/v1/chat/completions", content=b"nope")).status_code == 400


def test_a_bucket_refills_and_takes_nothing_when_it_refuses():
    bucket = Bucket(60)

    assert bucket.wait_s(60) == 0
    assert 0.9 < bucket.wait_s(1) <= 1
    assert Bucket(None).wait_s(10**9) == 0


@pytest.mark.anyio
async def test_with_a_key_only_who_sends_it_is_answered():
    async with client(key="planted") as c:
        answers = [
            (await c.post("/v1/chat/completions", json=BODY, headers=headers)).status_code
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer planted"})
        ]
        health = await c.get("/healthz")

    assert answers == [401, 401, 200]
    assert health.json() == {"status": "ok"}
