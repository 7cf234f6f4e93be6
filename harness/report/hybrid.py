"""The hybrid that was run: who answered, its rules, and how a team moves to it."""

from __future__ import annotations

from collections.abc import Mapping

from harness.decision.findings import Findings
from harness.decision.measured_hybrid import MeasuredHybrid
from harness.domain.estimate import Estimate
from harness.domain.routing import RoutingRule, When
from harness.domain.target import Target
from harness.report.blocks import Table, listed, table
from harness.report.columns import counted, estimate, figure, n_behind, plain, seconds, target, text, word
from harness.words.numbers import count, duration_text, level, money, percent

Names = Mapping[str, str]


def routed(findings: Findings, names: Names) -> Table:
    """Who answered, and how much of it after the other side had refused."""
    run = findings.hybrid
    return listed(
        "routed",
        "Who answered behind the router",
        run.routed if run else (),
        [
            (word("profile"), lambda r: r.profile),
            (target(names, "side", "side"), lambda r: r.side),
            (estimate("answered", "answered_share", percent), lambda r: r.answered),
            (estimate("after the other had refused", "fell_back_share", percent), lambda r: r.fell_back),
            (n_behind(), lambda r: r.answered),
        ],
        "Shares of all measured requests, with intervals over blocks; what is missing to 100 % was answered by neither.",
    )


def rules(router: Target | None, names: Names) -> Table:
    """The router's rules in the order in which they are asked."""
    rows = [(n, _when(r), _to(r, names)) for n, r in enumerate(router.runtime.routing if router else (), start=1)]
    shown = (plain("order", "order"), text("when"), text("goes to"))
    return table("routing", "Routing rules, as they were measured", shown, rows)


def _when(rule: RoutingRule) -> str:
    match rule.when:
        case When.TENANT:
            return f"the tenant is {' or '.join(rule.names)}"
        case When.LENGTH:
            return f"the question has more than {count(int(rule.figure or 0))} characters"
        case When.CANARY:
            return f"the hash of its {rule.names[0]} lies within a share of {percent(rule.figure or 0.0)}"
        case When.OVERFLOW:
            return f"{count(int(rule.figure or 0))} requests are in hand on the first side"
        case When.OTHERWISE:
            return "none of these"
        case When.REFUSED:
            return f"the side answers {', '.join(rule.names)} before anything was passed on"


def _to(rule: RoutingRule, names: Names) -> str:
    return names.get(rule.to, rule.to) if rule.to is not None else "the other side, once"


def added_words(findings: Findings) -> tuple[str, ...]:
    """What the router itself took before an answer's head, per profile."""
    run = findings.hybrid
    out = []
    for one in run.added if run else ():
        if isinstance(one.p50_s, Estimate) and isinstance(one.p95_s, Estimate):
            high = (
                ""
                if one.p95_s.high is None
                else f", at most {duration_text(one.p95_s.high)} with {level(one.p95_s.confidence)} confidence"
            )
            out.append(
                f"Under {one.profile} the router itself took {duration_text(one.p50_s.value)} at the median and "
                f"{duration_text(one.p95_s.value)} at p95{high} ({count(one.p95_s.n)} requests); its extra connection is not in it."
            )
    return tuple(out)


def migration(run: MeasuredHybrid, router: Target, findings: Findings, names: Names) -> tuple[str, ...]:
    """Steps from the baseline to the hybrid that was run, in its own numbers."""
    base = findings.data.baseline
    first, second = run.sides if run.sides[0] == base else run.sides[::-1]
    limit = next((v.slo.limit for v in run.slos if v.slo.metric == "p95_s"), None)
    hop = " ".join(added_words(findings)[:1])
    back = f"the p95 stays above {duration_text(limit)}" if limit is not None else "a promise is broken"
    canary = (
        "Send 1 %, 5 % and 25 % of the keys to it, each for a whole day with its peak; go back a step when "
        f"{back} for 15 minutes (pilot canary rehearses both)."
    )
    steps = [
        f"Deploy {names[second]} beside {names[first]}, on the same store and model, and hold it to the contract (pilot check).",
        f"Put the router before {names[first]} with every rule off: only the hop is new. {hop}".strip(),
        canary,
    ]
    overflow = next((r for r in router.runtime.routing if r.when is When.OVERFLOW), None)
    if overflow is not None:
        steps.append(
            f"Set the split back to 0 % and turn overflow on at {count(int(overflow.figure or 0))} requests in hand. "
            f"{_overflowed(run, second, names)}"
        )
    steps.append("Turn on every other rule of the table above, one a day, and watch who answers.")
    steps.append(
        f"Take it back by turning the rules off: {names[first]} alone then refuses what goes beyond it. "
        f"{_bill(run)}".strip()
    )
    return tuple(steps)


def _overflowed(run: MeasuredHybrid, side: str, names: Names) -> str:
    shares = [
        f"{percent(r.answered.value)} under {r.profile}"
        for r in run.routed
        if r.side == side and isinstance(r.answered, Estimate)
    ]
    return f"Expect what was measured on {names[side]}: {', '.join(shares)}." if shares else ""


def _bill(run: MeasuredHybrid) -> str:
    month = run.cost.per_month_usd
    return f"Both sides and the router are billed: {money(month.value)} a month." if isinstance(month, Estimate) else ""


def canary(findings: Findings, names: Names) -> Table:
    """The last canary, step by step."""
    found = findings.canary
    title = "What users felt while the split went up, and back"
    note = ""
    if found is not None:
        title = f"What users felt while {names.get(found.side, found.side)} got more of them, and back"
        ended = (
            ""
            if len(found.steps) == found.planned
            else f" It was stopped after {len(found.steps)} of {found.planned} steps."
        )
        note = (
            f"One run{'' if found.valid else ', which is INVALID'}: intervals are of its requests as if each were independent. "
            "A step is as before once the share of bad answers is not shown to be larger than before the canary "
            f"(Fisher's exact test, 5 %).{ended}"
        )
        drained = next((s.drained_s for s in found.steps if s.drained_s is not None), None)
        if drained is not None:
            note += f" Its last answer ended {duration_text(drained)} after the rollback began."
    return listed(
        "canary",
        title,
        found.steps if found else (),
        [
            (figure("split", "split_share", percent), lambda s: s.share),
            (counted("requests", "requests"), lambda s: s.requests),
            (counted("answered by it", "by_side"), lambda s: s.by_side),
            (estimate("failed", "failed_share", percent), lambda s: s.failed),
            (estimate("cut", "cut_share", percent), lambda s: s.cut),
            (estimate("degraded", "degraded_share", percent), lambda s: s.degraded),
            (seconds("p95", "p95_s", lack="none answered"), lambda s: s.p95_s),
            (seconds("as before after", "recovered_s", lack="not known"), lambda s: s.recovered_s),
        ],
        note,
    )
