"""What weakens the evidence, said before anyone asks."""

from __future__ import annotations

from datetime import date

from harness.analysis.capacity import UTILISATION
from harness.analysis.columns import Columns
from harness.analysis.quantiles import block_spread
from harness.analysis.shares import LEAST_BLOCKS
from harness.costing.book import OLD_AFTER_DAYS, read_book
from harness.costing.models import FLEETS
from harness.decision.collected import disagreeing, uncollected, unreconciled
from harness.decision.errors import aa_words
from harness.decision.findings import Findings
from harness.domain.estimate import Unknown
from harness.domain.ledger import only_upstream
from harness.domain.plan import Plan
from harness.domain.target import External
from harness.domain.verdict import METHOD
from harness.evidence.schema import SAMPLES_LATER
from harness.evidence.store import Store
from harness.planning.changes import changes_since, first_run, last_seal, met
from harness.planning.seal import Seal, digest_of
from harness.workspace import Workspace

SPREAD_LIMIT = 0.25  # above it a PASS at the limit was seen to err more often (docs/method.md)


def doubts(workspace: Workspace, plan: Plan, store: Store, findings: Findings) -> tuple[str, ...]:
    """Every doubt, the gravest first."""
    out = [
        *seal_doubts(workspace, plan, store),
        *_tampering(store),
        *_unread(findings),
        *_method(store),
        *_older(store, findings),
    ]
    bias = _aa(findings)
    if findings.aa is not None and findings.aa.biased:
        out += bias
        bias = []
    data = findings.data
    if len(data.blocks_valid) < LEAST_BLOCKS:
        out.append(
            f"{len(data.blocks_valid)} valid blocks of {data.blocks_planned}; {LEAST_BLOCKS} are the least a verdict needs."
        )
    missing = data.blocks_planned - len(data.blocks_valid) - len(findings.ended.not_needed if findings.ended else ())
    if len(data.blocks_valid) >= LEAST_BLOCKS and missing > 0:
        out.append(f"{missing} of {data.blocks_planned} planned blocks are not measured or not valid.")
    if data.invalid:
        out.append(
            f"{len(data.invalid)} runs were INVALID or did not end; they are listed under provenance and not used."
        )
    scaling = workspace.config.scaling
    if scaling.rehearsal:
        out.append(
            "This is a rehearsal on one machine: it shows how the pilot works, not how a cloud platform performs."
        )
        out += list(scaling.notes)
    out += _calibration(store, findings)
    out += _checks(store, findings)
    out += _settings(workspace, findings)
    out += _streams(findings)
    out += _retries(findings)
    out += _parity(findings)
    out += uncollected(findings)
    out += disagreeing(findings)
    out += _spread(findings)
    out += _prices(workspace, findings)
    out += bias
    out += _looks(findings)
    out += _warm_up(findings)
    out += _capacity(workspace, findings)
    out += _contention(findings)
    out += _silent(findings)
    out += _never_cold(findings)
    return tuple(out)


def seal_doubts(workspace: Workspace, plan: Plan, store: Store) -> tuple[str, ...]:
    """Changes since the seal, a seal that is not the one that the journal knows, and one made after the data."""
    written, journal = store.seal(), store.journal()
    sealed, first = last_seal(journal), first_run(journal)
    if written is None:
        was = f" The journal says that {sealed[1]} was sealed: seal.json was removed." if sealed else ""
        return (f"Sealed criteria: there is no seal, so the criteria may have been chosen after the data.{was}",)
    seal = Seal(written["digest"], written["content"], written.get("sealed_utc"))
    out = []
    if digest_of(seal.content) != seal.digest:
        out.append("Sealed criteria: seal.json was edited after it was written; its digest does not match.")
    if sealed and sealed[1] != seal.digest:
        out.append(f"Sealed criteria: seal.json is not the seal that the journal knows, {sealed[1]}.")
    if sealed and first is not None and first < sealed[0]:
        out.append("Sealed criteria: they were sealed again after measuring had begun.")
    known = met(journal)
    for change in changes_since(workspace, plan, store):
        said = f" ({known[change]})" if change in known else ""
        out.append(f"Sealed criteria: changed since: {change}{said}")
    return tuple(out)


def _method(store: Store) -> list[str]:
    """Evidence that was sealed under other rules is judged by today's, and says so."""
    written = store.seal()
    if written is None:
        return []
    sealed = Seal(written["digest"], written["content"]).method
    if sealed == METHOD:
        return []
    before = f"the method {sealed}" if sealed else "an earlier method, which the seal does not name"
    return [f"The plan was sealed under {before}; every verdict here is made anew by {METHOD} (docs/method.md)."]


def _calibration(store: Store, findings: Findings) -> list[str]:
    """Whether the generator's own truth is known, for the machine and versions that measured."""
    said = store.calibration()
    if said is None:
        return ["The load generator was not calibrated against known laws: pilot calibrate."]
    out = [
        f"Calibration: {c['law']}, {c['quantity']}: {c['verdict']}{': ' + c['why'] if c['why'] else ''}."
        for c in said["checks"]
        if c["verdict"] != "pass"
    ]
    runs = [r.record.run for r in findings.data.runs if r.record.run]
    used = {name: sorted({str(run.get("versions", {}).get(name)) for run in runs}) for name in said["versions"]}
    other = [name for name, versions in used.items() if versions and versions != [said["versions"][name]]]
    if other:
        out.append(f"The generator was calibrated with another {', '.join(other)} than the runs were made with.")
    return out


def _tampering(store: Store) -> list[str]:
    """Evidence that is not as it was left, file by file, and a journal that is gone or was edited."""
    out = []
    for one in (store, *store.sweeps()):
        where = "" if one is store else f"{one.root.relative_to(store.root)}: "
        out += [f"Sealed evidence: {where}{words}." for words in one.integrity().problems()]
    return out


def _unread(findings: Findings) -> list[str]:
    """Attempts without data: a block is paired, so one run that cannot be read costs it whole."""
    return [
        f"Sealed evidence: {u.file} {u.why}. This run is an attempt without data"
        + (f"; its block {u.record.block} is left out with every run." if u.without else ".")
        for u in findings.data.unread
    ]


def _older(store: Store, findings: Findings) -> list[str]:
    """What the format of an earlier release did not record; unknown here is not fine."""
    lacking = []
    journal = store.journal()
    if journal and not any("chain" in event for event in journal):
        lacking.append("a journal whose edits would show")
    if journal and not any(event.get("files") for event in journal):
        lacking.append("digests of its files")
    read = [run.columns for run in findings.data.runs if isinstance(run.columns, Columns)]
    sealed = (store.seal() or {}).get("content", {"rule": None})
    if "rule" not in sealed:
        lacking.append("the decision's rule, prices and criteria in its seal")
    missing = sorted({name for columns in read for name in SAMPLES_LATER - columns.here})
    if missing:
        lacking.append(f"of each request: {', '.join(missing)}")
    runs = [run.record.run or {} for run in findings.data.runs]
    if absent := [name for name in ("contention", "arrivals") if runs and not any(run.get(name) for run in runs)]:
        lacking.append(f"of each run: {', '.join(absent)}")
    if not missing or not lacking:
        return []
    return [
        f"This evidence was written by an earlier version, which did not record {'; '.join(lacking)}: that is not known here."
    ]


def _aa(findings: Findings) -> list[str]:
    """Whether the harness's own bias was measured, and what it is."""
    gate = findings.aa
    if gate is None:
        return ["No A/A run is part of this plan; the harness's own bias was not measured in this pilot."]
    if gate.biased:
        metrics = ", ".join(c.metric for c in gate.biased)
        return [f"The A/A run found {gate.target} different from itself in {metrics}: no comparison can be believed."]
    if not gate.told:
        return [f"The A/A run has {gate.units} pairs; {LEAST_BLOCKS} are the least that can show a bias."]
    return [aa_words(gate)]


def _looks(findings: Findings) -> list[str]:
    """Blocks that were measured and are not read yet, and that an early stop biases an estimate."""
    look, valid = findings.look, len(findings.data.blocks_valid)
    out = []
    if look.number and valid > look.blocks:
        following = f"; the next look is at {look.following}" if look.following else ""
        out.append(f"{valid} valid blocks; verdicts are read at the sealed look of {look.blocks}{following}.")
    if look.number and look.early:
        out.append(
            f"Verdicts are an early look ({look.number} of {look.of}, {look.blocks} blocks) at {look.confidence * 100:g} % "
            "confidence; an estimate that stops here is biased away from its limit."
        )
    if findings.ended is not None:
        out.append(
            f"{len(findings.ended.not_needed)} of {findings.data.blocks_planned} planned blocks were not needed: "
            f"{findings.ended}. Intervals allow for it."
        )
    return out


def _warm_up(findings: Findings) -> list[str]:
    return [
        f"{w.target} under {w.profile} settles after about {w.wanted_s:.0f} s (MSER-5 on what its runs agree on, second by "
        f"second); the declared warm-up is {w.declared_s:g} s."
        for w in findings.warm_ups
        if w.too_short
    ]


def _checks(store: Store, findings: Findings) -> list[str]:
    """What was checked before the first block and is not fine: an answer that could not be had is not fine either.

    What an endpoint has no way to tell is a doubt only where the samples do not show it.
    """
    out, untold = [], []
    for group, checks in (store.checks() or {}).items():
        for check in checks:
            if check["answer"] == "not told":
                untold += [] if _shown(check.get("shown_by"), findings) else [check["name"]]
            elif check["answer"] != "pass":
                why = f" ({check['detail']})" if check["detail"] else ""
                out.append(f"Before the first block, {group}: {check['answer']}: {check['name']}{why}.")
    if untold:
        out.append(f"Neither told by the endpoints nor shown by the samples: {', '.join(untold)}.")
    return out


def _shown(by: str | None, findings: Findings) -> bool:
    """Whether the samples prove it: the same text for every pair is the same work, whatever made it."""
    p = findings.parity
    answers = p.pairs > 0 and p.same_answer == p.pairs
    match by:
        case "answers":
            return answers
        case "citations":
            return answers or p.overlap == 1.0
        case "streams":
            return any(s.told for s in findings.streams)
        case _:
            return False


def _settings(workspace: Workspace, findings: Findings) -> list[str]:
    """Memory and workers that somebody chose by feeling make a comparison of two guesses."""
    tried = {s.target: s for s in findings.settings}
    hand = [t.name for t in workspace.pair() if t.name not in tried and not isinstance(t.runtime, External)]
    out = []
    if hand and not workspace.config.scaling.rehearsal:
        words = "were chosen by hand, not by a sweep (pilot sweep)"
        out.append(f"The memory and worker settings of {' and '.join(dict.fromkeys(hand))} {words}.")
    for s in tried.values():
        if s.chosen is None:
            out.append(f"The sweep of {s.target} chose no setting: {s.reason}.")
        elif s.differs:
            out.append(
                f"The sweep of {s.target} chose {s.chosen} ({s.reason}); measured was {' or '.join(s.now) or 'none of those it tried'}."
            )
    return out


def _streams(findings: Findings) -> list[str]:
    return [
        f"{s.target} buffers its streams: in {s.held_back} of {s.told} all tokens came at once, at the end, so its time "
        "to first token is that of the whole answer."
        for s in findings.streams
        if s.buffered
    ]


def _capacity(workspace: Workspace, findings: Findings) -> list[str]:
    """Whether what is priced could carry the expected peak."""
    if not findings.capacities:
        fleets = [t.name for t in workspace.pair() if t.prices and t.prices.model in FLEETS]
        priced = f"{' and '.join(fleets)} {'is' if len(fleets) == 1 else 'are'} priced at the declared size"
        return [
            f"Sustainable capacity was not searched for; {priced if fleets else 'whether the peak is carried is open'}."
        ]
    out = []
    carried = {c.target: c.at_least for c in findings.capacities}
    for s in findings.sizings:
        use, most = s.utilisation, carried[s.target]
        if most is not None and most * UTILISATION < s.peak_per_s:
            out.append(
                f"{s.target} was not asked for more than {most:.3g} requests a second; the expected peak of {s.peak_per_s:g} "
                f"wants {s.peak_per_s / UTILISATION:.3g} to be carried."
            )
        elif isinstance(use, Unknown):
            if most is None:
                out.append(f"The capacity of {s.target} is not known: {use.reason}.")
        elif (use.high or use.value) > UTILISATION:
            out.append(
                f"At the expected peak of {s.peak_per_s:g} requests a second {s.target} as measured is used to "
                f"{use.value * 100:.0f} % of what it sustains; services are planned at {UTILISATION * 100:.0f} %."
            )
    return out


def _never_cold(findings: Findings) -> list[str]:
    """Experiments whose target's control plane did not make it cold; what they were to measure is missing."""
    said = [(run.record.run or {}).get("experiment") or {} for run in findings.data.runs]
    ended = [str(one["ended"]) for one in said if "could not be made cold" in str(one.get("ended"))]
    return [f"An experiment ended early: {words}." for words in dict.fromkeys(ended)]


def _contention(findings: Findings) -> list[str]:
    """Times of processes that waited for each other's cores are this machine's, not the runtimes'."""
    shared = [c for c in findings.contention if c.shared]
    contended, told = sum(c.contended for c in shared), sum(c.told for c in shared)
    if not contended:
        return []
    words = (
        f"In {contended} of {told} runs that could tell, this machine's cores were used up for a tenth of the time or "
        "more; generator, model and targets then waited for each other."
    )
    return [words]


def _silent(findings: Findings) -> list[str]:
    """Runs that count and measured nothing but the provider's failure."""
    silent = sum(only_upstream((r.record.ledger or {}).get("outcomes") or {}) for r in findings.data.runs)
    if not silent:
        return []
    of = len(findings.data.runs)
    return [f"In {silent} of {of} runs the provider failed every request; they count, and say nothing of the runtimes."]


def _retries(findings: Findings) -> list[str]:
    """With a client that tries again, times and outcomes are those of the user's request, not of each attempt."""
    out = []
    for target in dict.fromkeys(findings.data.targets):
        made = [run.columns["attempts"] for run in findings.data.runs if run.target == target]
        requests, attempts = sum(len(m) for m in made), int(sum(float(m.sum()) for m in made))
        if attempts > requests:
            out.append(
                f"{target}: {requests} requests took {attempts} attempts; times, refusals and costs are those of the whole "
                "request as its user saw it, and each attempt stands in attempt_log."
            )
    return out


def _parity(findings: Findings) -> list[str]:
    p = findings.parity
    if not p.pairs:
        return ["No arrival was answered by both targets, so it is not known whether they did the same work."]
    out = []
    for words, same in (
        ("answers", p.same_answer),
        ("citations", p.same_citations),
        ("token counts", p.same_output_tokens),
    ):
        if same < p.pairs:
            out.append(f"{p.pairs - same} of {p.pairs} paired requests had different {words} on the two targets.")
    return out


def _spread(findings: Findings) -> list[str]:
    data = findings.data
    out = []
    for profile in dict.fromkeys(v.profile for v in findings.slos):
        for target in dict.fromkeys(data.targets):
            spread = block_spread([r.measured_of(r.response_s) for r in data.of(target, profile)], 0.95)
            if spread is not None and spread > SPREAD_LIMIT:
                out.append(
                    f"The p95 of {target} under {profile} varies by {spread * 100:.0f} % between blocks; "
                    "where blocks differ that much, a PASS is wrong in up to 8 % of campaigns instead of 5 %."
                )
    return out


def _prices(workspace: Workspace, findings: Findings) -> list[str]:
    out = unreconciled(findings)
    today = date.fromisoformat(_day_of(findings))
    for target in {t.name: t for t in workspace.pair()}.values():
        if target.prices is None:
            out.append(f"{target.name} has no prices, so its cost is not known.")
            continue
        book = read_book(target.prices.book)
        if book.age_days(today) > OLD_AFTER_DAYS:
            out.append(f"The price book {book.name} is {book.age_days(today)} days old.")
        bill = findings.cost_of(target.name).monthly
        used = {line.price_key for line in bill.lines} if bill else set()
        unsure = [key for key in sorted(used) if not book.price(key).confirmed]
        if unsure:
            out.append(f"Unconfirmed prices carry part of the cost of {target.name}: {', '.join(unsure)}.")
    for cost in findings.costs:
        if isinstance(cost.per_month_usd, Unknown):
            out.append(f"The cost of {cost.target} is not known: {cost.per_month_usd.reason}.")
    return out


def _day_of(findings: Findings) -> str:
    """The evidence's own last day: a report of it must not change with the calendar."""
    days = [str(run.record.run["started_utc"])[:10] for run in findings.data.runs if run.record.run]
    return max(days, default="1970-01-01")
