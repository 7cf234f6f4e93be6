"""Findings at random: what verdicts, comparisons, costs, refusals and pairs may be, without a request sent."""

from dataclasses import replace

from harness.analysis.contention import Contention
from harness.analysis.parity import Parity
from harness.analysis.throttling import Funnel
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reasons import absence, verdict
from harness.domain.verdict import Comparison, Judgement, Relation, Slo, SloVerdict

SLOS = (
    Slo("p95 response time", "p95_s", 1.5, "s"),
    Slo("p95 time to first token", "ttft_p95_s", 0.9, "s"),
    Slo("error rate", "error_rate", 0.01, "share"),
)
CEILING = Slo("runtime cost a month", "monthly_usd", 600.0, "USD")
WHY = {
    Judgement.PASS: verdict.ShownFewer(0.01, 100, 0.05),
    Judgement.FAIL: verdict.ShownMore(0.2, 100, 0.05),
    Judgement.INCONCLUSIVE: verdict.NotShown(0.05, 100, 0.05),
}


def estimate(value, spread=0.1, n=100, blocks=6):
    return Estimate(value, value * (1 - spread), value * (1 + spread), 0.95, n, blocks, "drawn")


def findings_of(base, rng):
    """``base`` with all that sentences speak of drawn anew."""
    targets, profiles = (base.data.baseline, base.data.candidate), base.data.profiles
    monthly = {t: _cost(rng) for t in targets}
    return replace(
        base,
        slos=tuple(_verdict(rng, t, p, slo) for p in profiles for slo in SLOS for t in targets),
        cost_verdicts=tuple(_ceiling(t, usd) for t, usd in monthly.items() if isinstance(usd, Estimate)),
        hybrids=tuple(_dearer(monthly.values()) for _ in base.hybrids),
        comparisons=tuple(_comparison(rng, p, m) for p in profiles for m in ("p95_s", "ttft_p95_s")),
        costs=tuple(
            replace(
                c,
                per_success_usd=_per(monthly[c.target], 1e6),
                per_good_usd=_per(monthly[c.target], 1e6),
                per_month_usd=monthly[c.target],
            )
            for c in base.costs
        ),
        funnels=tuple(_funnel(rng, t, p) for p in profiles for t in targets),
        parity=_parity(rng),
        contention=tuple(_contention(rng, t) for t in targets),
    )


def _verdict(rng, target, profile, slo):
    judgement = rng.choice([Judgement.PASS, Judgement.PASS, Judgement.PASS, Judgement.FAIL, Judgement.INCONCLUSIVE])
    times = {Judgement.PASS: 0.5, Judgement.FAIL: 2.0, Judgement.INCONCLUSIVE: 1.0}[judgement]
    known = estimate(slo.limit * times * rng.uniform(0.95, 1.05))
    if judgement is Judgement.FAIL and slo.unit == "s" and rng.random() < 0.3:
        known = Unknown(absence.ManyFailed(0.229, 672))
    return SloVerdict(target, profile, slo, judgement, known, WHY[judgement])


def _cost(rng):
    if rng.random() < 0.15:
        return Unknown(absence.NoPrices())
    return estimate(rng.choice([100.0, 100.2, 130.0, 250.0, 700.0]) * rng.uniform(0.99, 1.01), rng.choice([0.001, 0.1]))


def _dearer(months):
    """Both together cost no less than either."""
    unknown = [usd for usd in months if not isinstance(usd, Estimate)]
    return unknown[0] if unknown else max(months, key=lambda usd: usd.value)


def _per(known, requests):
    return known.scaled(1 / requests) if isinstance(known, Estimate) else known


def _ceiling(target, usd):
    found = (
        Judgement.PASS
        if usd.high <= CEILING.limit
        else Judgement.FAIL
        if usd.low > CEILING.limit
        else Judgement.INCONCLUSIVE
    )
    return SloVerdict(target, "expected traffic", CEILING, found, usd, verdict.WithinLimit())


def _comparison(rng, profile, metric):
    ratio = rng.choice([0.6, 0.97, 1.0, 1.04, 1.7])
    known = estimate(ratio, rng.choice([0.02, 0.2]))
    relation = Relation.UNRESOLVED
    if known.high < 1:
        relation = Relation.BETTER
    elif known.low > 1:
        relation = Relation.WORSE
    elif known.low > 1 / 1.1 and known.high < 1.1:
        relation = Relation.EQUIVALENT
    return Comparison(profile, metric, relation, known, 1.1, verdict.NeitherShown())


def _funnel(rng, target, profile):
    offered = rng.randint(100, 2000)
    refused = rng.choice([0, 0, 1, offered // 5, offered])
    good = int((offered - refused) * rng.choice([1, 0.9]))
    share = Estimate(refused / offered, 0.0, 1.0, 0.95, offered, 6, "drawn")
    late = None if refused == offered else rng.uniform(0.1, 3)
    return Funnel(target, profile, offered, offered - refused, offered - refused, good, share, (), (0, refused), late)


def _parity(rng):
    pairs = rng.choice([0, 276, 276, 900])
    alike = [pairs if rng.random() < 0.6 else rng.randint(0, pairs) for _ in range(3)]
    overlap = None if not pairs or rng.random() < 0.2 else 1.0 if alike[1] == pairs else rng.uniform(0.95, 0.999)
    texts, cited, counted = alike
    if overlap is None:  # neither reports any
        return Parity(pairs, texts, 0, 0, of_citations=0, of_tokens=0)
    return Parity(pairs, texts, cited, counted, overlap=overlap)


def _contention(rng, target):
    told = rng.randint(0, 12)
    shared = rng.random() < 0.3
    return Contention(target, "steady", 12, told, rng.randint(0, told), None, shared, shared or rng.random() < 0.3)
