"""What the platforms measured beside what clients saw, what the service says of its own time, and which tier gave way first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from harness.analysis.capacity import Capacity
from harness.analysis.gave_way import LEAST, UNTOLD, Confirmed, GaveWay
from harness.analysis.shown import Shown as Series
from harness.decision.findings import Findings
from harness.domain.columns import Kind
from harness.domain.estimate import Unknown
from harness.domain.experiments.belief import StepVerdict
from harness.platforms.platform import Per, Tier
from harness.platforms.registry import meaning_of
from harness.report.blocks import Shown, Table, Tone, listed, table
from harness.report.columns import estimate, figure, plain, profile, several, target, text, word
from harness.words.numbers import bracket, count, percent, significant, span

Names = Mapping[str, str]


def series(findings: Findings, names: Names) -> Table:
    """Every series that was collected or asked for in vain, a row each; of a source that gave nothing what it is for."""
    note = (
        "One figure a run, then over valid runs, warm-ups too, as platforms count. The client's figure is of the same runs, in the "
        "same unit, a percentile beside a percentile; where labels tell series apart it stands beside all of them together."
    )
    return listed(
        "platform",
        "What the platforms measured",
        sorted(findings.series, key=_place),
        [
            (target(names), lambda s: s.target),
            (profile(), lambda s: s.profile),
            (text("what it is", lack="nothing declares it"), _meaning),
            (
                several(
                    "mean (least to most)", ("mean", "least", "most"), _ends, lack="not collected", kind=Kind.FLOAT
                ),
                _spread,
            ),
            (
                several(
                    "unit, of each run",
                    ("unit", "of_a_run"),
                    lambda unit, per: f"{unit}, {per}",
                    lack="not said",
                    tone=Tone.PLAIN,
                    kind=Kind.TEXT,
                ),
                _unit,
            ),
            (figure("client's", "client", significant, lack="none"), lambda s: s.client.mean if s.client else None),
            (
                several("runs collected", ("collected", "runs"), lambda k, n: f"{k} of {n}", tone=Tone.PLAIN),
                lambda s: ((s.of_runs.runs if s.of_runs else 0), s.runs),
            ),
            (text("tier", lack="not declared"), lambda s: s.tier),
            (text("series"), lambda s: s.metric),
        ],
        note,
    )


def _place(s: Series) -> tuple[str, str, int]:
    """By target and profile, then from the front to the provider."""
    return s.target, s.profile, list(Tier).index(s.tier) if s.tier else len(Tier)


def _unit(s: Series) -> tuple[str, Per] | None:
    return (s.unit, s.signal.per if s.signal else Per.MEAN) if s.unit else None


def _meaning(s: Series) -> str | None:
    if s.signal is None:
        return meaning_of(s.source) or None
    label = s.metric.removeprefix(s.signal.metric).strip()
    return f"{s.signal.meaning}, {label}" if label else s.signal.meaning


def _spread(s: Series) -> tuple[float, float, float] | Unknown | None:
    if s.of_runs:
        return s.of_runs.mean, s.of_runs.least, s.of_runs.most
    return Unknown(s.absent) if s.absent else None


def _ends(mean: float, least: float, most: float) -> str:
    return f"{significant(mean)}{bracket(significant(mean), span(least, most, significant))}"


TIMED: Names = {
    "queue_ms": "wait for a place in the service",
    "retrieval_ms": "retrieval",
    "model_ttft_ms": "model, first token",
    "generation_ms": "model, whole answer",
}


def timings(findings: Findings, names: Names) -> Table:
    """Queue, retrieval and the model, as answers tell them."""
    rows = [(t.target, t.profile, t.name, (t.told, t.answers), t.p50_ms, t.p95_ms) for t in findings.timings]
    shown = (
        target(names),
        profile(),
        word("timing", write=lambda name: TIMED.get(name, name)),
        *_percentiles("answers that say it", "told"),
    )
    return table(
        "timings", "What the service says of its own time", shown, rows, "Good measured answers of valid runs."
    )


def spans(findings: Findings, names: Names) -> Table:
    """Where requests' time went inside the service, by the names of its spans."""
    rows = [(s.target, s.profile, s.name, (s.joined, s.answers), s.p50_ms, s.p95_ms) for s in findings.spans]
    shown = (target(names), profile(), text("span"), *_percentiles("answers with it", "joined"))
    note = (
        "Good measured answers of valid runs, joined by their trace, which is the request's own id, or by the id that a span names. "
        "Spans of one name in one request are one time; a span within another is part of its time."
    )
    return table("spans", "Where the time went, by the service's spans", shown, rows, note)


def _percentiles(head: str, name: str) -> tuple[Shown, ...]:
    return (
        several(head, (name, "answers"), lambda k, n: f"{k} of {n}", tone=Tone.PLAIN),
        estimate("p50 (ms)", "p50_ms", significant),
        estimate("p95 (ms)", "p95_ms", significant),
    )


def gave_way(findings: Findings, names: Names) -> Table:
    """Of each profile, and of each step of a capacity search at which a request was bad."""
    note = (
        "Of the first bad requests of each run (a tenth of them, five at least): a failed one names its tier by who failed it, a "
        "late one by the part of its time that grew most against good answers of the same run. More than half must agree. The platform's "
        "series are those of the same tier of which there is none while all is well, or that went to their end."
    )
    return listed(
        "gave-way",
        "What gave way first",
        [g for g in findings.gave_way if g.bad or g.step is None],
        [
            (target(names), lambda g: g.target),
            (profile(), lambda g: g.profile),
            (plain("block", "block", lack="all"), lambda g: g.block),
            (figure("rate (requests/s)", "offered_per_s", significant, lack="as planned"), lambda g: g.rate_per_s),
            (
                several("failed or late", ("bad", "offered"), lambda k, n: f"{k} of {n}", tone=Tone.PLAIN),
                lambda g: (g.bad, g.offered),
            ),
            (text("gave way first"), lambda g: g.tier or _why_none(g)),
            (text("by", lack="nothing to tell by"), _points),
            (text("the platform says the same", "confirmed", lack="no tier is named"), _platform_says),
        ],
        note,
    )


def _why_none(g: GaveWay) -> str:
    if not g.bad:
        return "nothing"
    if g.bad < LEAST:
        return "can't tell: too few"
    return "can't tell: answers don't say" if g.others[0][0] == UNTOLD else "can't tell: they disagree"


def _points(g: GaveWay) -> str | None:
    said = [f"{n} {_words(name)}" for name, n in g.others]
    if g.tier is not None:
        said = [f"{g.of_tier} of the first {g.first}", *said]
    return ", ".join(said) or None


def _words(tier: str) -> str:
    return "not told" if tier == UNTOLD else tier


def _platform_says(g: GaveWay) -> tuple[str, ...] | None:
    if g.tier is None:
        return None
    return tuple(map(_confirmed, g.confirmed)) or ("no series of that tier says so",)


def _confirmed(one: Confirmed) -> str:
    return f"{one.signal.meaning}: {_amount(one)}"


def _amount(one: Confirmed) -> str:
    match one.signal.unit:
        case "count":
            return count(one.value)
        case "share":
            return percent(one.value)
        case unit:
            return f"{significant(one.value)} {unit}"


def at_its_limit(findings: Findings, names: Names) -> tuple[str, ...]:
    """Of each search a sentence: what gave way where its steps broke, or that it can't be told."""
    return tuple(_sentence(names[c.target], _broken(findings, c)) for c in findings.capacities if _broken(findings, c))


def _broken(findings: Findings, c: Capacity) -> list[GaveWay]:
    steps = {(s.block, s.rate) for s in c.steps if s.verdict is StepVerdict.BROKEN}
    return [g for g in findings.gave_way if g.target == c.target and g.step and (g.block, g.rate_per_s) in steps]


def _sentence(name: str, broken: Sequence[GaveWay]) -> str:
    rates = sorted({g.rate_per_s for g in broken if g.rate_per_s is not None})
    at = f"{significant(rates[0])}/s" + (f" to {significant(rates[-1])}/s" if len(rates) > 1 else "")
    tier, most = Counter(g.tier for g in broken).most_common(1)[0]
    if tier is None or 2 * most <= len(broken):
        told = Counter(g.tier for g in broken if g.tier)
        parts = [f"{t} {n}" for t, n in told.most_common()] + [
            f"not told {n}" for n in [len(broken) - told.total()] if n
        ]
        return f"{name}: what gave way first at {at} can't be told ({', '.join(parts)} of {len(broken)} broken steps)."
    agreeing = [g for g in broken if g.tier is tier]
    first, of_tier = sum(g.first for g in agreeing), sum(g.of_tier for g in agreeing)
    steps = f" at {most} of {len(broken)} broken steps" if len(broken) > 1 else ""
    seen: dict[str, list[str]] = {}
    for c in (c for g in agreeing for c in g.confirmed):
        seen.setdefault(c.signal.meaning, []).append(_amount(c))
    said = (f"{meaning}: {', '.join(dict.fromkeys(amounts))}" for meaning, amounts in seen.items())
    confirmed = f"; the platform says the same: {'; '.join(said)}" if seen else ""
    return f"{name}: the {tier} gave way first at {at}: {of_tier} of the first {first} bad requests point at it{steps}{confirmed}."
