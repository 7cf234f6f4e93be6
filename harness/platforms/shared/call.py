"""One AWS call as a source wants it: throttled ones tried again, anything else answered with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.domain.identities import without_identity
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError

TRIES, FIRST_WAIT_S = 5, 1.0
THROTTLED = ("Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded")

Call = Callable[..., Mapping[str, Any]]


def call(method: Call, request: Mapping[str, Any], sleep: Callable[[float], None]) -> Mapping[str, Any] | str:
    """The answer, or why there is none; waits 1, 2, 4 … s between tries of a throttled call."""
    for attempt in range(TRIES):
        try:
            return method(**request)
        except Exception as error:  # noqa: BLE001 - whatever the SDK raises, a source answers with an absence
            code = code_of(error)
            if code not in THROTTLED:
                return without_identity(f"{code}: {error}")
            if attempt + 1 < TRIES:
                sleep(FIRST_WAIT_S * 2**attempt)
    return f"throttled {TRIES} times in a row"


def demand(doing: str, method: Call, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - the API's own parameters
    """The answer; raises PilotError that says what was being done and the service's words."""
    try:
        return dict(method(**request))
    except Exception as error:  # noqa: BLE001 - whatever the SDK raises
        raise PilotError(f"{doing}: {visible(without_identity(str(error)), MOST_SHOWN)}") from None


def code_of(error: Exception) -> str:
    """The API's error code, else the exception's name."""
    answer = getattr(error, "response", None)
    code = answer.get("Error", {}).get("Code") if isinstance(answer, dict) else None
    return str(code or type(error).__name__)
