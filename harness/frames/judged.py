"""Verdicts and comparisons: one row each, an estimate never without its interval, n and method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.decision.findings import Findings
from harness.domain.columns import Column, flags, floats, ints, texts, words
from harness.domain.estimate import Estimate, Known
from harness.domain.reason import Reason
from harness.domain.verdict import Needed
from harness.words import said

_ESTIMATE: tuple[Column, ...] = (
    *floats(
        confidence="of the interval, as 0.95",
    ),
    *ints(
        n="requests that the estimate rests on, or that were looked at in vain", blocks="valid blocks that it rests on"
    ),
    *texts(method="how value and interval were made"),
)
VERDICTS: tuple[Column, ...] = (
    *words(
        target="folder of the target under targets/",
        profile="load profile",
        metric="what was promised: `p95_s`, `error_rate`, …",
    ),
    *texts(promise="the promise as it reads in the report"),
    *words(verdict="PASS, FAIL or INCONCLUSIVE"),
    *words(unit="unit of value, interval and limit: `s`, `share` (0 to 1) or `USD` (a month)"),
    *floats(
        value="the estimate, in `unit`; NA: see `value_absent`",
        low="lower end of the interval, in `unit`; NA: the data cannot bound it",
        high="upper end of the interval, in `unit`; NA: the data cannot bound it",
        limit="the promise, in `unit`",
    ),
    *flags(at_least="the limit is the least that the value may be; false: the most"),
    *_ESTIMATE,
    *texts(reason="why this verdict", value_absent="why there is no value; NA: there is one"),
    *words(reason_kind="the kind of `reason`, as `whole_above`", value_absent_kind="the kind of `value_absent`"),
    *floats(
        beyond_share="requests that broke the promise, from which the verdict follows; NA: judged by its interval, or unknown",
        beyond_low_share="lower end of its interval",
        beyond_high_share="upper end of its interval",
        allowed_share="requests that may break the promise; NA: judged by its interval",
    ),
    *ints(
        blocks_needed="blocks in all that would settle it, were the estimate the truth; NA: settled, or no number would",
        blocks_needed_low="the same with the share at the far end of its 90 % interval",
        blocks_needed_high="the same at the near end; NA: the truth may lie so near the limit that no number would do",
    ),
)
COMPARISONS: tuple[Column, ...] = (
    *words(
        profile="load profile",
        metric="what is compared: `p95_s`, `ttft_p95_s`, `overhead_p95_s`",
        relation="what the candidate is: BETTER, WORSE, EQUIVALENT or UNRESOLVED",
        candidate="the target above the line",
        baseline="the target below the line",
    ),
    *floats(
        ratio="candidate over baseline; below 1 the candidate is faster; NA: see `ratio_absent`",
        low="lower end of the ratio's interval; NA: the data cannot bound it",
        high="upper end of the ratio's interval; NA: the data cannot bound it",
        margin="ratio up to which both count as the same, as 1.10; sealed",
    ),
    *_ESTIMATE,
    *texts(reason="why this relation", ratio_absent="why there is no ratio; NA: there is one"),
    *words(reason_kind="the kind of `reason`", ratio_absent_kind="the kind of `ratio_absent`"),
    *flags(
        different_within_margin="shown to be different, by less than the margin",
        exploratory="not among the measures that were sealed as primary; its relation is held to Holm's correction",
    ),
    *floats(
        p_value="of no difference, two-sided, by Holm's correction over `family` comparisons; NA: none can be had",
        beyond_difference_share="candidate's share of requests beyond the limit minus the baseline's; NA: not known",
        beyond_difference_low_share="lower end of its interval",
        beyond_difference_high_share="upper end of its interval",
    ),
    *ints(family="comparisons that are corrected together"),
)


def verdicts(findings: Findings) -> Iterator[tuple[Any, ...]]:
    """In the order of ``VERDICTS``; promises of cost stand under the profile ``expected traffic``."""
    for v in findings.verdicts:
        value, low, high, confidence, n, blocks, method, *absent = _known(v.estimate)
        head = (v.target, v.profile, v.slo.metric, v.slo.name, v.judgement.value, v.slo.unit)
        numbers = (value, low, high, v.slo.limit, v.slo.at_least, confidence, n, blocks, method)
        yield (*head, *numbers, *_why(v.reason, absent), *_known(v.beyond)[:3], v.allowed, *_needed(v.blocks_needed))


def _needed(found: Needed | None) -> tuple[int | None, ...]:
    return (None, None, None) if found is None else (found.blocks, found.low, found.high)


def comparisons(findings: Findings) -> Iterator[tuple[Any, ...]]:
    """In the order of ``COMPARISONS``."""
    pair = findings.data
    for c in findings.comparisons:
        value, low, high, confidence, n, blocks, method, *absent = _known(c.ratio)
        head = (c.profile, c.metric, c.relation.value, pair.candidate, pair.baseline)
        numbers = (value, low, high, c.margin, confidence, n, blocks, method)
        found = (c.within_margin_but_different, c.exploratory, c.p_value, *_known(c.beyond)[:3], c.family)
        yield (*head, *numbers, *_why(c.reason, absent), *found)


def _why(reason: Reason, absent: Sequence[str | None]) -> tuple[str | None, ...]:
    """Sentences, then their kinds."""
    words, kind = absent
    return said(reason), words, reason.kind, kind


def _known(known: Known | None) -> tuple[Any, ...]:
    if known is None:
        return (None,) * 9
    if isinstance(known, Estimate):
        return known.value, known.low, known.high, known.confidence, known.n, known.blocks, known.method, None, None
    return None, None, None, None, known.n, known.blocks, None, said(known.reason), known.reason.kind
