"""Which API an endpoint speaks: asked politely, a few times, each of which the answer lists."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.campaign.contract_check import Answer, Check
from harness.campaign.discover import discovered, told_how
from harness.campaign.endpoint import NAME, Endpoint, Talk, Told, held
from harness.campaign.openapi import Asking
from harness.campaign.symptoms import CannotTell, Symptom, judge
from harness.domain.sample import REFUSALS, Outcome
from harness.domain.target import Dialect, Target

if TYPE_CHECKING:
    from harness.load.ask import Asked, Asker

VERSION = "/v1"  # the end of the base URL that OpenAI's clients are given
SOME_MODEL = "gpt-4"


def recognise(url: str, told: Told | None = None, asking: Asking | None = None) -> Endpoint:
    """By itself, or asked as ``asking`` says; never raises for what an endpoint answers, BadFile for what no file could say."""
    told, talk = told or Told(), Talk()
    found = _recognised(url, told, talk) if asking is None else told_how(url, told, talk, asking)
    return replace(found, asked=tuple(talk.lines))


def _recognised(url: str, told: Told, talk: Talk) -> Endpoint:
    if "dialect" in told.tables:
        return _known(told.target(url), talk)
    bare = told.target(url)
    with talk.to(bare) as asker:
        meta = asker.send("GET", "/v1/meta")
    try:
        judge(meta)
    except Symptom as error:
        return Endpoint(url, None, _seen(error))
    if meta.said.fields.get("contract") == Dialect.RAG_CHAT:
        return _known(bare, talk)
    found = _openai(url, told, talk)
    return found if isinstance(found, Endpoint) else discovered(url, told, talk, found)


def _known(target: Target, talk: Talk) -> Endpoint:
    words = target.dialect.value
    if target.model is not None:
        words += f", where a request names a model (model of target.toml, as {target.model})"
    return held(talk, target, words)


def _openai(url: str, told: Told, talk: Talk) -> Endpoint | Asked:
    """What it said instead where it is another API."""
    target = told.openai(url.removesuffix(VERSION))
    with talk.to(target) as asker:
        asked = asker.ask(stream=False)
        wanted = _model_wanted(asker, asked) if target.model is None else None
    if wanted is not None:
        target = replace(target, model=wanted)
        with talk.to(target) as asker:
            asked = asker.ask(stream=False)
    if asked.sample.outcome == Outcome.OK or _speaks(asked) or _streams(target, asked, talk):
        return _known(target, talk)
    alike = _is_error(asked)
    if asked.sample.outcome in REFUSALS or (alike and asked.said.status != 404):
        return _not_now(target, asked, talk, alike=alike)
    return asked


def _not_now(target: Target, asked: Asked, talk: Talk, *, alike: bool) -> Endpoint:
    """It answers as this dialect does, and not with an answer."""
    try:
        judge(asked)
    except Symptom as error:
        if not isinstance(error, CannotTell) and asked.sample.outcome != Outcome.UNAUTHORIZED:
            return _known(target, talk)  # each of its checks says what is wrong
        seen = _seen(error)
        return Endpoint(
            str(target.base_url),
            target if alike else None,
            replace(seen, answer=Answer.UNKNOWN, detail=f"{'probably openai-chat; ' if alike else ''}{seen.detail}"),
        )
    return _known(target, talk)


def _model_wanted(asker: Asker, asked: Asked) -> str | None:
    """A model to name where it was refused without one: the first that it lists, whatever the status of its refusal."""
    status = asked.said.status or 0
    if status < 400 or status in (401, 403, 429):
        return None
    listed = asker.send("GET", "/v1/models").said.fields.get("data")
    first: Any = listed[0] if isinstance(listed, list) and listed else None
    if isinstance(first, dict) and isinstance(first.get("id"), str):
        return str(first["id"])
    return SOME_MODEL if status != 404 else None


def _speaks(asked: Asked) -> bool:
    """Whether a 200 has the dialect's own field, however it came."""
    return asked.said.status == 200 and '"choices"' in asked.said.text


def _streams(target: Target, whole: Asked, talk: Talk) -> bool:
    """Whether a stream is what it speaks, where a whole answer was not to be read at all."""
    if whole.said.status not in (None, 200, 400, 405, 415, 422) or whole.sample.outcome == Outcome.CONNECTION_ERROR:
        return False
    with talk.to(target) as asker:
        asked = asker.ask(stream=True)
    return asked.sample.outcome == Outcome.OK or _speaks(asked)


def _is_error(asked: Asked) -> bool:
    body = asked.said.fields
    return isinstance(body.get("error"), dict) or body.get("object") == "error"


def _seen(error: Symptom) -> Check:
    answer = Answer.UNKNOWN if isinstance(error, CannotTell) else Answer.FAIL
    return Check(NAME, answer, str(error), said=error.said, mend=error.mend)
