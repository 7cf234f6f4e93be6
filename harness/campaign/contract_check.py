"""Holds a live target to the contract: each check says pass, fail, or that it could not tell."""

from __future__ import annotations

import json
import ssl
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import httpx

from harness.campaign.symptoms import Broken, streams, transport_words, want, whole
from harness.dialects.framing.sse import SseParser
from harness.domain.buffering import LEAST_S, held_back
from harness.domain.target import Dialect

TIMEOUT_S = 60.0
STREAMS_ASKED = 3
LONG_TOKENS = 1024
QUESTION = {"messages": [{"role": "user", "content": "What does json.dumps do?"}], "max_tokens": 24}
INSTANCE_HEADERS = ("x-request-id", "x-instance-id", "x-instance-requests", "x-instance-age-ms", "x-init-type")


C = TypeVar("C")
Verify = ssl.SSLContext | bool


class Answer(StrEnum):
    """Three-valued, for an error in a check is no pass; the fourth is of what an endpoint has no way to say."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "can't tell"
    UNTOLD = "not told"


class Shown(StrEnum):
    """What of the samples shows, in the report, what an endpoint does not tell of itself."""

    NOTHING = "nothing"
    ANSWERS = "answers"
    CITATIONS = "citations"
    STREAMS = "streams"


@dataclass(frozen=True)
class Check:
    """One question to the target and its answer."""

    name: str
    answer: Answer
    detail: str = ""
    shown_by: Shown | None = None

    @property
    def stands(self) -> bool:
        """Whether it keeps nobody from measuring: what cannot be told is no fault, and stays a doubt until it is shown."""
        return self.answer in (Answer.PASS, Answer.UNTOLD)


class Contract:
    """The checks of ``rag-chat/1`` over one client; each method is one check, its docstring its name."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def meta(self) -> str:
        """/v1/meta names the contract, model, prompt and index"""
        data = whole(self._client.get("/v1/meta"))
        wanted = ("service_version", "model", "prompt_version", "index_digest")
        want(data.get("contract") == Dialect.RAG_CHAT, f"contract is {data.get('contract')!r}")
        want(all(isinstance(data.get(k), str) for k in wanted), f"want text in {', '.join(wanted)}")
        want(isinstance(data.get("runtime"), dict), "runtime is no object")
        return f"index {data['index_digest'][:19]}…, model {data['model']}"

    def health(self) -> str:
        """/healthz answers ok and does not count as a request"""
        want(whole(self._client.get("/healthz")) == {"status": "ok"}, 'body is not {"status": "ok"}')
        return ""

    def whole_answer(self) -> str:
        """A whole answer has id, model, answer, citations, usage"""
        answer = self._client.post("/v1/chat", json=QUESTION)
        data = whole(answer)
        want(all(isinstance(data.get(k), str) and data[k] for k in ("id", "model", "answer")), "id, model or answer")
        _citations(data.get("citations"))
        want(isinstance(data.get("usage"), dict), "usage is no object")
        return f"{data['usage'].get('output_tokens')} tokens"

    def headers(self) -> str:
        """Every answer of an instance carries its headers, errors too"""
        bodies: tuple[dict[str, Any], ...] = (QUESTION, {"messages": []})
        for body in bodies:
            answer = self._client.post("/v1/chat", json=body)
            missing = [name for name in INSTANCE_HEADERS if name not in answer.headers]
            want(not missing, f"{', '.join(missing)} missing on a {answer.status_code}")
            float(answer.headers["x-instance-age-ms"])
        return ""

    def echo(self) -> str:
        """X-Request-Id is echoed"""
        given = uuid.uuid4().hex
        got = self._client.post("/v1/chat", json=QUESTION, headers={"X-Request-Id": given}).headers.get("x-request-id")
        want(got == given, f"sent {given}, got {got}")
        return ""

    def stream(self) -> str:
        """A stream has citations, tokens and done, in that order"""
        names, times, begun = self._stream()
        want(names[0] == "citations", f"first event is {names[0]}")
        want(names[-1] == "done", cut_words(names[-1], times[-1] - begun))
        want(set(names[1:-1]) == {"token"}, f"between them: {sorted(set(names[1:-1]))}")
        return f"{len(names) - 2} token events"

    def unbuffered(self) -> str:
        """Tokens arrive as they are produced, not all at the end"""
        # what buffers holds every stream back; a busy machine does so now and then
        for _ in range(STREAMS_ASKED - 1):
            with suppress(Broken):
                return self._unbuffered()
        return self._unbuffered()

    def _unbuffered(self) -> str:
        names, times, begun = self._stream()
        tokens = [at for name, at in zip(names, times, strict=True) if name == "token"]
        return not_held_back([at - begun for at in tokens], times[-1] - begun)

    def longest(self) -> str:
        """A long answer comes whole"""
        names, times, begun = self._stream(max_tokens=LONG_TOKENS)
        want(names[-1] == "done", cut_words(names[-1], times[-1] - begun))
        return f"{times[-1] - begun:.1f} s for {names.count('token')} tokens"

    def no_json(self) -> str:
        """A body that is no JSON is 400 invalid_json"""
        return self._refuses(400, "invalid_json", content=b"{nope")

    def unknown_field(self) -> str:
        """An unknown field is 422 and named"""
        return self._refuses(422, "invalid_request", named="surprise", json={**QUESTION, "surprise": 1})

    def out_of_range(self) -> str:
        """A value out of range is 422 and named"""
        return self._refuses(422, "invalid_request", named="top_k", json={**QUESTION, "top_k": 51})

    def too_large(self) -> str:
        """A body above 1 MiB is 413"""
        return self._refuses(413, "too_large", content=b'{"messages": "' + b"x" * (1 << 20) + b'"}')

    def uncompressed(self) -> str:
        """Bodies are never compressed"""
        answer = self._client.post("/v1/chat", json=QUESTION, headers={"Accept-Encoding": "gzip"})
        encoding = answer.headers.get("content-encoding", "identity")
        want(encoding == "identity", f"content-encoding is {encoding}")
        return ""

    def _refuses(self, status: int, code: str, named: str = "", **request: Any) -> str:  # noqa: ANN401
        answer = self._client.post("/v1/chat", **request)
        want(answer.status_code == status, f"answered {answer.status_code}, not {status}")
        error = answer.json().get("error", {})
        want(error.get("code") == code, f"code is {error.get('code')!r}, not {code!r}")
        want(named in str(error.get("message")), f"the message does not name {named}")
        return ""

    def _stream(self, **more: Any) -> tuple[list[str], list[float], float]:  # noqa: ANN401
        names: list[str] = []
        times: list[float] = []
        begun = time.perf_counter()
        parser = SseParser()
        with self._client.stream("POST", "/v1/chat", json={**QUESTION, "stream": True, **more}) as answer:
            streams(answer)
            for chunk in answer.iter_raw():
                for event in parser.feed(chunk):
                    names.append(event.name)
                    times.append(time.perf_counter())
                    json.loads(event.data)
        want(bool(names), "no event came")
        return names, times, begun


def cut_words(last: str, after_s: float) -> str:
    """Of a stream whose last event is none of its ends."""
    return f"ended after {after_s:.1f} s with {last}, not done: cut on its way, by a timeout or a crash"


def not_held_back(tokens_s: Sequence[float], whole_s: float) -> str:
    """Words for a stream that streams; raises Broken for one that is buffered, NotTold for one too short."""
    if not tokens_s:
        raise CannotTell("no token came")
    spread = tokens_s[-1] - tokens_s[0]
    words = f"{len(tokens_s)} tokens within {spread * 1e3:.0f} ms of {whole_s * 1e3:.0f} ms"
    if whole_s < LEAST_S:
        return f"{words}: too fast for buffering to matter"
    match held_back(tokens_s[0], tokens_s[-1], whole_s, len(tokens_s)):
        case None:
            raise NotTold(f"{words}: too few to tell; the report says it from the samples", Shown.STREAMS)
        case True:
            raise Broken(f"{words}: the stream is buffered on its way")
        case _:
            return words


class CannotTell(Exception):
    """The check itself could not be made."""


class NotTold(Exception):
    """The endpoint answers well and has no way to say; ``shown_by`` what does."""

    def __init__(self, words: str, shown_by: Shown) -> None:
        super().__init__(words)
        self.shown_by = shown_by


CHECKS: tuple[Callable[[Contract], str], ...] = (
    Contract.meta,
    Contract.health,
    Contract.whole_answer,
    Contract.headers,
    Contract.echo,
    Contract.stream,
    Contract.unbuffered,
    Contract.longest,
    Contract.no_json,
    Contract.unknown_field,
    Contract.out_of_range,
    Contract.too_large,
    Contract.uncompressed,
)


def check_contract(base_url: str, auth: httpx.Auth | None = None, verify: Verify = True) -> list[Check]:  # noqa: FBT002
    """Every check against one target, none skipped after a failure."""
    with client_of(base_url, auth, verify) as client:
        contract = Contract(client)
        return [answer_to(check, contract) for check in CHECKS]


def client_of(base_url: str, auth: httpx.Auth | None, verify: Verify) -> httpx.Client:
    """A client that follows no redirect, reads no proxy settings and keeps no connection.

    A server may close one that it kept after an error of its own; the next question would look cut off.
    """
    return httpx.Client(
        base_url=base_url,
        auth=auth,
        timeout=TIMEOUT_S,
        trust_env=False,
        follow_redirects=False,
        limits=httpx.Limits(max_keepalive_connections=0),
        verify=verify,
    )


def answer_to(check: Callable[[C], str], contract: C) -> Check:
    """Make one check; its docstring is its name."""
    name = (check.__doc__ or check.__name__).strip()
    began = time.perf_counter()
    try:
        return Check(name, Answer.PASS, check(contract))
    except Broken as error:
        return Check(name, Answer.FAIL, str(error))
    except CannotTell as error:
        return Check(name, Answer.UNKNOWN, str(error))
    except NotTold as error:
        return Check(name, Answer.UNTOLD, str(error), error.shown_by)
    except httpx.HTTPError as error:
        at_fault, words = transport_words(error, time.perf_counter() - began)
        return Check(name, Answer.FAIL if at_fault else Answer.UNKNOWN, words)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        return Check(name, Answer.FAIL, f"unexpected answer: {type(error).__name__}: {error}")


def parity(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Check]:
    """Whether two targets do the same work, from their /v1/meta."""
    checks = []
    for field in ("index_digest", "model", "prompt_version", "service_version"):
        a, b = first.get(field), second.get(field)
        if a is None or b is None:
            shown = Shown.CITATIONS if field == "index_digest" else Shown.ANSWERS
            checks.append(Check(f"same {field}", Answer.UNKNOWN, "one of them does not say", shown))
        else:
            checks.append(
                Check(f"same {field}", Answer.PASS if a == b else Answer.FAIL, "" if a == b else f"{a} | {b}")
            )
    return checks


def _citations(value: object) -> None:
    want(isinstance(value, list), "citations is no list")
    for citation in value if isinstance(value, list) else ():
        want(
            {"document_id", "passage_id", "title", "score"} <= set(citation),
            "a citation lacks document_id, passage_id, title or score",
        )
