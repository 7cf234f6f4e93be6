"""Whether the plan fits what the platforms allow, and whether both targets are reached alike, before the first block."""

from __future__ import annotations

import math
import socket
import ssl
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from harness.check.contract_check import Answer, Check, ShownBy
from harness.domain.ledger import lag_limit_s
from harness.domain.quota import Need, Quota
from harness.domain.target import Target
from harness.planning.profiles import Described
from harness.platforms.limits import limits_of
from harness.platforms.pricing import pricing_of
from harness.platforms.shared.ready import verify_of
from harness.workspace import Workspace

PROMPT_TOKENS, ANSWER_TOKENS = 2000, 512  # where neither the mix nor pilot.toml says
TRIES = 9
CONNECT_TIMEOUT_S = 10.0
SEARCHES = ("capacity",)  # profiles that go on until something gives way


@dataclass(frozen=True)
class Demand:
    """What one profile needs at its peak."""

    profile: str
    search: bool
    needs: Mapping[Need, float]


def demands(workspace: Workspace, described: Sequence[Described], target: Target) -> list[Demand]:
    """Little's law with the promised p95 for the concurrency; tokens with the whole answer reserved."""
    config = workspace.config
    out = []
    for one in described:
        peak = one.load.peak_rate
        prompt = one.mix.prompt.median if one.mix.prompt else PROMPT_TOKENS
        answer = config.load.max_tokens or one.mix.max_tokens or ANSWER_TOKENS
        needs = {
            Need.REQUESTS_PER_S: peak,
            Need.CONCURRENCY: peak * config.slo.p95_s,
            Need.TOKENS_PER_MINUTE: peak * 60 * (prompt + answer),
        }
        if target.prices is not None and (vcpus := pricing_of(target.prices).vcpus) is not None:
            needs[Need.VCPU] = vcpus
        out.append(Demand(one.plan.name, one.load.kind in SEARCHES, needs))
    return out


def quota_checks(quotas: Sequence[Quota], wanted: Sequence[Demand], share: float) -> list[Check]:
    """One check a quota: the profile that needs most of it, against the share that this pilot may use."""
    return [_quota_check(quota, wanted, share) for quota in quotas]


def _quota_check(quota: Quota, wanted: Sequence[Demand], share: float) -> Check:
    name = f"quota {quota.name} ({quota.needs.value})"
    if quota.limit is None:
        return Check(name, Answer.UNKNOWN, quota.reason)
    paced = {d.profile: d.needs[quota.needs] for d in wanted if quota.needs in d.needs and not d.search}
    if not paced:
        return Check(
            name, Answer.UNKNOWN, f"no profile says how much of it it needs; the quota is {_count(quota.limit)}"
        )
    profile = max(paced, key=lambda p: paced[p])
    most, allowed = paced[profile], quota.limit * (share if quota.shared else 1.0)
    said = f"{profile} needs {_count(most)} of {_count(quota.limit)}"
    if most > quota.limit:
        return Check(name, Answer.FAIL, f"{said}: it would only measure the quota; raise the quota or lower its rate")
    if most > allowed:
        words = f"{said}, more than the {share:g} of it that limits.quota_share allows beside other traffic"
        return Check(name, Answer.FAIL, words)
    searches = [d.profile for d in wanted if d.search and d.needs.get(quota.needs, 0.0) > quota.limit]
    note = f"; {', '.join(searches)} may search past it, and then finds the quota" if searches else ""
    return Check(name, Answer.PASS, said + note)


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def scaling_check(wanted: Sequence[Demand], starts: float) -> Check:
    """A burst that wants more new environments than ten seconds give measures the scaling rate alone."""
    jumps = {d.profile: d.needs[Need.CONCURRENCY] for d in wanted if not d.search}
    profile = max(jumps, key=lambda p: jumps[p], default=None)
    if profile is None:
        return Check("scaling rate", Answer.UNKNOWN, "no profile")
    said = (
        f"{profile} may want {_count(jumps[profile])} environments at once, {_count(starts)} may start in ten seconds"
    )
    return Check("scaling rate", Answer.PASS if jumps[profile] <= starts else Answer.FAIL, said)


def timeout_check(target: Target, facts: Mapping[str, Any] | str, deadline_s: float) -> Check | None:
    """A client that gives up first leaves work behind that runs on and is billed unseen.

    ``facts`` is why the control side did not say any; None for a target of which no control side is known.
    """
    name = "the client waits at least as long as the runtime works"
    unread = facts if isinstance(facts, str) else facts.get("unreadable")
    limit = limits_of(target).timeout_s(target.runtime, {} if isinstance(facts, str) else facts)
    if limit is None and not target.runtime.controlled:
        return None
    if limit is None and unread:
        return Check(name, Answer.UNKNOWN, f"the runtime's timeout could not be read: {unread}")
    if limit is None:
        return Check(name, Answer.PASS, "the runtime has no timeout of its own")
    said = f"load.deadline_s {deadline_s:g} s, the runtime's timeout {limit:g} s"
    return Check(name, Answer.PASS if deadline_s >= limit else Answer.FAIL, said)


@dataclass(frozen=True)
class Way:
    """How a target is reached from here: medians over new connections, seconds; ``tls_s`` None without TLS."""

    connect_s: float
    tls_s: float | None
    scheme: str

    @property
    def whole_s(self) -> float:
        return self.connect_s + (self.tls_s or 0.0)


def way_to(target: Target, base_url: str) -> Way | str:
    """Connect and close ``TRIES`` times; nothing is asked, so nothing is billed or warmed. Words where it fails."""
    parts = urlsplit(base_url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    verify = verify_of(target)
    context = verify if isinstance(verify, ssl.SSLContext) else ssl.create_default_context()
    connects, handshakes = [], []
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4]
        for _ in range(TRIES):
            began = time.perf_counter()
            with socket.create_connection((str(address[0]), port), CONNECT_TIMEOUT_S) as plain:
                connects.append(time.perf_counter() - began)
                if parts.scheme == "https":
                    began = time.perf_counter()
                    with context.wrap_socket(plain, server_hostname=host):
                        handshakes.append(time.perf_counter() - began)
    except OSError as error:
        return f"{type(error).__name__}: {error.strerror or error}"
    tls_s = statistics.median(handshakes) if handshakes else None
    return Way(statistics.median(connects), tls_s, parts.scheme)


def fairness_checks(
    names: Sequence[str],
    ways: Sequence[Way | str],
    metas: Sequence[Mapping[str, Any]],
    tightest_s: float,
    caches: Sequence[str] = (),
) -> list[Check]:
    """Whether a difference between two targets could be the way to them, their place or their size."""
    return [
        _ways_check(names, ways, tightest_s),
        _same_scheme(ways),
        _same_region(metas),
        _caches(names, metas, caches),
    ]


def _ways_check(names: Sequence[str], ways: Sequence[Way | str], tightest_s: float) -> Check:
    name = "both are reached in the same time"
    told = [way for way in ways if isinstance(way, Way)]
    if len(told) < len(ways):
        return Check(name, Answer.UNKNOWN, "; ".join(way for way in ways if isinstance(way, str)))
    limit = lag_limit_s(tightest_s)
    said = ", ".join(
        f"{n} {way.connect_s * 1e3:.1f} ms" + (f" + TLS {way.tls_s * 1e3:.1f} ms" if way.tls_s is not None else "")
        for n, way in zip(names, told, strict=True)
    )
    apart = abs(told[0].whole_s - told[-1].whole_s)
    words = f"{said}; apart by {apart * 1e3:.1f} ms, {limit * 1e3:.0f} ms would colour the percentiles"
    return Check(name, Answer.PASS if apart <= limit and math.isfinite(apart) else Answer.FAIL, words)


def _same_scheme(ways: Sequence[Way | str]) -> Check:
    name = "both are reached with TLS, or both without"
    schemes = [way.scheme for way in ways if isinstance(way, Way)]
    if len(schemes) < len(ways):
        return Check(name, Answer.UNKNOWN, "one of them was not reached")
    return Check(name, Answer.PASS if len(set(schemes)) == 1 else Answer.FAIL, " | ".join(schemes))


def _caches(names: Sequence[str], metas: Sequence[Mapping[str, Any]], declared: Sequence[str]) -> Check:
    """An answer that was made before measures nothing of the runtime, and popular questions come often."""
    name = "no cache answers but those of load.caches"
    if any(not isinstance(meta.get("caches"), list) for meta in metas):
        return Check(name, Answer.UNKNOWN, "one of them does not say", ShownBy.NOTHING)
    wrong = [
        f"{target} has {', '.join(meta['caches']) or 'none'} on"
        for target, meta in zip(names, metas, strict=True)
        if set(meta["caches"]) != set(declared)
    ]
    wanted = f"load.caches is {', '.join(declared) or 'none'}"
    return Check(name, Answer.FAIL if wrong else Answer.PASS, "; ".join([*wrong, wanted]))


def _same_region(metas: Sequence[Mapping[str, Any]]) -> Check:
    name = "both are in the same region"
    regions = [(meta.get("runtime") or {}).get("region") for meta in metas]
    if None in regions or len(regions) < 2:
        return Check(name, Answer.UNKNOWN, "one of them does not say", ShownBy.NOTHING)
    return Check(name, Answer.PASS if len(set(regions)) == 1 else Answer.FAIL, " | ".join(map(str, regions)))
