"""A hybrid that was run: judged by its own measurement, priced as both sides and the router, and said so where it was not."""

from dataclasses import replace
from decimal import Decimal

import pytest

from harness import pipeline
from harness.decision.hybrid import BASELINE, CANDIDATE, HYBRID
from harness.decision.rule import By, Cap, Choice, Confidence, Gate, Voids, choose, hybrid_gate
from harness.decision.settling import Settled, settled
from harness.domain.estimate import Estimate
from harness.domain.traffic import HOURS_PER_MONTH
from harness.domain.verdict import Judgement
from harness.report.hybrid import migration, rules
from harness.words import all_said, said
from tests.builders import LIGHT, Pilot, failed, sample

PASS, FAIL, OPEN = Judgement.PASS, Judgement.FAIL, Judgement.INCONCLUSIVE


def overflowing(response_s=0.4, refused=0):
    """Of each ten requests seven by alpha, two by beta, one by beta after alpha had refused; the last ``refused`` by none."""

    def samples(run):
        out = []
        for k in range(200):
            side, came = ("alpha", None) if k % 10 < 7 else ("beta", "alpha" if k % 10 == 9 else None)
            if k >= 200 - refused:
                out.append(failed(k, scheduled_s=k * 0.05))
            else:
                how = {"route": side, "route_from": came, "router_ms": 1.0 + k % 2}
                out.append(sample(k, scheduled_s=k * 0.05, response_s=response_s * (1 + run.block / 100), **how))
        return out

    return samples


def decided(root, **changes):
    workspace, _, _ = Pilot(root, hybrid=overflowing(), **changes).write()
    return workspace, pipeline.decide(workspace, effort=LIGHT)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    return decided(tmp_path_factory.mktemp("hybrid"))


def test_who_answered_and_what_the_router_took_is_counted_exactly(outcome):
    run = outcome[1].findings.hybrid
    shares = {r.side: (r.answered.value, r.fell_back.value, r.answered.n) for r in run.routed}

    assert shares == {"alpha": (0.7, 0.0, 1200), "beta": (0.3, 0.1, 1200)}
    assert run.added[0].p50_s.value == pytest.approx(0.001)
    assert run.added[0].p95_s.value == pytest.approx(0.002)


def test_its_gate_is_of_its_own_measurement(tmp_path, outcome):
    workspace, made = outcome
    own = hybrid_gate(workspace, made.findings)
    assert own.judgement is PASS
    assert {v.target for v in made.findings.hybrid.promises} == {"router"}

    slow, _, _ = Pilot(tmp_path, hybrid=overflowing(response_s=9.0)).write()
    assert hybrid_gate(slow, pipeline.decide(slow, effort=LIGHT).findings).judgement is FAIL


def test_a_month_is_the_whole_of_each_fleet_and_the_router_to_the_cent(outcome):
    workspace, made = outcome
    alone = [made.findings.cost_of(name).per_month_usd.value for name in ("alpha", "beta")]
    both = made.findings.hybrid.cost

    by = {line.label: line.amount_usd for line in both.monthly.lines}
    assert by["Router: Units"] == Decimal("0.01") * HOURS_PER_MONTH
    fixed = sum(made.findings.cost_of(name).resting_usd for name in ("alpha", "beta"))
    expected = fixed + float(Decimal("0.01") * HOURS_PER_MONTH)
    assert both.resting_usd == pytest.approx(expected)
    assert both.per_month_usd.value < sum(alone) + 0.01 * HOURS_PER_MONTH
    assert isinstance(both.per_success_usd, Estimate)
    assert workspace.hybrid().name == both.target


def test_each_side_is_billed_for_what_was_routed_to_it_alone(outcome):
    both = outcome[1].findings.hybrid.cost
    logs = {line.label: line.quantity for line in both.monthly.lines if line.label.endswith("Logs")}

    assert logs["Alpha: Logs"] / logs["Beta: Logs"] == pytest.approx(Decimal(7) / Decimal(3))


def test_the_pilots_own_bill_has_both_sides_and_the_router(outcome):
    used = next(u for u in outcome[1].findings.used if u.target == "router")
    labels = {line.label for line in used.bill.lines}

    assert {"Units", "Task vCPU"} <= labels
    assert used.requests == 1200


def test_its_page_says_who_answered_by_which_rules_and_the_decision_is_whole_json(outcome):
    workspace, made = outcome
    names = {t.name: t.label for t in workspace.measured()}
    routing = [" ".join(cell.text for cell in row) for row in rules(workspace.hybrid(), names).rows]
    said_json = made.as_json()

    assert any("10 requests are in hand" in row and "Beta" in row for row in routing)
    assert said_json["hybrid"]["measured"]
    assert said_json["cost"]["router"]["per_month"]["value"] > 0
    assert {row["target"] for row in said_json["slos"]} == {"alpha", "beta", "router"}


def test_the_way_to_it_is_told_in_its_own_numbers(outcome):
    workspace, made = outcome
    names = {t.name: t.label for t in workspace.measured()}
    steps = migration(made.findings.hybrid, workspace.hybrid(), made.findings, names)

    assert steps[0].startswith("Deploy Beta beside Alpha")
    assert any("10 requests in hand" in step and "30 % under steady" in step for step in steps)
    assert "a month" in steps[-1]


def gates(baseline, candidate, hybrid):
    judged = {BASELINE: baseline, CANDIDATE: candidate, HYBRID: hybrid}
    return {name: Gate(name, judgement, (), ()) for name, judgement in judged.items()}


def test_only_one_that_was_run_is_recommended_with_high_confidence(outcome):
    workspace, made = outcome
    both_fail = gates(FAIL, FAIL, PASS)
    measured = choose(workspace, made.findings, both_fail, None, Voids())
    computed = choose(workspace, replace(made.findings, hybrid=None), both_fail, None, Voids())

    assert (measured.choice, measured.confidence) == (Choice.HYBRID, Confidence.HIGH)
    assert (computed.choice, computed.confidence) == (Choice.HYBRID, Confidence.MODERATE)
    open_one = choose(workspace, made.findings, gates(FAIL, FAIL, OPEN), None, Voids())
    assert open_one.confidence is Confidence.MODERATE


def test_one_that_nobody_ran_is_named_with_not_measured_beside_it_and_never_sure(tmp_path):
    slow = {"alpha": _spread(9.0), "beta": _spread(0.4)}
    refusing, _, _ = Pilot(tmp_path, laws=slow, refused={"beta": 0.045}).write()
    made = pipeline.decide(refusing, effort=LIGHT)

    assert made.decision.choice is Choice.HYBRID
    assert Cap.NOT_MEASURED in made.decision.caps
    assert made.decision.confidence is Confidence.LOW
    assert "not measured" in said(made.decision.sentence)
    assert any("pilot.hybrid" in line for line in all_said(made.decision.reasons))


def _spread(median_s):
    def law(rng, _block, n):
        return median_s * (1 + 0.01 * rng.random(n))

    return law


def test_a_target_that_keeps_its_promises_alone_goes_before_two_that_do_it_together(outcome):
    workspace, made = outcome
    scored = made.decision.scoring
    chosen = choose(workspace, made.findings, gates(PASS, FAIL, PASS), scored, Voids())

    assert (chosen.choice, chosen.by) == (Choice.BASELINE, By.GATES)
    assert "by itself" in said(chosen.step)


@pytest.mark.parametrize(("rival", "expected"), [(False, Settled.GATES), (True, None)])
def test_beside_a_hybrid_that_stands_one_target_alone_is_not_yet_the_answer(rival, expected):
    made = gates(PASS, FAIL, PASS)
    made[CANDIDATE] = replace(made[CANDIDATE], failed=("any",))

    assert settled(made, By.GATES, told=True, priced=True, rival=rival) is expected
