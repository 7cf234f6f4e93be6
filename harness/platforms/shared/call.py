"""One call of a platform's API: its answer, or why there is none. Its client has tried again by then what it may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.domain.identities import without_identity
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError

Call = Callable[..., Mapping[str, Any]]


def call(method: Call, request: Mapping[str, Any]) -> Mapping[str, Any] | str:
    """The answer, or why there is none."""
    try:
        return method(**request)
    except Exception as error:  # noqa: BLE001 - whatever the SDK raises, a source answers with an absence
        code, words = code_of(error), str(error)
        return without_identity(words if code in words else f"{code}: {words}")


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
