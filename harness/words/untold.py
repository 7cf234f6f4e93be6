"""Sentences for what a prediction can't tell."""

from __future__ import annotations

import math

from harness.domain.reasons import untold as kinds
from harness.words.numbers import money
from harness.words.speech import Book, said

PROFILES = {
    "everyday": "steady traffic",
    "burst": "a burst",
    "cold": "cold-start probes",
    "from-zero": "bursts from zero",
    "keep-alive": "a keep-alive search",
    "capacity": "a capacity search",
}


def _telling(r: kinds.Telling) -> str:
    rate = "" if r.per_s is None else f" at {r.per_s:.3g}/s"
    length = f"{r.seconds / 3600:.2g} h" if r.seconds >= 5400 else f"{r.seconds:.0f} s"
    usd = "" if r.usd is None else f", about {money(r.usd)}"
    return f"run {PROFILES[r.role.value]}{rate}: {r.requests:,} requests in {length}{usd}"


def _beyond_capacity(r: kinds.BeyondCapacity) -> str:
    seen = "a search found its limit there" if r.limit_found else "no run asked for more"
    return (
        f"can't tell: an instance would carry {r.per_instance_per_s:.3g}/s, but the most that one was seen to carry is "
        f"{r.carried_per_s:.3g}/s ({seen}); {said(r.measure)}"
    )


def _beyond_machine(r: kinds.BeyondMachine) -> str:
    return (
        f"can't tell: all instances share one machine of {r.vcpus:g} processors, of which {r.wanted_vcpus:.2g} would be "
        f"busy; no run kept more than {r.seen_vcpus:.2g} busy; {said(r.measure)}"
    )


def _beyond_instances(r: kinds.BeyondInstances) -> str:
    taken = "no limit" if math.isinf(r.most_assumed) else f"{r.most_assumed:g}"
    return (
        f"can't tell: it takes about {r.wanted:.3g} instances at once, at most {r.seen} were seen, and no limit is "
        f"declared (assumed: {taken}); {said(r.measure)}"
    )


def _gaps_beyond(r: kinds.GapsBeyond) -> str:
    return (
        f"can't tell: {r.share * 100:.0f} % of idle times lie outside the gaps that were probed, {r.from_s:.3g} to {r.to_s:.3g} s, "
        f"and all of those answered warm or all cold; {said(r.measure)}"
    )


WORDS: Book = {
    kinds.Telling: _telling,
    kinds.Declaring: "declare it in [[quotas]] or [prices] of target.toml, or give pilot check access to the control plane",
    kinds.Requesting: "request a larger quota",
    kinds.BeyondCapacity: _beyond_capacity,
    kinds.BeyondMachine: _beyond_machine,
    kinds.BeyondInstances: _beyond_instances,
    kinds.BeyondGranted: (
        "can't tell: the peak takes {wanted:.3g} instances, and the quota {quota} allows {granted:.3g}; {measure}"
    ),
    kinds.GapsBeyond: _gaps_beyond,
    kinds.WindowUnprobed: "can't tell: it depends on how long an idle instance is kept, which was not probed; {measure}",
    kinds.StartsUnmeasured: lambda r: (
        f"can't tell: {r.cold_share * 100:.1f} % of requests would meet a start, and no cold answer was measured; {said(r.measure)}"
    ),
    kinds.NothingPlayed: "so little traffic that no request fell into the stretch that was played",
    kinds.StretchesPlayed: "at least as many: a whole month sees more than the stretches of it that are played",
    kinds.GrowthUnknown: "can't tell: how it scales with its traffic is not known; {measure}",
    kinds.NotGivenAgain: (
        "can't tell: a replay of the measured arrivals matches {again} of {runs} runs, so the model lacks something; {measure}"
    ),
}
