"""Calls of Azure Resource Manager and of what it hands on to: an answer, nothing, or an error that says what was being done.

What takes longer than a call is waited for as Resource Manager documents it: at the address of ``Azure-AsyncOperation``,
else at that of ``Location``, as often as ``Retry-After`` asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from harness.domain.identities import without_identity
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError
from harness.platforms.shared.auth.azure_token import AzureToken
from harness.platforms.shared.azure_deploy.hints import hint_of
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.http_client import HttpClient
from harness.platforms.shared.origins import AZURE, AZURE_SCOPE
from harness.platforms.shared.rest import Token

GROUPS = "2021-04-01"  # of groups, deployments, providers and tags
IDEMPOTENT = ("GET", "HEAD", "PUT", "DELETE")  # of Resource Manager: safe to ask again
ENDED = ("Succeeded", "Failed", "Canceled")
UNUSED = ("MissingSubscriptionRegistration", "SubscriptionNotRegistered")
DENIED = ("AuthorizationFailed", "LinkedAuthorizationFailed", "RoleAssignmentNotAuthorized", "HTTP 403")
NO_LOGIN = ("ExpiredAuthenticationToken", "InvalidAuthenticationToken", "InvalidAuthenticationTokenTenant", "HTTP 401")


class ArmError(PilotError):
    """A call that was refused; ``code`` is Azure's own word for it."""

    def __init__(self, message: str, code: str, status: int = 0, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.code, self.status = code, status

    @property
    def absent(self) -> bool:
        """There is nothing of that name; nor of a provider that the subscription never used."""
        return self.status == 404 or self.code in UNUSED

    @property
    def denied(self) -> bool:
        return self.code in DENIED or self.status == 403


@dataclass(frozen=True)
class Said:
    """One answer: header names in small letters; ``text`` where the body is not a JSON object."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    text: str = ""

    @property
    def retry_s(self) -> float:
        """What it asks to wait; 0 where it does not."""
        value = self.headers.get("retry-after", "")
        return float(value) if value.isdigit() else 0.0


def cause_of(error: object) -> tuple[str, str]:
    """Code and message of the innermost detail of an error, which is the cause; empty where there is none."""
    said = error if isinstance(error, Mapping) else {}
    code, message = str(said.get("code") or ""), str(said.get("message") or "")
    details = said.get("details")
    inner = [cause_of(d) for d in details if isinstance(d, Mapping)] if isinstance(details, list) else []
    if known := [(c, m) for c, m in inner if m]:
        return known[0]
    nested = said.get("innererror") or said.get("error")
    deeper = cause_of(nested) if isinstance(nested, Mapping) else ("", "")
    return deeper if deeper[1] else (code, message)


@dataclass
class Arm:
    """Over one client for every address; the token goes to Resource Manager, and where a call says so."""

    http: HttpClient
    token: Token
    pace: Pace = field(default_factory=Pace)

    def ask(
        self,
        doing: str,
        method: str,
        path: str,
        version: str,
        *,
        body: object = None,
        params: Mapping[str, str] | None = None,
    ) -> Said:
        """One call; raises ArmError."""
        more: dict[str, Any] = {"json": body} if body is not None else {}
        return self.send(doing, method, AZURE + path, params={"api-version": version, **(params or {})}, **more)

    def send(self, doing: str, method: str, url: str, *, signed: bool = True, **more: Any) -> Said:  # noqa: ANN401 - httpx's
        """One call of any address; ``signed``: with the token of Resource Manager. Raises ArmError."""
        headers = dict(more.pop("headers", {}))
        if signed:
            self.token.renew()
            headers |= self.token.headers(method, url, b"", None)
        try:
            answer = self.http.request(method, url, headers=headers, **more)
        except httpx.HTTPError as error:
            raise ArmError(f"{doing}: {visible(str(error), MOST_SHOWN)}", type(error).__name__, hint=WAY_OUT) from None
        said = _said(answer)
        if answer.status_code >= 400:
            raise _refusal(doing, said)
        return said

    def get(self, doing: str, path: str, version: str, params: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """The answer's body; raises ArmError."""
        return self.ask(doing, "GET", path, version, params=params).body

    def found(self, doing: str, path: str, version: str) -> Mapping[str, Any] | None:
        """The same; None where there is none."""
        try:
            return self.get(doing, path, version)
        except ArmError as error:
            if error.absent:
                return None
            raise

    def every(self, doing: str, path: str, version: str, params: Mapping[str, str] | None = None) -> list[Any]:
        """The rows of all pages; none where what holds them is not there. Raises ArmError."""
        out: list[Any] = []
        try:
            said = self.ask(doing, "GET", path, version, params=params)
            out += said.body.get("value") or []
            while following := said.body.get("nextLink"):
                said = self.send(doing, "GET", self._own(doing, str(following)))
                out += said.body.get("value") or []
        except ArmError as error:
            if not error.absent:
                raise
        return out

    def ended(self, doing: str, said: Said, within_s: float, tell: Callable[[float], None] | None = None) -> Said:
        """Once what ``said`` has begun is over; at once where nothing was. Raises ArmError with its own words."""
        operation, location = said.headers.get("azure-asyncoperation"), said.headers.get("location")
        if operation is None and (location is None or said.status != 202):
            return said
        url = self._own(doing, operation or str(location))
        last = said

        def over() -> tuple[bool, float]:
            nonlocal last
            try:
                last = self.send(doing, "GET", url)
            except ArmError as error:
                if operation is None and error.status == 404:  # what was removed does not answer any more
                    return True, 0.0
                raise
            status = str(last.body.get("status", ""))
            return (status in ENDED if operation else last.status != 202), last.retry_s

        self.wait(doing, over, within_s, tell, said.retry_s)
        if operation and last.body.get("status") != "Succeeded":
            code, message = cause_of(last.body.get("error"))
            words = visible(without_identity(message), MOST_SHOWN) or str(last.body.get("status"))
            raise ArmError(f"{doing}: {code + ': ' if code else ''}{words}", code or "Failed")
        return last

    def wait(
        self,
        doing: str,
        over: Callable[[], tuple[bool, float]],
        within_s: float,
        tell: Callable[[float], None] | None = None,
        first_s: float = 0.0,
    ) -> None:
        """Until ``over`` says so, which also says how long it asks to wait. Raises PilotError when it does not end in time."""
        began, asks_s = self.pace.clock(), first_s
        while True:
            self.pace.sleep(max(self.pace.poll_s, asks_s))
            done, asks_s = over()
            if done:
                return
            took = self.pace.clock() - began
            if took > within_s:
                raise PilotError(
                    f"{doing}: it did not end within {within_s / 60:g} minutes",
                    "the same command again goes on waiting for it",
                )
            if tell is not None:
                tell(took)

    def _own(self, doing: str, url: str) -> str:
        """An address that an answer gives; raises ArmError for another host's, which must not see the token."""
        if not url.startswith((f"{AZURE}/", f"{AZURE}:443/")):
            raise ArmError(f"{doing}: it is answered elsewhere, at {visible(url, 80)}", "ForeignAddress")
        return url


def reached(pace: Pace) -> Arm:
    """With this machine's credentials; raises Refused without azure-identity."""
    return Arm(HttpClient(questions=IDEMPOTENT, trust_env=False), AzureToken(AZURE_SCOPE), pace)


WAY_OUT = "this machine must reach management.azure.com over HTTPS"


def _said(answer: httpx.Response) -> Said:
    headers = {k.lower(): v for k, v in answer.headers.items()}
    try:
        body = answer.json() if answer.content else {}
    except ValueError:
        return Said(answer.status_code, {}, headers, answer.text)
    if isinstance(body, list):
        body = {"value": body}
    whole = isinstance(body, dict)
    return Said(answer.status_code, body if whole else {}, headers, "" if whole else str(body))


def _refusal(doing: str, said: Said) -> ArmError:
    error = said.body.get("error", said.body)
    outer = str(error.get("code") or "") if isinstance(error, Mapping) else ""
    code, message = cause_of(error)
    words = visible(without_identity(message or said.text), MOST_SHOWN)
    code = code or f"HTTP {said.status}"
    hint = _hint(outer, code, said.status) or hint_of(f"{code} {message}")
    return ArmError(f"{doing}: {code}{f': {words}' if words else ''}", outer or code, said.status, hint)


def _hint(outer: str, code: str, status: int) -> str | None:
    codes = {outer, code}
    if codes & set(NO_LOGIN) or status == 401:
        return "az login, or the variables that azure-identity documents"
    if codes & set(DENIED) or status == 403:
        return "ask for this permission: docs/deploy.md lists what Azure's deployment needs"
    if "SubscriptionNotFound" in codes:
        return "AZURE_SUBSCRIPTION_ID as az account show --query id says it"
    return None
