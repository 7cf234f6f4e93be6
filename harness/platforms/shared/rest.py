"""A platform's REST API over httpx: a token where it wants one, its own words where it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from harness.domain.identities import without_identity
from harness.domain.shown import MOST_SHOWN, visible

if TYPE_CHECKING:
    import httpx  # imported where it is used: most commands ask no API


class Token(Protocol):
    """A bearer token that is renewed when it is asked for."""

    def renew(self) -> float: ...

    def headers(self, method: str, url: str, body: bytes, content_type: str | None) -> Mapping[str, str]: ...


class RestError(Exception):
    """A call that failed or was refused; ``response`` is shaped as the AWS SDK's, so that one reader of codes reads both."""

    def __init__(self, code: str, message: str) -> None:
        message = visible(without_identity(message), MOST_SHOWN)
        super().__init__(f"{code}: {message}" if message else code)
        self.response = {"Error": {"Code": code, "Message": message}}


class Rest:
    """Requests to one origin; every answer that holds is kept until it is taken."""

    def __init__(self, base_url: str, token: Token | None = None, **options: Any) -> None:  # noqa: ANN401 - HttpClient's
        self._token = token
        from harness.platforms.shared.http_client import HttpClient  # noqa: PLC0415 - httpx, which most commands don't need

        self._client = HttpClient(base_url=base_url, trust_env=False, **options)
        self._kept: list[dict[str, Any]] = []

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        answer = self._ask("GET", path, params=dict(params or {}))
        self._kept.append({"operation": f"GET {path}", "request": dict(params or {}), "answer": answer})
        return answer

    def post(self, path: str, params: Mapping[str, Any] | None = None, body: object = None) -> dict[str, Any]:
        return self._ask("POST", path, params=dict(params or {}), json=body)

    def patch(
        self, path: str, params: Mapping[str, Any] | None = None, body: object = None, kind: str = "application/json"
    ) -> dict[str, Any]:
        """A text is sent as it stands."""
        sent = {"content": body.encode()} if isinstance(body, str) else {"json": body}
        return self._ask("PATCH", path, params=dict(params or {}), headers={"Content-Type": kind}, **sent)

    def put(self, path: str, params: Mapping[str, Any] | None = None, body: object = None) -> dict[str, Any]:
        return self._ask("PUT", path, params=dict(params or {}), json=body)

    def upload(self, path: str, params: Mapping[str, Any], content: bytes, kind: str) -> dict[str, Any]:
        """Bytes of this media type, as they are."""
        return self._ask("POST", path, params=dict(params), content=content, headers={"Content-Type": kind})

    def delete(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self._ask("DELETE", path, params=dict(params or {}))

    def text(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """An answer that is not JSON; raises RestError."""
        return self._answer("GET", path, params=dict(params or {})).text

    def close(self) -> None:
        """Its connections, where a command asks for long."""
        self._client.close()

    def take(self) -> list[dict[str, Any]]:
        kept, self._kept = self._kept, []
        return kept

    def _answer(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401
        """Raises RestError; PilotError where there is no token."""
        import httpx  # noqa: PLC0415

        headers = dict(more.pop("headers", {}))
        if self._token is not None:
            self._token.renew()
            fixed = self._client.headers  # what the client says itself counts more
            headers |= {k: v for k, v in self._token.headers(method, path, b"", None).items() if k not in fixed}
        try:
            answer = self._client.request(method, path, headers=headers, **more)
        except httpx.HTTPError as error:
            raise RestError(type(error).__name__, str(error)) from None
        if answer.status_code >= 400:
            raise RestError(f"HTTP {answer.status_code}", _words(answer))
        return answer

    def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """Raises RestError; PilotError where there is no token."""
        answer = self._answer(method, path, **more)
        if not answer.content:
            return {}
        try:
            value = answer.json()
        except ValueError:
            raise RestError(f"HTTP {answer.status_code}", "the answer is not valid JSON") from None
        return value if isinstance(value, dict) else {"items": value}


def _words(answer: httpx.Response) -> str:
    """What Google, Azure and Kubernetes say in an error, each in its own place."""
    try:
        said = answer.json()
    except ValueError:
        return answer.text[:200]
    if not isinstance(said, dict):
        return ""
    error = said.get("error")
    if isinstance(error, dict):
        return f"{error.get('status') or error.get('code') or ''} {error.get('message', '')}".strip()
    return str(said.get("message") or said.get("Message") or "")
