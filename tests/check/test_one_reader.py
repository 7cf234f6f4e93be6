"""A check, a run and a reader that others wrote judge drawn answers alike, or the difference is listed with its reason."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import uuid
from collections import Counter
from contextlib import closing, contextmanager, suppress
from random import Random
from time import perf_counter
from typing import NamedTuple

import httpx
import pytest

from harness.check.asking import TEXT, AskingTerms, asker_of
from harness.check.symptoms import Symptom, judge
from harness.domain.questions import Message, Question
from harness.domain.sample import Outcome, Sample
from harness.domain.schedule import Arrival
from tests.builders import external
from tests.peers.drawn import Drawn, draw

DRAWN, MORE = 1200, 2000  # the slow one draws more
SEED = 20261126
ASK = {"model": "m", "messages": [{"role": "user", "content": TEXT}]}
STRICT, LENIENT = "a run refuses it", "a run accepts it"


class Judged(NamedTuple):
    """``ok`` or not, and the text where a reader found some."""

    ok: bool
    text: str | None = None


class Difference(NamedTuple):
    """An oddity, what a run makes of it that the other reader does not, and why."""

    odd: str
    run: str
    why: str


IN_BOTH = (
    Difference("gzip", STRICT, "identity was asked for, and what compresses holds tokens back; httpx unpacks it"),
    Difference("two lengths", STRICT, "RFC 9112 6.3 lets it be an error, for two readers may split it differently"),
    Difference("bare LF", STRICT, "llhttp wants CRLF (RFC 9112 2.2 leaves LF to the reader); h11 takes both"),
    Difference("NaN", STRICT, "is not JSON; Python's json reads it nevertheless, browsers and Go do not"),
    Difference(
        "surrogate", STRICT, "half a pair is no character and cannot be written as UTF-8; Python lets it through"
    ),
    Difference("content filter", STRICT, "what was withheld is no answer; it stands in finish_reason, which few read"),
    Difference("finish error", STRICT, "as above"),
    Difference("tool calls", LENIENT, "an answer of its kind, without text"),
    Difference("refusal", LENIENT, "an answer of its kind"),
    Difference("parts", LENIENT, "content as a list of parts, as Mistral writes it"),
    Difference(
        "BOM", LENIENT, "a mark before an event stream is dropped (WHATWG 9.2.6); they lose the first event by it"
    ),
)
# Of httpx with httpx-sse, read as the examples of their pages read it.
OF_HTTPX = (
    *IN_BOTH,
    Difference("not UTF-8", STRICT, "JSON is UTF-8 (RFC 8259 8.1); httpx puts a replacement character there"),
    Difference(
        "error object", STRICT, "half an answer and an error is no answer; who looks for `error` alone misses it"
    ),
    Difference(
        "capital type", LENIENT, "media types are the same in capitals (RFC 9110 8.3.1); httpx-sse compares as written"
    ),
    Difference(
        "too short", LENIENT, "its own end, [DONE], had come; behind a CR httpx-sse waits for an LF, and meets the cut"
    ),
)
# Of openai's own client, which takes a stream that ends for one that is whole, and the shape of a chunk on trust.
OF_OPENAI = (
    *IN_BOTH,
    Difference("no content-type", STRICT, "a whole answer is told from a stream by its type"),
    Difference("no DONE", STRICT, "a stream is whole at [DONE]; without it nobody knows whether it was cut"),
    Difference("cut", STRICT, "as above"),
    Difference("unfinished", STRICT, "an event without its blank line is none (WHATWG 9.2.6)"),
    Difference(
        "empty choices",
        LENIENT,
        "a choice without a delta says nothing, which is no fault; the client's example trips over it",
    ),
    Difference("heartbeats", LENIENT, "an event of empty data says nothing; the client reads it as JSON"),
)


@contextmanager
def serving(current: list[Drawn]):
    """The base URL of a server that answers everything with the one in ``current``."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        threading.Thread(target=_accept, args=(listener, current), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _accept(listener, current):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, current), daemon=True).start()


def _serve(connection, current):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb") as lines:
        try:
            while line := lines.readline():
                length = 0
                while (line := lines.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.partition(b":")[2])
                lines.read(length)
                drawn = current[0]
                for piece in drawn.pieces:
                    connection.sendall(piece)
                if drawn.closes:
                    return
        except OSError:
            return


def by_check(asker, drawn: Drawn) -> tuple[Sample, bool]:
    """The sample of a check's question, and whether the check passes."""
    asked = asker.ask(stream=drawn.stream)
    try:
        judge(asked)
    except Symptom:
        return asked.sample, False
    return asked.sample, True


def by_run(attempts, drawn: Drawn, n: int) -> Sample:
    """The sample of a run's arrival, as its generator makes it."""
    arrival = Arrival(n, 0.0, "steady", measured=True, question_id="check", stream=drawn.stream)
    sample = Sample(n, "steady", measured=True, question_id="check", stream=drawn.stream, scheduled_s=0.0)
    sample.sent_s = 0.0
    attempts.make(arrival, sample, "slot", uuid.uuid4().hex, perf_counter() + 10)
    return sample


def by_httpx(client, drawn: Drawn) -> Judged:
    """httpx and httpx-sse, and the JSON module of the standard library."""
    from httpx_sse import EventSource, SSEError

    headers = {"Accept-Encoding": "identity", "Accept": "text/event-stream" if drawn.stream else "application/json"}
    try:
        with client.stream(
            "POST", "/v1/chat/completions", json={**ASK, "stream": drawn.stream}, headers=headers
        ) as got:
            if got.status_code != 200:
                return Judged(ok=False)
            if drawn.stream:
                return _of_events(EventSource(got).iter_sse())
            got.read()
            return _of_message(json.loads(got.content.decode("utf-8-sig", "replace")))
    except (httpx.HTTPError, SSEError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return Judged(ok=False)


def _of_events(events) -> Judged:
    text = ""
    for event in events:
        if event.data.startswith("[DONE]"):
            return Judged(bool(text), text)
        if event.event == "error":
            return Judged(ok=False)
        if not event.data.strip():
            continue
        chunk = json.loads(event.data)
        if chunk.get("error"):
            return Judged(ok=False)
        for choice in chunk.get("choices") or []:
            text += (choice.get("delta") or {}).get("content") or ""
    return Judged(ok=False)


def _of_message(body) -> Judged:
    text = "" + body["choices"][0]["message"]["content"]
    return Judged(bool(text), text)


def digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def readings(read, drawn=DRAWN):
    """Each drawn answer with what a check, a run and ``read(base_url)(drawn)`` make of it."""
    rng = Random(SEED)
    current: list[Drawn] = [draw(rng)]
    with serving(current) as url, asking(url) as asker, running(url) as attempts, read(url) as other:
        for n in range(drawn):
            current[0] = one = draw(rng)
            checked, passes = by_check(asker, one)
            yield one, checked, passes, by_run(attempts, one, n), other(one)


def asking(url):
    return asker_of(external(url, "openai-chat", model="m"), url, AskingTerms(deadline_s=10))


@contextmanager
def running(url):
    """What a run's generator sends by, for the same target."""
    from harness.load.attempt import Attempts
    from harness.load.origin import Origin
    from harness.load.spec import single

    spec = single(external(url, "openai-chat", model="m"), url, 10.0)
    origin = Origin(url)
    attempts = Attempts(spec, origin, {"check": Question("check", (Message("user", TEXT),))}, perf_counter())
    attempts.start()
    yield attempts
    attempts.stop()
    origin.close()


SAME = ("outcome", "error_code", "status", "token_events", "output_tokens", "answer_digest", "answer_kind", "layer")


def told(sample: Sample) -> tuple[object, ...]:
    """What a run keeps of it; the words of bytes that are not HTTP quote what came in one read, which is chance."""
    return (*(getattr(sample, name) for name in SAME), sample.detail if sample.status is not None else None)


def unexplained(made, differences):
    """Differences that no listed oddity explains in that direction, and how often each listed one alone did."""
    rest, needed = [], Counter()
    for drawn, _, _, run, other in made:
        ok = run.outcome == Outcome.OK
        if ok == other.ok and (not ok or other.text is None or digest(other.text) == run.answer_digest):
            continue
        direction = LENIENT if ok else STRICT
        reasons = [one for one in differences if one.run == direction and one.odd in drawn.odd]
        needed.update(reasons[:1] if len(reasons) == 1 else [])
        if not reasons:
            rest.append((sorted(drawn.odd), run.outcome, run.detail, other, drawn.bytes[:400]))
    return rest, needed


@pytest.fixture(scope="module")
def against_httpx():
    pytest.importorskip("httpx_sse", reason="httpx-sse is not installed")

    @contextmanager
    def read(url):
        # one connection each: whether a kept one is closed already, when it is used again, is chance
        at_once = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=url, trust_env=False, timeout=30, limits=at_once) as client:
            yield lambda drawn: by_httpx(client, drawn)

    return list(readings(read))


def test_a_check_and_a_run_never_differ(against_httpx):
    assert [(d.odd, told(c), told(r)) for d, c, _, r, _ in against_httpx if told(c) != told(r)] == []
    assert [d.odd for d, _, passes, r, _ in against_httpx if passes != (r.outcome == Outcome.OK)] == []


def test_httpx_and_its_companion_agree_or_the_reason_is_listed(against_httpx):
    rest, needed = unexplained(against_httpx, OF_HTTPX)
    assert rest == []
    assert [one for one in OF_HTTPX if not needed[one]] == [], "a reason that nothing needs is not true"


def test_the_draws_hold_good_answers_and_every_oddity(against_httpx):
    from tests.peers import drawn as kinds

    odd = Counter(one for d, *_ in against_httpx for one in d.odd)
    outcomes = Counter(run.outcome for *_, run, _ in against_httpx)
    assert set(kinds.STREAM) | set(kinds.WHOLE) | set(kinds.WIRE) <= set(odd)
    assert 0.25 < outcomes["ok"] / DRAWN < 0.75
    assert {"throttled", "overloaded", "cut_stream", "bad_contract", "server_error", "unauthorized"} <= set(outcomes)


@pytest.mark.slow
def test_openais_own_client_agrees_or_the_reason_is_listed():
    openai = pytest.importorskip("openai", reason="openai's client is not installed: pip install openai")

    @contextmanager
    def read(url):
        with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=10) as client:
            yield lambda drawn: by_openai(openai, client, drawn)

    rest, needed = unexplained(readings(read, MORE), OF_OPENAI)
    assert rest == []
    assert [one for one in OF_OPENAI if not needed[one]] == []


def by_openai(openai, client, drawn: Drawn) -> Judged:
    """What a program gets of it that reads as the examples of its page do."""
    text = ""
    try:
        got = client.chat.completions.create(**ASK, stream=drawn.stream)
        if not drawn.stream:
            text = "" + got.choices[0].message.content
        else:
            for chunk in got:
                for choice in chunk.choices:
                    text += choice.delta.content or ""
    except (openai.OpenAIError, ValueError, TypeError, IndexError, AttributeError, *_transport()):
        return Judged(ok=False)
    return Judged(bool(text), text)


def _transport():
    """Errors of its transport that its client lets through from the middle of a stream."""
    out = [httpx.HTTPError]
    with suppress(ImportError):
        import httpx2

        out.append(httpx2.HTTPError)
    return out
