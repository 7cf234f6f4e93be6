"""An API that speaks no dialect of ours: found by its openapi.json or as a person says, drafted from its answers, or said to be none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.campaign.asking import Terms
from harness.campaign.contract_check import Answer, Check
from harness.campaign.draft import Draft, drafted
from harness.campaign.endpoint import NAME, Endpoint, Talk, Told, held
from harness.campaign.guess import Guess, Streamed, leaves, of_stream, of_whole
from harness.campaign.openapi import Asking, askings, two_steps
from harness.campaign.symptoms import CannotTell, Symptom, judge, quoted, words_of
from harness.dialects.framing.sse import SseParser
from harness.domain.sample import REFUSALS, Outcome

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
NOT_PILOTABLE = "docs/not-pilotable.md says why, and what a team can do"
SAY_HOW = 'say how it is asked: --path /its/path --body \'{"question": "{prompt}"}\' (targets/README.md lists the placeholders)'
SIGNS: tuple[tuple[str, str, str], ...] = (  # a path that only such a server has, a part of its answer, what it is
    (
        "/gradio_api/info",
        "named_endpoints",
        "Gradio, whose answers come in two steps: a POST gives an id, a GET its events",
    ),
    (
        "/ws/socket.io/?EIO=4&transport=polling",
        '"sid"',
        "Chainlit, which answers over Socket.IO, a protocol of its own",
    ),
    ("/socket.io/?EIO=4&transport=polling", '"sid"', "an app that answers over Socket.IO, a protocol of its own"),
)


def told_how(url: str, told: Told, talk: Talk, asking: Asking) -> Endpoint:
    """Asked as a person says; what its answers hold is drafted. A body that nobody said is guessed from what it takes."""
    return _first_of(url, told, talk, [asking] if asking.request else _bodies_for(url, told, talk, asking))


def _first_of(url: str, told: Told, talk: Talk, ways: Sequence[Asking]) -> Endpoint:
    """The first way to ask that gets a chat's answer; else what the last one got."""
    for way in ways:
        found = _tried(url, told, talk, way)
        if isinstance(found, Endpoint):
            return found
        hopeless = found.said.status in (404, 405) or found.sample.outcome in (*REFUSALS, Outcome.UNAUTHORIZED)
        if way is ways[-1] or (hopeless and way.path == ways[-1].path):
            return _failed(url, found)
    raise ValueError("no way to ask")


def _bodies_for(url: str, told: Told, talk: Talk, asking: Asking) -> list[Asking]:
    """As its openapi.json has it, else what chat APIs commonly take."""
    with talk.to(told.target(url)) as asker:
        document = asker.send("GET", "/openapi.json").said.fields
    known = [replace(one, more=asking.more) for one in askings(document) if one.path == asking.path]
    why = "the first of the usual bodies that got an answer"
    return known or [replace(asking, request=body, because=why, guessed=("request",)) for body in USUAL_BODIES]


def discovered(url: str, told: Told, talk: Talk, refused: Asked) -> Endpoint:
    """By its openapi.json, else by what only servers have that cannot be piloted; ``refused`` is what it said to OpenAI's API."""
    bare = told.target(url)
    with talk.to(bare) as asker:
        document = asker.send("GET", "/openapi.json").said.fields
        for path, part, what in SIGNS:
            asked = asker.send("GET", path)
            if asked.said.status == 200 and part in asked.said.text:
                return Endpoint(url, None, _none(what, f"GET {path}", asked))
    if (steps := two_steps(document)) is not None and not askings(document):
        words = f"its answers come in two steps: POST {steps[0]} gives an id, GET {steps[1]} the answer"
        return Endpoint(url, None, Check(NAME, Answer.FAIL, words, mend=NOT_PILOTABLE))
    if ways := askings(document)[:MOST_TRIED]:
        return _first_of(url, told, talk, ways)
    if refused.sample.outcome != Outcome.OK and refused.said.status not in (200, 404, 405):
        return _failed(url, refused)  # not a path that is not there: it may speak just this
    return Endpoint(url, None, Check(NAME, Answer.UNKNOWN, f"no chat API was found; {_heard(refused)}", mend=SAY_HOW))


def _tried(url: str, told: Told, talk: Talk, asking: Asking) -> Endpoint | Asked:
    """The endpoint as drafted; what it said instead where nothing can be drafted of it."""
    mapping: dict[str, Any] = {"path": asking.path, "request": dict(asking.request), **asking.more}
    bootstrap = told.target(
        url, {"dialect": "mapped", "mapping": {**mapping, "answer": {"text": "answer"}, "stream": {}}}
    )
    with talk.to(bootstrap) as asker:
        first = asker.ask(stream=False)
        if first.said.status != 200:
            return first
        whole = None if _streamed(first) else first
        stream = first if whole is None else asker.ask(stream=True)
    body = {} if whole is None else whole.said.fields
    if _only_an_id(body):
        return Endpoint(url, None, _none("an API of two steps: its answer is only an id to ask again by", "", first))
    answer = of_whole(body)
    said = next((leaf.value for leaf in leaves(body) if answer and leaf.path == answer[0].value), None)
    events = _streamed(stream) if stream.said.status == 200 else None
    parts: dict[str, Sequence[Guess]] = {"answer": answer, "stream": of_stream(events, said) if events else []}
    if not any(parts.values()):
        return first
    draft = drafted({"base_url": url, **told.tables}, asking, parts)
    return _held(url, told, talk, draft)


def _held(url: str, told: Told, talk: Talk, draft: Draft) -> Endpoint:
    """Read back as a run would, and held to what it says."""
    mapping: Mapping[str, Any] = draft.tables["mapping"]
    target = told.target(url, {"dialect": "mapped", "mapping": mapping})
    modes = Terms(whole="answer" in mapping, streams="stream" in mapping, planned=False)
    only = " that only streams" if not modes.whole else " that only answers whole" if not modes.streams else ""
    words = (
        f"an API of its own at POST {mapping['path']}{only}, drafted below with {len(draft.guesses)} guesses to confirm"
    )
    return held(talk, target, words, modes, draft.text)


def _streamed(asked: Asked) -> Streamed | None:
    """Its events where it is a stream; None where it is a whole answer."""
    if asked.said.media_type != "text/event-stream":
        return None
    events = SseParser().feed(asked.said.body + b"\n\n")
    return Streamed(events) if events else None


def _only_an_id(body: Mapping[str, Any]) -> bool:
    """Whether an answer says nothing but where to ask for it."""
    texts = [leaf for leaf in leaves(dict(body)) if isinstance(leaf.value, str)]
    ids = [leaf for leaf in texts if leaf.name.lower().endswith("id") or leaf.name.lower().endswith("url")]
    return bool(ids) and all(
        leaf in ids or leaf.name.lower() in ("status", "state", "object", "type") for leaf in texts
    )


def _failed(url: str, asked: Asked) -> Endpoint:
    """What was asked did not answer as a chat does."""
    try:
        judge(asked)
    except Symptom as error:
        now = isinstance(error, CannotTell) or asked.sample.outcome in (*REFUSALS, Outcome.UNAUTHORIZED)
        mend = error.mend or SAY_HOW
        words = f"POST {asked.sent.path}: {error}"
        return Endpoint(
            url, None, Check(NAME, Answer.UNKNOWN if now else Answer.FAIL, words, said=error.said, mend=mend)
        )
    words = f"POST {asked.sent.path}: no text was found in its answer ({words_of(asked)})"
    return Endpoint(url, None, Check(NAME, Answer.UNKNOWN, words, said=quoted(asked.said), mend=SAY_HOW))


def _heard(asked: Asked) -> str:
    return f"POST {asked.sent.path} answered {quoted(asked.said)}" if asked.answered else words_of(asked)


def _none(what: str, how: str, asked: Asked) -> Check:
    seen = f" ({how} answers {asked.said.status})" if how else ""
    return Check(
        NAME, Answer.FAIL, f"cannot be piloted as it is: {what}{seen}", said=quoted(asked.said), mend=NOT_PILOTABLE
    )
