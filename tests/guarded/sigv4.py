"""Signature Version 4 as a receiver checks it, from AWS's published description and without botocore."""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import quote

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>[^,]+), ?SignedHeaders=(?P<names>[^,]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(secret: str, scope: str, method: str, path: str, query: str, headers, names: str, body: bytes) -> str:
    """The signature that a request with these ``names`` signed must carry."""
    day, region, service, _ = scope.split("/")
    canonical = "\n".join(
        [
            method,
            quote(path, safe="/-_.~"),  # the path as it was sent, encoded once more
            query,
            *(f"{name}:{' '.join(headers[name].split())}" for name in names.split(";")),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    to_sign = "\n".join(
        ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()]
    )
    key = _hmac(_hmac(_hmac(_hmac(b"AWS4" + secret.encode(), day), region), service), "aws4_request")
    return _hmac(key, to_sign).hex()


def refuses(keys, region: str, service: str, method: str, path: str, query: str, headers, body: bytes) -> str | None:
    """Why a front door would refuse; ``keys`` maps access keys to (secret, session token)."""
    found = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if not found:
        return "no SigV4 authorization"
    if found["key"] not in keys:
        return "unknown access key"
    secret, token = keys[found["key"]]
    if headers.get("x-amz-security-token") != token:
        return "wrong session token"
    if found["scope"].split("/")[1:] != [region, service, "aws4_request"]:
        return f"wrong scope {found['scope']}"
    names = found["names"].split(";")
    if not {"host", "x-amz-date", *({"content-type"} & headers.keys())} <= set(names) or not set(names) <= set(headers):
        return f"not what was sent is signed: {names}"
    wanted = signature(secret, found["scope"], method, path, query, headers, found["names"], body)
    return None if hmac.compare_digest(wanted, found["signature"]) else "the signature does not match"
