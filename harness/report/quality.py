"""The quality page: which model answered, what was less than the target's own, and what the evaluation set says."""

from __future__ import annotations

from collections.abc import Mapping

from harness.analysis.quality import Quality
from harness.analysis.usual import ToldBy
from harness.decision.findings import Findings
from harness.domain.estimate import Estimate
from harness.report.blocks import Table, listed
from harness.report.columns import counted, estimate, figure, profile, target, text
from harness.words.numbers import count, percent

Names = Mapping[str, str]
MOST_MODELS = 4  # named in a cell


def qualities(findings: Findings, names: Names) -> Table:
    """Per target and profile: the models that answered, and the shares that were degraded or came from a cache."""
    return listed(
        "quality",
        "Quality of the answers",
        findings.quality,
        [
            (profile(), lambda q: q.profile),
            (target(names), lambda q: q.target),
            (counted("answered", "answered"), lambda q: q.answered),
            (text("models that answered", "models", lack="not named"), _models),
            (text("its own model", "own_model", lack="not known"), _own),
            (estimate("degraded", "degraded_share", percent), lambda q: q.degraded),
            (counted("answers that say", "told"), lambda q: q.told),
            (estimate("from a cache", "cached_share", percent), lambda q: q.cached),
        ],
        "Degraded: by a fallback, as the answer or its model says, or with fewer passages than the same question's everyday "
        "answers cite. Shares are of the answers that say; where none does, the share is unknown, never 0.",
    )


def evaluations(findings: Findings, names: Names) -> Table:
    """Per target and profile: the evaluation set's questions that were asked, and the share that passed, beside the p95."""
    p95 = {(v.target, v.profile): v.estimate for v in findings.slos if v.slo.metric == "p95_s"}
    return listed(
        "evaluation",
        "The evaluation set",
        [q for q in findings.quality if q.asked],
        [
            (profile(), lambda q: q.profile),
            (target(names), lambda q: q.target),
            (counted("asked", "asked"), lambda q: q.asked),
            (estimate("passed", "passed_share", percent), lambda q: q.passed),
            (
                figure("p95", "p95_s", lambda v: f"{v:.3g} s", lack="not judged"),
                lambda q: p95.get((q.target, q.profile)),
            ),
            (text("failed most often", "missed", lack="none"), _missed),
        ],
        "Asked in every profile among the other questions, the same arrivals on both targets. A failed request counts as not passed.",
    )


def said(findings: Findings, names: Names) -> tuple[str, ...]:
    """What a reader has to know before the tables: fallbacks that were seen, and targets that report none."""
    out = []
    for q in findings.quality:
        if isinstance(q.degraded, Estimate) and q.degraded.value > 0:
            out.append(
                f"{names[q.target]} under {q.profile}: {percent(q.degraded.value)} of its answers were degraded; "
                "they count neither as goodput nor towards full quality."
            )
    untold = dict.fromkeys(names[q.target] for q in findings.quality if q.answered and not q.told)
    if untold:
        out.append(f"{', '.join(untold)}: no answer says whether a fallback produced it.")
    told = [(q.told, q.degraded.value) for q in findings.quality if q.told and isinstance(q.degraded, Estimate)]
    if told and not any(degraded for _, degraded in told):
        out.append(f"{count(sum(n for n, _ in told))} answers say whether a fallback produced them: none did.")
    return tuple(out)


def _models(q: Quality) -> str | None:
    shown = [f"{name} ({count(n)})" for name, n in q.models[:MOST_MODELS]]
    more = len(q.models) - len(shown)
    return ", ".join([*shown, *([f"{more} more"] if more else [])]) or None


def _own(q: Quality) -> str | None:
    if q.own is None:
        return None
    asked = f"; target.toml asks for {q.own.asked}, which no answer names" if q.own.asked else ""
    where = "the most frequent of its warm everyday answers" if q.own.told_by is ToldBy.USUAL else q.own.told_by.value
    return f"{q.own.model} (from {where}{asked})"


def _missed(q: Quality) -> str | None:
    return "; ".join(f"{one}: {checks} ({n})" for one, checks, n in q.missed) or None
