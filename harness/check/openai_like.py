"""An endpoint asked as OpenAI's API: which model it wants, and what it wants otherwise than most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harness.check.contract_check import Answer
from harness.check.draft import Draft
from harness.check.endpoint import Endpoint, EndpointHints, Talk, held, seen_of
from harness.check.mends import ended_without_done, names, names_a_model
from harness.check.symptoms import CannotTell, Symptom, judge, quoted
from harness.domain.field_map import value_at
from harness.domain.sample import REFUSALS, Outcome
from harness.domain.target import Dialect, Target

if TYPE_CHECKING:
    from harness.load.ask import Asked

ENDS = ("/chat/completions", "/v1")  # of the URLs that OpenAI's clients and examples are given
SOME_MODEL = "gpt-4"
MOST_CHANGED = 4
WITHOUT_DONE = "hayhooks"  # the preset of the same API whose streams end with finish_reason


@dataclass(frozen=True)
class Wanted:
    """The tables that ask it as it wants, with the reason for each that is not the usual one."""

    told: EndpointHints
    url: str
    tables: Mapping[str, Any] = field(default_factory=lambda: {"dialect": Dialect.OPENAI_CHAT.value})
    because: Mapping[str, str] = field(default_factory=dict)
    said: str | None = None  # what the server said to the usual request

    def target(self) -> Target:
        return self.told.target(self.url, self.tables)

    def changed(self, name: str, value: Any, because: str, said: str | None = None) -> Wanted:  # noqa: ANN401
        """With ``model``, ``dialect`` or a field of [openai]."""
        table, _, inner = name.rpartition(".")
        tables = {**self.tables, **({table: {**self.tables.get(table, {}), inner: value}} if table else {name: value})}
        return replace(self, tables=tables, because={**self.because, name: because}, said=said or self.said)


def openai_like(url: str, told: EndpointHints, talk: Talk, other: Asked) -> Endpoint | Asked:
    """What it said instead where it is another API; ``other`` is its answer at a path that is none of OpenAI's."""
    for end in ENDS:
        url = url.removesuffix(end)
    wanted = Wanted(told, url)
    if told.model is not None:
        wanted = replace(wanted, tables={**wanted.tables, "model": told.model})
    first, wanted = _asked(wanted, talk, stream=False)
    speaks = first.sample.outcome == Outcome.OK or _has_choices(first)
    if not speaks and _worth_a_stream(first):
        streamed, wanted = _asked(wanted, talk, stream=True)
        speaks = streamed.sample.outcome == Outcome.OK or _has_choices(streamed)
    elif speaks:
        streamed, wanted = _asked(wanted, talk, stream=True)
        if ended_without_done(streamed):
            wanted = _ending_otherwise(wanted, streamed, talk)
    alike = speaks or (_is_error(first) and not _same(first, other))
    elsewhere = first.said.status == 404 and not names_a_model(first)
    if not speaks and (first.sample.outcome in REFUSALS or (alike and not elsewhere)):
        return _not_now(wanted, first, talk, alike=alike)
    return _held(wanted, talk) if speaks else first


def _asked(wanted: Wanted, talk: Talk, *, stream: bool) -> tuple[Asked, Wanted]:
    """The answer, and how it was asked for once nothing is left that the server named and that can be changed."""
    for _ in range(MOST_CHANGED):
        with talk.to(wanted.target()) as asker:
            asked = asker.ask(stream=stream)
        other = _otherwise(wanted, asked, talk)
        if other is None:
            break
        wanted = other
    return asked, wanted


def _otherwise(wanted: Wanted, asked: Asked, talk: Talk) -> Wanted | None:
    """A change that the server's refusal names; None where it names none, or it is made already."""
    status = asked.said.status or 0
    if status < 400 or asked.sample.outcome in (*REFUSALS, Outcome.UNAUTHORIZED):
        return None
    sent, said = asked.sent.fields, quoted(asked.said)
    if "max_tokens" in sent and names(asked, "max_completion_tokens"):
        return wanted.changed("openai.max_tokens_field", "max_completion_tokens", "max_tokens was refused", said)
    if "stream_options" in sent and names(asked, "stream_options"):
        return wanted.changed("openai.stream_options", value=False, because="stream_options was refused", said=said)
    if "model" not in sent and (model := _a_model(wanted, talk, status)) is not None:
        return wanted.changed("model", model[0], model[1])
    return None


def _a_model(wanted: Wanted, talk: Talk, status: int) -> tuple[str, str] | None:
    """The first that it lists, and that it does; some have no model of their own choice, and say so with any status."""
    with talk.to(wanted.target()) as asker:
        listed = value_at(asker.send("GET", "/v1/models").said.fields, "data.0.id")
    if isinstance(listed, str) and listed:
        return listed, "the first that it lists"
    return (SOME_MODEL, "it wants one, and lists none") if status != 404 else None


def _ending_otherwise(wanted: Wanted, streamed: Asked, talk: Talk) -> Wanted:
    """Its streams end without ``[DONE]``: read by the preset that ends them with finish_reason, if that reads them."""
    model = wanted.tables.get("model")
    if model is None:
        model, _ = _a_model(wanted, talk, 404) or (SOME_MODEL, "")
    tables = {"dialect": WITHOUT_DONE, "model": model}
    other = replace(wanted, tables=tables, because={}, said=quoted(streamed.said))
    with talk.to(other.target()) as asker:
        read = asker.ask(stream=True).sample.outcome == Outcome.OK
    return other if read else wanted


def _held(wanted: Wanted, talk: Talk) -> Endpoint:
    target = wanted.target()
    words = target.preset or target.dialect.value
    if target.preset == WITHOUT_DONE:
        words += f": as {Dialect.OPENAI_CHAT.value}, and its streams end without [DONE]"
    if target.model is not None:
        words += f", where a request names a model (model of target.toml, as {target.model})"
    changed = {name: why for name, why in wanted.because.items() if name != "model"}
    words += "".join(f"; {why}: [openai] {name.partition('.')[2]} in target.toml" for name, why in changed.items())
    draft = Draft({"base_url": wanted.url, **wanted.told.tables, **wanted.tables}, wanted.because) if changed else None
    found = held(talk, target, words, draft=draft.text if draft else None)
    return replace(found, seen=replace(found.seen, said=wanted.said)) if wanted.said else found


def _not_now(wanted: Wanted, asked: Asked, talk: Talk, *, alike: bool) -> Endpoint:
    """It answers as this dialect does, and not with an answer."""
    try:
        judge(asked)
    except Symptom as error:
        if isinstance(error, CannotTell) or asked.sample.outcome == Outcome.UNAUTHORIZED:
            seen = seen_of(error)
            probably = f"probably {Dialect.OPENAI_CHAT.value}; " if alike else ""
            seen = replace(seen, answer=Answer.UNKNOWN, detail=probably + seen.detail)
            return Endpoint(wanted.url, wanted.target() if alike else None, seen)
    return _held(wanted, talk)  # each of its checks says what is wrong


def _has_choices(asked: Asked) -> bool:
    """Whether a 200 has the dialect's own field, however it came."""
    return asked.said.status == 200 and '"choices"' in asked.said.text


def _worth_a_stream(asked: Asked) -> bool:
    """Whether a stream may be read where a whole answer was not: what is broken is the whole one, or the mode itself."""
    never = (Outcome.CONNECTION_ERROR, Outcome.TIMEOUT)
    return asked.said.status in (None, 200, 400, 415, 422) and asked.sample.outcome not in never


def _same(one: Asked, other: Asked) -> bool:
    """Whether both paths got one answer: then it says nothing of either."""
    return (one.said.status, one.said.body) == (other.said.status, other.said.body)


def _is_error(asked: Asked) -> bool:
    body = asked.said.fields
    return isinstance(body.get("error"), dict) or body.get("object") == "error"
