"""What commonly goes wrong between a client and a deployment, said by its name, with the server's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.check.mends import mend_of, names_a_model
from harness.dialects.answer import OK_STATUSES
from harness.domain.address import without_secrets
from harness.domain.sample import REFUSALS, Outcome
from harness.domain.shown import visible
from harness.secrecy import KNOWN

if TYPE_CHECKING:
    from harness.load.ask import Asked, Transcript

GATEWAY = {502: "could not reach the service", 503: "had no place for it", 504: "gave up waiting for the service"}
MOST_SHOWN = 200


class Symptom(Exception):
    """What was seen instead; ``said`` are the server's own words, ``mend`` what to do."""

    def __init__(self, words: str, said: str | None = None, mend: str | None = None) -> None:
        super().__init__(words)
        self.said, self.mend = said, mend


class Broken(Symptom):
    """The contract is not kept."""


class CannotTell(Symptom):
    """The check itself could not be made, or not now."""


def want(condition: bool, otherwise: str, asked: Asked | None = None) -> None:  # noqa: FBT001
    """Raises Broken with what is wrong instead, and what the server said of it."""
    if not condition:
        raise Broken(otherwise, quoted(asked.said) if asked is not None else None)


def judge(asked: Asked) -> None:
    """Nothing where a run would count it as ``ok``; else raises what a run would make of it, in words."""
    outcome, said = asked.sample.outcome, asked.said
    if outcome == Outcome.OK:
        return
    told = {"said": quoted(said) if asked.answered else None, "mend": mend_of(asked)}
    if outcome in REFUSALS:
        raise CannotTell(f"can't tell now: {words_of(asked)}", **told)
    if outcome == Outcome.TIMEOUT and said.status != 504:
        raise CannotTell(words_of(asked), **told)
    if outcome == Outcome.CONNECTION_ERROR and _never_connected(asked):
        raise CannotTell(words_of(asked), **told)
    if outcome == Outcome.REJECTED and names_a_model(asked):
        raise CannotTell(f"can't tell now: {words_of(asked)}, which names the model", **told)
    raise Broken(words_of(asked), **told)


def words_of(asked: Asked) -> str:
    """What a run makes of it, in one clause."""
    sample, status = asked.sample, asked.said.status
    detail = visible(sample.detail or "")
    if status is None:
        return _unanswered(asked, detail)
    if status not in OK_STATUSES:
        return _status_words(asked)
    if sample.outcome == Outcome.CUT_STREAM:
        return f"ended after {asked.took_s:.1f} s before its end: {detail or 'cut on its way, by a timeout or a crash'}"
    code = f" ({visible(sample.error_code)})" if sample.error_code not in (None, sample.outcome) else ""
    return f"{sample.outcome}{code}{f': {detail}' if detail else ''}"


def quoted(said: Transcript) -> str:
    """Status, type and the first characters of a body, on one line and harmless to a terminal."""
    text = visible(said.text[:MOST_SHOWN])
    more = "…" if len(said.text) > MOST_SHOWN else ""
    kind = visible(said.header("content-type") or "no content-type")
    encoding = said.header("content-encoding")
    packed = f", content-encoding {visible(encoding)}" if encoding else ""
    return f"{said.status} {kind}{packed}: {text + more if text else 'an empty body'}"


def _never_connected(asked: Asked) -> bool:
    return asked.sample.connect_s is None and not asked.sample.conn_reused


def _unanswered(asked: Asked, detail: str) -> str:
    outcome = asked.sample.outcome
    if outcome == Outcome.CONNECTION_ERROR and _never_connected(asked):
        return f"no connection after {asked.took_s:.1f} s: {detail}"
    if outcome == Outcome.CONNECTION_ERROR:
        return f"cut off after {asked.took_s:.1f} s, before an answer began: {detail}"
    return f"{outcome}: {detail}"


def _status_words(asked: Asked) -> str:
    """A status and who may have given it."""
    said, status = asked.said, asked.said.status
    words = f"answered {status}"
    if status in GATEWAY and not asked.sample.instance_id:
        server = visible(said.header("server") or "unnamed")
        return f"{words} after {asked.took_s:.1f} s: a gateway on the way ({server}) {GATEWAY[status]}"
    if status in (401, 403) and asked.sample.outcome not in REFUSALS:
        return f"{words}: it wants credentials"
    if status in (301, 302, 303, 307, 308):
        where = without_secrets(said.header("location") or "somewhere")
        return f"{words}: it redirects to {visible(KNOWN.hide(where), MOST_SHOWN)}"
    if code := asked.sample.error_code:
        return f"{words} ({visible(code) if code != str(status) else asked.sample.outcome})"
    return words
