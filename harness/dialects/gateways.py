"""What gateways before a model say of an answer in its headers: that a cache gave it, or a fallback made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.dialects.answer import Headers

# Cloudflare's, Portkey's and Helicone's caches say HIT or "SEMANTIC HIT"; MISS and the rest are no hit.
CACHES = (b"cf-aig-cache-status", b"x-portkey-cache-status", b"helicone-cache")
# How many models were tried before this one: LiteLLM's count, Cloudflare's place in its list.
FALLBACKS = (b"x-litellm-attempted-fallbacks", b"cf-aig-step")


def gateway_says(headers: Headers) -> tuple[bool | None, bool | None]:
    """Cached and degraded, each None where no header tells it."""
    cached = next((b"HIT" in value.upper() for name in CACHES if (value := headers.get(name)) is not None), None)
    tried = next((value.strip() for name in FALLBACKS if (value := headers.get(name)) is not None), b"")
    return cached, (int(tried[:9]) > 0 if tried.isdigit() else None)
