"""Keys by which the processes of one generator know each other (CurveZMQ): each side makes them from the secret that all share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

VARIABLE = "PILOT_WORKER_SECRET"
LEAST, MOST = 16, 1024  # bytes of a secret


@dataclass(frozen=True)
class Pair:
    """One side's long-term keys, in Z85."""

    public: bytes
    secret: bytes

    @classmethod
    def of(cls, secret: bytes, role: bytes) -> Self:
        """By scrypt, so that a secret which a person chose cannot be tried out quickly on what was overheard."""
        import zmq  # noqa: PLC0415 - most commands lead nobody
        from zmq.utils import z85  # noqa: PLC0415

        raw = hashlib.scrypt(secret, salt=b"runtime-pilot fleet 1 " + role, n=2**14, r=8, p=1, dklen=32)
        private = z85.encode(raw)
        return cls(zmq.curve_public(private), private)
