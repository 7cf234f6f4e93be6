"""The address range that load may come from: this machine's public address, unless somebody names another."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from harness.errors import Refused
from harness.platforms.shared.call_policy import CallPolicy

SERVICES = ("https://checkip.amazonaws.com", "https://api.ipify.org")
POLICY = CallPolicy(tries=2, connect_s=5.0, read_s=5.0, call_s=15.0)


def own_range(ask: Callable[[str], str] | None = None) -> str:
    """As ADDRESS/32; raises Refused where nobody can say it."""
    for url in SERVICES:
        try:
            address = ipaddress.ip_address((ask or _ask)(url).strip())
        except (OSError, ValueError):
            continue
        if address.version == 4 and address.is_global:
            return f"{address}/32"
    raise Refused(
        "this machine's public IPv4 address could not be found",
        "--from ADDRESS/32 says where load comes from",
    )


def checked_range(text: str) -> str:
    """An IPv4 range; raises Refused."""
    try:
        return str(ipaddress.IPv4Network(text if "/" in text else f"{text}/32"))
    except ValueError as error:
        raise Refused(f"--from {text[:40]}: {error}", "as 203.0.113.7/32") from None


def source_of(asked: str | None, was: Callable[[], str | None], own: Callable[[], str], notes: list[str]) -> str:
    """The range that is asked for, else this machine's own; one that somebody widened stays, and one that moves is noted."""
    if asked is not None:
        return checked_range(asked)
    before = was()
    if before is not None and not before.endswith("/32"):
        return before
    now = own()
    if before is not None and before != now:
        notes.append(f"load may now come from {now}; before from {before}")
    return now


def _ask(url: str) -> str:
    import httpx  # noqa: PLC0415 - only where something is deployed

    from harness.platforms.shared.http_client import HttpClient  # noqa: PLC0415

    try:
        with HttpClient(policy=POLICY) as client:
            return client.get(url).text
    except httpx.HTTPError as error:
        raise OSError(str(error)) from None
