"""Read this first: the two weeks, one function a step, each a few calls into the rooms below.

    check → plan → run → collect → decide → report

Everything up to ``collect`` touches the world and writes evidence; ``decide`` and
``report`` are pure functions of that evidence. What is measured beside these steps
(calibrate, sweep, canary, race) is in ``aside.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.analysis.dataset import Dataset, load
from harness.analysis.decidable import Unsettled, of_plan, of_workloads, unsettled
from harness.campaign.lock import COLLECTING, MEASURING, alone
from harness.campaign.platform import EmbeddedPlatform
from harness.campaign.progress import Progress
from harness.check import tracing
from harness.check.asking import terms_of
from harness.check.checks import checked, comparing, fitting
from harness.check.contract_check import Answer, Check, Weight, check_contract
from harness.check.doctor import LACKING, Deployed, before_money, once_deployed
from harness.check.endpoint import Endpoint, EndpointHints
from harness.check.openapi import Asking
from harness.check.preflight import demands
from harness.check.recognise import recognise
from harness.collect import collect as collecting
from harness.decision.as_json import decision_json
from harness.decision.campaign import campaign_json
from harness.decision.decide import Decision
from harness.decision.decide import decide as choose
from harness.decision.doubts import doubts
from harness.decision.findings import Findings
from harness.decision.gather import elsewhere, gather
from harness.decision.next_step import BlockTakes
from harness.decision.placed_json import placement_json
from harness.decision.placement import Placed
from harness.decision.settling import Standing, standing
from harness.decision.workloads import workloads_placed
from harness.domain.address import is_url, problem_of, without_secrets
from harness.domain.looks import first_blocks, look
from harness.domain.plan import Block, Plan
from harness.domain.reason import Reason, labelled
from harness.errors import GateFailed, Refused, Undecided
from harness.evidence.early_end import EarlyEnd
from harness.evidence.events import CHECKED
from harness.evidence.files import dump
from harness.evidence.store import PLAN, Store
from harness.planning import Planned, Seal, draw_plan, note_changes, seal_of, sealing
from harness.planning.changes import has_measured
from harness.planning.profiles import describe
from harness.planning.seal import judged_otherwise, method_of, stops_when_settled
from harness.platforms.credentials import require_ready
from harness.platforms.registry import source_of
from harness.predict import whole as predicting
from harness.predict.predict import USUAL, Effort
from harness.predict.prediction import Prediction
from harness.predict.validate import Validation
from harness.predict.whole import Foretold, Wanted
from harness.report.blocks import Table
from harness.report.csv_text import csv_text
from harness.report.earlier import DECISION, FORMAT, Earlier, as_earlier, changes, newest, read_all
from harness.report.folder import write_all
from harness.report.record import record
from harness.report.trend import trend_of
from harness.report.trend_json import TRENDS, trends_text
from harness.run.away.away import Away, Order, at_home, away, is_away
from harness.run.deploy import Deploys, Wishes, let_in
from harness.run.deployed import over_plan_usd
from harness.run.drive import limits_of, usual_usd, worst_case_usd
from harness.run.execute import Campaign, Tally
from harness.run.silence import unheard
from harness.status.board import Board, board
from harness.words import said
from harness.workspace import Workspace
from harness.workspace.generator_toml import read_elsewhere

if TYPE_CHECKING:
    from harness.report.content import Content


def check(workspace: Workspace, names: Sequence[str]) -> dict[str, list[Check]]:
    """The contract of each target, whether the two do the same work, and whether the plan fits and is fair."""
    urls = [name for name in names if is_url(name)]
    targets = [workspace.target(n) for n in names if n not in urls] if names else list(workspace.measured())
    require_ready(targets)
    out: dict[str, list[Check]] = {}
    with EmbeddedPlatform(workspace, targets) if targets else nullcontext() as platform:
        bases = {target.name: platform.url(target.name) for target in targets} if platform else {}
        terms = terms_of(workspace)
        with ThreadPoolExecutor(max(1, len(targets))) as pool:  # each is asked one thing at a time, all of them at once
            asked = {t.name: pool.submit(check_contract, t, bases[t.name], terms) for t in targets}
            out |= {name: answers.result() for name, answers in asked.items()}
        for seen in endpoints(urls):
            out |= seen.groups
        pair = [t for t in targets if t.name in (workspace.config.pilot.baseline, workspace.config.pilot.candidate)]
        if len(pair) == 2:
            out |= comparing(workspace, pair, bases)
        if not urls:
            out |= fitting(workspace, targets, bases)
    store = Store(workspace.evidence)
    if not names and not has_measured(store) and not is_away(workspace):
        store.write_checks(out)
    return out


def doctor(workspace: Workspace, names: Sequence[str], within_s: float) -> dict[str, list[Check]]:
    """What would stop a first contact, asked before it costs money; what is deployed already answers one request."""
    prospects = [workspace.prospect(name) for name in names or workspace.config.pilot.measured]
    described = describe(workspace)
    share = workspace.config.limits.quota_share
    out = before_money(prospects, lambda target: demands(workspace, described, target), share)
    targets = [p.target for p in prospects if not p.unset and not any(c.name == LACKING for c in out[p.target.name])]
    with EmbeddedPlatform(workspace, targets) as platform:
        for target in targets:
            sources = partial(collecting.sources_of, target, workspace, source_of)
            out[target.name] += once_deployed(Deployed(target, platform.url(target.name), sources), within_s)
    return out


def trace(workspace: Workspace, name: str, within_s: float) -> list[Check]:
    """One request followed through a target and its sources; raises Refused for a target that nobody declared."""
    target = workspace.target(name)
    with EmbeddedPlatform(workspace, [target]) as platform:
        sent = tracing.send(target, platform.url(name))
        if sent.checks[0].answer is not Answer.PASS:
            return list(sent.checks)
        return [*sent.checks, *tracing.follow(sent, collecting.sources_of(target, workspace, source_of), within_s)]


def endpoints(urls: Sequence[str], told: EndpointHints | None = None, asking: Asking | None = None) -> list[Endpoint]:
    """Endpoints by their URL, declared nowhere: no workspace is needed; raises Refused for what is no base URL."""
    wrong = [f"{without_secrets(url)}: {problem}" for url in urls if (problem := problem_of(url))]
    if wrong:
        raise Refused("; ".join(wrong), "as https://chat.example.com/path")
    return [recognise(url.rstrip("/"), told, asking) for url in urls]


def deploys(workspace: Workspace, names: Sequence[str], wishes: Wishes) -> Deploys:
    """What deploys and destroys these targets; raises Refused for one whose platform does neither."""
    return Deploys(workspace, names, wishes)


def plan(workspace: Workspace, *, seal: bool) -> Planned:
    """Draw the plan and write it; with ``seal`` also the seal, anew until anything is measured under it.

    Raises Refused for a seal while a run, a sweep or a calibration measures in this workspace.
    """
    store = Store(workspace.evidence)
    if (there := sealing.kept(workspace, store, seal=seal)) is not None:
        return there
    workspace.traffic()  # a trace without a shape is said now, not by decide on day 14
    if seal:
        at_home(workspace)
        require_ready(workspace.measured())
    made = _drawn(workspace)
    if seal:
        with alone(
            workspace.state / MEASURING, "pilot plan --seal"
        ):  # a run that waits for its first slot has the old one
            return sealing.write(workspace, store, made)
    store.write_plan(made)
    return Planned(made, None)


def open_promises(workspace: Workspace, plan: Plan) -> tuple[Unsettled, ...]:
    """The promises that no outcome of this plan can settle, with what each would need."""
    of_slo = unsettled(workspace.slos(), of_plan(plan, plan.judged(workspace.config.slo.profiles)))
    return (*of_slo, *of_workloads(plan, workspace.workloads()))


def _drawn(workspace: Workspace) -> Plan:
    """Every block, with what it may cost at most."""
    described, now = describe(workspace), datetime.now(UTC)
    made = draw_plan(workspace, described, now, Decimal(0))
    targets = {t.name: t for t in workspace.prospects()}
    runs_usd = sum((worst_case_usd(workspace, made, targets[r.target], r) for r in made.runs), Decimal(0))
    return replace(made, forecast_usd=runs_usd + over_plan_usd(workspace, made))


def run(
    workspace: Workspace, progress: Progress, *, now: bool, after_block: Callable[[Block], None] | None = None
) -> Tally:
    """Execute the sealed plan's remaining blocks, after both targets have passed the contract check.

    Raises Refused while another one, a sweep or a calibration measures in this workspace.
    """
    at_home(workspace)
    with alone(workspace.state / MEASURING, "pilot run"):
        return _run(workspace, progress, now=now, after_block=after_block)


def _run(workspace: Workspace, progress: Progress, *, now: bool, after_block: Callable[[Block], None] | None) -> Tally:
    store = Store(workspace.evidence)
    there = sealing.standing(store)
    if there is None:
        raise Refused("no sealed plan", "run pilot plan --seal first")
    sealed_plan = sealing.judgeable(there[0], store)
    sealing.unchanged(workspace, sealed_plan, store)
    note_changes(workspace, sealed_plan, store)
    limits_of(workspace).check_stop_file()
    require_ready(workspace.measured())
    if not checked(store.journal()) or unheard(store.journal()):
        results = check(workspace, [])
        gated(results, store, progress)
        advice = [(n, c) for n, cs in results.items() for c in cs if c.weight is Weight.ADVICE and not c.stands]
        for name, one in advice:
            progress.say(f"{name}: {one.answer.value}: {one.name}{f' ({one.words})' if one.words else ''}")
    seal = store.seal()
    ask = None
    if seal is not None and stops_when_settled(seal["content"]):
        sealed = Seal(seal["digest"], seal["content"])
        ask = partial(ending, workspace, sealed)
    return Campaign(workspace, sealed_plan, store, progress, settled=ask, after_block=after_block).run(now=now)


def run_on(workspace: Workspace, wanted: Order, progress: Progress) -> Away:
    """The same on another machine: brought up, followed and fetched; raises Refused without a sealed plan."""
    place = read_elsewhere(workspace.config.on, wanted.name, workspace.root / "pilot.toml")
    if (there := sealing.standing(Store(workspace.evidence))) is None:
        raise Refused("no sealed plan", "run pilot plan --seal first")
    with alone(workspace.state / MEASURING, "pilot run --on"):
        return away(workspace, place, there[0], wanted, progress.say, let_in=partial(let_in, workspace, progress))


def ending(workspace: Workspace, sealed: Seal) -> EarlyEnd | tuple[str, ...]:
    """Whether the paired blocks may end at the look that has been reached, or what is open.

    Criteria that are not the sealed ones end nothing: whoever loosens a promise must not save blocks by it.
    """
    outcome = decide(workspace)
    if otherwise := judged_otherwise(sealed.changes(seal_of(workspace, outcome.plan))):
        return tuple(f"sealed criteria were changed ({said(change)})" for change in otherwise)
    look, stands = outcome.findings.look, outcome.standing
    if stands.settled is None:
        return tuple(f"{one}{f' of {one.target}' if one.target else ''} ({said(one.why)})" for one in stands.open)
    if not stands.lasts:
        return (f"which of the two ({said(outcome.decision.chosen.step)})",)
    because = said(stands.settled.reason)
    return EarlyEnd(look.number, look.of, look.blocks, because, kind=stands.settled.value)


def gated(results: dict[str, list[Check]], store: Store | None, progress: Progress) -> None:
    """Load goes only to what keeps its contract; raises GateFailed, or Undecided where nothing fails, with all that does not."""
    asked = {name: [c for c in made if c.weight is Weight.GATE] for name, made in results.items()}
    gates = {name: made for name, made in asked.items() if made}
    held = [(c, f"{n}: {c.name} ({c.words})") for n, cs in gates.items() for c in cs]
    wrong = [words for c, words in held if not c.stands]
    if any(c.answer is Answer.FAIL for c, _ in held):
        raise GateFailed("the contract check failed:\n  - " + "\n  - ".join(wrong), "pilot check")
    if wrong or not held:
        raise Undecided("the contract check can't tell:\n  - " + "\n  - ".join(wrong), "pilot check")
    if store is not None:
        store.note(CHECKED, checks=sum(map(len, gates.values())))
    told = sum(c.answer is Answer.PASS for cs in gates.values() for c in cs)
    progress.say(f"contract checked: {told} checks passed on {', '.join(gates)}")


def collect(workspace: Workspace, progress: Progress) -> collecting.Collected:
    """Pull what the platforms know of every run so far."""
    store = Store(workspace.evidence)
    made = store.plan()
    if made is None:
        raise Refused("no plan yet", "run pilot plan --seal first")
    at_home(workspace)
    note_changes(workspace, sealing.judgeable(made, store), store)
    with alone(workspace.state / COLLECTING, "pilot collect"):
        return collecting.collect(workspace, made, store, progress)


def status(workspace: Workspace) -> Board:
    """The board: what is done, what is missing, what comes next."""
    return board(workspace, Store(workspace.evidence))


@dataclass(frozen=True)
class Outcome:
    """What the evidence says, ready to be told."""

    plan: Plan
    findings: Findings
    doubts: tuple[Reason, ...]
    decision: Decision
    standing: Standing
    seal: dict[str, Any] | None
    calibration: dict[str, Any] | None
    workspace: Workspace

    @property
    def named_doubts(self) -> tuple[Reason, ...]:
        """With titles in place of folders: for whoever reads them."""
        return tuple(labelled(doubt, self.labels) for doubt in self.doubts)

    @property
    def labels(self) -> dict[str, str]:
        """What each target is called."""
        return {target.name: target.label for target in self.workspace.measured()}

    @cached_property
    def placed(self) -> tuple[Placed, ...]:
        """Where each workload belongs; months at volumes of their own are played when somebody asks."""
        return workloads_placed(self.workspace, self.findings)

    def as_json(self) -> dict[str, Any]:
        method = method_of(self.workspace)
        made = decision_json(self.findings, self.decision, self.named_doubts, self.seal, self.standing, method)
        scale = self.workspace.config.scaling.model_time_scale
        campaign = campaign_json(self.findings, self.seal, self.labels, scale)
        return made | {"placement": placement_json(self.placed), "campaign": campaign}


def decide(workspace: Workspace, progress: Progress | None = None, effort: Effort = USUAL) -> Outcome:
    """Pure: the same evidence and pilot.toml give the same outcome.

    With ``progress`` other volumes of the traffic are played too, which takes seconds: what would change the decision.
    Less ``effort`` is for who asks for verdicts and doubts: a cost's interval is wider then, or cannot be told.
    """
    workspace = workspace.still()
    store = Store(workspace.evidence)
    made = _planned(store)
    findings = gather(workspace, load(store, sealing.judgeable(made, store)), store, made, effort)
    if progress is not None:
        findings = elsewhere(workspace, findings, progress)
    return _judged(workspace, store, made, findings)


def at_volumes(outcome: Outcome, progress: Progress) -> Outcome:
    """What was decided without ``progress``, as it would have been with it."""
    workspace = outcome.workspace
    findings = elsewhere(workspace, outcome.findings, progress)
    return _judged(workspace, Store(workspace.evidence), outcome.plan, findings)


def _judged(workspace: Workspace, store: Store, made: Plan, findings: Findings) -> Outcome:
    found = doubts(workspace, made, store, findings)
    chosen = choose(workspace, findings, found)
    stands = standing(workspace, findings, chosen)
    return Outcome(made, findings, found, chosen, stands, store.seal(), store.calibration(), workspace)


def sealed(workspace: Workspace) -> str | None:
    """The digest of the plan's seal, None where nobody sealed it; raises Refused without a plan."""
    store = Store(workspace.evidence)
    _planned(store)
    seal = store.seal()
    return None if seal is None else str(seal["digest"])


def _planned(store: Store) -> Plan:
    made = store.plan()
    if made is not None:
        return made
    if has_measured(store):
        raise Refused(f"{store.root / PLAN} is missing, and requests were measured", "restore it from a backup")
    raise Refused("no plan yet", "run pilot plan --seal first")


def predict(workspace: Workspace, wanted: Wanted, progress: Progress, *, seed: int | None = None) -> Prediction:
    """What each target does at other traffic; pure, but for the time it takes."""
    workspace = workspace.still()
    return predicting.predictions(workspace, _looked_at(_measured(workspace)), wanted, progress, seed)


def prediction_chart(workspace: Workspace, made: Prediction) -> str:
    """What was predicted as an SVG; raises Refused where nothing of it can be told."""
    from harness.report.at_traffic import chart  # noqa: PLC0415 - as in _content

    return chart(made, {t.name: t.label for t in workspace.measured()}, workspace.config.slo.p95_s)


def validate(workspace: Workspace, progress: Progress, *, seed: int | None = None) -> Validation:
    """Each block predicted from the others, laid beside what it measured."""
    workspace = workspace.still()
    return predicting.held_out(workspace, _measured(workspace), progress, seed)


def _measured(workspace: Workspace) -> Dataset:
    """Raises Refused where nothing was measured yet."""
    store = Store(workspace.evidence)
    made = store.plan()
    data = load(store, sealing.judgeable(made, store)) if made is not None else None
    if data is None or not data.runs:
        raise Refused("nothing was measured yet", "pilot plan --seal, then pilot run")
    return data


def _looked_at(data: Dataset) -> Dataset:
    """The blocks that verdicts and costs are of: one traffic has one cost, whoever asks."""
    reached = look(len(data.blocks_valid), data.blocks_planned)
    return data.at(first_blocks(data.blocks_valid, reached.blocks))


def report(
    workspace: Workspace,
    folder: Path,
    earlier: Sequence[Path] = (),
    progress: Progress | None = None,
    effort: Effort = USUAL,
) -> tuple[Outcome, Path]:
    """Render the outcome, beside what earlier reports said; returns the HTML's path.

    With ``progress`` it says what happens at your traffic too, which takes seconds.
    """
    workspace = workspace.still()
    before = read_all(earlier)
    outcome = decide(workspace, progress, effort)
    from harness.report import render  # noqa: PLC0415 - Jinja, where a report is made alone

    said = _content(workspace, outcome, before, _foretold(workspace, outcome, progress))
    over = {TRENDS: trends_text(said.trend)} if said.trend else {}
    seal = outcome.seal["digest"] if outcome.seal else None
    adr = record(workspace, outcome.findings, outcome.decision, outcome.named_doubts, seal, said.day)
    made = {"decision-record.md": adr, DECISION: dump(FORMAT.stamped(outcome.as_json()))}
    write_all(folder, render.files(said, workspace.root) | made | over)
    return outcome, folder / render.PAGE


def report_table(
    workspace: Workspace,
    name: str,
    progress: Progress | None = None,
    effort: Effort = USUAL,
    earlier: Sequence[Path] = (),
) -> str:
    """One table of the report as CSV, made anew from the evidence; raises Refused where there is none of that name."""
    from harness.report.at_traffic import TABLES  # noqa: PLC0415 - as in _content

    wanted = progress if name in TABLES else None
    found = report_tables(workspace, decide(workspace, wanted, effort), wanted, read_all(earlier))
    return csv_text(one_of(found, name, TABLES))


def report_tables(
    workspace: Workspace, outcome: Outcome, progress: Progress | None = None, before: Earlier = ()
) -> dict[str, Table]:
    """Every table of the report and those behind its charts, by name: values, and how they read."""
    workspace = workspace.still()
    said = _content(workspace, outcome, before, _foretold(workspace, outcome, progress))
    return {**said.tables, **{f.table.id: f.table for f in said.figures.values() if f.table}}


def one_of(tables: dict[str, Table], name: str, others: Collection[str] = ()) -> Table:
    """Raises Refused where there is none of that name; ``others``: names that there may be too."""
    if name not in tables:
        raise Refused(f"the report has no table {name}", f"one of: {', '.join(sorted({*tables, *others}))}")
    return tables[name]


def _foretold(workspace: Workspace, outcome: Outcome, progress: Progress | None) -> Foretold | None:
    """None where nobody asked, or nothing was measured yet."""
    volumes = outcome.findings.volumes
    if progress is None or volumes is None:
        return None
    return Foretold(volumes.prediction, predicting.held_out(workspace, outcome.findings.data, progress, None))


def _block_takes(workspace: Workspace, made: Plan) -> BlockTakes:
    """The mean of the plan's paired blocks; a rehearsal on one machine costs no money."""
    targets = {t.name: t for t in workspace.measured()}
    usd = sum((usual_usd(workspace, made, targets[r.target], r) for b in made.blocks for r in b.runs), Decimal(0))
    many = max(1, len(made.blocks))
    usd *= not workspace.config.scaling.rehearsal
    given_up = Store(workspace.evidence).given_up(made.blocks, workspace.config.limits.attempts)
    return BlockTakes(sum(b.expected_s for b in made.blocks) / 3600 / many, float(usd) / many, len(given_up))


def _content(workspace: Workspace, outcome: Outcome, before: Earlier, foretold: Foretold | None = None) -> Content:
    from harness.report.content import content, promised  # noqa: PLC0415 - Jinja, where a report is made alone

    now = outcome.as_json()
    return content(
        workspace,
        outcome.plan,
        outcome.findings,
        outcome.decision,
        outcome.doubts,
        outcome.standing,
        _block_takes(workspace, outcome.plan),
        outcome.seal,
        outcome.calibration,
        Store(workspace.evidence).checks(),
        changes(newest(before), now, outcome.labels, promised(outcome.findings)),
        Store(workspace.evidence).journal(),
        foretold,
        outcome.placed,
        trend_of(before, as_earlier(now, Path(DECISION))) if before else None,
    )
