"""``pilot decide``: verdicts and recommendation from the evidence."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from harness import pipeline
from harness.campaign.progress import Progress
from harness.cli import page
from harness.cli.output import emit
from harness.decision.asked import Asked, asked
from harness.decision.errors import statement
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.rule import Choice
from harness.domain.estimate import Estimate
from harness.domain.reason import labelled
from harness.domain.reasons.place import BELONGS
from harness.domain.verdict import MEASURED, Judgement
from harness.errors import Exit, GateFailed, Refused, Undecided
from harness.report import words
from harness.words import all_said, said
from harness.words.numbers import FORMATS, percent
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
    gate: Annotated[
        str | None,
        typer.Option(
            metavar="TARGET",
            help="Judge one target: exit 5 if it fails an SLO or is worse than the other, 6 if that is open, otherwise 0.",
        ),
    ] = None,
) -> None:
    """Judge every SLO, compare the targets, recommend; exit 5 when there is no clear winner, 6 while that is open."""
    workspace = find()
    if expect_seal is not None and (sealed := pipeline.sealed(workspace)) != expect_seal:
        raise GateFailed(
            f"the seal is {sealed or 'absent'}, not {expect_seal}",
            "the plan was resealed; the report lists what changed",
        )
    with Progress(quiet=as_json) as progress:
        outcome = pipeline.decide(workspace, progress)
    answer = None if gate is None else _asked(outcome, gate)
    if as_json:
        emit(outcome.as_json() | ({"gate": answer.as_json()} if answer else {}))
    else:
        _print(outcome)
    if answer is not None:
        _gate(answer)
        if not as_json:
            print(f"{answer.target} keeps every promise and is not the worse of the two")
    else:
        _recommended(outcome)


def _asked(outcome: pipeline.Outcome, target: str) -> Asked:
    """Raises Refused for a target that is not one of the two."""
    pair = outcome.findings.data.targets
    if target not in pair:
        raise Refused(f"{target!r} is not one of the two targets", f"choose one of: {', '.join(pair)}")
    return asked(target, outcome.findings)


def _gate(answer: Asked) -> None:
    """Raises GateFailed or Undecided, each with all that is against the target or open."""
    if answer.judgement is Judgement.FAIL:
        raise GateFailed(
            f"{answer.target}: {'; '.join(all_said(answer.against))}",
            "pilot report shows where",
        )
    if answer.judgement is Judgement.INCONCLUSIVE:
        raise Undecided(
            f"{answer.target}: can't tell: {'; '.join(f'{one} ({said(one.why)})' for one in answer.open)}",
            "measure more or longer blocks; pilot report says how many are needed",
        )


def _recommended(outcome: pipeline.Outcome) -> None:
    """Exit codes of the recommendation: settled for one is 0, settled for none is 5, anything else can't be told."""
    if outcome.standing.settled is None:
        raise typer.Exit(int(Exit.CANT_TELL))
    if outcome.decision.choice is Choice.NONE:
        raise typer.Exit(int(Exit.GATE))


def _print(outcome: pipeline.Outcome) -> None:
    findings = outcome.findings
    out = page.console()
    slos = [
        (
            v.judgement.value,
            v.target,
            v.profile,
            v.slo.name,
            words.value(v.estimate, v.slo.unit).text,
            words.interval(v.estimate, v.slo.unit).text,
            FORMATS[v.slo.unit](v.slo.limit),
        )
        for v in findings.verdicts
    ]
    head = ("verdict", "target", "profile", "SLO", "value", "interval", "limit")
    page.rows(out, "SLOs", head, slos, right=(4, 5, 6))
    compared = [
        (
            c.relation.value,
            c.profile,
            MEASURED[c.metric],
            words.ratio_text(c.ratio) if isinstance(c.ratio, Estimate) else said(c.ratio.reason),
        )
        for c in findings.comparisons
    ]
    candidate = f"{findings.data.candidate} against {findings.data.baseline}"
    page.rows(out, candidate, ("it is", "profile", "metric", "ratio (interval)"), compared)
    if made := outcome.decision.scoring:
        shares = made.acceptability.around
        called = {BASELINE: findings.data.baseline, CANDIDATE: findings.data.candidate, HYBRID: "both together"}
        scored = [(called[name], f"{made.total(name):.2f}", percent(shares[name])) for name in made.order]
        page.rows(out, "Scores", ("alternative", "of 5", "comes first"), scored, right=(1, 2))
    out.print(Text(line(outcome), style="bold"))
    out.print()
    page.rows(out, "Placement", ("workload", "place", "because"), _places(outcome))
    page.lines(out, "because", all_said(outcome.decision.reasons))
    page.lines(out, "would change", all_said(outcome.decision.would_change))
    page.lines(
        out,
        "open",
        [f"{one}{f' of {one.target}' if one.target else ''}: {said(one.why)}" for one in outcome.standing.open],
    )
    page.lines(out, "in doubt", all_said(outcome.named_doubts))
    page.lines(out, "error budget", [said(statement(findings))])


def _places(outcome: pipeline.Outcome) -> list[tuple[str, str, str]]:
    """Each declared workload with the reason that decides first; the report has every one."""
    if not any(workload.declared for workload in outcome.workspace.workloads()):
        return []
    names = {t.name: t.label for t in outcome.workspace.pair()}
    declared = (one for one in outcome.placed if one.workload.declared)
    return [
        (one.workload.label, said(BELONGS[one.place]), said(labelled(one.reasons[0], names)) if one.reasons else "")
        for one in declared
    ]


def line(outcome: pipeline.Outcome) -> str:
    """The recommendation in one line."""
    d = outcome.decision
    return f"{d.choice.value.upper()}: {said(d.sentence)} Confidence: {d.confidence.value}."
