"""Authorisation of requests without a wait: renewed in a greenlet of its own, signed before a request is due."""

from __future__ import annotations

import os
from time import perf_counter
from typing import TYPE_CHECKING

import gevent

from harness.domain.headers import value_problem
from harness.domain.target import Auth
from harness.errors import PilotError, Refused
from harness.load.guard import guarded
from harness.platforms.shared.auth import authoriser_of
from harness.secrecy import KNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.load.spec import RunSpec
    from harness.platforms.shared.auth import Authoriser

AHEAD_S = 0.25  # a signature is made this long before its request is due
KEPT_S = 60.0  # AWS takes one for five minutes; a body that comes again within the minute gets the same
RETRY_S = 10.0


class Signing:
    """Header lines for requests to one base URL."""

    def __init__(self, authoriser: Authoriser, base_url: str, failed: Callable[[str], None] | None = None) -> None:
        self._failed = failed
        self._authoriser = authoriser
        self._base = base_url.rstrip("/")
        self._kept: dict[tuple[str, bytes], tuple[float, bytes]] = {}
        self._ring: gevent.Greenlet | None = None
        self._wait_s = authoriser.renew()
        self.trouble: str | None = None

    def start(self) -> None:
        self._ring = gevent.spawn(guarded(self._renew_for_ever, self._failed or self._note))

    def stop(self) -> None:
        if self._ring is not None:
            self._ring.kill(block=False)

    def lines(self, method: str, path: str, body: bytes) -> bytes:
        """Header lines, each ended; one that was made within the minute is used again."""
        key, now = (path, body), perf_counter()
        made = self._kept.get(key)
        if made is None or now - made[0] > KEPT_S:
            if len(self._kept) > 1000:
                self._kept = {k: v for k, v in self._kept.items() if now - v[0] <= KEPT_S}
            headers = self._authoriser.headers(method, self._base + path, body, "application/json")
            made = now, "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("latin-1")
            self._kept[key] = made
        return made[1]

    def _note(self, words: str) -> None:
        self.trouble = words

    def _renew_for_ever(self) -> None:
        while True:
            gevent.sleep(self._wait_s)
            try:
                self._wait_s = self._authoriser.renew()
                self._kept, self.trouble = {}, None
            except PilotError as error:  # what is there may hold a while; once refused ten times, the run says why
                self._wait_s, self.trouble = RETRY_S, str(error)


def signing_of(spec: RunSpec, base_url: str, failed: Callable[[str], None] | None = None) -> Signing | None:
    """None where no credentials are made; raises PilotError where there are none to be had."""
    if spec.auth is None:
        return None
    return Signing(authoriser_of(Auth(spec.auth["kind"], spec.auth["options"]), base_url), base_url, failed)


def check_credentials(spec: RunSpec) -> None:
    """Raises Refused with everything that this process's environment lacks, before anything is sent."""
    wanted = [*spec.headers_from_env.values(), *(spec.fields.environment if spec.fields else ())]
    missing = [variable for variable in wanted if not os.environ.get(variable)]
    if missing:
        raise Refused(
            f"{spec.target}: its requests are authorised from the environment, and {', '.join(missing)} is not set",
            "set it, or fix auth and headers in its target.toml",
        )
    wrong = [
        f"the value of {variable} {problem}"
        for variable in spec.headers_from_env.values()
        if (problem := value_problem(os.environ[variable]))
    ]
    if wrong:
        raise Refused(f"{spec.target}: {'; '.join(wrong)}", "export it again without what is around it")
    try:
        signing_of(spec, spec.base_url or "")
    except PilotError as error:
        raise Refused(f"{spec.target}: {error}", error.hint) from None


def learn_secrets(spec: RunSpec) -> None:
    """What this process is about to send: whatever a server repeats of it is not written down."""
    KNOWN.learn_variables([*spec.headers_from_env.values(), *(spec.fields.environment if spec.fields else ())])


def header_map(spec: RunSpec, method: str, url: str) -> dict[str, str]:
    """The same for a single request without a body, outside a run."""
    learn_secrets(spec)
    out = spec.headers | {name: os.environ.get(variable, "") for name, variable in spec.headers_from_env.items()}
    if spec.auth is not None:
        authoriser = authoriser_of(Auth(spec.auth["kind"], spec.auth["options"]), spec.base_url or "")
        authoriser.renew()
        out |= authoriser.headers(method, url, b"", None)
    return out
