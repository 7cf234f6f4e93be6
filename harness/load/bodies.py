"""Request bytes: what an arrival asks, in the target's dialect."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from harness.domain.asks import Asks
from harness.domain.field_map import FramingKind
from harness.domain.mix import CHARACTERS_PER_TOKEN
from harness.domain.placeholders import filled, placeholders
from harness.domain.target import Dialect
from harness.domain.trace_context import trace_of, traceparent
from harness.load.signing import learn_secrets

if TYPE_CHECKING:
    from harness.domain.field_map import FieldMap, WebSocketMap
    from harness.domain.questions import Question
    from harness.domain.schedule import Arrival
    from harness.load.origin import Origin
    from harness.load.signing import Signing
    from harness.load.spec import RunSpec

MOST_USUAL = 6  # passages of a question that wants none, where nothing else can be asked
MOST_CHARACTERS = 32_000  # a message, by the contract
MOST_MESSAGES = 64
MOST_TOKENS = 4096
RAG_CHAT_PATH = "/v1/chat"
ACCEPT: Mapping[FramingKind | None, bytes] = {  # of a stream
    None: b"text/event-stream",
    FramingKind.SSE: b"text/event-stream",
    FramingKind.NDJSON: b"application/x-ndjson, application/json",
    FramingKind.TEXT: b"text/plain, */*",
    FramingKind.JSON_ARRAY: b"application/json",
    FramingKind.AWS_EVENT_STREAM: b"application/vnd.amazon.eventstream",
}
HISTORY_ANSWER = "As said before: {question} The short answer is yes, within the limits that the documentation names."
NOTES = (
    "the team keeps its notes short and dated so that a reader finds the latest decision first and the reason for it "
    "beside it while older entries stay below for whoever wants to know how the service came to be as it is today "
)


class Bodies:
    """Builds requests; a body that only question and mode decide is built once."""

    def __init__(
        self, spec: RunSpec, questions: Mapping[str, Question], origin: Origin, signing: Signing | None = None
    ) -> None:
        learn_secrets(spec)
        self._signing = signing
        self._prefix = origin.prefix
        self._dialect = spec.dialect
        self._openai = spec.openai
        self._model = spec.model
        self._most = spec.max_tokens or MOST_TOKENS
        self._questions = questions
        self._head = _fixed_head(spec, origin)
        self._id_header = f"{spec.header_names.request_id}: ".encode("latin-1")
        self._tenant_header = f"\r\n{spec.header_names.tenant}: ".encode("latin-1")
        self._told_tenant = spec.fields is not None and "tenant" in placeholders(
            [spec.fields.request, spec.fields.stream_request or {}]
        )
        said = {name.lower() for name in (*spec.headers, *spec.headers_from_env)}
        self._traced = spec.traced and "traceparent" not in said
        self._accepts = "accept" in said
        self._retrieval = spec.retrieval if spec.mix.asks is Asks.RETRIEVAL else None
        self._fields = spec.fields.with_secrets(os.environ) if spec.fields and self._retrieval is None else None
        self._ready: dict[int, tuple[bytes, bytes]] = {}
        self._plain: dict[tuple[str, bool, int | None, int | None, str | None], tuple[bytes, bytes]] = {}
        self._notes = NOTES * (MOST_CHARACTERS // len(NOTES) + 2)

    def request(self, arrival: Arrival, request_id: str) -> bytes:
        """Head and body of one attempt."""
        if self._fields is not None and self._fields.websocket is not None:
            return self._messages_of(arrival, request_id, self._fields, self._fields.websocket)
        head, body = self._ready.pop(arrival.seq) if arrival.seq in self._ready else self._signed(arrival)
        return head + request_id.encode() + self._rest(arrival, request_id) + body

    def _rest(self, arrival: Arrival, request_id: str) -> bytes:
        """The rest of a head after the request's id."""
        tenant = b"" if arrival.tenant is None else self._tenant_header + arrival.tenant.encode("latin-1")
        return tenant + self._trace(request_id)

    def _trace(self, request_id: str) -> bytes:
        """Its end: where spans are collected a W3C trace context, whose trace is the request's own id."""
        trace_id = trace_of(request_id) if self._traced else None  # a check's questions have ids of another form
        return b"\r\n\r\n" if trace_id is None else f"\r\ntraceparent: {traceparent(trace_id)}\r\n\r\n".encode()

    def single(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """One request that no arrival asks for; ``headers`` take the place of those that every request has."""
        given = {name.lower() for name in headers}
        kept = [line for line in self._head.split(b"\r\n") if line and _name(line) not in given]
        signed = self._signing.lines(method, path, body) if self._signing is not None else b""
        more = [f"{name}: {value}".encode("latin-1") for name, value in headers.items()]
        length = [b"Content-Length: %d" % len(body)] if body or method == "POST" else []
        head = [b"%s %s HTTP/1.1" % (method.encode(), (self._prefix + path).encode("latin-1")), *kept, *length, *more]
        return b"\r\n".join(head) + b"\r\n" + signed + b"\r\n" + body

    def _messages_of(self, arrival: Arrival, request_id: str, fields: FieldMap, socket: WebSocketMap) -> bytes:
        """The upgrade's head, then a line for each message: they may hold the request's own id."""
        values = self._values(self._questions[arrival.question_id], arrival) | {"request_id": request_id}
        own = values if fields.model is None else {"model": fields.model, **values}
        said = [filled(one.send, own) for one in socket.opening] + [fields.body(values)]
        path = self._path(stream=arrival.stream)
        signed = self._signing.lines("GET", path, b"") if self._signing is not None else b""
        head = b"GET %s HTTP/1.1\r\n%s%s" % ((self._prefix + path).encode("latin-1"), self._head, signed)
        return (
            head
            + self._id_header
            + request_id.encode()
            + self._rest(arrival, request_id)
            + b"\n".join(orjson.dumps(one) for one in said)
        )

    def prepare(self, arrival: Arrival) -> None:
        """Sign now what is due soon."""
        self._ready[arrival.seq] = self._signed(arrival)

    def _signed(self, arrival: Arrival) -> tuple[bytes, bytes]:
        head, body = self._parts(arrival)
        if self._signing is not None:
            lines = self._signing.lines("POST", self._path(stream=arrival.stream), body)
            head = head[: -len(self._id_header)] + lines + self._id_header
        return head, body

    def _parts(self, arrival: Arrival) -> tuple[bytes, bytes]:
        """Built once where question and mode decide."""
        if not arrival.plain:
            return self._built(arrival)
        tenant = arrival.tenant if self._told_tenant else None
        key = (arrival.question_id, arrival.stream, arrival.top_k, arrival.max_tokens, tenant)
        parts = self._plain.get(key)
        if parts is None:
            parts = self._plain[key] = self._built(arrival)
        return parts

    def _built(self, arrival: Arrival) -> tuple[bytes, bytes]:
        path, body = self.body(arrival)
        accept = b"" if self._accepts else b"Accept: %s\r\n" % self._accept(stream=arrival.stream)
        head = b"POST %s HTTP/1.1\r\n%s%sContent-Length: %d\r\n%s"
        return head % ((self._prefix + path).encode("latin-1"), self._head, accept, len(body), self._id_header), body

    def _accept(self, *, stream: bool) -> bytes:
        if not stream:
            return b"application/json"
        return ACCEPT[self._fields.stream.framing if self._fields and self._fields.stream else None]

    def _path(self, *, stream: bool) -> str:
        if self._retrieval is not None:
            return self._retrieval.path
        if self._fields is not None:
            return self._fields.path_for(stream=stream)
        return self._openai.path_for(self._model) if self._dialect == Dialect.OPENAI_CHAT else RAG_CHAT_PATH

    def body(self, arrival: Arrival) -> tuple[str, bytes]:
        """Path and JSON body."""
        question = self._questions[arrival.question_id]
        return self._path(stream=arrival.stream), orjson.dumps(self._data(question, arrival))

    def _data(self, question: Question, arrival: Arrival) -> dict[str, Any]:
        values = self._values(question, arrival)
        if self._retrieval is not None:
            made: dict[str, Any] = filled(self._retrieval.request, {**values, "top_k": values["top_k"] or MOST_USUAL})
            return made
        if self._fields is not None:
            return self._fields.body(values)
        if self._dialect == Dialect.OPENAI_CHAT:
            return self._openai.body(values["messages"], values["max_tokens"], self._model, stream=arrival.stream)
        told = {name: values[name] for name in ("messages", "stream", "max_tokens", "top_k")}
        return told | ({"session_id": values["session"]} if "session" in values else {})

    def _values(self, question: Question, arrival: Arrival) -> dict[str, Any]:
        """What the question and its arrival say, by the names of placeholders."""
        messages = self._messages(question, arrival)
        session = question.session_id if arrival.session is None else f"session-{arrival.session}"
        return {
            "prompt": messages[-1]["content"],
            "messages": messages,
            "stream": arrival.stream,
            "max_tokens": question.max_tokens if arrival.max_tokens is None else min(arrival.max_tokens, self._most),
            "top_k": question.top_k if arrival.top_k is None else arrival.top_k,
            **({"session": session} if session else {}),
            **({"tenant": arrival.tenant} if arrival.tenant else {}),
        }

    def _messages(self, question: Question, arrival: Arrival) -> list[dict[str, str]]:
        own = [{"role": m.role, "content": m.content} for m in question.messages]
        for name in arrival.history[::-1]:
            asked = self._questions[name].messages[-1].content
            answer = HISTORY_ANSWER.format(question=asked)
            own = [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}, *own]
        own = own[-MOST_MESSAGES:]
        if arrival.unique is not None:
            own[-1] = {"role": "user", "content": f"{own[-1]['content']} (case {arrival.unique + 1})"[:MOST_CHARACTERS]}
        if arrival.prompt_tokens is not None:
            own = [*self._padding(arrival, own), *own]
        return own

    def _padding(self, arrival: Arrival, own: list[dict[str, str]]) -> list[dict[str, str]]:
        """Notes that bring the prompt to its length; they differ between questions, so that no prefix is shared."""
        missing = round(arrival.prompt_tokens * CHARACTERS_PER_TOKEN)  # type: ignore[operator]
        missing -= sum(len(m["content"]) for m in own)
        out: list[dict[str, str]] = []
        while missing > 0 and len(out) + len(own) < MOST_MESSAGES:
            start = (sum(arrival.question_id.encode()) * 7 + len(out)) % len(NOTES)
            text = self._notes[start : start + min(missing, MOST_CHARACTERS)]
            out.append({"role": "system", "content": text})
            missing -= len(text)
        return out


def _name(line: bytes) -> str:
    return line.partition(b":")[0].decode("latin-1").lower()


def _fixed_head(spec: RunSpec, origin: Origin) -> bytes:
    """Headers that every request has; secrets come from this process's own environment, and a target's own win."""
    ours = {"User-Agent": "runtime-pilot", "Content-Type": "application/json"}
    given = spec.headers | {name: os.environ.get(variable, "") for name, variable in spec.headers_from_env.items()}
    said = {name.lower() for name in given}
    lines = [f"Host: {origin.host_header}", "Accept-Encoding: identity"]
    if spec.connections == "fresh":
        lines.append("Connection: close")
    lines += [f"{name}: {value}" for name, value in ours.items() if name.lower() not in said]
    by_arrival = spec.header_names.tenant.lower() if spec.mix.tenants else ""
    lines += [f"{name}: {value}" for name, value in given.items() if name.lower() != by_arrival]
    return "".join(line.replace("\r", "").replace("\n", "") + "\r\n" for line in lines).encode("latin-1", "replace")
