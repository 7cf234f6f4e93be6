"""The retrieval page: hit rate, latency and limits of passages asked for by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.analysis.retrieval import AT, Retrieval
from harness.decision.findings import Findings
from harness.domain.estimate import Known
from harness.domain.verdict import Judgement
from harness.report.blocks import Cell, Table, absent, listed
from harness.report.columns import counted, estimate, figure, profile, target, text, toned
from harness.report.words import judgement
from harness.words import said
from harness.words.numbers import duration_text, percent, significant

Names = Mapping[str, str]


def retrievals(findings: Findings, names: Names) -> Table:
    """Per target and profile."""

    def rate(k: int | None) -> Callable[[Retrieval], Known]:
        def of(r: Retrieval) -> Known:
            return next(h.share for h in r.hits if h.k == k)

        return of

    return listed(
        "retrieval",
        "Passages asked for by themselves",
        findings.retrievals,
        [
            (profile(), lambda r: r.profile),
            (target(names), lambda r: r.target),
            (counted("asked", "asked"), lambda r: r.asked),
            *(
                (
                    estimate(f"hit rate at {k}" if k else "at all asked for", f"hit_at_{k or 'all'}_share", percent),
                    rate(k),
                )
                for k in (*AT, None)
            ),
            (estimate("p95", "p95_s", duration_text), lambda r: r.p95_s),
            (estimate("p95 in the store", "search_p95_ms", _ms), lambda r: r.search_p95_ms),
            (estimate("p95 of the reranker", "rerank_p95_ms", _ms), lambda r: r.rerank_p95_ms),
            (estimate("failed", "error_share", percent), lambda r: r.error_share),
            (toned("its p95 promise", "verdict", _judged), lambda r: r.promise.judgement if r.promise else None),
        ],
        "A hit: one of the passages that are known to answer the question is among the first k. Of answers to questions that "
        "have such passages.",
    )


def limits(findings: Findings, names: Names) -> Table:
    """What each target's store, with the service before it, sustains."""
    return listed(
        "retrieval-limits",
        "How many queries each target sustains",
        findings.store_limits,
        [
            (target(names), lambda s: s.found.target),
            (estimate("sustained (queries/s)", "sustained_per_s", significant), lambda s: s.found.per_s),
            (
                figure("at least (queries/s)", "at_least_per_s", significant, lack="a limit was found, or none kept"),
                lambda s: s.found.at_least,
            ),
            (counted("in flight at its highest kept rate", "in_flight", lack="no rate kept"), lambda s: s.in_flight),
            (counted("queries spent", "requests"), lambda s: s.found.requests),
            (text("why the search ended"), lambda s: tuple(s.found.ended)),
        ],
        next((s.found.rule for s in findings.store_limits if s.found.rule), "")
        + " In flight: connections to the store that so many queries hold where each takes one.",
    )


def words(findings: Findings, names: Names) -> tuple[str, ...]:
    """Promises of retrieval, judged."""
    return tuple(
        f"{names[r.target]} under {r.profile}: {r.promise.judgement.value}, {said(r.promise.reason)}."
        for r in findings.retrievals
        if r.promise
    )


def _judged(value: Judgement | None) -> Cell:
    return judgement(value) if value else absent("none declared")


def _ms(value: float) -> str:
    return f"{value:.3g} ms"
