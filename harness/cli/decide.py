"""``pilot decide``: verdicts and recommendation from the evidence."""

from __future__ import annotations

from typing import Annotated

import typer

from harness import pipeline
from harness.cli.output import emit
from harness.decision.rule import Choice
from harness.domain.estimate import Estimate
from harness.errors import Exit, GateFailed
from harness.report import words
from harness.workspace import find


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("decide")(decide)


def decide(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the decision as JSON.")] = False,
    expect_seal: Annotated[
        str | None, typer.Option(metavar="DIGEST", help="Fail unless the seal has this digest.")
    ] = None,
) -> None:
    """Judge every SLO, compare the targets, recommend; exit 5 when there is no clear winner."""
    outcome = pipeline.decide(find())
    if expect_seal is not None and (outcome.seal is None or outcome.seal["digest"] != expect_seal):
        raise GateFailed(f"the seal is {outcome.seal['digest'] if outcome.seal else 'absent'}, not {expect_seal}")
    if as_json:
        emit(outcome.as_json())
    else:
        _print(outcome)
    if outcome.decision.choice is Choice.NONE:
        raise typer.Exit(int(Exit.GATE))


def _print(outcome: pipeline.Outcome) -> None:
    for v in (*outcome.findings.slos, *outcome.findings.cost_verdicts):
        value = words.value(v.estimate, v.slo.unit).text
        span = words.interval(v.estimate, v.slo.unit).text
        limit = words.FORMATS[v.slo.unit](v.slo.limit)
        print(
            f"{v.judgement.value:<13} {v.target:<18} {v.profile:<17} {v.slo.name:<26} {value} ({span}), limit {limit}"
        )
    for c in outcome.findings.comparisons:
        ratio = words.ratio_text(c.ratio) if isinstance(c.ratio, Estimate) else c.ratio.reason
        print(f"{c.relation.value:<13} {outcome.findings.data.candidate:<18} {c.profile:<17} {c.metric:<26} {ratio}")
    print()
    print(line(outcome))
    for reason in outcome.decision.reasons:
        print(f"  because: {reason}")
    for change in outcome.decision.would_change:
        print(f"  would change: {change}")
    for doubt in outcome.doubts:
        print(f"  doubt: {doubt}")


def line(outcome: pipeline.Outcome) -> str:
    """The recommendation in one line."""
    d = outcome.decision
    return f"{d.choice.value.upper()}: {d.sentence} Confidence: {d.confidence.value}."
