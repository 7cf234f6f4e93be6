"""An endpoint that nobody has declared: what a person says of it, what is asked of it, and what was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.check.asking import UNPLANNED, AskingTerms, asker_of
from harness.check.contract_check import Answer, Check, Weight, held_to
from harness.check.mends import another_mode
from harness.check.symptoms import CannotTell, Symptom
from harness.domain.address import without_secrets
from harness.domain.sample import Outcome
from harness.domain.shown import visible
from harness.domain.target import Target
from harness.errors import BadFile
from harness.platforms import registry
from harness.workspace.target_toml import target_of

if TYPE_CHECKING:
    from harness.load.ask import Asked, Asker

NAME = "API dialect"
OPTIONS = {"headers": "--header", "auth": "--auth", "api": "--api", "model": "--model", "dialect": "--dialect"}
GAPS = {
    "instances": "no X-Instance-Id: cold starts, instances and capacity per instance cannot be told",
    "age": "no X-Instance-Age-Ms: a cold answer looks like a slow one, so cold starts are not counted",
    "request id": "X-Request-Id is not echoed: its lines in the platform's logs and traces cannot be joined to samples",
    "model time": "no model time in the answer: what the runtime adds cannot be told from what the model takes",
    "tokens": "no usage: the cost of tokens is not known, and equal work cannot be shown by it",
    "citations": "no citations: that both targets searched the same index cannot be shown",
}


@dataclass(frozen=True)
class EndpointHints:
    """What a person says of an endpoint beside its URL, as tables of a target.toml; secrets stay in their variables."""

    tables: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = None

    def target(self, url: str, more: Mapping[str, Any] | None = None) -> Target:
        """A target without a file of its own; raises BadFile, with options in place of fields, for what no target.toml may say."""
        tables = {"base_url": url, **self.tables, **(more or {}), "runtime": {"kind": registry.uncontrolled()}}
        try:
            return target_of(tables, urlsplit(url).netloc.replace(":", "-"))
        except BadFile as error:
            named = [replace(one, field=_option(one.field)) for one in error.problems]
            raise BadFile(without_secrets(url), named, error.hint) from None


def _option(field: str) -> str:
    """As it was typed."""
    table, dot, rest = field.partition(".")
    return f"{OPTIONS[table]}{dot}{rest}" if table in OPTIONS else field


class Talk:
    """Every request to one endpoint, by whichever dialect, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextmanager
    def to(self, target: Target) -> Iterator[Asker]:
        """An asker in the target's dialect; what it asks is written down."""
        with asker_of(target, str(target.base_url), UNPLANNED) as asker:
            try:
                yield asker
            finally:
                self.lines += [_line(one) for one in asker.asked]


@dataclass(frozen=True)
class Endpoint:
    """What was seen; ``target`` is as it would be declared, None where it speaks nothing that is known."""

    url: str
    target: Target | None
    seen: Check
    held: tuple[Check, ...] = ()
    evidence: tuple[Check, ...] = ()
    asked: tuple[str, ...] = ()
    draft: str | None = None  # a target.toml for a person to confirm
    two_steps: bool = False  # it gives an id, and the answer to who asks again with it
    there: bool = False  # it was asked at a path that exists: it refused, or wants credentials or another body
    stream_share: int | None = None  # the only one that it can be asked with; None: any

    @property
    def groups(self) -> dict[str, list[Check]]:
        """Its checks by group, as they are printed and judged."""
        more = [
            Check("requests of this check", Answer.PASS, f"{len(self.asked)} in all: {', '.join(_counted(self.asked))}")
        ]
        told = [replace(check, weight=Weight.EVIDENCE) for check in (*self.evidence, *more)]
        if self.draft is not None:
            told.append(Check("target.toml as drafted", Answer.PASS, self.draft, weight=Weight.DOCUMENT))
        return {self.url: [self.seen, *self.held], f"evidence of {self.url}": told}


def held(talk: Talk, target: Target, seen: str, terms: AskingTerms = UNPLANNED, draft: str | None = None) -> Endpoint:
    """Recognised: held to what a run wants of it, with what its answers leave untold."""
    with talk.to(target) as asker:
        checks = held_to(asker, target.dialect, _readable(target, terms))
        every = [one for one in asker.asked if one.sample.question_id]
    counted = [one for one in every if one.sample.outcome == Outcome.OK]
    modes = {one.sample.stream for one in counted}
    untold = {one.sample.stream for one in every if not another_mode(one)} - modes  # failed, which a run may not
    whole = [one for one in counted if not one.sample.stream]
    return Endpoint(
        str(target.base_url),
        target,
        Check(NAME, Answer.PASS, seen),
        tuple(checks),
        _evidence((whole or counted)[0], target.header_names.request_id) if counted else (),
        draft=draft,
        stream_share=int(modes.pop()) if len(modes) == 1 and not untold else None,
    )


def _readable(target: Target, terms: AskingTerms) -> AskingTerms:
    """Without the mode that its mapping leaves out: nobody would ask for it."""
    if target.fields is None:
        return terms
    whole, streams = target.fields.answers_whole, target.fields.stream is not None
    return replace(terms, whole=terms.whole and whole, streams=terms.streams and streams)


def seen_of(error: Symptom) -> Check:
    """The API as it could not be seen."""
    answer = Answer.UNKNOWN if isinstance(error, CannotTell) else Answer.FAIL
    return Check(NAME, answer, str(error), said=error.said, mend=error.mend)


def _evidence(asked: Asked, request_id: str) -> tuple[Check, ...]:
    """Of an answer that a run counts."""
    sample = asked.sample
    told = {
        "instances": sample.instance_id is not None,
        "age": sample.instance_age_ms is not None,
        "request id": asked.said.header(request_id.lower()) == asked.sent.request_id,
        "model time": sample.generation_ms is not None,
        "tokens": sample.output_tokens is not None,
        "citations": sample.citations is not None,
    }
    return tuple(
        Check(name, Answer.PASS if has else Answer.UNTOLD, "" if has else GAPS[name]) for name, has in told.items()
    )


def _line(asked: Asked) -> str:
    return f"{asked.sent.method} {visible(asked.sent.path)} {asked.said.status or asked.sample.outcome}"


def _counted(lines: tuple[str, ...]) -> list[str]:
    """Each once, in the order of its first, with how often."""
    return [line if (n := lines.count(line)) == 1 else f"{line} ({n} times)" for line in dict.fromkeys(lines)]
