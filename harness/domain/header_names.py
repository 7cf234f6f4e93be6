"""HeaderNames: under which names an API says what is measured of its instances and requests."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class HeaderNames:
    """Names of headers, as ``rag-chat/1`` has them unless target.toml maps others; case does not matter.

    ``request_id`` is sent with each request, and read back where the answer carries it; ``tenant`` is sent with those
    that have one. A router says by ``route`` which side answered, by ``route_from`` which one had refused before, and
    by ``router_ms`` how long it took itself.
    """

    request_id: str = "X-Request-Id"
    platform_request_id: str = "X-Platform-Request-Id"
    instance_id: str = "X-Instance-Id"
    instance_requests: str = "X-Instance-Requests"
    instance_age_ms: str = "X-Instance-Age-Ms"
    init_type: str = "X-Init-Type"
    tenant: str = "X-Tenant-Id"
    route: str = "X-Route"
    route_from: str = "X-Route-From"
    router_ms: str = "X-Router-Ms"
    instance_memory_mb: str = "X-Instance-Memory-Mb"


USUAL_NAMES = HeaderNames()


class Lowered(NamedTuple):
    """The same as bytes in lower case, as an answer's headers are kept."""

    request_id: bytes
    platform_request_id: bytes
    instance_id: bytes
    instance_requests: bytes
    instance_age_ms: bytes
    init_type: bytes
    tenant: bytes
    route: bytes
    route_from: bytes
    router_ms: bytes
    instance_memory_mb: bytes


def lowered(names: HeaderNames) -> Lowered:
    """Made once for a run."""
    return Lowered(*(name.lower().encode("latin-1") for name in astuple(names)))


USUAL_LOWERED = lowered(USUAL_NAMES)
