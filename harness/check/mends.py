"""What to do about an answer that a run would not count: by its status, headers and the fields that it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from harness.domain.headers import is_packed
from harness.domain.sample import Outcome
from harness.domain.target import Dialect

if TYPE_CHECKING:
    from harness.load.ask import Asked

FIELDS_REFUSED = (400, 404, 422)


def mend_of(asked: Asked) -> str | None:
    """The first rule that fits; None where the server's own words have to do."""
    return next((words for rule in RULES if (words := rule(asked)) is not None), None)


def names(asked: Asked, field: str) -> bool:
    """Whether a refusal names this field of the request: as its parameter, its place, or between its words."""
    if asked.said.status not in FIELDS_REFUSED:
        return False
    body = asked.said.fields
    return field in _named(body) or re.search(rf"(?<!\w){re.escape(field)}(?!\w)", asked.said.text) is not None


def names_a_model(asked: Asked) -> bool:
    """Whether a refusal is of the model: none was named, or not one that it has."""
    return names(asked, "model") and not any(names(asked, f) for f in asked.sent.fields if f != "model")


def _named(value: Any) -> Iterator[str]:  # noqa: ANN401 - a JSON value
    """What stands under ``param`` or last in ``loc``, wherever: OpenAI's and FastAPI's ways to name a field."""
    if isinstance(value, dict):
        if isinstance(value.get("param"), str):
            yield value["param"]
        if isinstance(value.get("loc"), list) and value["loc"]:
            yield str(value["loc"][-1])
        for inner in value.values():
            yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)


def _encoded(asked: Asked) -> str | None:
    encoding = asked.said.header("content-encoding")
    if encoding is None or not is_packed(encoding):
        return None
    held = " what compresses a stream holds its tokens back until a block is full;" if asked.sample.stream else ""
    return (
        f"identity was asked for:{held} switch compression off for this path, in the service or what stands before it"
    )


def _both_lengths(asked: Asked) -> str | None:
    headers = asked.said.headers
    if b"content-length" in headers and b"transfer-encoding" in headers:
        return "send Content-Length or Transfer-Encoding, never both: look at what stands in front of the service"
    return None


def another_mode(asked: Asked) -> bool:
    """Whether a stream came where a whole answer was asked for, or JSON in place of a stream."""
    if asked.said.status != 200 or asked.sample.outcome != Outcome.BAD_CONTRACT:
        return False
    return asked.said.media_type == ("application/json" if asked.sample.stream else "text/event-stream")


def _another_mode(asked: Asked) -> str | None:
    if not another_mode(asked):
        return None
    if not asked.sample.stream:
        return "it streams whatever is asked for: ask for streams only, with load.stream_share = 1"
    return (
        "something on the way answers whole, or streaming is not switched on; "
        "a service that never streams is piloted with load.stream_share = 0"
    )


def _refused_field(asked: Asked) -> str | None:
    sent = asked.sent.fields
    if "max_tokens" in sent and names(asked, "max_completion_tokens"):
        return 'it wants another field: max_tokens_field = "max_completion_tokens" in [openai] of target.toml'
    if "stream_options" in sent and names(asked, "stream_options"):
        return (
            "leave it out: stream_options = false in [openai] of target.toml; "
            "where its streams tell no usage without, output tokens are not known"
        )
    if names_a_model(asked):
        return (
            "name one that it has: model of target.toml, or --model; a 404 may also mean that it is not loaded"
            if "model" in sent
            else "name a model: model of target.toml, or --model"
        )
    refused = [field for field in sent if names(asked, field)]
    return f"it refuses {', '.join(refused)} of the request" if refused else None


def _turned_away(asked: Asked) -> str | None:
    outcome, wait_s = asked.sample.outcome, asked.sample.retry_after_s
    if outcome not in (Outcome.THROTTLED, Outcome.OVERLOADED, Outcome.UPSTREAM_THROTTLED):
        return None
    after = f"after {wait_s:g} s, as it says" if wait_s is not None else "in a minute"
    quota = "; if it stays, its quota is used up by others, or too small for a pilot"
    room = "; if it stays, it is not running, or has no room even for one request"
    return f"check again {after}" + (room if outcome == Outcome.OVERLOADED else quota)


CREDENTIALS = "[auth] or [headers] of target.toml say where its credentials stand; for a URL --header or --auth"
ELSEWHERE = "base_url must be where it answers itself; where that is a login page, its API wants a key or token: [auth]"
BY_STATUS = {
    **dict.fromkeys((401, 403), CREDENTIALS),
    **dict.fromkeys((301, 302, 303, 307, 308), ELSEWHERE),
    404: "nothing at {path}: is this its port and path, or another service's?",
    405: "{path} is there and takes no {method}",
    413: "something on the way takes no body of {size} bytes, and a run sends longer ones: raise its limit",
}


def _elsewhere(asked: Asked) -> str | None:
    """By the status alone; a page where an answer should be is another service's."""
    words = BY_STATUS.get(asked.said.status or 0)
    if words is not None:
        return words.format(path=asked.sent.path, method=asked.sent.method, size=len(asked.sent.body))
    if asked.said.status == 200 and asked.said.media_type in ("text/html", "text/plain") and not asked.sample.stream:
        return f"it answers {asked.said.media_type}: is this its port and path, or another service's?"
    return None


def _thought_away(asked: Asked) -> str | None:
    """An answer that ended because its length was used up, before any of its text came."""
    if asked.sample.outcome == Outcome.OK or _finished_for(asked) != "length":
        return None
    most = asked.sent.fields.get("max_tokens") or asked.sent.fields.get("max_completion_tokens")
    return f"max_tokens {most} is too small for this model: all of it was thought away; raise it in the questions and load.max_tokens"


def _finished_for(asked: Asked) -> str | None:
    found = re.findall(r'"(?:finish_reason|stop_reason)"\s*:\s*"(\w+)"', asked.said.text)
    return found[-1] if found else None


def _not_json(asked: Asked) -> str | None:
    if asked.sample.outcome != Outcome.BAD_CONTRACT or asked.said.status != 200:
        return None
    text = asked.said.text
    if re.search(r"[:,\[]\s*(?:-?Infinity|NaN)\b", text):
        return "NaN and Infinity are not JSON: write null (in Python json.dumps(…, allow_nan=False) finds them)"
    if text.startswith("\ufeff"):
        return "its JSON begins with a byte order mark: write it without one"
    return None


def _cut(asked: Asked) -> str | None:
    outcome = asked.sample.outcome
    if outcome == Outcome.CONNECTION_ERROR and asked.sample.connect_s is None and not asked.sample.conn_reused:
        return (
            "is it started, and is this its host and port? does it speak https, or http? a firewall looks the same; a private "
            "authority's certificate is named by [tls] ca_file in target.toml"
        )
    if outcome == Outcome.CUT_STREAM or (outcome == Outcome.CONNECTION_ERROR and asked.said.status is None):
        return "look for a timeout on the way, or a crash: its log of this second says which"
    if outcome == Outcome.TIMEOUT and asked.said.status is None:
        return "is it stuck, or too slow for this deadline? load.deadline_s says how long a run waits"
    return None


def ended_without_done(asked: Asked) -> bool:
    """A stream of chunks that ended by itself, its last choice finished, and no ``[DONE]``."""
    cut = asked.sample.outcome == Outcome.CUT_STREAM and asked.sample.stream and "[DONE]" not in asked.said.text
    return cut and asked.sent.path.endswith("/chat/completions") and _finished_for(asked) is not None


def _without_done(asked: Asked) -> str | None:
    if not ended_without_done(asked):
        return None
    return f'{Dialect.OPENAI_CHAT.value} ends with data: [DONE]; dialect = "hayhooks" reads one that ends with finish_reason'


def _not_http(asked: Asked) -> str | None:
    if asked.sample.outcome != Outcome.BAD_CONTRACT or asked.said.status is not None:
        return None
    return (
        "send a head as RFC 9112 has it: CR and LF at each line's end, no blank before a colon, one way to say the length; or "
        "is it another port? what speaks HTTP/2 alone, as gRPC does, cannot be piloted as it is: docs/not-pilotable.md"
    )


RULES: tuple[Callable[[Asked], str | None], ...] = (
    _encoded,
    _both_lengths,
    _refused_field,
    _turned_away,
    _another_mode,
    _thought_away,
    _not_json,
    _not_http,
    _elsewhere,
    _without_done,
    _cut,
)
