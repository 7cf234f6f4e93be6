"""Sentences for doubts."""

from __future__ import annotations

from harness.domain.job import Fate
from harness.domain.reasons import doubt as kinds
from harness.domain.reasons import seal
from harness.domain.reasons.doubt import Figures, What
from harness.domain.reasons.seal import How
from harness.domain.verdict import MEASURED
from harness.domain.workload import CALLED
from harness.words.numbers import counted, duration_text, joined, span, verb
from harness.words.speech import Book, said

PAIRED = {What.ANSWERS: "answers", What.CITATIONS: "citations", What.TOKENS: "token counts"}


def _seal_missing(r: seal.SealMissing) -> str:
    was = f" The journal records the seal {r.known}: seal.json was removed." if r.known else ""
    return f"Sealed criteria: there is no seal, so the criteria may have been chosen after the data.{was}"


def _seal_differs(r: seal.SealDiffers) -> str:
    return f"Sealed criteria: changed since the seal: {said(r.change)}{f' ({said(r.met)})' if r.met else ''}"


def _change(r: seal.Change) -> str:
    match r.how:
        case How.EDITED:
            return f"{r.field}: {_short(r.sealed)} → {_short(r.now)}"
        case How.ENTRIES:
            return f"{r.field}: {r.changed} of {r.entries} entries changed"
        case _:
            return f"{r.field}: {r.how.value}"


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


def _other_method(r: seal.OtherMethod) -> str:
    before = f"the method {r.sealed}" if r.sealed else "an earlier method, which the seal does not name"
    return f"The plan was sealed under {before}; every verdict here uses {r.now} (docs/method.md)."


def _aa_silent(r: kinds.AaSilent) -> str:
    """The bias that a silent A/A run could have seen: silence does not prove that there is none."""
    noticed = " and ".join(f"in {MEASURED[metric]} {_bias(ratio)}" for metric, ratio in r.noticed)
    return (
        f"The A/A run found no bias of {r.target} against itself; {r.power * 10:.0f} of 10 such runs would have noticed "
        f"{noticed}. A smaller bias is possible."
    )


def _bias(ratio: float | None) -> str:
    """A bias as a share of the measured value; as a multiple from double on."""
    if ratio is None:
        return "none of any size"
    return f"one of {(ratio - 1) * 100:.2g} %" if ratio < 2 else f"one of {ratio:.2g} times and no smaller one"


def _blocks_unread(r: kinds.BlocksUnread) -> str:
    following = f"; the next look is at {r.following}" if r.following else ""
    return f"{r.valid} blocks are valid; verdicts are read at the sealed look at {r.read}{following}."


def _early_look(r: kinds.EarlyLook) -> str:
    return (
        f"Verdicts are from an early look ({r.number} of {r.of}, {r.blocks} blocks) at {r.confidence * 100:g} % "
        "confidence; an estimate that stops here is biased away from its limit."
    )


def _ended_early(r: kinds.EndedEarly) -> str:
    return (
        f"{r.not_needed} of {r.planned} planned blocks {verb(r.not_needed, 'was', 'were')} not needed: "
        f"settled at look {r.look} of {r.of} ({r.blocks} blocks): {r.because}. The intervals allow for it."
    )


def _warm_up_short(r: kinds.WarmUpShort) -> str:
    return (
        f"{r.target} under {r.profile} needs about {r.wanted_s:.0f} s to settle (MSER-5 over the mean of its runs by "
        f"second); the declared warm-up is {r.declared_s:g} s."
    )


def _streams_buffered(r: kinds.StreamsBuffered) -> str:
    return (
        f"{r.target} buffers its streams: in {r.held_back} of {r.told} all tokens arrived at once, at the end, so its time "
        "to first token is that of the whole answer."
    )


def _capacity_not_searched(r: kinds.CapacityNotSearched) -> str:
    priced = f"{' and '.join(r.fleets)} {'is' if len(r.fleets) == 1 else 'are'} priced at the declared size"
    return (
        f"Sustainable capacity was not measured; {priced if r.fleets else 'whether the peak can be carried is open'}."
    )


def _peak_not_asked(r: kinds.PeakNotAsked) -> str:
    return (
        f"{r.target} was not tested beyond {r.at_least:.3g} requests a second; the expected peak of {r.peak_per_s:g} "
        f"needs a capacity of {r.wanted_per_s:.3g}."
    )


def _peak_beyond(r: kinds.PeakBeyond) -> str:
    return (
        f"At the expected peak of {r.peak_per_s:g} requests a second {r.target} would run at {r.use * 100:.0f} % of its "
        f"measured capacity (target {r.planned * 100:.0f} %)."
    )


def _calibration_off(r: kinds.CalibrationOff) -> str:
    did, why = "failed" if r.failed else "could not tell", f": {r.why}" if r.why else ""
    which = f"{r.law}, {r.quantity}" if r.checks == 1 else f"{counted(r.checks, 'check')}, first {r.law}, {r.quantity}"
    return f"The generator's calibration {did} {which}{why}."


def _runs_invalid(r: kinds.RunsInvalid) -> str:
    many = (
        f"{r.runs} runs were invalid or incomplete and are" if r.runs > 1 else "1 run was invalid or incomplete and is"
    )
    return f"{many} excluded; provenance lists each."


def _cores_shared(r: kinds.CoresShared) -> str:
    return (
        f"In {r.contended} of {r.told} runs that recorded it, this machine's cores were saturated for a tenth of the time or "
        "more; generator, model and targets may have waited for each other there."
    )


def _retried(r: kinds.Retried) -> str:
    return (
        f"{r.target}: {counted(r.requests, 'request')} took {counted(r.attempts, 'attempt')}; times, refusals and costs are "
        "those of the whole request as its user saw it, and attempt_log lists each attempt."
    )


def _blocks_spread(r: kinds.BlocksSpread) -> str:
    return (
        f"The p95 of {r.target} under {r.profile} varies by {r.spread * 100:.0f} % between blocks; "
        "when blocks differ that much, a PASS is wrong in up to 8 % of campaigns instead of 5 %."
    )


FIGURES = {
    Figures.COUNTS: "the platform's own counts: invocations, throttles, concurrency, load balancer capacity, tasks",
    Figures.CLUSTER: "requested and used processors and memory, replicas, restarts",
    Figures.SPANS: "spans of each request inside the service",
    Figures.BILL: "the bill itself",
    Figures.REPLICAS: "replicas and so the cost, executions and their units, restarts",
    Figures.DURATIONS: "billed durations and so the cost, and init times",
    Figures.INSTANCE_TIME: "billable instance time and so the cost, instances, waits for an instance",
    Figures.OWN: "figures of its own",
}


def _not_collected(r: kinds.NotCollected) -> str:
    days = ", ".join(f"{day} ({lost} of {runs})" for day, lost, runs in r.days)
    more = f" and {counted(r.more, 'more day')}" if r.more else ""
    return f"Not collected: {r.source} of {r.target} for {r.lost} of {r.runs} runs, on {days}{more}. That weakens {FIGURES[r.weakens]}."


def _billed_days(r: kinds.BilledDays) -> str:
    held = "." if r.final else ", so the model was not checked against a bill."
    return f"Costs of {r.target} are MODELLED; billed coverage is {r.final} of {r.days} days{held}"


def _bill_differs(r: kinds.BillDiffers) -> str:
    off = [("quantity", r.quantity), ("price", r.price)]
    found = ", ".join(f"{what} {error * 100:+.0f} %" for what, error in off if error is not None)
    return f"{r.line} of {r.target}: model and bill differ: {found or 'nothing was billed'}."


def _run_unread(r: seal.RunUnread) -> str:
    left_out = f"; the whole of block {r.block} is left out." if r.without else "."
    return f"Sealed evidence: {r.file} {r.why}. This run is an attempt without data{left_out}"


def _older_evidence(r: kinds.OlderEvidence) -> str:
    lacking = [
        *(["a tamper-evident journal"] if r.links else []),
        *(["digests of its files"] if r.digests else []),
        *(["the decision's rule, prices and criteria in its seal"] if r.rule else []),
        *([f"of each request: {', '.join(r.columns)}"] if r.columns else []),
        *([f"of each run: {', '.join(r.fields)}"] if r.fields else []),
    ]
    return f"An earlier version wrote this evidence. It did not record {'; '.join(lacking)}. These stay unknown."


ENDED = {
    Fate.LOST: "lost",
    Fate.TWICE: "done twice",
    Fate.DEAD_LETTERED: "dead-lettered",
    Fate.TIME_LIMIT: "killed by the time limit",
    Fate.MEMORY_LIMIT: "killed by the memory limit",
    Fate.WORKER_LOST: "killed with the worker",
    Fate.UNFINISHED: "unfinished at the end of the run",
}


def _jobs_ended(r: kinds.JobsEnded) -> str:
    ends = "" if r.low is None or r.high is None else f" ({span(r.low * 100, r.high * 100, lambda v: f'{v:.2g}')} %)"
    return f"{r.target}: {r.count} of {r.of} jobs under {r.profile} {verb(r.count, 'was', 'were')} {ENDED.get(r.fate, r.fate.value)}{ends}."


def _jobs_rough(r: kinds.JobsTimedRoughly) -> str:
    return (
        f"{r.target} does not say when a job under {r.profile} was done: polls find it up to {duration_text(r.resolution_s)} "
        f"late, against a promise of {duration_text(r.limit_s)}."
    )


WORDS: Book = {
    kinds.JobsEnded: _jobs_ended,
    kinds.EffectsUntold: (
        "No result of {target} under {profile} says how often a job's effect became visible, so it is unknown whether any of "
        "{done} was done twice."
    ),
    kinds.JobsTimedRoughly: _jobs_rough,
    kinds.JobsNotMeasured: lambda r: (
        f"The workload {r.workload} promises {joined([CALLED[promise] for promise in r.promises])}, and no run measured its "
        "jobs: the recommendation does not rest on them."
    ),
    seal.RunUnread: _run_unread,
    kinds.OlderEvidence: _older_evidence,
    seal.SealMissing: _seal_missing,
    seal.SealEdited: "Sealed criteria: seal.json was edited after it was written; its digest does not match.",
    seal.SealReplaced: "Sealed criteria: seal.json is not the seal that the journal records, {known}.",
    seal.SealedLate: "Sealed criteria: sealed again after measuring had begun.",
    seal.SealDiffers: _seal_differs,
    seal.EvidenceChanged: "Sealed evidence: {where}{what}.",
    seal.MetAt: "found at {utc} UTC by {user}",
    seal.Change: _change,
    seal.OtherMethod: _other_method,
    seal.OtherTokenPrices: "The plan was sealed with the token prices of {sealed}; costs here are by those of {now}, which is installed.",
    kinds.FewValid: lambda r: f"{r.valid} of {r.planned} blocks {verb(r.valid)} valid; verdicts need {r.least}.",
    kinds.BlocksMissing: lambda r: (
        f"{r.missing} of {r.planned} planned blocks {verb(r.missing, 'was', 'were')} not measured or {verb(r.missing)} not valid."
    ),
    kinds.RunsInvalid: _runs_invalid,
    kinds.IsRehearsal: "This is a rehearsal on one machine: it shows how the pilot works, not how a cloud platform performs.",
    kinds.TeamSays: "{text}",
    kinds.NotCalibrated: "The load generator was not calibrated: run pilot calibrate.",
    kinds.CalibrationOff: _calibration_off,
    kinds.CalibratedOtherwise: lambda r: (
        f"The generator was calibrated with a different {', '.join(r.names)} from that of the runs."
    ),
    kinds.AaMissing: "This plan has no A/A run, so the harness's own bias was not measured.",
    kinds.AaBiased: lambda r: (
        f"The A/A run found {r.target} different from itself in {joined([MEASURED[metric] for metric in r.metrics])}: no "
        "comparison can be trusted."
    ),
    kinds.AaFewPairs: lambda r: (
        f"The A/A run has {counted(r.pairs, 'pair')}; it takes at least {r.least} to show a bias."
    ),
    kinds.AaSilent: _aa_silent,
    kinds.BlocksUnread: _blocks_unread,
    kinds.EarlyLook: _early_look,
    kinds.EndedEarly: _ended_early,
    kinds.WarmUpShort: _warm_up_short,
    kinds.CheckNotFine: lambda r: (
        f"Before the first block, {r.group}: {r.answer}: {r.name}{f' ({r.detail})' if r.detail else ''}."
    ),
    kinds.ChecksUntold: lambda r: f"Neither reported by the endpoints nor shown by the samples: {', '.join(r.names)}.",
    kinds.SettingsByHand: lambda r: (
        f"The memory and worker settings of {' and '.join(r.targets)} were chosen by hand, not by a sweep (pilot sweep)."
    ),
    kinds.SweepChoseNone: "The sweep of {target} chose no setting: {why}.",
    kinds.SweepChoseOther: lambda r: (
        f"The sweep of {r.target} chose {r.chosen} ({said(r.why)}), but the pilot measured "
        f"{' or '.join(r.now) or 'none of the settings it tried'}."
    ),
    kinds.StreamsBuffered: _streams_buffered,
    kinds.CapacityNotSearched: _capacity_not_searched,
    kinds.PeakNotAsked: _peak_not_asked,
    kinds.CapacityNotKnown: "The capacity of {target} is unknown: {why}.",
    kinds.PeakBeyond: _peak_beyond,
    kinds.NeverMadeCold: "An experiment ended early: {what}.",
    kinds.CoresShared: _cores_shared,
    kinds.ProviderFailed: lambda r: (
        f"In {r.silent} of {r.of} runs the provider failed every request; "
        f"{verb(r.silent, 'it counts, but says', 'they count, but say')} nothing about the runtimes."
    ),
    kinds.Retried: _retried,
    kinds.NothingPaired: "No request was answered by both targets, so it is unknown whether they did the same work.",
    kinds.AnswersDiffer: lambda r: (
        f"{r.different} of {r.pairs} paired requests had different {PAIRED[r.what]} on the two targets."
    ),
    kinds.BlocksSpread: _blocks_spread,
    kinds.NoPricesOf: "{target} has no prices, so its cost is unknown.",
    kinds.BookOld: "The price book {book} is {days} days old.",
    kinds.PricesElsewhere: (
        "{target} is in {region} but priced with {book}, list prices of {of_region}: "
        "pilot prices refresh {book} --region {region} makes a book for its region."
    ),
    kinds.PricesUnconfirmed: lambda r: (
        f"Part of the cost of {joined(r.targets)} rests on unconfirmed prices: {joined(r.lines)}."
    ),
    kinds.PartsUnpriced: lambda r: (
        f"{r.target} uses {', '.join(r.parts)}, but its bill has no price for it: add [costs.NAME] with covers."
    ),
    kinds.CanBeTaken: lambda r: (
        f"{r.target} is priced with {r.share * 100:g} % off for spot capacity, which can be taken away at any time; the cost "
        "of replacing it then is not included."
    ),
    kinds.ModelsUnlisted: lambda r: (
        f"No price list has {', '.join(r.models)}, which answered for {r.target}: its tokens "
        + (f"are priced at the stand-in of {r.book}." if r.book else "are not billed.")
    ),
    kinds.CostNotKnown: lambda r: f"The cost of {joined(r.targets)} is unknown: {said(r.why)}.",
    kinds.NotCollected: _not_collected,
    kinds.SeenOtherwise: "{target}: {what}.",
    kinds.NoLogLine: lambda r: (
        f"{r.missing} of {r.of} answered requests {verb(r.missing, 'has', 'have')} no line in the platform's log"
    ),
    kinds.TookLonger: lambda r: (
        f"the platform reports {counted(r.requests, 'request')} that took longer than the client waited"
    ),
    kinds.RefusalsDiffer: lambda r: (
        f"the client saw {counted(r.client, 'refusal')} by the platform, the platform counted {r.platform}"
    ),
    kinds.FewInvocations: lambda r: (
        f"the platform counted {counted(r.platform, 'invocation')}, the client {counted(r.accepted, 'accepted request')}"
    ),
    kinds.ManyInvocations: lambda r: (
        f"the platform counted {counted(r.platform, 'invocation')} for {counted(r.accepted, 'accepted request')}: "
        "something else used the function"
    ),
    kinds.NothingBilled: "Costs are MODELLED: measured usage at list prices, nothing was billed.",
    kinds.BilledDays: _billed_days,
    kinds.BillDiffers: _bill_differs,
}
