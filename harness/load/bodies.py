"""Request bytes: what an arrival asks, in the target's dialect."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from harness.domain.mix import CHARACTERS_PER_TOKEN
from harness.domain.target import Dialect

if TYPE_CHECKING:
    from harness.domain.field_map import FieldMap
    from harness.domain.questions import Question
    from harness.domain.schedule import Arrival
    from harness.load.origin import Origin
    from harness.load.signing import Signing
    from harness.load.spec import RunSpec

MOST_CHARACTERS = 32_000  # a message, by the contract
MOST_MESSAGES = 64
MOST_TOKENS = 4096
ID_HEADER = b"X-Request-Id: "
CHAT_PATHS: Mapping[str, str] = {Dialect.RAG_CHAT: "/v1/chat", Dialect.OPENAI_CHAT: "/v1/chat/completions"}
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
        self._signing = signing
        self._prefix = origin.prefix
        self._dialect = spec.dialect
        self._model = spec.model
        self._most = spec.max_tokens or MOST_TOKENS
        self._questions = questions
        self._head = _fixed_head(spec, origin)
        self._fields = spec.fields
        self._path = CHAT_PATHS.get(spec.dialect, "")
        self._ready: dict[int, tuple[bytes, bytes]] = {}
        self._plain: dict[tuple[str, bool, int | None, int | None], tuple[bytes, bytes]] = {}
        self._notes = NOTES * (MOST_CHARACTERS // len(NOTES) + 2)

    def request(self, arrival: Arrival, request_id: str) -> bytes:
        """Head and body of one attempt."""
        head, body = self._ready.pop(arrival.seq) if arrival.seq in self._ready else self._signed(arrival)
        return head + request_id.encode() + b"\r\n\r\n" + body

    def single(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """One request that no arrival asks for; ``headers`` take the place of those that every request has."""
        given = {name.lower() for name in headers}
        kept = [line for line in self._head.split(b"\r\n") if line and _name(line) not in given]
        signed = self._signing.lines(method, path, body) if self._signing is not None else b""
        more = [f"{name}: {value}".encode("latin-1") for name, value in headers.items()]
        length = [b"Content-Length: %d" % len(body)] if body or method == "POST" else []
        head = [b"%s %s HTTP/1.1" % (method.encode(), (self._prefix + path).encode("latin-1")), *kept, *length, *more]
        return b"\r\n".join(head) + b"\r\n" + signed + b"\r\n" + body

    def prepare(self, arrival: Arrival) -> None:
        """Sign now what is due soon."""
        self._ready[arrival.seq] = self._signed(arrival)

    def _signed(self, arrival: Arrival) -> tuple[bytes, bytes]:
        head, body = self._parts(arrival)
        if self._signing is not None:
            path = self._fields.path_for(stream=arrival.stream) if self._fields else self._path
            head = head[: -len(ID_HEADER)] + self._signing.lines("POST", path, body) + ID_HEADER
        return head, body

    def _parts(self, arrival: Arrival) -> tuple[bytes, bytes]:
        """Built once where question and mode decide."""
        if not arrival.plain:
            return self._built(arrival)
        key = (arrival.question_id, arrival.stream, arrival.top_k, arrival.max_tokens)
        parts = self._plain.get(key)
        if parts is None:
            parts = self._plain[key] = self._built(arrival)
        return parts

    def _built(self, arrival: Arrival) -> tuple[bytes, bytes]:
        path, body = self.body(arrival)
        accept = b"text/event-stream" if arrival.stream else b"application/json"
        head = b"POST %s HTTP/1.1\r\n%sAccept: %s\r\nContent-Length: %d\r\n" + ID_HEADER
        return head % ((self._prefix + path).encode("latin-1"), self._head, accept, len(body)), body

    def body(self, arrival: Arrival) -> tuple[str, bytes]:
        """Path and JSON body."""
        question = self._questions[arrival.question_id]
        if self._fields is not None:
            return self._mapped(self._fields, question, arrival)
        data: dict[str, Any] = {
            "messages": self._messages(question, arrival),
            "stream": arrival.stream,
            "max_tokens": question.max_tokens if arrival.max_tokens is None else min(arrival.max_tokens, self._most),
        }
        if self._dialect == Dialect.OPENAI_CHAT:
            if self._model is not None:
                data["model"] = self._model
            if arrival.stream:
                data["stream_options"] = {"include_usage": True}
            return self._path, orjson.dumps(data)
        data["top_k"] = question.top_k if arrival.top_k is None else arrival.top_k
        if arrival.session is not None:
            data["session_id"] = f"session-{arrival.session}"
        elif question.session_id:
            data["session_id"] = question.session_id
        return self._path, orjson.dumps(data)

    def _mapped(self, fields: FieldMap, question: Question, arrival: Arrival) -> tuple[str, bytes]:
        messages = self._messages(question, arrival)
        session = question.session_id if arrival.session is None else f"session-{arrival.session}"
        values = {
            "prompt": messages[-1]["content"],
            "messages": messages,
            "stream": arrival.stream,
            "max_tokens": question.max_tokens if arrival.max_tokens is None else min(arrival.max_tokens, self._most),
            "top_k": question.top_k if arrival.top_k is None else arrival.top_k,
            **({"session": session} if session else {}),
        }
        return fields.path_for(stream=arrival.stream), orjson.dumps(fields.body(values))

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
    """Headers that every request has; secrets come from this process's own environment."""
    lines = [
        f"Host: {origin.host_header}",
        "User-Agent: runtime-pilot",
        "Content-Type: application/json",
        "Accept-Encoding: identity",
    ]
    if spec.connections == "fresh":
        lines.append("Connection: close")
    lines += [f"{name}: {os.environ.get(variable, '')}" for name, variable in spec.headers_from_env.items()]
    return "".join(line.replace("\r", "").replace("\n", "") + "\r\n" for line in lines).encode("latin-1", "replace")
