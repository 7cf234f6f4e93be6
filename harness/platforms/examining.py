"""Examining: what a platform can say of an account and of a deployment before load costs money.

A platform, and a kind of source, each contribute findings; nobody else knows whose API was asked. A question that got
no answer is UNREADABLE with its reason, never GOOD.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from harness.domain.finding import Finding, State
from harness.errors import PilotError
from harness.platforms.shared.answer import Answer, said_of
from harness.platforms.shared.aws import client
from harness.platforms.shared.call import Call
from harness.platforms.shared.origins import azure, cluster, google

T = TypeVar("T")


def _fetched(url: str) -> bytes:
    """Of an address that a cloud's API has just signed."""
    from harness.platforms.shared.http_client import HttpClient  # noqa: PLC0415 - httpx, where something is fetched

    with HttpClient(trust_env=False) as http:
        return http.get(url).raise_for_status().content


@dataclass(frozen=True)
class Reach:
    """How the clouds are asked: a client of each service once, whatever targets share it."""

    make: Callable[[str, str], Any] = client  # boto3's, by service and region
    make_google: Callable[[str], Any] = google  # by host
    make_azure: Callable[[], Any] = azure
    cluster: Callable[..., Any] = cluster
    fetch: Callable[[str], bytes] = _fetched
    environ: Mapping[str, str] = field(default_factory=dict)  # for a region that the shell has set
    known: dict[Any, Any] = field(default_factory=dict, repr=False)

    def aws(self, service: str, region: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        return self.once(("aws", service, region), lambda: self.make(service, region))

    def google(self, host: str) -> Any:  # noqa: ANN401 - a Rest, or a test's
        return self.once(("google", host), lambda: self.make_google(host))

    def azure(self) -> Any:  # noqa: ANN401
        return self.once("azure", self.make_azure)

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What ``make`` says, asked once: some questions cost money."""
        if key not in self.known:
            self.known[key] = make()
        return cast("T", self.known[key])


def guarded(name: str, look: Callable[[], Finding | Iterable[Finding]], fix: str = "") -> list[Finding]:
    """What ``look`` finds; where it cannot be read, why. ``fix`` is what to do then."""
    try:
        found = look()
        return [found] if isinstance(found, Finding) else list(found)
    except PilotError as error:
        return [Finding(name, State.UNREADABLE, str(error), error.hint or fix)]
    except Exception as error:  # noqa: BLE001 - whatever a cloud answers, an error in a check is "can't tell"
        return [Finding(name, State.UNREADABLE, said_of(error), fix)]


def refused_as(error: Exception, *codes: str) -> bool:
    """Whether a service refused with one of these codes."""
    return any(code in str(error) for code in codes)


def listed(answer: Answer) -> list[Answer]:
    """The rows of a list that must be there, if only empty: of an answer of another shape nothing follows. Raises UnknownShape."""
    if not answer.given:
        raise answer.unlike("a list")
    return answer.rows()


def calling(reach: Reach, service: str, region: str, method: str) -> Call:
    """A method of a service of AWS; a client that cannot be made is an answer that does not come."""

    def ask(**request: Any) -> Any:  # noqa: ANN401 - boto3's own
        return getattr(reach.aws(service, region), method)(**request)

    return ask
