"""One call of Google's APIs while deploying: its answer, None for what is not there, or an error that names the step.

Verified: spec only; the tests hold every request to Google's discovery documents, over a project in memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.domain.identities import without_identity
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError
from harness.platforms.shared.auth.google import EMAIL, SCOPE
from harness.platforms.shared.call import code_of
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.google_project import OFF
from harness.platforms.shared.origins import google
from harness.platforms.shared.rest import Rest, RestError

PEOPLE = "https://www.googleapis.com"  # who asks
REGISTRY = "https://artifactregistry.googleapis.com"
SECRETS = "https://secretmanager.googleapis.com"
ACCOUNTS = "https://iam.googleapis.com"
CREDENTIALS = "https://iamcredentials.googleapis.com"
BUILDS = "https://cloudbuild.googleapis.com"
STORAGE = "https://storage.googleapis.com"
RUN = "https://run.googleapis.com"
ASSETS = "https://cloudasset.googleapis.com"
LOGS = "https://logging.googleapis.com"

NOT_THERE, THERE, CHANGED = "HTTP 404", "HTTP 409", "HTTP 412"
SPREADS_S = 300.0  # until an API, an account or a right that was just given is known everywhere
HINTS: tuple[tuple[str, str], ...] = (  # by what is in the code or the words of a refusal
    ("|".join(OFF), "pilot deploy turns the API on; it takes some minutes until that is known everywhere"),
    ("billing", "gcloud billing projects link PROJECT --billing-account ACCOUNT, then the same command again"),
    (
        "HTTP 403",
        "ask for this permission, or deploy with an account that has it: docs/deploy.md has the permissions",
    ),
    ("HTTP 401", "gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS"),
    ("quota", "raise the quota that is named, then the same command again"),
    ("^Connect", "this machine has no way out, or the region in target.toml may be misspelt"),
)
Make = Callable[[str, str], Any]  # host and project: a Rest, or a test's


def api_of(host: str) -> str:
    """Its short name; a region may stand before it."""
    return host.removeprefix("https://").partition(".")[0].rpartition("-")[2]


def over_http(host: str, project: str) -> Rest:
    """A client of one API; raises Refused without google-auth."""
    return google(host, None, (SCOPE, EMAIL)) if host == PEOPLE else google(host, project)


class GoogleError(PilotError):
    """A call that was refused; ``code`` is ``HTTP`` and its status."""

    def __init__(self, message: str, code: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.code = code

    @property
    def off(self) -> bool:
        """Its API is off, or was turned on a moment ago."""
        return any(word in str(self) for word in OFF)

    @property
    def spreading(self) -> bool:
        """An account that was just made is not known to who was asked."""
        unknown = {"HTTP 400": "does not exist", "HTTP 403": "may not exist"}
        return self.code in unknown and unknown[self.code] in str(self)


@dataclass
class Cloud:
    """The APIs of one project, a client of each once.

    ``on``: those that Service Usage reports as on: an API that still answers that it is off is only late. ``given_s``: when
    a right was last given; other services learn of it later.
    """

    project: str
    make: Make
    pace: Pace
    on: set[str] = field(default_factory=set)
    given_s: float | None = None
    _made: dict[str, Any] = field(default_factory=dict)

    def client(self, host: str) -> Any:  # noqa: ANN401 - a Rest, or a test's
        if host not in self._made:
            self._made[host] = self.make(host, self.project)
        return self._made[host]

    def asked(self, doing: str, method: str, host: str, path: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        """The answer; raises GoogleError. One that is only late is asked again."""
        return dict(
            self.patient(lambda: self._once(doing, method, host, path, request), lambda error: self._late(host, error))
        )

    def found(
        self,
        doing: str,
        method: str,
        host: str,
        path: str,
        *,
        none: tuple[str, ...] = (NOT_THERE,),
        **request: Any,  # noqa: ANN401 - the API's own
    ) -> dict[str, Any] | None:
        """The answer, None where it is refused with one of these codes, or its API is off; raises GoogleError for any other."""
        try:
            return self.asked(doing, method, host, path, **request)
        except GoogleError as error:
            if error.code in none or (error.off and api_of(host) not in self.on):
                return None
            raise

    def every(
        self,
        doing: str,
        host: str,
        path: str,
        rows: str,
        params: dict[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """The rows of all pages; raises GoogleError."""
        out: list[dict[str, Any]] = []
        token: str | None = None
        while True:
            more = {"pageToken": token} if token else {}
            answer = self.asked(doing, "get", host, path, params={**(params or {}), **more})
            out += answer.get(rows) or []
            following = answer.get("nextPageToken")
            if not following or following == token:
                return out
            token = str(following)

    @property
    def spreads(self) -> bool:
        """Whether a right that was given may not be known everywhere yet."""
        return self.given_s is not None and self.pace.clock() - self.given_s < SPREADS_S

    def patient(self, ask: Callable[[], Any], again: Callable[[GoogleError], bool], within_s: float = SPREADS_S) -> Any:  # noqa: ANN401
        """What ``ask`` says, asked again while what it needs is still spreading; raises GoogleError."""
        deadline = self.pace.clock() + within_s
        while True:
            try:
                return ask()
            except GoogleError as error:
                if not again(error) or self.pace.clock() > deadline:
                    raise
            self.pace.sleep(self.pace.poll_s)

    def _late(self, host: str, error: GoogleError) -> bool:
        return error.off and api_of(host) in self.on

    def _once(self, doing: str, method: str, host: str, path: str, request: dict[str, Any]) -> Any:  # noqa: ANN401
        try:
            return getattr(self.client(host), method)(path, **request)
        except RestError as error:
            code = code_of(error)
            raise GoogleError(f"{doing}: {error}", code, _hint(code, str(error))) from None

    def ended(self, doing: str, host: str, operation: dict[str, Any], within_s: float, version: str = "v1") -> None:
        """Return once a long operation is over; raises PilotError with what it says."""
        said = operation

        def done() -> bool:
            nonlocal said
            if not said.get("done"):
                said = self.asked(doing, "get", host, f"/{version}/{said['name']}")
            return bool(said.get("done"))

        self.pace.until(doing, done, within_s)
        if error := said.get("error"):
            words = visible(without_identity(str(error.get("message") or error.get("code"))), MOST_SHOWN)
            raise PilotError(f"{doing}: {words}", _hint("", words) or "fix what it says, then the same command again")


def _hint(code: str, words: str) -> str | None:
    said = f"{code} {words}"
    return next((hint for pattern, hint in HINTS if re.search(pattern, said, re.IGNORECASE)), None)
