"""The decision record, in the form of MADR 4.0: what a repository keeps when the report is long read."""

from __future__ import annotations

from collections.abc import Sequence

from harness.decision.decide import Decision
from harness.decision.findings import Findings
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.domain.criteria import WORDS
from harness.domain.reason import Reason
from harness.domain.verdict import Judgement, Slo
from harness.report import anchors, words
from harness.report.escape import markdown as escape
from harness.words import all_said, said
from harness.words.numbers import FORMATS
from harness.workspace import Workspace

STATUS = {"high": "accepted", "moderate": "proposed", "low": "proposed"}


def record(
    workspace: Workspace, findings: Findings, decision: Decision, doubts: Sequence[Reason], seal: str | None, day: str
) -> str:
    """One Markdown document; everything that a person wrote is escaped."""
    names = {t.name: t.label for t in workspace.pair()}
    data = findings.data
    both = "Both together" if findings.hybrid else "Both together (not measured)"
    sides = {BASELINE: names[data.baseline], CANDIDATE: names[data.candidate], HYBRID: both}
    drivers = [f"* {_promise(v.slo)}" for v in findings.slos if v.target == data.baseline]
    drivers = list(dict.fromkeys(drivers)) + [
        f"* {WORDS[c]}" for c in (decision.scoring.weights if decision.scoring else ())
    ]
    parts = [
        "---",
        f'status: "{STATUS[decision.confidence.value]}"',
        f"date: {day}",
        *(f'{who}: ""' for who in ("decision-makers", "consulted", "informed")),  # for the team to fill in
        "---",
        "",
        f"# {escape(workspace.config.pilot.question)}",
        "",
        "## Context and Problem Statement",
        "",
        f"Asked of paired measurements, {len(data.blocks_valid)} of {data.blocks_planned} blocks of them valid{words.spared(findings)}.",
        "",
        "## Decision Drivers",
        "",
        *drivers,
        "",
        "## Considered Options",
        "",
        *(f"* {escape(name)}" for name in sides.values()),
        "",
        "## Decision Outcome",
        "",
        f"{escape(said(decision.sentence))} Confidence: {decision.confidence.value}. {_at('decision', 'The decision')} in the report.",
        "",
        "### Consequences",
        "",
        *(f"* {escape(reason)}" for reason in all_said(decision.reasons)),
        "",
        "### Confirmation",
        "",
        f"Reopen the decision when one of these is passed ({_at('decision', 'in full')}):",
        "",
        *(f"* {escape(change)}" for change in all_said(decision.would_change)),
        "",
        "## Pros and Cons of the Options",
        "",
        *_options(findings, decision, sides),
        "## More Information",
        "",
        f"Seal: {seal or 'absent'}. {_at('doubts', 'In doubt')}:",
        "",
        *(f"* {escape(doubt)}" for doubt in all_said(doubts)),
        "",
    ]
    return "\n".join(parts)


def _at(anchor: str, words: str) -> str:
    """A link to a place of the report that stands beside the record."""
    return f"[{escape(words)}]({anchors.PAGE}#{anchor})"


def _promise(slo: Slo) -> str:
    return f"{slo.name}: {'at least' if slo.at_least else 'limit'} {FORMATS[slo.unit](slo.limit)}"


def _options(findings: Findings, decision: Decision, sides: dict[str, str]) -> list[str]:
    targets = {BASELINE: findings.data.baseline, CANDIDATE: findings.data.candidate}
    if findings.hybrid is not None:
        targets[HYBRID] = findings.hybrid.target
    out: list[str] = []
    hybrid = findings.hybrid.target if findings.hybrid else None
    for side, name in sides.items():
        out += [f"### {escape(name)}", ""]
        for v in findings.promises_of(targets.get(side, "")):
            if v.judgement is not Judgement.INCONCLUSIVE:
                word = "Good" if v.judgement is Judgement.PASS else "Bad"
                promise = anchors.promise(v.profile, v.slo.metric, HYBRID if v.target == hybrid else "")
                what = _at(promise, f"{v.slo.name} under {v.profile}")
                out.append(f"* {word}, because {what} is {v.judgement.value}")
        made = decision.scoring
        card = next((c for c in made.cards if c.name == side), None) if made else None
        if made is not None and card is not None:
            out.append(f"* Neutral, because {_at('table-scores', 'its score')} is {card.total(made.weights):.2f} of 5")
        elif side == HYBRID:
            out.append("* Neutral, because it could not be scored")
        out.append("")
    return out
