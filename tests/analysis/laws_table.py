"""The table of laws: what verdicts, percentiles and comparisons get wrong where the truth is known.

    python -m tests.analysis.laws_table [DRAWS]        default 1000

Each row is a law at one number of blocks and requests a run. The interval of a p95, the
verdict at its true value and the ratio of two such targets are the product's own; laws,
truth and Woodruff's interval are drawn by numpy.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.analysis.compare import corrected, tell
from harness.analysis.paired import Paired
from harness.analysis.pooled import Pooled
from harness.analysis.quantiles import quantile
from harness.analysis.shares import share_of
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.looks import SPENT, USUAL
from harness.domain.reason import Other
from harness.domain.verdict import PRIMARY, Comparison, Relation
from tests.analysis.simulated import LAWS, SIZES, Law, plain_width, woodruff

MARGIN, CHUNK = 1.10, 50
DIFFERENT = (Relation.BETTER, Relation.WORSE)
P99 = tuple(law for law in LAWS if law.name.startswith(("block sd", "t2")))


@dataclass(frozen=True)
class Row:
    """Shares of ``draws`` campaigns; ``looks_*`` are over all three looks, of the rows of twelve blocks alone."""

    law: Law
    blocks: int
    n: int
    draws: int
    p95: float
    share: float
    ratio: float
    width: float
    share_width: float
    false_pass: float
    false_fail: float
    looks_pass: float | None
    looks_fail: float | None


@dataclass(frozen=True)
class Campaigns:
    """Of two equal targets, and of one slower by the margin, over two profiles, both co-primaries and all looks."""

    law: Law
    n: int
    draws: int
    different: float
    equivalent: float


def row(law: Law, blocks: int, n: int, draws: int, p: float = 0.95, seed: int = 1) -> Row:
    """One law at one size, of its ``p`` percentile."""
    rng, truth = np.random.default_rng([seed, blocks, n]), law.true_s(p)
    limit = truth if math.isfinite(truth) else 1e9  # any limit: the share beyond it is the share that fails
    allowed = max(law.failing, 1 - p)
    hits = {"p95": 0, "share": 0, "ratio": 0, "pass": 0, "fail": 0, "looks_pass": 0, "looks_fail": 0}
    ours = theirs = share_ours = share_theirs = 0.0
    for drawn, other in _chunks(law, rng, (blocks, n), draws, 1.1):
        for one, baseline in zip(other, drawn, strict=True):
            known = quantile(list(baseline), p)
            hits["p95"] += _covers(known, truth)
            beyond = (baseline > limit).sum(axis=1).astype(float)
            share = share_of(beyond, np.full(blocks, float(n)), Pooled(list(baseline)).runs(limit))
            passed, failed = share.below(allowed, 0.025), share.above(allowed, 0.025)
            hits["pass"] += passed
            hits["fail"] += failed
            hits["share"] += not passed and not failed
            hits["ratio"] += Paired(one, baseline, p).p_value(1.1) > 0.05
            if blocks == USUAL[-1]:
                looks = [
                    share_of(beyond[:k], np.full(k, float(n)), Pooled(list(baseline[:k])).runs(limit)) for k in USUAL
                ]
                hits["looks_pass"] += any(s.below(allowed, a) for s, a in zip(looks, SPENT[3], strict=True))
                hits["looks_fail"] += any(s.above(allowed, a) for s, a in zip(looks, SPENT[3], strict=True))
            mine, reference = _widths(baseline, known, p)
            ours, theirs = ours + mine, theirs + reference
            low, high = share.interval(0.025)
            share_ours, share_theirs = share_ours + high - low, share_theirs + plain_width(beyond, n)
    f = {name: count / draws for name, count in hits.items()}
    looks = (f["looks_pass"], f["looks_fail"]) if blocks == USUAL[-1] else (None, None)
    return Row(
        law,
        blocks,
        n,
        draws,
        f["p95"],
        f["share"],
        f["ratio"],
        ours / theirs,
        share_ours / share_theirs,
        f["pass"],
        f["fail"],
        *looks,
    )


def campaigns(law: Law, n: int, draws: int, seed: int = 2) -> Campaigns:
    """Whole campaigns of twelve blocks."""
    rng = np.random.default_rng([seed, n])
    different = equivalent = 0
    limit = 2.5
    for _ in range(draws):
        parts = [_measures(law, rng, n) for _ in range(2)]
        different += _any_different(parts, limit)
        [(slower, base), *_] = _measures(law, rng, n, MARGIN)
        equivalent += any(
            tell(slower[:k], base[:k], limit, MARGIN, 1 - 2 * a).relation is Relation.EQUIVALENT
            for k, a in zip(USUAL, SPENT[3], strict=True)
        )
    return Campaigns(law, n, draws, different / draws, equivalent / draws)


def _measures(law: Law, rng: np.random.Generator, n: int, scale: float = 1.0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Response time and overhead of candidate and baseline; what fails or is cold is so in both."""
    sides = [law.draw(rng, (1, USUAL[-1], n), s)[0] for s in (scale, 1.0)]
    overheads = []
    for side in sides:
        body = 0.1 * np.exp(0.05 * rng.normal(size=(USUAL[-1], 1)) + 0.5 * rng.normal(size=side.shape))
        overheads.append(np.where(np.isinf(side), math.inf, body + np.where((law.cold > 0) & (side > 3), 3.0, 0.0)))
    return [(sides[0], sides[1]), (overheads[0], overheads[1])]


def _any_different(parts: list[list[tuple[np.ndarray, np.ndarray]]], limit: float) -> bool:
    """Whether any look calls any of the four different, by the product's own correction."""
    for k, alpha in zip(USUAL, SPENT[3], strict=True):
        made = []
        for number, part in enumerate(parts):
            for metric, (a, b) in zip(PRIMARY, part, strict=True):
                told = tell(a[:k], b[:k], limit if metric == "p95_s" else None, MARGIN, 1 - 2 * alpha)
                unknown = Unknown(Other("not asked"))
                made.append(
                    Comparison(str(number), metric, told.relation, unknown, MARGIN, Other(""), p_value=told.p_value)
                )
        if any(c.relation in DIFFERENT for c in corrected(made, 2 * alpha)):
            return True
    return False


def power(law: Law, other: Law, scale: float, n: int, draws: int, confidence: float, seed: int = 3) -> float:
    """How often the candidate, of ``law`` and ``scale`` times as slow, is shown to differ at twelve blocks; both share weather."""
    rng, found = np.random.default_rng([seed, n]), 0
    for _ in range(draws):
        weather = np.exp(0.1 * rng.normal(size=(12, 1)))
        candidate = weather * law.draw(rng, (1, 12, n), scale)[0]
        told = tell(candidate, weather * other.draw(rng, (1, 12, n))[0], 2.5, MARGIN, confidence)
        found += told.relation is Relation.WORSE or (told.different and told.pair.value > 1)
    return found / draws


def _chunks(
    law: Law, rng: np.random.Generator, size: tuple[int, int], draws: int, scale: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for start in range(0, draws, CHUNK):
        shape = (min(CHUNK, draws - start), *size)
        yield law.draw(rng, shape), law.draw(rng, shape, scale)


def _covers(known: Known, truth: float) -> bool:
    """An infinite truth is covered by an open end."""
    if not isinstance(known, Estimate):
        return math.isinf(truth) or (known.low is not None and known.low <= truth)  # type: ignore[attr-defined]
    high = math.inf if known.high is None else known.high
    return known.low is not None and known.low <= truth <= high


def _widths(blocks: np.ndarray, found: Known, p: float) -> tuple[float, float]:
    """Ours and Woodruff's, an open end at the slowest answer."""
    finite = blocks[np.isfinite(blocks)]
    most = float(finite.max())
    low = found.low if found.low is not None else most  # type: ignore[union-attr]
    high = found.high if isinstance(found, Estimate) and found.high is not None else most
    theirs = [min(most, end) for end in woodruff(blocks, p)]
    return high - low, theirs[1] - theirs[0]


HEAD = (
    f"{'law':<19}{'K':>3}{'n':>5} {'p95':>6}{'share':>6}{'ratio':>6}{'width':>6}{'of share':>9} {'PASS':>6}{'FAIL':>6} "
    f"{'looks:':>7}{'PASS':>6}{'FAIL':>6}"
)


def line(r: Row) -> str:
    """As the table prints it."""
    looks = "" if r.looks_pass is None else f"{'':>7}{r.looks_pass:>6.3f}{r.looks_fail:>6.3f}"
    return (
        f"{r.law.name:<19}{r.blocks:>3}{r.n:>5} {r.p95:>6.3f}{r.share:>6.3f}{r.ratio:>6.3f}{r.width:>6.2f}{r.share_width:>9.2f} "
        f"{r.false_pass:>6.3f}{r.false_fail:>6.3f} {looks}"
    )


def main(draws: int) -> None:
    """Print the table, and to stderr how far it is."""
    began, done = time.monotonic(), 0
    steps = len(LAWS) * (len(SIZES) + 2) + 2 * len(P99)

    def step() -> None:
        nonlocal done
        done += 1
        left = (time.monotonic() - began) / done * (steps - done)
        print(f"{done} of {steps}, about {left / 60:.0f} min left", file=sys.stderr, flush=True)

    print(
        f"{draws} draws a row. Coverage of nominal 95 %; width of p95 over Woodruff's, of the share over t's; "
        "errors of verdicts at the true limit."
    )
    print(HEAD)
    for law in LAWS:
        for blocks, n in SIZES:
            print(line(row(law, blocks, n, draws)), flush=True)
            step()
    print(f"\n{'whole campaigns':<19}{'n':>5} {'A/A different':>14} {'EQUIVALENT at the margin':>25}")
    for law in LAWS:
        for n in (100, 600):
            c = campaigns(law, n, draws)
            print(f"{law.name:<19}{n:>5} {c.different:>14.3f} {c.equivalent:>25.3f}", flush=True)
            step()
    print(f"\np99, as above\n{HEAD}")
    for law in P99:
        for blocks in (6, 12):
            print(line(row(law, blocks, 600, draws, 0.99)), flush=True)
            step()
    base = Law("base")
    print("\npower at 12 blocks")
    print(f"15 % cold against none: {power(Law('15', cold=0.15, cv=0.5), base, 1.0, 600, draws, 0.975):.3f}")
    print(f"ratio 1.10, 2,000 a run: {power(base, base, 1.1, 2000, draws, 0.95):.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
