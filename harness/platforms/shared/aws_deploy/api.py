"""One call of AWS while deploying: its answer, that there is nothing, or an error that says what was being done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from harness.domain.identities import without_identity
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError
from harness.platforms.shared.call import code_of
from harness.platforms.shared.deploy.part import Tag

DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "NotAuthorized")
NO_LOGIN = (
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "AuthFailure",
)
Call = Callable[..., Mapping[str, Any]]
Api: TypeAlias = Any  # a client, which boto3 makes at run time


class AwsError(PilotError):
    """A call that AWS refused; ``code`` is its own word for it."""

    def __init__(self, message: str, code: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.code = code

    @property
    def denied(self) -> bool:
        return self.code in DENIED


def asked(doing: str, method: Call, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - the API's own parameters
    """The answer; raises AwsError."""
    try:
        return dict(method(**request))
    except Exception as error:  # noqa: BLE001 - whatever the SDK raises
        code = code_of(error)
        words = visible(without_identity(str(error)), MOST_SHOWN)
        raise AwsError(f"{doing}: {words}", code, _hint(code)) from None


def found(doing: str, method: Call, *none: str, **request: Any) -> dict[str, Any] | None:  # noqa: ANN401
    """The answer, None where the error's code, or its words, are one of ``none``; raises AwsError for any other."""
    try:
        return asked(doing, method, **request)
    except AwsError as error:
        if error.code in none or any(" " in word and word in str(error) for word in none):
            return None
        raise


def every(doing: str, method: Call, rows: str, sends: str, gives: str, **request: Any) -> list[Any]:  # noqa: ANN401
    """The rows of all pages; raises AwsError."""
    out: list[Any] = []
    token: str | None = None
    while True:
        answer = asked(doing, method, **request, **({sends: token} if token else {}))
        out += answer.get(rows) or []
        following = answer.get(gives)
        if not following or following == token:
            return out
        token = str(following)


def carries(tags: Iterable[Mapping[str, Any]], tag: Tag) -> bool:
    """Whether these are the tags of something of this deployment."""
    return {"Key": tag.key, "Value": tag.value} in list(tags)


def _hint(code: str) -> str | None:
    if code in DENIED:
        return "ask for this permission, or deploy with a role that has it"
    if code in NO_LOGIN:
        return "log in again, or set AWS_PROFILE to a profile that works"
    if code in ("NoCredentialsError", "PartialCredentialsError"):
        return "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if code == "EndpointConnectionError":
        return "the region in target.toml may be misspelt, or this machine has no way out"
    return None
