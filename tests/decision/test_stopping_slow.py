"""Stopping when settled, over a thousand campaigns of known truth: the same decision, fewer blocks; slow, so not part of CI."""

from __future__ import annotations

import math
import os
from dataclasses import MISSING, dataclass, fields
from types import SimpleNamespace

import numpy as np
import pytest

from harness.analysis import compare, slo
from harness.analysis.dataset import Dataset
from harness.decision.ceilings import months
from harness.decision.findings import Findings
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.opened import open_comparisons
from harness.decision.rule import Voids, choose, gate, hybrid_gate
from harness.decision.scorecards import scoring
from harness.decision.settling import Settled, lasts, settled
from harness.domain.estimate import Estimate, Unknown
from harness.domain.looks import first_blocks, look, looks_of
from harness.domain.reasons import absence
from harness.domain.verdict import Judgement, Slo
from tests.analysis.fakes import run_of
from tests.builders import Pilot

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]
CAMPAIGNS = int(os.environ.get("CAMPAIGNS", "1000"))
PLANNED, REQUESTS = 12, 600
WITHIN = math.sqrt(math.log(1 + 0.5**2))  # of the logarithm: answers with a coefficient of variation of .5
ALIKE, APART = (
    0.05,
    0.10,
)  # of the logarithm, how much blocks differ in what both see; by half of it each target by itself
Z95 = 1.6448536269514722
LIMIT_S = 2.0


@dataclass(frozen=True)
class Law:
    """The promise over each target's true p95, and what each costs a month."""

    name: str
    baseline: float
    candidate: float
    usd: tuple[float, float] = (400.0, 400.0)
    spread: float = ALIKE
    failing: float = 0.0


def campaign(law: Law, rng: np.random.Generator) -> Dataset:
    """Twelve blocks; the true p95 is that of all blocks there could be, whose whole is lognormal again."""
    weather, runs, own = rng.normal(0, law.spread, PLANNED), [], law.spread / 2
    for target, over in (("alpha", law.baseline), ("beta", law.candidate)):
        median = LIMIT_S / over / math.exp(Z95 * math.sqrt(WITHIN**2 + law.spread**2 + own**2))
        for block in range(PLANNED):
            shift = weather[block] + rng.normal(0, own)
            times = median * np.exp(shift + rng.normal(0, WITHIN, REQUESTS))
            times[rng.random(REQUESTS) < law.failing] = math.inf
            model_ms = 600.0 * np.where(np.isfinite(times), times, 1.0)
            runs.append(run_of(times, block=block + 1, target=target, generation_ms=model_ms))
    blocks = tuple(range(1, PLANNED + 1))
    return Dataset("alpha", "beta", ("steady",), tuple(runs), PLANNED, blocks, ())


def cost(target: str, usd: float) -> SimpleNamespace:
    month = Estimate(usd, usd * 0.98, usd * 1.02, 0.95, 7200, 12, "drawn")
    one = Estimate(usd / 2e6, usd / 2e6 * 0.98, usd / 2e6 * 1.02, 0.95, 7200, 12, "drawn")
    return SimpleNamespace(target=target, per_month_usd=month, per_success_usd=one, resting_usd=None)


@dataclass(frozen=True)
class Read:
    """What one look says."""

    choice: str
    ends: bool
    settled: Settled | None
    judged: tuple[Judgement, ...]


def findings_of(**known) -> Findings:
    """With nothing else in them: what a gate is made of is theirs to say."""
    return Findings(**{f.name: () for f in fields(Findings) if f.default is MISSING} | known)


def read(workspace, law: Law, whole: Dataset, valid: int) -> Read:
    """By the product's own entry points, as `pilot decide` comes to them."""
    now = look(valid, PLANNED)
    data = whole.at(first_blocks(whole.blocks_valid, now.blocks))
    promises = [Slo("p95 response time", "p95_s", LIMIT_S, "s"), Slo("error rate", "error_rate", 0.01, "share")]
    limits = (LIMIT_S, None)
    costs = {name: cost(name, usd) for name, usd in zip(("alpha", "beta"), law.usd, strict=True)}
    findings = findings_of(
        data=data,
        slos=slo.verdicts(data, promises, ["steady"], limits, now.confidence),
        comparisons=compare.comparisons(data, ["steady"], 1.10, limits, now.confidence),
        cost_verdicts=tuple(
            slo.ceiling(c.target, "runtime cost a month", "monthly_runtime_usd", 600.0, c.per_month_usd)
            for c in costs.values()
        ),
        costs=tuple(costs.values()),
        hybrids=tuple(Unknown(absence.NoHybrid()) for _ in months(workspace)),
    )
    gates = {BASELINE: gate("alpha", findings), CANDIDATE: gate("beta", findings)}
    gates[HYBRID] = hybrid_gate(workspace, findings)
    chosen = choose(workspace, findings, gates, scoring(workspace, findings), Voids())
    why = settled(gates, chosen.by, told=not open_comparisons(findings), priced=True)
    ends = why is not None and lasts(chosen)
    return Read(chosen.choice, ends, why, tuple(v.judgement for v in findings.slos))


def overturned(early: Read, full: Read) -> bool:
    """A promise that was decided one way and is the other way at the end."""
    decided = {Judgement.PASS, Judgement.FAIL}
    return any(a != b and {a, b} == decided for a, b in zip(early.judged, full.judged, strict=True))


def simulate(law: Law, workspace) -> tuple[float, float, float]:
    """Shares: campaigns with the same choice as the full plan, blocks used, promises overturned."""
    same = used = turned = 0
    where = dict.fromkeys(looks_of(PLANNED), 0)
    for seed in range(CAMPAIGNS):
        whole = campaign(law, np.random.default_rng([seed, 16]))
        full = read(workspace, law, whole, PLANNED)
        for count in looks_of(PLANNED):
            early = full if count == PLANNED else read(workspace, law, whole, count)
            if early.ends or count == PLANNED:
                break
        where[count] += 1
        same += early.choice == full.choice
        used += count
        turned += overturned(early, full)
    shares = same / CAMPAIGNS, used / CAMPAIGNS / PLANNED, turned / CAMPAIGNS
    stops = ", ".join(f"{count}: {n / CAMPAIGNS:.1%}" for count, n in where.items())
    print(f"{law.name:<60} same {shares[0]:.1%}  blocks {shares[1]:.1%}  overturned {shares[2]:.1%}  ends at {stops}")
    return shares


CHEAPER = (500.0, 250.0)
DECIDED = [
    Law("both 1.2, candidate at half the cost", 1.2, 1.2, CHEAPER),
    Law("baseline 1.2, candidate 1.5", 1.2, 1.5),
    Law("baseline 1.2, candidate fails (1/1.2)", 1.2, 1 / 1.2),
    Law("both 1.5, candidate at half the cost", 1.5, 1.5, CHEAPER),
    Law("baseline 1.5, candidate 2.25", 1.5, 2.25),
    Law("baseline 1.5, candidate fails (1/1.5)", 1.5, 1 / 1.5),
]
HARD = [
    Law("baseline 1.5, candidate 1.9", 1.5, 1.9),
    Law("both 1.2, equal in everything", 1.2, 1.2),
    Law("both 1.5, equal in everything", 1.5, 1.5),
    Law("both 1.5, candidate 7 % slower and 15 % cheaper", 1.5, 1.4, (400.0, 340.0)),
    Law("baseline 1.0 (at the limit), candidate 1.5", 1.0, 1.5),
    Law("both 1.0 (at the limit)", 1.0, 1.0),
    Law("baseline 1.2, candidate 1.05", 1.2, 1.05),
    Law("blocks apart: both 1.2, candidate at half the cost", 1.2, 1.2, CHEAPER, APART),
    Law("blocks apart: baseline 1.2, candidate fails (1/1.2)", 1.2, 1 / 1.2, spread=APART),
    Law("blocks apart: both 1.5, candidate at half the cost", 1.5, 1.5, CHEAPER, APART),
    Law("blocks apart: baseline 1.5, candidate fails (1/1.5)", 1.5, 1 / 1.5, spread=APART),
    Law("0.1 % fail of 1 %: both 1.5, candidate at half the cost", 1.5, 1.5, CHEAPER, failing=0.001),
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return Pilot(tmp_path_factory.mktemp("pilot"), p95_s=LIMIT_S).workspace()


@pytest.mark.parametrize("law", DECIDED, ids=lambda law: law.name)
def test_a_clear_answer_is_the_full_plans_with_the_blocks_that_were_promised(law, workspace):
    same, blocks, _ = simulate(law, workspace)

    assert same >= 0.97
    assert blocks <= (0.65 if law.baseline == 1.2 else 0.55)


@pytest.mark.parametrize("law", HARD, ids=lambda law: law.name)
def test_an_answer_that_is_not_clear_is_not_bought_with_fewer_blocks(law, workspace):
    same, _, turned = simulate(law, workspace)

    assert same >= 0.97
    assert turned <= 0.03
