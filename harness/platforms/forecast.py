"""What a campaign may cost before it has begun: every answer as slow as assumed, every request billed."""

from __future__ import annotations

from decimal import Decimal

from harness.domain.target import Target
from harness.platforms.pricing import pricing_of
from harness.platforms.shared.usage import Tokens, Usage


def run_cost_usd(target: Target, requests: int, seconds: float, answer_s: float, tokens: tuple[int, int]) -> Decimal:
    """Modelled cost of one run: ``requests`` answers of ``answer_s`` each, ``tokens`` in and out per answer.

    With the deadline as ``answer_s`` this is the worst case; 0 for a target without prices. Of a router each side may
    get every request.
    """
    sides = (run_cost_usd(side, requests, seconds, answer_s, tokens) for side in target.behind)
    return sum(sides, _own_usd(target, requests, seconds, answer_s, tokens))


def _own_usd(target: Target, requests: int, seconds: float, answer_s: float, tokens: tuple[int, int]) -> Decimal:
    if target.prices is None:
        return Decimal(0)
    n = Decimal(requests)
    usage = Usage(
        hours=Decimal(str(seconds)) / 3600,
        requests=n,
        billed_ms=n * Decimal(str(answer_s)) * 1000,
        response_bytes=n * 4 * tokens[1],
        input_tokens=n * tokens[0],
        output_tokens=n * tokens[1],
        tokens=(Tokens(target.model, n, n * tokens[0], n * tokens[1]),) if target.model else (),
        instance_s=n * Decimal(str(answer_s)),  # each alone on its instance, where requests may share one
    )
    return pricing_of(target.prices).bill(usage.passed_on() if target.behind else usage).total_usd
