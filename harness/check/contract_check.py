"""Holds a live target to its contract: each check says pass, fail, or that it could not tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson

from harness.check.answer_check import Answers, NotTold
from harness.check.asking import USUAL, AskingTerms, asker_of
from harness.check.jobs_check import JobChecks, speaks_jobs
from harness.check.symptoms import Broken, CannotTell, judge, quoted, want
from harness.dialects.numbers import finite
from harness.dialects.shapes import json_object
from harness.domain.headers import is_packed
from harness.domain.job_map import RAG_JOBS
from harness.domain.quota import Granted
from harness.domain.target import HEALTH, Dialect, Target
from harness.errors import PilotError

if TYPE_CHECKING:
    from harness.load.ask import Asked, Asker

LONG_TOKENS = 1024
NOT_THERE = 404
HEALTH_AGAIN = 2
SHORT_TOKENS = 24
MOST_SHOWN = 80  # characters of what was found instead
SAME = ("index_digest", "model", "prompt_version", "service_version")  # on both targets, as /v1/meta says
INSTANCE_HEADERS = ("x-request-id", "x-instance-id", "x-instance-requests", "x-instance-age-ms", "x-init-type")


class Answer(StrEnum):
    """Three-valued, for an error in a check is no pass; the fourth is of what an endpoint has no way to say."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "can't tell"
    UNTOLD = "not told"


class ShownBy(StrEnum):
    """What of the samples shows, in the report, what an endpoint does not tell of itself."""

    NOTHING = "nothing"
    ANSWERS = "answers"
    CITATIONS = "citations"
    STREAMS = "streams"


class Weight(StrEnum):
    """What an answer that does not stand keeps from happening."""

    GATE = "gate"  # load is not sent
    ADVICE = "advice"  # said, kept and doubted in the report; only a person can weigh it
    EVIDENCE = "evidence"  # what a report could not show of this endpoint
    DOCUMENT = "document"  # the text of a file, for a machine: a person gets it apart


@dataclass(frozen=True)
class Check:
    """One question to the target and its answer; ``said`` are the server's own words, ``mend`` what to do."""

    name: str
    answer: Answer
    detail: str = ""
    shown_by: ShownBy | None = None
    said: str | None = None
    mend: str | None = None
    weight: Weight = Weight.GATE
    granted: Granted | None = None  # of a quota whose limit was read

    @property
    def stands(self) -> bool:
        """Whether it keeps nobody from measuring: what cannot be told is no fault, and stays a doubt until it is shown."""
        return self.answer in (Answer.PASS, Answer.UNTOLD)

    @property
    def words(self) -> str:
        """Detail, the server's words and the mend on one line."""
        said = f"it said {self.said}" if self.said else ""
        mend = f"to do: {self.mend}" if self.mend else ""
        return "; ".join(part for part in (self.detail, said, mend) if part)


class Contract(Answers):
    """What ``rag-chat/1`` wants beyond answers that a run counts; each method is one check, its docstring its name."""

    def ask(self, *, stream: bool, **shape: int) -> Asked:
        """As any, and short: the contract has it that ``max_tokens`` is kept."""
        return super().ask(stream=stream, **{"max_tokens": SHORT_TOKENS, **shape})

    def meta(self) -> str:
        """/v1/meta names the contract, model, prompt and index"""
        asked = self._get("/v1/meta")
        data = asked.said.fields
        wanted = ("service_version", "model", "prompt_version", "index_digest")
        want(data.get("contract") == Dialect.RAG_CHAT, f"contract is {_short(data.get('contract'))}", asked)
        want(all(isinstance(data.get(k), str) for k in wanted), f"want text in {', '.join(wanted)}", asked)
        want(isinstance(data.get("runtime"), dict), "runtime is not an object", asked)
        return f"index {data['index_digest'][:19]}…, model {data['model']}"

    def health(self) -> str:
        """/health answers ok and does not count as a request"""
        asked = [self.asker.send("GET", path) for path in HEALTH]
        good = next((one for one in asked if one.said.status == 200 and one.said.fields == {"status": "ok"}), None)
        if good is None:  # a gateway may refuse a path that it does not know with any status, so either path is enough
            shown = next((one for one in asked if one.said.status != NOT_THERE), asked[0])
            judge(shown)
            want(shown.said.status == 200, f"GET {shown.sent.path} answered {shown.said.status}", shown)
            raise Broken(f'the body of {shown.sent.path} is not {{"status": "ok"}}', quoted(shown.said))
        again = [good, *(self.asker.send("GET", good.sent.path) for _ in range(HEALTH_AGAIN))]
        want(not _counted(again), f"each GET {good.sent.path} raises x-instance-requests", good)
        path = good.sent.path
        return (
            "" if path == HEALTH[0] else f"at {path}, which Google's front end keeps for itself: serve {HEALTH[0]} too"
        )

    def fields(self) -> str:
        """A whole answer has id, model, answer, citations, usage"""
        asked = self.whole
        if asked is None:
            raise CannotTell("no whole answer came that would show it")
        data = asked.said.fields
        for name in ("id", "model", "answer"):
            want(isinstance(data.get(name), str) and bool(data[name]), f"want text in {name}", asked)
        cited = data.get("citations")
        want(isinstance(cited, list), "citations is not a list", asked)
        for citation in cited or ():
            want(isinstance(citation, dict), "a citation is not an object", asked)
            lacking = {"document_id", "passage_id", "title", "score"} - set(citation)
            want(not lacking, f"a citation lacks {', '.join(sorted(lacking))}", asked)
        want(isinstance(data.get("usage"), dict), "usage is not an object", asked)
        return ""

    def headers(self) -> str:
        """Every answer of an instance carries its headers, errors too"""
        path, _ = self.asker.body(stream=False)
        for asked in (self._any(), self._sent("POST", path, b'{"messages": []}')):
            missing = [name for name in INSTANCE_HEADERS if asked.said.header(name) is None]
            want(not missing, f"{', '.join(missing)} missing on a {asked.said.status}", asked)
            age = asked.said.header("x-instance-age-ms")
            want(_is_number(age), f"x-instance-age-ms is {_short(age)}, not a number", asked)
        return ""

    def echo(self) -> str:
        """X-Request-Id is echoed"""
        asked = self._any()
        got = asked.said.header("x-request-id")
        want(got == asked.sent.request_id, f"sent {asked.sent.request_id}, got {_short(got)}")
        return ""

    def longest(self) -> str:
        """A long answer comes whole"""
        asked = self.ask(stream=self.terms.streams, max_tokens=LONG_TOKENS)
        return f"{asked.took_s:.1f} s for {asked.sample.output_tokens} tokens"

    def no_json(self) -> str:
        """A body that is not JSON is 400 invalid_json"""
        return self._refuses(400, "invalid_json", b"{nope")

    def unknown_field(self) -> str:
        """An unknown field is 422 and named"""
        return self._refuses(422, "invalid_request", self._question(surprise=1), named="surprise")

    def out_of_range(self) -> str:
        """A value out of range is 422 and named"""
        return self._refuses(422, "invalid_request", self._question(top_k=51), named="top_k")

    def too_large(self) -> str:
        """A body above 1 MiB is 413"""
        return self._refuses(413, "too_large", b'{"messages": "' + b"x" * (1 << 20) + b'"}')

    def uncompressed(self) -> str:
        """Bodies are never compressed, not even for a client that would take it"""
        path, body = self.asker.body(stream=False, max_tokens=SHORT_TOKENS)
        asked = self._sent("POST", path, body, **{"Accept-Encoding": "gzip"})
        encoding = asked.said.header("content-encoding") or "identity"
        want(not is_packed(encoding), f"content-encoding is {encoding}", asked)
        return ""

    @property
    def checks(self) -> tuple[Callable[[], str], ...]:
        """Those of every dialect, in the modes that the plan asks for, then the contract's own."""
        fields = (self.fields,) if self.terms.whole else ()
        refusals = (self.no_json, self.unknown_field, self.out_of_range, self.too_large)
        said = (self.meta, self.health)
        return (*said, *super().checks, *fields, self.headers, self.echo, self.longest, *refusals, self.uncompressed)

    def _any(self) -> Asked:
        """An answer with a head, whatever a run makes of its body."""
        asked = self.whole or self.streamed or self.asker.ask(stream=self.terms.streams, max_tokens=SHORT_TOKENS)
        if not asked.answered:
            judge(asked)
        return asked

    def _question(self, **more: int) -> bytes:
        _, body = self.asker.body(stream=False, max_tokens=SHORT_TOKENS)
        return orjson.dumps({**json_object(body), **more})

    def _get(self, path: str) -> Asked:
        asked = self._sent("GET", path)
        want(asked.said.status == 200, f"answered {asked.said.status}", asked)
        return asked

    def _sent(self, method: str, path: str, body: bytes = b"", **headers: str) -> Asked:
        asked = self.asker.send(method, path, body, headers)
        judge(asked)
        return asked

    def _refuses(self, status: int, code: str, body: bytes, named: str = "") -> str:
        path, _ = self.asker.body(stream=False)
        asked = self._sent("POST", path, body)
        want(asked.said.status == status, f"answered {asked.said.status}, not {status}", asked)
        error = asked.said.fields.get("error")
        error = error if isinstance(error, dict) else {}
        want(error.get("code") == code, f"code is {_short(error.get('code'))}, not {code!r}", asked)
        want(named in str(error.get("message")), f"the message does not name {named}", asked)
        return ""


def check_contract(target: Target, url: str, terms: AskingTerms = USUAL) -> list[Check]:
    """Every check of the target's dialect that its plan asks for, none skipped after a failure."""
    with asker_of(target, url, terms) as asker:
        made = [] if target.dialect is Dialect.JOBS else held_to(asker, target.dialect, terms)
        if target.jobs is not None and speaks_jobs(asker, target.jobs, declared=target.jobs.name != RAG_JOBS):
            made += [answer_to(check) for check in JobChecks(asker, target.jobs, terms.job).checks]
        return made


def held_to(asker: Asker, dialect: Dialect, terms: AskingTerms) -> list[Check]:
    """The same over an asker that is there."""
    kind = Contract if dialect is Dialect.RAG_CHAT else Answers
    return [answer_to(check) for check in kind(asker, terms).checks]


def answer_to(check: Callable[[], str]) -> Check:
    """Make one check; its docstring is its name."""
    name = (check.__doc__ or "").strip()
    try:
        return Check(name, Answer.PASS, check())
    except Broken as error:
        return Check(name, Answer.FAIL, str(error), said=error.said, mend=error.mend)
    except CannotTell as error:
        return Check(name, Answer.UNKNOWN, str(error), said=error.said, mend=error.mend)
    except NotTold as error:
        return Check(name, Answer.UNTOLD, str(error), ShownBy.STREAMS if error.samples else None)
    except PilotError:
        raise
    except Exception as error:  # noqa: BLE001 - an error in a check is neither pass nor fail
        return Check(name, Answer.UNKNOWN, f"the check itself failed: {type(error).__name__}: {_short(str(error))}")


def parity(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Check]:
    """Whether two targets do the same work, from their /v1/meta."""
    checks = []
    for field in SAME:
        a, b = first.get(field), second.get(field)
        if a is None or b is None:
            shown = ShownBy.CITATIONS if field == "index_digest" else ShownBy.ANSWERS
            checks.append(Check(f"same {field}", Answer.UNKNOWN, "one of them does not say", shown))
        else:
            checks.append(
                Check(f"same {field}", Answer.PASS if a == b else Answer.FAIL, "" if a == b else f"{a} | {b}")
            )
    return checks


def _counted(asked: Sequence[Asked]) -> bool:
    """Whether one instance gave each of these answers a higher ordinal than the one before."""
    if len({one.said.header("x-instance-id") for one in asked}) != 1:
        return False
    said = [finite((one.said.header("x-instance-requests") or "").encode("latin-1")) for one in asked]
    return all(a is not None and b is not None and a < b for a, b in pairwise(said))


def _is_number(text: str | None) -> bool:
    number = finite(text.encode("latin-1")) if text is not None else None
    return number is not None and number >= 0


def _short(value: object) -> str:
    """Quoted, and no longer than anyone reads."""
    text = repr(value[:MOST_SHOWN] if isinstance(value, str) else value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
