"""Read this first: the two weeks, one function a step, each a few calls into the rooms below.

    check → plan → run → collect → decide → report

Everything up to ``collect`` touches the world and writes evidence; ``decide`` and
``report`` are pure functions of that evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.analysis.dataset import load
from harness.analysis.length import Length, length
from harness.analysis.settings import Settings
from harness.calibration import calibrate as calibrating
from harness.campaign import collect as collecting
from harness.campaign import sweep as sweeping
from harness.campaign import tracing
from harness.campaign.board import Board, board
from harness.campaign.checks import ADVICE, comparing, contract_of, endpoint, fitting
from harness.campaign.contract_check import Answer, Check
from harness.campaign.execute import Campaign, Tally, limits_of, usual_usd, worst_case_usd
from harness.campaign.lock import alone
from harness.campaign.platform import EmbeddedPlatform
from harness.campaign.progress import Progress
from harness.decision.as_json import decision_json
from harness.decision.decide import Decision
from harness.decision.decide import decide as choose
from harness.decision.doubts import doubts
from harness.decision.findings import Findings
from harness.decision.gather import gather
from harness.decision.settled import settled
from harness.decision.settling import Standing, standing
from harness.domain.address import problem_of, without_secrets
from harness.domain.looks import looks_of
from harness.domain.plan import Block, Plan
from harness.domain.sweep import Sweep
from harness.errors import GateFailed, Refused, Undecided
from harness.evidence.early_end import EarlyEnd
from harness.evidence.files import dump, write_text
from harness.evidence.store import Store
from harness.planning import Seal, draw_plan, note_changes, seal_of
from harness.planning.profiles import describe
from harness.planning.seal import NEVER, judged_otherwise, stops_when_settled
from harness.report import render
from harness.report.content import Content, content
from harness.report.csv_text import csv_text
from harness.report.earlier import changes, read_earlier
from harness.report.record import record
from harness.sources.registry import source_of
from harness.workspace import Workspace

RATIOS, SPREADS = (
    (1.2, 1.5),
    (0.05, 0.10),
)  # promised over true p95, and how blocks differ: what a length is expected for
CHECKED = "contract checked"  # the journal's word: it is asked once


def check(workspace: Workspace, names: Sequence[str]) -> dict[str, list[Check]]:
    """The contract of each target, whether the two do the same work, and whether the plan fits and is fair."""
    urls = [name for name in names if urlsplit(name).scheme]
    targets = [workspace.target(n) for n in names if n not in urls] if names else list(workspace.measured())
    out: dict[str, list[Check]] = {}
    with EmbeddedPlatform(workspace, targets) if targets else nullcontext() as platform:
        bases = {target.name: platform.url(target.name) for target in targets} if platform else {}
        streams = workspace.config.load.stream_share > 0
        out |= {target.name: contract_of(target, bases[target.name], streams=streams) for target in targets}
        out |= check_endpoints(urls)
        pair = [t for t in targets if t.name in (workspace.config.pilot.baseline, workspace.config.pilot.candidate)]
        if len(pair) == 2:
            out |= comparing(workspace, pair, bases)
        if not urls:
            out |= fitting(workspace, targets, bases)
    return out


def trace(workspace: Workspace, name: str, within_s: float) -> list[Check]:
    """One request followed through a target and its sources; raises Refused for a target that nobody declared."""
    target = workspace.target(name)
    with EmbeddedPlatform(workspace, [target]) as platform:
        sent = tracing.send(target, platform.url(name))
        if sent.checks[0].answer is not Answer.PASS:
            return list(sent.checks)
        return [*sent.checks, *tracing.follow(sent, collecting.sources_of(target, workspace, source_of), within_s)]


def check_endpoints(urls: Sequence[str]) -> dict[str, list[Check]]:
    """Endpoints by their URL, declared nowhere: no workspace is needed; raises Refused for what is no base URL."""
    wrong = [f"{without_secrets(url)}: {problem}" for url in urls if (problem := problem_of(url))]
    if wrong:
        raise Refused("; ".join(wrong), "as https://chat.example.com/path")
    return {name: made for url in urls for name, made in endpoint(url.rstrip("/")).items()}


def calibrate(workspace: Workspace, progress: Progress, *, long: bool = False) -> tuple[calibrating.Calibration, Path]:
    """Hold the load generator to known laws; the record lies with the evidence."""
    made = calibrating.calibrate(progress.say, long=long)
    return made, calibrating.write(workspace.evidence, made)


def sweep(
    workspace: Workspace, names: Sequence[str], progress: Progress, *, rounds: int, most_s: float
) -> list[tuple[Sweep, Settings]]:
    """Measure the settings of each target that declares some, and choose; the deployment is left at what was chosen."""
    pair = (workspace.config.pilot.baseline, workspace.config.pilot.candidate)
    for name in names:
        workspace.target(name)
    declared = {name: one for name in names or pair if (one := workspace.sweep(name)) is not None}
    without = [name for name in names if name not in declared]
    if without or not declared:
        lacking = " and ".join(without or pair)
        raise Refused(f"no sweep.toml beside target.toml of {lacking}", "targets/README.md says what it holds")
    for one in declared.values():
        workspace.swept(one)  # what is wrong with any setting is said before anything is drawn
    plans = {name: sweeping.drawn(workspace, one, rounds, most_s) for name, one in declared.items()}
    out = []
    with alone(workspace.state / "sweep.lock", "pilot sweep"):
        for name, one in declared.items():
            store = sweeping.store_of(workspace, one)
            if not any(entry["event"] == CHECKED for entry in store.journal()):
                _gated(check(workspace, [name]), store, progress)
            _, pulled = sweeping.measure(workspace, one, plans[name], progress)
            if pulled.unsettled or pulled.failed:
                waiting = f"{len(pulled.unsettled)} readings of {name} have not settled, {len(pulled.failed)} were not answered"
                progress.say(f"{waiting}: pilot sweep again asks for them and measures nothing anew")
            found = settled(workspace, one)
            assert found is not None
            if found.chosen is not None:
                sweeping.leave_at(workspace, one, found.chosen, progress)
            out.append((one, found))
    return out


def plan(workspace: Workspace, *, seal: bool) -> tuple[Plan, str | None]:
    """Draw the plan and write it; with ``seal`` also the seal. A sealed plan is never redrawn."""
    store = Store(workspace.evidence)
    existing, sealed = store.plan(), store.seal()
    if sealed is not None and existing is not None:
        return existing, str(sealed["digest"])
    workspace.traffic()  # a trace without a shape is said now, not by decide on day 14
    described = describe(workspace)
    made = draw_plan(workspace, described, datetime.now(UTC), Decimal(0))
    targets = {t.name: t for t in workspace.measured()}
    forecast = sum((worst_case_usd(workspace, targets[r.target], r) for r in made.runs), Decimal(0))
    made = draw_plan(workspace, described, datetime.now(UTC), forecast)
    store.write_plan(made)
    digest = None
    if seal:
        drawn = seal_of(workspace, made)
        store.write_seal(drawn.digest, dict(drawn.content))
        store.note("sealed", digest=drawn.digest)
        digest = drawn.digest
    return made, digest


@dataclass(frozen=True)
class Outlook:
    """What a plan takes: at worst every block, and what to expect where both keep their promises by so much."""

    length: Length
    hours: float
    usd: Decimal


def outlook(workspace: Workspace, made: Plan) -> tuple[Outlook, ...]:
    """One for each of RATIOS and SPREADS; experiments are measured whole in each. Empty where every block is measured."""
    judged = [p for p in made.profiles if p.repeats is None and p.name in workspace.config.slo.profiles]
    if workspace.config.pilot.stop == NEVER or len(looks_of(len(made.blocks))) < 2 or not judged:
        return ()
    targets = {t.name: t for t in workspace.measured()}

    def whole(blocks: Sequence[Block]) -> tuple[float, Decimal]:
        usd = sum((usual_usd(workspace, targets[r.target], r) for b in blocks for r in b.runs), Decimal(0))
        return sum(b.expected_s for b in blocks) / 3600, usd

    (paired_h, paired_usd), (tracks_h, tracks_usd) = whole(made.blocks), whole(made.tracks)
    out = []
    for ratio, spread in product(RATIOS, SPREADS):
        expected = length(len(made.blocks), [p.requests for p in judged], ratio, spread, made.seed)
        share = expected.blocks / len(made.blocks)
        usd = tracks_usd + paired_usd * Decimal(str(share))
        out.append(Outlook(expected, tracks_h + paired_h * share, usd.quantize(Decimal("0.01"))))
    return tuple(out)


def run(workspace: Workspace, progress: Progress, *, now: bool) -> Tally:
    """Execute the sealed plan's remaining blocks, after both targets have passed the contract check."""
    store = Store(workspace.evidence)
    sealed_plan, seal = store.plan(), store.seal()
    if sealed_plan is None or seal is None:
        raise Refused("there is no sealed plan: criteria come before data", "pilot plan --seal")
    note_changes(workspace, sealed_plan, store)
    limits_of(workspace).check_stop_file()
    if not any(entry["event"] == CHECKED for entry in store.journal()):
        results = check(workspace, [])
        store.write_checks(results)
        _gated(results, store, progress)
        advice = [(n, c) for n in ADVICE for c in results.get(n, ()) if c.answer is not Answer.PASS]
        for name, one in advice:
            progress.say(f"{name}: {one.answer.value}: {one.name}{f' ({one.detail})' if one.detail else ''}")
    sealed = Seal(seal["digest"], seal["content"])
    ask = (lambda: ending(workspace, sealed)) if stops_when_settled(seal["content"]) else None
    return Campaign(workspace, sealed_plan, store, progress, settled=ask).run(now=now)


def ending(workspace: Workspace, sealed: Seal) -> EarlyEnd | tuple[str, ...]:
    """Whether the paired blocks may end at the look that has been reached, or what is open.

    Criteria that are not the sealed ones end nothing: whoever loosens a promise must not save blocks by it.
    """
    outcome = decide(workspace)
    if otherwise := judged_otherwise(sealed.changes(seal_of(workspace, outcome.plan))):
        return tuple(f"sealed criteria were changed ({change})" for change in otherwise)
    look, stands = outcome.findings.look, outcome.standing
    if stands.settled is None:
        return tuple(f"{one}{f' of {one.target}' if one.target else ''} ({one.why})" for one in stands.open)
    if not stands.lasts:
        return (f"which of the two ({outcome.decision.chosen.step})",)
    return EarlyEnd(look.number, look.of, look.blocks, stands.settled.value)


def _gated(results: dict[str, list[Check]], store: Store, progress: Progress) -> None:
    """Load goes only to what keeps its contract; raises GateFailed, or Undecided where nothing fails, with all that does not."""
    gates = {name: made for name, made in results.items() if name not in ADVICE}
    held = [(c.answer, f"{n}: {c.name} ({c.detail})") for n, cs in gates.items() for c in cs]
    wrong = [words for answer, words in held if answer is not Answer.PASS]
    if any(answer is Answer.FAIL for answer, _ in held):
        raise GateFailed("the contract check failed:\n  - " + "\n  - ".join(wrong), "pilot check")
    if wrong or not held:
        raise Undecided("the contract check can't tell:\n  - " + "\n  - ".join(wrong), "pilot check")
    store.note(CHECKED, checks=sum(map(len, gates.values())))
    progress.say(f"contract checked: {sum(map(len, gates.values()))} checks passed on {', '.join(gates)}")


def collect(workspace: Workspace, progress: Progress) -> collecting.Collected:
    """Pull what the platforms know of every run so far."""
    store = Store(workspace.evidence)
    made = store.plan()
    if made is None:
        raise Refused("there is no plan yet", "pilot plan --seal")
    note_changes(workspace, made, store)
    with alone(workspace.state / "collect.lock", "pilot collect"):
        return collecting.collect(workspace, made, store, progress)


def status(workspace: Workspace) -> Board:
    """The board: what is done, what is missing, what comes next."""
    return board(workspace, Store(workspace.evidence))


@dataclass(frozen=True)
class Outcome:
    """What the evidence says, ready to be told."""

    plan: Plan
    findings: Findings
    doubts: tuple[str, ...]
    decision: Decision
    standing: Standing
    seal: dict[str, Any] | None
    calibration: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        return decision_json(self.findings, self.decision, self.doubts, self.seal, self.standing)


def decide(workspace: Workspace) -> Outcome:
    """Pure: the same evidence and pilot.toml give the same outcome."""
    store = Store(workspace.evidence)
    made = store.plan()
    if made is None:
        raise Refused("there is no plan yet", "pilot plan --seal")
    findings = gather(workspace, load(store, made), store, made)
    found = doubts(workspace, made, store, findings)
    chosen = choose(workspace, findings, found)
    stands = standing(workspace, findings, chosen)
    return Outcome(made, findings, found, chosen, stands, store.seal(), store.calibration())


def report(workspace: Workspace, folder: Path, earlier: Path | None = None) -> tuple[Outcome, Path]:
    """Render the outcome, beside what an earlier report said; returns the HTML's path."""
    before = read_earlier(earlier) if earlier is not None else None
    outcome = decide(workspace)
    said = _content(workspace, outcome, before)
    page = render.write(said, workspace.root, folder)
    seal = outcome.seal["digest"] if outcome.seal else None
    adr = record(workspace, outcome.findings, outcome.decision, outcome.doubts, seal, said.verdict.date)
    write_text(folder / "decision-record.md", adr)
    write_text(folder / "decision.json", dump(outcome.as_json()))
    return outcome, page


def report_table(workspace: Workspace, name: str) -> str:
    """One table of the report as CSV, made anew from the evidence; raises Refused where there is none of that name."""
    said = _content(workspace, decide(workspace), None)
    tables = {**said.tables, **{f.table.id: f.table for f in said.figures.values() if f.table}}
    if name not in tables:
        raise Refused(f"the report has no table {name}", f"one of: {', '.join(sorted(tables))}")
    return csv_text(tables[name])


def _content(workspace: Workspace, outcome: Outcome, before: dict[str, Any] | None) -> Content:
    return content(
        *(workspace, outcome.plan, outcome.findings, outcome.decision, outcome.doubts),
        *(outcome.seal, outcome.calibration, Store(workspace.evidence).checks()),
        changes(before, outcome.as_json()),
        Store(workspace.evidence).journal(),
    )
