"""What weakens the evidence, said before anyone asks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from harness.analysis.aa import POWER, AaGate
from harness.analysis.capacity import UTILISATION
from harness.analysis.columns import Columns
from harness.analysis.quantiles import block_spread
from harness.analysis.shares import LEAST_BLOCKS
from harness.check.contract_check import Answer, ShownBy
from harness.decision.collected import disagreeing, uncollected, unreconciled
from harness.decision.findings import Findings
from harness.decision.job_doubts import job_doubts
from harness.domain.bill import Bill, called
from harness.domain.estimate import Unknown
from harness.domain.ledger import only_upstream
from harness.domain.plan import Plan
from harness.domain.reason import Reason
from harness.domain.reasons import doubt, seal
from harness.domain.target import PriceModel, Target
from harness.evidence.schema import SAMPLES_LATER
from harness.evidence.store import Store
from harness.planning.changes import changes_since, first_run, last_seal, met
from harness.planning.seal import Seal, digest_of, method_of, token_list_of
from harness.platforms.pricing import pricing_of
from harness.platforms.registry import billing_of, parts_of
from harness.platforms.shared.book import OLD_AFTER_DAYS, read_book
from harness.workspace import Workspace

SPREAD_LIMIT = 0.25  # above it a PASS at the limit was seen to err more often (docs/method.md)


def doubts(workspace: Workspace, plan: Plan, store: Store, findings: Findings) -> tuple[Reason, ...]:
    """Every doubt, the gravest first."""
    out: list[Reason] = [
        *seal_doubts(workspace, plan, store),
        *_tampering(store),
        *_unread(findings),
        *_older_rules(workspace, store),
        *_older(store, findings),
    ]
    bias = _aa(findings)
    if findings.aa is not None and findings.aa.biased:
        out += bias
        bias = []
    data = findings.data
    if len(data.blocks_valid) < LEAST_BLOCKS:
        out.append(doubt.FewValid(len(data.blocks_valid), data.blocks_planned, LEAST_BLOCKS))
    missing = data.blocks_planned - len(data.blocks_valid) - len(findings.ended.not_needed if findings.ended else ())
    if len(data.blocks_valid) >= LEAST_BLOCKS and missing > 0:
        out.append(doubt.BlocksMissing(missing, data.blocks_planned))
    if data.invalid:
        out.append(doubt.RunsInvalid(len(data.invalid)))
    scaling = workspace.config.scaling
    if scaling.rehearsal:
        out += [doubt.IsRehearsal(), *map(doubt.TeamSays, scaling.notes)]
    out += _calibration(store, findings)
    out += _checks(store, findings)
    out += _settings(workspace, findings)
    out += _streams(findings)
    out += _retries(findings)
    out += job_doubts(workspace, findings)
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


def seal_doubts(workspace: Workspace, plan: Plan, store: Store) -> tuple[Reason, ...]:
    """Changes since the seal, a seal that is not the one that the journal knows, and one made after the data."""
    written, journal = store.seal(), store.journal()
    sealed, first = last_seal(journal), first_run(journal)
    if written is None:
        return (seal.SealMissing(sealed[1] if sealed else None),)
    stands = Seal(written["digest"], written["content"], written.get("sealed_utc"))
    out: list[Reason] = []
    if digest_of(stands.content) != stands.digest:
        out.append(seal.SealEdited())
    if sealed and sealed[1] != stands.digest:
        out.append(seal.SealReplaced(sealed[1]))
    if sealed and first is not None and first < sealed[0]:
        out.append(seal.SealedLate())
    known = met(journal)
    out += [seal.SealDiffers(change, known.of(change)) for change in changes_since(workspace, plan, store)]
    return tuple(out)


def _older_rules(workspace: Workspace, store: Store) -> list[Reason]:
    """Evidence that was sealed under other rules or token prices is judged by today's, and says so."""
    written = store.seal()
    if written is None:
        return []
    sealed = Seal(written["digest"], written["content"])
    method = method_of(workspace)
    out: list[Reason] = [] if sealed.method == method else [seal.OtherMethod(sealed.method, method)]
    now = token_list_of(workspace)
    if sealed.token_list and now and sealed.token_list != now:
        out.append(seal.OtherTokenPrices(sealed.token_list, now))
    return out


def _calibration(store: Store, findings: Findings) -> list[Reason]:
    """Whether the generator's own truth is known, for the machine and versions that measured."""
    said = store.calibration()
    if said is None:
        return [doubt.NotCalibrated()]
    out: list[Reason] = []
    for judged in dict.fromkeys(c["verdict"] for c in said["checks"] if c["verdict"] != "pass"):
        mine = [c for c in said["checks"] if c["verdict"] == judged]
        first = mine[0]
        out.append(
            doubt.CalibrationOff(len(mine), judged == "fail", first["law"], first["quantity"], first["why"] or "")
        )
    runs = [r.record.run for r in findings.data.runs if r.record.run]
    used = {name: sorted({str(run.get("versions", {}).get(name)) for run in runs}) for name in said["versions"]}
    other = [name for name, versions in used.items() if versions and versions != [said["versions"][name]]]
    if other:
        out.append(doubt.CalibratedOtherwise(tuple(other)))
    return out


def _tampering(store: Store) -> list[Reason]:
    """Evidence that is not as it was left, file by file, and a journal that is gone or was edited."""
    out: list[Reason] = []
    for one in (store, *store.beside):
        where = "" if one is store else f"{one.root.relative_to(store.root)}: "
        out += [seal.EvidenceChanged(where, words) for words in one.integrity().problems()]
    return out


def _unread(findings: Findings) -> list[Reason]:
    """Attempts without data: a block is paired, so one run that cannot be read costs it whole."""
    return [seal.RunUnread(str(u.file), str(u.why), u.record.block, u.without) for u in findings.data.unread]


def _older(store: Store, findings: Findings) -> list[Reason]:
    """What the format of an earlier release did not record; unknown here is not fine."""
    journal, content = store.journal(), (store.seal() or {}).get("content", {"rule": None})
    read = [run.columns for run in findings.data.runs if isinstance(run.columns, Columns)]
    columns = tuple(sorted({name for one in read for name in SAMPLES_LATER - one.here}))
    runs = [run.record.run or {} for run in findings.data.runs]
    lacking = doubt.OlderEvidence(
        links=bool(journal) and not any("chain" in event for event in journal),
        digests=bool(journal) and not any(event.get("files") for event in journal),
        rule="rule" not in content,
        columns=columns,
        fields=tuple(name for name in ("contention", "arrivals") if runs and not any(run.get(name) for run in runs)),
    )
    return [lacking] if columns else []


def _aa(findings: Findings) -> list[Reason]:
    """Whether the harness's own bias was measured, and what it is."""
    gate = findings.aa
    if gate is None:
        return [doubt.AaMissing()]
    if gate.biased:
        return [doubt.AaBiased(gate.target, tuple(c.metric for c in gate.biased))]
    if not gate.told:
        return [doubt.AaFewPairs(gate.units, LEAST_BLOCKS)]
    return [aa_silent(gate)]


def aa_silent(gate: AaGate) -> doubt.AaSilent:
    """The bias that a silent A/A run could have seen."""
    return doubt.AaSilent(gate.target, POWER, tuple((c.metric, gate.noticed(c.metric)) for c in gate.comparisons))


def _looks(findings: Findings) -> list[Reason]:
    """Blocks that were measured and are not read yet, and that an early stop biases an estimate."""
    look, valid = findings.look, len(findings.data.blocks_valid)
    out: list[Reason] = []
    if look.number and valid > look.blocks:
        out.append(doubt.BlocksUnread(valid, look.blocks, look.following))
    if look.number and look.early:
        out.append(doubt.EarlyLook(look.number, look.of, look.blocks, look.confidence))
    if (ended := findings.ended) is not None:
        left_out = (len(ended.not_needed), findings.data.blocks_planned)
        out.append(doubt.EndedEarly(*left_out, ended.look, ended.of, ended.blocks, ended.because))
    return out


def _warm_up(findings: Findings) -> list[Reason]:
    return [
        doubt.WarmUpShort(w.target, w.profile, w.wanted_s, w.declared_s)
        for w in findings.warm_ups
        if w.too_short and w.wanted_s is not None
    ]


def _checks(store: Store, findings: Findings) -> list[Reason]:
    """What was checked before the first block and is not fine: an answer that could not be had is not fine either.

    What an endpoint has no way to tell is a doubt only where the samples do not show it.
    """
    out: list[Reason] = []
    untold: list[str] = []
    for group, checks in (store.checks() or {}).items():
        for check in checks:
            if check["answer"] == Answer.UNTOLD:
                untold += [] if _shown(check.get("shown_by"), findings) else [check["name"]]
            elif check["answer"] != Answer.PASS:
                out.append(doubt.CheckNotFine(group, check["answer"], check["name"], check["detail"] or ""))
    if untold:
        out.append(doubt.ChecksUntold(tuple(untold)))
    return out


def _shown(by: str | None, findings: Findings) -> bool:
    """Whether the samples prove it: the same text for every pair is the same work, whatever made it."""
    p = findings.parity
    answers = p.pairs > 0 and p.same_answer == p.pairs
    match by:
        case ShownBy.ANSWERS:
            return answers
        case ShownBy.CITATIONS:
            return answers or (
                p.overlap is not None and p.same_citations == p.pairs
            )  # each pair, not those that say it
        case ShownBy.STREAMS:
            return any(s.told for s in findings.streams)
        case _:
            return False


def _settings(workspace: Workspace, findings: Findings) -> list[Reason]:
    """Memory and workers that somebody chose by feeling make a comparison of two guesses."""
    tried = {s.target: s for s in findings.settings}
    hand = [t.name for t in workspace.pair() if t.name not in tried and t.runtime.controlled]
    out: list[Reason] = []
    if hand and not workspace.config.scaling.rehearsal:
        out.append(doubt.SettingsByHand(tuple(dict.fromkeys(hand))))
    for s in tried.values():
        if s.chosen is None:
            out.append(doubt.SweepChoseNone(s.target, s.reason))
        elif s.differs:
            out.append(doubt.SweepChoseOther(s.target, s.chosen, s.reason, s.now))
    return out


def _streams(findings: Findings) -> list[Reason]:
    return [doubt.StreamsBuffered(s.target, s.held_back, s.told) for s in findings.streams if s.buffered]


def _capacity(workspace: Workspace, findings: Findings) -> list[Reason]:
    """Whether what is priced could carry the expected peak."""
    if not findings.capacities:
        fleets = [t.name for t in workspace.pair() if (bill := billing_of(t)) and not bill.by_use]
        return [doubt.CapacityNotSearched(tuple(fleets))]
    out: list[Reason] = []
    carried = {c.target: c.at_least for c in findings.capacities}
    for s in findings.sizings:
        use, most = s.utilisation, carried[s.target]
        if most is not None and most * UTILISATION < s.peak_per_s:
            out.append(doubt.PeakNotAsked(s.target, most, s.peak_per_s, s.peak_per_s / UTILISATION))
        elif isinstance(use, Unknown):
            if most is None:
                out.append(doubt.CapacityNotKnown(s.target, use.reason))
        elif (use.high or use.value) > UTILISATION:
            out.append(doubt.PeakBeyond(s.target, s.peak_per_s, use.value, UTILISATION))
    return out


def _never_cold(findings: Findings) -> list[Reason]:
    """Experiments whose target's control plane did not make it cold; what they were to measure is missing."""
    said = [(run.record.run or {}).get("experiment") or {} for run in findings.data.runs]
    ended = [str(one.get("ended")) for one in said if any("error" in cold for cold in one.get("colds") or ())]
    return [doubt.NeverMadeCold(words) for words in dict.fromkeys(ended)]


def _contention(findings: Findings) -> list[Reason]:
    """Times of processes that waited for each other's cores are this machine's, not the runtimes'."""
    shared = [c for c in findings.contention if c.shared or c.loopback]
    contended, told = sum(c.contended for c in shared), sum(c.told for c in shared)
    if not contended:
        return []
    return [doubt.CoresShared(contended, told)]


def _silent(findings: Findings) -> list[Reason]:
    """Runs that count and measured nothing but the provider's failure."""
    silent = sum(only_upstream((r.record.ledger or {}).get("outcomes") or {}) for r in findings.data.runs)
    if not silent:
        return []
    return [doubt.ProviderFailed(silent, len(findings.data.runs))]


def _retries(findings: Findings) -> list[Reason]:
    """With a client that tries again, times and outcomes are those of the user's request, not of each attempt."""
    out: list[Reason] = []
    for target in dict.fromkeys(findings.data.targets):
        made = [run.columns["attempts"] for run in findings.data.runs if run.target == target]
        requests, attempts = sum(len(m) for m in made), int(sum(float(m.sum()) for m in made))
        if attempts > requests:
            out.append(doubt.Retried(target, requests, attempts))
    return out


def _parity(findings: Findings) -> list[Reason]:
    p = findings.parity
    if not p.pairs:
        return [doubt.NothingPaired()]
    return [doubt.AnswersDiffer(what, of - same, of) for what, same, of in p.compared if same < of]


def _spread(findings: Findings) -> list[Reason]:
    data = findings.data
    out: list[Reason] = []
    for profile in dict.fromkeys(v.profile for v in findings.slos):
        for target in dict.fromkeys(data.targets):
            spread = block_spread([r.measured_of(r.response_s) for r in data.of(target, profile)], 0.95)
            if spread is not None and spread > SPREAD_LIMIT:
                out.append(doubt.BlocksSpread(target, profile, spread))
    return out


def _prices(workspace: Workspace, findings: Findings) -> list[Reason]:
    out = unreconciled(findings)
    today = date.fromisoformat(_day_of(findings))
    unsure: dict[tuple[str, ...], list[str]] = {}
    unknown: dict[Reason, list[str]] = {}
    for target in {t.name: t for t in workspace.pair()}.values():
        if target.prices is None:
            out.append(doubt.NoPricesOf(target.name))
            continue
        bill = findings.cost_of(target.name).monthly
        out += _of_prices(workspace, target, target.prices, bill, today)
        if lines := _unconfirmed(target.prices, bill):
            unsure.setdefault(lines, []).append(target.name)
    for cost in findings.costs:
        if cost.unlisted:
            out.append(doubt.ModelsUnlisted(cost.target, cost.unlisted, _book_of(workspace, cost.target)))
        if isinstance(cost.per_month_usd, Unknown):
            unknown.setdefault(cost.per_month_usd.reason, []).append(cost.target)
    out += [doubt.CostNotKnown(tuple(targets), why) for why, targets in unknown.items()]
    out += [doubt.PricesUnconfirmed(tuple(targets), lines) for lines, targets in unsure.items()]
    return list(dict.fromkeys(out))  # of a book that both are priced by once


def _unconfirmed(prices: PriceModel, bill: Bill | None) -> tuple[str, ...]:
    """What its bill calls the lines whose prices nobody has confirmed."""
    names = called(bill.lines) if bill else {}
    return tuple(sorted(names[p.key] for p in read_book(prices.book).prices if p.key in names and not p.confirmed))


def _of_prices(
    workspace: Workspace, target: Target, prices: PriceModel, bill: Bill | None, today: date
) -> Iterator[Reason]:
    """Of one target's book, discount, and parts that nothing bills."""
    discount = pricing_of(prices).terms.discount
    if discount is not None and discount.interruptible:
        yield doubt.CanBeTaken(target.name, float(discount.share))
    book = read_book(prices.book)
    if book.age_days(today) > OLD_AFTER_DAYS:
        yield doubt.BookOld(book.name, book.age_days(today))
    if prices.book and book.region != prices.region:
        named = _as_named(workspace, prices.book)
        yield doubt.PricesElsewhere(target.name, prices.region, named, book.region)
    used = {line.price_key for line in bill.lines} if bill else set()
    covered = {name for cost in target.beside for name in cost.covers}
    parts = [p.name for p in parts_of(target) if p.price_key not in used and p.name not in covered]
    if bill is not None and parts:
        yield doubt.PartsUnpriced(target.name, tuple(parts))


def _as_named(workspace: Workspace, book: str) -> str:
    """A book of a team's own by its path in the workspace."""
    path = Path(book)
    return path.relative_to(workspace.root).as_posix() if path.is_relative_to(workspace.root) else book


def _book_of(workspace: Workspace, name: str) -> str:
    prices = workspace.target(name).prices
    return prices.book if prices else ""


def _day_of(findings: Findings) -> str:
    """The evidence's own last day: a report of it must not change with the calendar."""
    days = [str(run.record.run["started_utc"])[:10] for run in findings.data.runs if run.record.run]
    return max(days, default="1970-01-01")
