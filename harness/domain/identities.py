"""Text and facts of clouds without what identifies who asked and whose account it is: evidence is read by others.

Credentials that are recognised by their form alone go too; those that this process knows are ``harness.secrecy``'s.
What is masked: AWS account numbers, also in ARNs, and whom an ARN of IAM or STS names; Azure subscriptions, tenants,
clients, objects and users; Google's project numbers and service accounts; addresses of mail; ids of function URLs.
Request ids and digests, which may look alike, stay: platform logs are joined by them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_RULES = (
    (
        re.compile(r"(?i)\b(Bearer|Basic|Negotiate)(\s+)(?=[A-Za-z]*[0-9._~+/=-])[A-Za-z0-9._~+/=-]{12,}"),
        r"\1\2[credentials]",
    ),
    (re.compile(r"(?i)\b(Signature|X-Amz-Signature|sig)=[A-Za-z0-9%+/=]{32,}"), r"\1=[signature]"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), "[access key]"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"), "[token]"),
    (re.compile(r"(://)[^\s/?#@]+@"), r"\1[user]@"),
    (re.compile(r"(arn:aws[a-z-]*:(?:sts|iam):[a-z0-9-]*:)\d{12}:[\w+=,.@/*-]+"), r"\1[account]:[principal]"),
    (re.compile(rf"(?i)(subscriptions?(?:/|%2f|\W+))(?:{_UUID})"), r"\1[subscription]"),
    (
        re.compile(
            rf"(?i)\b((?:tenants?|client|object|principal|application|app|oid|appid|tid|user|directory|managed identity)"
            rf"(?:[ _-]?ids?)?[\"']?\s*(?:[:=/]|is|with|of)?\s*[\"'({{]*){_UUID}"
        ),
        r"\1[id]",
    ),
    (re.compile(rf"(?i)((?:login\.microsoftonline\.com|sts\.windows\.net)/){_UUID}"), r"\1[tenant]"),
    (re.compile(r"(?i)(projects?(?:/|%2f|[ _]number:?\s+|[ :#]+))\d{6,}"), r"\1[project]"),
    (re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,200}\.[A-Za-z]{2,}"), "[user]"),
    (re.compile(r"https://[a-z0-9]{20,}\.lambda-url\."), "https://[url-id].lambda-url."),
)
# A request id or a digest may hold twelve digits in a row too: those are taken whole and left alone.
_ACCOUNT = re.compile(
    rf"(?<![0-9A-Za-z])(?:{_UUID}|[0-9a-fA-F]{{32,}})(?![0-9A-Za-z])|(?<![0-9])(?P<account>[0-9]{{12}})(?![0-9])"
)


def without_identities(value: Any) -> Any:  # noqa: ANN401 - any plain value
    """The same value with every identifier masked, times as text."""
    if isinstance(value, Mapping):
        return {key: without_identities(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_identities(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return without_identity(value) if isinstance(value, str) else value


def without_identity(text: str) -> str:
    """Of one text."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return _ACCOUNT.sub(lambda found: "[account]" if found["account"] else found[0], text)
