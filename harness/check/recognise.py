"""Which API an endpoint speaks: asked politely, a few times, each of which the answer lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.check.contract_check import Answer, Check
from harness.check.discover import SAY_HOW, described, failed, told_how
from harness.check.draft import Draft
from harness.check.endpoint import NAME, Endpoint, EndpointHints, Talk, held, seen_of
from harness.check.jobs_draft import jobs_draft, without_jobs
from harness.check.known import by_paths, politely
from harness.check.openai_like import openai_like
from harness.check.openapi import Asking, document_of
from harness.check.symptoms import Symptom, judge, quoted, words_of
from harness.check.unpilotable import none_of, unpilotable
from harness.domain.bounds import MOST_DETAIL
from harness.domain.sample import REFUSALS, Outcome
from harness.domain.shown import visible
from harness.domain.target import Dialect
from harness.errors import PilotError

if TYPE_CHECKING:
    from harness.load.ask import Asked


JOBS_HOW = (
    "measure it as jobs: confirm [jobs] of the draft, read from openapi.json alone, save it as "
    "targets/NAME/target.toml, and pilot check NAME tries one job (docs/measure-jobs.md)"
)


def recognise(url: str, told: EndpointHints | None = None, asking: Asking | None = None) -> Endpoint:
    """By itself, or asked as ``asking`` says; never raises for what an endpoint answers, BadFile for what no file could say."""
    told, talk = told or EndpointHints(), Talk()
    try:
        found = _recognised(url, told, talk) if asking is None else told_how(url, told, talk, asking)
    except PilotError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it answers, the check says something of it
        words = f"what it answers cannot be read: {type(error).__name__}: {visible(str(error))[:MOST_DETAIL]}"
        found = Endpoint(url, None, Check(NAME, Answer.UNKNOWN, words, mend=SAY_HOW))
    return replace(found, asked=tuple(talk.lines))


def _recognised(url: str, told: EndpointHints, talk: Talk) -> Endpoint:
    if "dialect" in told.tables:
        target = told.target(url)
        return held(talk, target, f"{target.preset or target.dialect.value}, as said")
    bare = told.target(url)
    with talk.to(bare) as asker:
        meta = asker.send("GET", "/v1/meta")
    try:
        judge(meta)
    except Symptom as error:
        return Endpoint(url, None, seen_of(error))
    if meta.said.fields.get("contract") == Dialect.RAG_CHAT:
        return held(talk, bare, bare.dialect.value)
    found = openai_like(url, told, talk, meta)
    return found if isinstance(found, Endpoint) else _another(url, told, talk, found)


def _another(url: str, told: EndpointHints, talk: Talk, refused: Asked) -> Endpoint:
    """Neither dialect; ``refused`` is what it said to OpenAI's API."""
    if refused.sample.outcome in (*REFUSALS, Outcome.UNAUTHORIZED, Outcome.TIMEOUT):
        return failed(url, refused)  # whatever else was asked would be answered the same
    with talk.to(told.target(url)) as asker:
        document = document_of(asker)
        jobs = jobs_draft({"base_url": url, **told.tables}, document)
        if (none := unpilotable(url, asker, document)) is not None:
            return none if jobs is None or not none.two_steps else _of_jobs(url, jobs)
    chats = document if jobs is None else without_jobs(document, jobs)
    tries: tuple[Callable[[], Endpoint | None], ...] = (
        lambda: by_paths(url, told, talk, document),
        lambda: described(url, told, talk, chats),
        lambda: None if document else politely(url, told, talk),
        lambda: None if document else _itself(url, told, talk),
    )
    found = next((one for attempt in tries if (one := attempt()) is not None), None)
    if jobs is not None and (found is None or found.two_steps):
        return _of_jobs(url, jobs)
    if found is not None:
        return found if jobs is None or found.draft is None else replace(found, draft=f"{found.draft}{jobs.of('jobs')}")
    if refused.sample.outcome != Outcome.OK and refused.said.status not in (200, 404, 405):
        return failed(url, refused)  # not a path that is not there: it may speak just this
    heard = f"POST {refused.sent.path} answered {quoted(refused.said)}" if refused.answered else words_of(refused)
    return Endpoint(url, None, Check(NAME, Answer.UNKNOWN, f"no chat API was found; {heard}", mend=SAY_HOW))


def _of_jobs(url: str, jobs: Draft) -> Endpoint:
    """No chat is asked in one step; its jobs are followed as the draft says."""
    table = jobs.tables["jobs"]
    what = (
        f"its answers come in two steps: POST {table['submit']} gives an id, GET {table['status_path']} tells its state"
    )
    none = none_of(url, f"{what} (its openapi.json)", None, two_steps=True)
    return replace(none, seen=replace(none.seen, mend=JOBS_HOW), draft=jobs.text)


def _itself(url: str, told: EndpointHints, talk: Talk) -> Endpoint | None:
    """Where the URL is not an API's base but the very place to ask; what it says there is told even where it is no answer."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    found = told_how(origin, told, talk, Asking(parts.path or "/", {}))
    said = bool(parts.path.strip("/")) and found.there
    return found if found.target is not None or found.two_steps or said else None
