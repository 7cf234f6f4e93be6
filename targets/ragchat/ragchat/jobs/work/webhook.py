"""A webhook that was received: its signature is verified, and it is handed on once."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from ragchat.jobs.contract import JobError
from ragchat.jobs.courier import sign
from ragchat.jobs.limits import Attempt
from ragchat.jobs.store import Effect


class Webhook:
    """``secret`` is what its sender signed it with."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __call__(self, given: dict[str, Any], attempt: Attempt) -> Effect:
        """Raises JobError bad_signature."""
        attempt.check()
        payload = given["payload"].encode()
        if not self._secret:
            raise JobError("bad_signature", "RAG_JOBS_SECRET is not set: no signature can be verified", again=False)
        if not hmac.compare_digest(sign(self._secret, payload), given["signature"]):
            raise JobError("bad_signature", "the signature is not of this payload and secret", again=False)
        digest = f"sha256:{hashlib.sha256(payload).hexdigest()}"
        url = given["forward_url"]
        result = {"bytes": len(payload), "digest": digest, "handed_on": url is not None}
        return Effect(result, hand_on=(url, given["payload"]) if url else None)
