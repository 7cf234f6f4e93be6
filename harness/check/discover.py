"""An API that speaks no dialect of ours: found by its openapi.json or as a person says, drafted from its answers, or said to be none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.check.asking import AskingTerms
from harness.check.contract_check import Answer, Check
from harness.check.draft import Draft, drafted
from harness.check.endpoint import NAME, Endpoint, EndpointHints, Talk, held, seen_of
from harness.check.guess import Guess, Streamed, leaves, of_stream, of_text, of_whole
from harness.check.openapi import Asking, askings, document_of
from harness.check.symptoms import Symptom, judge, quoted
from harness.check.unpilotable import none_of, only_an_id
from harness.dialects.framing.choose import PARSERS, framing_of
from harness.dialects.framing.events import Malformed
from harness.domain.field_map import FramingKind
from harness.domain.sample import REFUSALS, Outcome
from harness.domain.target import Target
from harness.errors import BadFile

if TYPE_CHECKING:
    from harness.load.ask import Asked

MOST_TRIED = 3  # ways to ask that an openapi.json offers
USUAL_BODIES: tuple[dict[str, Any], ...] = (  # for a path that nobody says more of
    {"messages": "{messages}", "stream": "{stream}"},
    {"question": "{prompt}", "stream": "{stream}"},
    {"prompt": "{prompt}", "stream": "{stream}"},
    {"query": "{prompt}", "stream": "{stream}"},
    {"message": "{prompt}", "stream": "{stream}"},
    {"input": "{prompt}", "stream": "{stream}"},
)
SAY_HOW = 'say how it is asked: --path /its/path --body \'{"question": "{prompt}"}\' (targets/README.md lists the placeholders)'


def told_how(url: str, told: EndpointHints, talk: Talk, asking: Asking) -> Endpoint:
    """Asked as a person says; what its answers hold is drafted. A body that nobody said is guessed from what it takes."""
    return _first_of(url, told, talk, [asking] if asking.request else _bodies_for(url, told, talk, asking))


def _first_of(url: str, told: EndpointHints, talk: Talk, ways: Sequence[Asking]) -> Endpoint:
    """The first way to ask that gets a chat's answer; else what the last one got."""
    for way in ways:
        found = _tried(url, told, talk, way)
        if isinstance(found, Endpoint):
            return found
        hopeless = found.said.status in (404, 405) or found.sample.outcome in (*REFUSALS, Outcome.UNAUTHORIZED)
        if way is ways[-1] or (hopeless and way.path == ways[-1].path):
            return failed(url, found)
    raise ValueError("no way to ask")


def _bodies_for(url: str, told: EndpointHints, talk: Talk, asking: Asking) -> list[Asking]:
    """As its openapi.json has it, else what chat APIs commonly take."""
    with talk.to(told.target(url)) as asker:
        document = document_of(asker)
    known = [replace(one, more=asking.more) for one in askings(document) if one.path == asking.path]
    why = "the first of the usual bodies that got an answer"
    return known or [replace(asking, request=body, because=why) for body in USUAL_BODIES]


def described(url: str, told: EndpointHints, talk: Talk, document: Mapping[str, Any]) -> Endpoint | None:
    """As its openapi.json says that it is asked; None where that has no place for a question."""
    ways = [way for way in askings(document)[:MOST_TRIED] if _sayable(url, told, way)]
    return _first_of(url, told, talk, ways) if ways else None


def _sayable(url: str, told: EndpointHints, asking: Asking) -> bool:
    """Whether a target.toml may ask so: a description may hold anything."""
    try:
        _asked_so(url, told, asking)
    except BadFile:
        return False
    return True


def _asked_so(url: str, told: EndpointHints, asking: Asking) -> Target:
    mapping: dict[str, Any] = {"path": asking.path, "request": dict(asking.request), **asking.more}
    return told.target(url, {"dialect": "mapped", "mapping": {**mapping, "answer": {"text": "answer"}, "stream": {}}})


def _tried(url: str, told: EndpointHints, talk: Talk, asking: Asking) -> Endpoint | Asked:
    """The endpoint as drafted; what it said instead where nothing can be drafted of it."""
    with talk.to(_asked_so(url, told, asking)) as asker:
        first = asker.ask(stream=False)
        if first.said.status not in (200, 202):
            return first
        whole = None if _streamed(first) else first
        stream = first if whole is None else asker.ask(stream=True)
    if whole is not None and only_an_id(whole):
        what = f"its answers come in two steps: POST {asking.path} gives only an id or a place to ask again"
        return none_of(url, what, whole, two_steps=True)
    body = {} if whole is None else whole.said.fields
    answer = of_whole(body) or (of_text(whole.said.text) if whole is not None and _is_text(whole) else [])
    said = next((leaf.value for leaf in leaves(body) if answer and leaf.path == answer[0].value), None)
    events = _streamed(stream) if stream.said.status == 200 else None
    parts: dict[str, Sequence[Guess]] = {"answer": answer, "stream": of_stream(events, said) if events else []}
    if not any(parts.values()):
        return first
    draft = drafted({"base_url": url, **told.tables}, asking, parts)
    return _held(url, told, talk, draft)


def _held(url: str, told: EndpointHints, talk: Talk, draft: Draft) -> Endpoint:
    """Read back as a run would, and held to what it says."""
    mapping: Mapping[str, Any] = draft.tables["mapping"]
    target = told.target(url, {"dialect": "mapped", "mapping": mapping})
    modes = AskingTerms(whole="answer" in mapping, streams="stream" in mapping, planned=False)
    only = " that only streams" if not modes.whole else " that only answers whole" if not modes.streams else ""
    words = (
        f"an API of its own at POST {mapping['path']}{only}, drafted below with {len(draft.guesses)} guesses to confirm"
    )
    return held(talk, target, words, modes, draft.text)


def _is_text(asked: Asked) -> bool:
    """Text alone; with its length before it, it comes whole."""
    return asked.said.media_type == "text/plain" and not asked.said.fields


def _streamed(asked: Asked) -> Streamed | None:
    """Its events where it is a stream; None where it is a whole answer."""
    kind = framing_of(asked.said.media_type.encode(), None)
    if kind is None and _is_text(asked) and asked.said.header("content-length") is None:
        kind = FramingKind.TEXT
    if kind is None:
        return None
    parser = PARSERS[kind]()
    try:
        events = [*parser.feed(asked.said.plain), *parser.end()]
    except Malformed:
        return None
    named = None if framing_of(asked.said.media_type.encode(), None) is kind else kind.value
    return Streamed(events, named) if events else None


def failed(url: str, asked: Asked) -> Endpoint:
    """What was asked did not answer as a chat does."""
    read = (Outcome.OK, Outcome.BAD_CONTRACT, Outcome.CUT_STREAM)  # by a mapping that nobody has written yet
    if asked.said.status in (200, 202) and asked.sample.outcome in read:
        words = f"POST {asked.sent.path}: no text was found in its answer"
        return Endpoint(url, None, Check(NAME, Answer.UNKNOWN, words, said=quoted(asked.said), mend=SAY_HOW))
    try:
        judge(asked)
    except Symptom as error:
        seen = seen_of(error)
        now = asked.sample.outcome in (*REFUSALS, Outcome.UNAUTHORIZED)
        words, mend = f"POST {asked.sent.path}: {seen.detail}", seen.mend or SAY_HOW
        seen = replace(seen, answer=Answer.UNKNOWN if now else seen.answer, detail=words, mend=mend)
        return Endpoint(url, None, seen, there=now or asked.said.status in (400, 422))
    raise AssertionError("what is read was told above")
