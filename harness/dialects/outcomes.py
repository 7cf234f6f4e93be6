"""From what was seen to an Outcome and the Layer that failed: the table of the design, as pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.dialects.errors import signs_of, status_of
from harness.domain.lines import names_in
from harness.domain.sample import Layer, Outcome

_BY_STATUS = {
    429: Outcome.THROTTLED,
    503: Outcome.OVERLOADED,
    529: Outcome.OVERLOADED,  # Anthropic's, and gateways' in front of it
    401: Outcome.UNAUTHORIZED,
    403: Outcome.UNAUTHORIZED,
    504: Outcome.TIMEOUT,
}
# Parts of error names, letters alone in lower case, as providers document them; the first kind that fits counts.
_BY_NAME: tuple[tuple[Outcome, tuple[str, ...]], ...] = tuple(
    (outcome, names_in(parts))
    for outcome, parts in (
        (
            Outcome.THROTTLED,
            """
            throttl ratelimit rateexceeded toomanyrequests resourceexhausted slowdown quotaexceeded insufficientquota
            requestlimitexceeded invocationlimitexceeded concurrencylimitexceeded throughputexceeded modelnotready
            """,
        ),
        (Outcome.OVERLOADED, "overload unavailable capacity serverbusy toobusy insufficientsystemresource"),
        (
            Outcome.UNAUTHORIZED,
            """
            unauthorized unauthenticated authentication invalidapikey accessdenied forbidden permissiondenied
            permissionerror expiredtoken unrecognizedclient invalidsignature
            """,
        ),
        (Outcome.TIMEOUT, "timeout timedout deadlineexceeded"),
        (
            Outcome.REJECTED,
            """
            invalidrequest badrequest validation invalidargument unprocessable notfound toolarge unsupported contextlength
            contentfilter contentpolicy policyviolation sensitive safety prohibited recitation blocklist guardrail moderation
            """,
        ),
    )
)
_REFUSED = (Outcome.THROTTLED, Outcome.OVERLOADED)
_UPSTREAM = (Outcome.UPSTREAM_THROTTLED, Outcome.UPSTREAM_ERROR)
_NOT_LETTERS = re.compile("[^a-z]")
_CERTAIN = frozenset({429, 503, 529, 504, 401})  # whatever the body says


def of_answer(status: int, error: Mapping[str, Any]) -> Outcome:
    """The outcome of a whole answer that is not a 200; ``error`` is what its body and headers name."""
    codes = set(signs_of(error))
    if "upstream_throttled" in codes:
        return Outcome.UPSTREAM_THROTTLED
    if status == 502 and "upstream_error" in codes:
        return Outcome.UPSTREAM_ERROR
    outcome = of_status(status)
    if status not in _CERTAIN and outcome is not Outcome.BAD_CONTRACT:
        outcome = next((one for one in (*_numbered(error), *_named(error)) if one in _REFUSED), outcome)
    return Outcome.UPSTREAM_THROTTLED if outcome is Outcome.THROTTLED and _upstream(error) else outcome


def of_error(error: Mapping[str, Any]) -> Outcome:
    """The outcome of a 200 that carries an error: refusals first, then its numbers, then its names."""
    numbers, named = _numbered(error), _named(error)
    told = [*(one for one in (*numbers, *named) if one in _REFUSED), *numbers, *named]
    outcome = told[0] if told else Outcome.SERVER_ERROR
    if not _upstream(error):
        return outcome
    return Outcome.UPSTREAM_THROTTLED if outcome in _REFUSED else Outcome.UPSTREAM_ERROR


def of_status(status: int) -> Outcome:
    """The outcome of a status other than 200, where nothing else tells."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 300 <= status < 500:
        return Outcome.REJECTED
    return Outcome.SERVER_ERROR if status >= 500 else Outcome.BAD_CONTRACT


def _numbered(error: Mapping[str, Any]) -> list[Outcome]:
    return [of_status(status) for sign in signs_of(error) if (status := status_of(sign)) is not None]


def _named(error: Mapping[str, Any]) -> list[Outcome]:
    names = [_NOT_LETTERS.sub("", sign.lower()) for sign in signs_of(error)]
    return [kind for kind, parts in _BY_NAME if any(part in name for name in names for part in parts)]


def _upstream(error: Mapping[str, Any]) -> bool:
    """The error is that of what the service itself asks: its code says so, or it names the provider."""
    if any(part in sign.lower() for sign in signs_of(error) for part in ("upstream", "provider")):
        return True
    metadata = error.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("provider_name"))


def layer_of(outcome: Outcome, code: str | None, *, from_instance: bool, head_seen: bool) -> Layer | None:
    """Who failed the request; None for a success, and where nothing tells."""
    if outcome is Outcome.OK:
        return None
    if outcome in _UPSTREAM or code in ("upstream_error", "upstream_throttled"):
        return Layer.PROVIDER
    if outcome in (Outcome.NOT_SENT, Outcome.LOST, Outcome.ABORTED):
        return Layer.GENERATOR
    if outcome in (Outcome.CONNECTION_ERROR, Outcome.CUT_STREAM):
        return Layer.NETWORK
    if outcome is Outcome.TIMEOUT and not head_seen:
        return None
    return Layer.SERVICE if from_instance else Layer.PLATFORM
