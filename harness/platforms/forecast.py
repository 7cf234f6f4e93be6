"""What measuring is billed: of a run before it has begun and after it, and of what stands whether or not it is asked.

A run's cost leaves out what a deployment costs while it stands, which goes by the calendar and not by the run, and the
tokens of a model that nobody bills. What does not stand for the pilot alone is priced by the hours of its runs: an
embedded target, which stands as long as it is asked, and a URL that a team runs anyway.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from harness.domain.target import Target
from harness.platforms.pricing import Pricing, pricing_of
from harness.platforms.shared.usage import Tokens, Usage

NOTHING = Decimal(0)
POLL_S = 1.0  # one question about a job: it reads a row of a store


@dataclass(frozen=True)
class Following:
    """Jobs of one run: how often each is asked for, and how long each one works."""

    polls: Decimal
    work_s: float


def spent_usd(target: Target, pricing: Pricing, usage: Usage) -> Decimal:
    """What this usage adds to the bill of a target, its sides apart."""
    billed = usage if target.prices is None or target.prices.model_billed else without_tokens(usage)
    return pricing.bill(billed).total_usd - _standing(target, pricing, usage.hours)


def without_tokens(usage: Usage) -> Usage:
    """The same requests of a model whose tokens cost nothing: a replay of a real one."""
    return replace(usage, input_tokens=NOTHING, output_tokens=NOTHING, tokens=())


def standing_usd_per_hour(target: Target) -> Decimal:
    """What it is billed while nobody asks it, with the sides behind a router; 0 of what does not stand for the pilot alone."""
    sides = sum((standing_usd_per_hour(side) for side in target.behind), NOTHING)
    return sides + (_standing(target, pricing_of(target.prices), Decimal(1)) if target.prices else NOTHING)


def _standing(target: Target, pricing: Pricing, hours: Decimal) -> Decimal:
    if target.embedded or not target.runtime.controlled:
        return NOTHING
    return pricing.bill(Usage(hours, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)).total_usd


def run_cost_usd(
    target: Target,
    requests: int,
    seconds: float,
    answer_s: float,
    tokens: tuple[int, int],
    following: Following | None = None,
) -> Decimal:
    """Modelled cost of one run: ``requests`` answers of ``answer_s`` each, ``tokens`` in and out per answer.

    With the deadline as ``answer_s`` this is the worst case; 0 for a target without prices. Of a router each side may
    get every request. Jobs work and are asked for as ``following`` says.
    """
    asked = requests, seconds, answer_s, tokens, following
    return sum((run_cost_usd(side, *asked) for side in target.behind), _own_usd(target, *asked))


def _own_usd(
    target: Target,
    requests: int,
    seconds: float,
    answer_s: float,
    tokens: tuple[int, int],
    following: Following | None,
) -> Decimal:
    if target.prices is None:
        return NOTHING
    n = Decimal(requests)
    busy_s = n * Decimal(str(answer_s))
    polls = following.polls if following else NOTHING
    if following is not None:
        busy_s += n * Decimal(str(following.work_s)) + polls * Decimal(str(POLL_S))
    usage = Usage(
        hours=Decimal(str(seconds)) / 3600,
        requests=n + polls,
        billed_ms=busy_s * 1000,
        response_bytes=n * 4 * tokens[1],
        input_tokens=n * tokens[0],
        output_tokens=n * tokens[1],
        tokens=(Tokens(target.model, n, n * tokens[0], n * tokens[1]),) if target.model else (),
        instance_s=busy_s,  # each alone on its instance, where requests may share one
    )
    return spent_usd(target, pricing_of(target.prices), usage.passed_on() if target.behind else usage)
