"""Single sentences that once claimed too much, or printed a name of ours: each with the figures that showed it."""

import re
from types import SimpleNamespace

import pytest

from harness.analysis.refusals import Onset
from harness.analysis.throttling import Funnel
from harness.decision.next_step import _undecided, next_step
from harness.decision.rule import By, Cap, Choice
from harness.decision.turns import _capacity, _volumes
from harness.domain.bill import Basis, CostLayer, LineItem, called
from harness.domain.estimate import Estimate, Unknown
from harness.domain.job import Fate
from harness.domain.reasons import absence, choice, decided, doubt, fault, page, verdict
from harness.domain.verdict import Relation
from harness.domain.workload import Promise
from harness.report.figures import weighed
from harness.report.page_one import _saves
from harness.report.throttles import sentence
from harness.words import said

NAMES = {"a": "A", "b": "B"}


def estimate(value, low, high):
    return Estimate(value, low, high, 0.95, 100, 6, "drawn")


def funnel(target, offered, admitted, answered, p95_s=0.9):
    refused = 1 - admitted / offered
    share = estimate(refused, refused / 2, refused * 2)
    return Funnel(target, "burst", offered, admitted, answered, answered, share, (), (0, 0), p95_s)


def turned(onsets, in_flight=9.0, broken=("burst",)):
    """A refuses a fifth, B took all of it with ``in_flight`` at once; ``broken``: profiles that A fails a promise under."""
    funnels = (funnel("a", 100, 80, 80), funnel("b", 100, 100, 100))
    manners = [SimpleNamespace(target="a", profile="burst", onsets=[Onset(n, 30.0) for n in onsets])]
    seconds = {("burst", "b"): [SimpleNamespace(in_flight=in_flight)]}
    data = SimpleNamespace(targets=("a", "b"))
    findings = SimpleNamespace(funnels=funnels, manners=manners, timelines=seconds, data=data)
    gates = [SimpleNamespace(target="a", failed=tuple(SimpleNamespace(profile=name) for name in broken))]
    decision = SimpleNamespace(chosen=SimpleNamespace(by=By.GATES), target="b", gates=gates)
    return [said(turn.told) for turn in _capacity(decision, findings, NAMES)]


def test_room_is_never_said_to_suffice_that_it_had_when_it_refused():
    assert turned([12, 16]) == ["A with room for at least 17 requests at once: under burst it refuses 20 %."]
    assert turned([3], in_flight=40.2) == ["A with room for at least 41 requests at once: under burst it refuses 20 %."]
    assert turned([0, 5]) == [], "one that refuses a request that is alone does not lack room"
    assert turned([12], broken=("burst", "steady")) == [], "it would still fail what it fails without a refusal"


@pytest.mark.parametrize(("failed", "told"), [(1, 1), (2, 0)])
def test_a_looser_promise_turns_nothing_where_another_one_is_broken_too(failed, told):
    looser = decided.WouldPass("A", "p95", "steady", 2.0, "s")
    decision = SimpleNamespace(
        target="b",
        choice=Choice.CANDIDATE,
        chosen=SimpleNamespace(by=By.GATES),
        would_change=(looser,),
        gates=[SimpleNamespace(target="a", failed=("p95",) * failed)],
    )
    assert len(_volumes(decision, NAMES)) == told


def costs(*months):
    """Runtime of A and B; the whole bill is the same and 1,000 more."""
    made = [
        SimpleNamespace(target=t, per_month_usd=m, monthly=SimpleNamespace(layer_usd=lambda layer: 1000.0))
        for t, m in zip("ab", months, strict=True)
    ]
    by_target = {c.target: c for c in made}
    return [said(r) for r in _saves(SimpleNamespace(costs=made, cost_of=by_target.__getitem__), NAMES)]


def test_nothing_is_saved_that_the_intervals_do_not_show():
    assert costs(estimate(100.0, 95.0, 105.0), estimate(80.0, 75.0, 85.0)) == [
        "B saves $20.00 of runtime a month (1.8 % of the whole bill)"
    ]
    assert costs(estimate(100.0, 80.0, 120.0), estimate(95.0, 75.0, 110.0)) == []
    assert costs(estimate(100.0, 95.0, 105.0), estimate(80.0, None, 85.0)) == [
        "B saves $20.00 of runtime a month (1.8 % of the whole bill)"
    ], "how low it may be does not matter"


def test_who_refuses_none_is_not_said_to_answer_all():
    def told(*funnels):
        return sentence(SimpleNamespace(funnels=funnels), NAMES, "burst")

    assert told(funnel("a", 100, 100, 100)) == "A refuses none and answers 95 % within 900 ms"
    assert told(funnel("a", 100, 100, 40)) == "A refuses none and answers 40 %, 95 % of these within 900 ms"


def test_blocks_that_were_not_needed_are_not_taken_for_invalid_ones():
    sure = page.HowSure("high", (), 8, 12, 20, 20, spared=4)
    assert said(sure) == "Confidence high: 8 of 12 blocks valid, 4 not needed, 20 of 20 verdicts decided."


def test_a_share_beyond_a_limit_is_not_read_as_the_time_itself():
    told = page.Undecided("A", "p95 response time", "burst", (0.02, 0.08), 0.05, "share", late=True)
    assert "2.0 to 8.0 % beyond its limit so far, 5.0 % allowed" in said(told)


def test_a_ratio_that_shows_nothing_says_so_and_has_its_interval():
    told = decided.TimesBaseline("steady", "B", "A", 1.21, (0.99, 1.58), Relation.UNRESOLVED)
    assert said(told) == (
        "Under steady traffic the p95 of B is 1.21 times that of A (0.99 to 1.58): "
        "neither a difference nor equivalence is shown."
    )


def test_while_a_cost_is_not_known_the_figures_do_not_favour_neither():
    unknown = SimpleNamespace(target="a", per_month_usd=Unknown(absence.NoPrices()))
    known = SimpleNamespace(target="b", per_month_usd=estimate(1.0, 0.9, 1.1))
    decision = SimpleNamespace(gates=[SimpleNamespace(failed=())] * 2, sentence=decided.NoWinner(None))

    def told(*every):
        return said(_undecided(decision, SimpleNamespace(costs=every), NAMES))

    assert told(unknown, known) == "Find out what A costs: without it the figures favour neither."
    assert told(known).startswith("Weigh the criteria nobody measured")


def test_nothing_is_rolled_out_on_a_seal_that_does_not_hold():
    decision = SimpleNamespace(chosen=SimpleNamespace(by=By.GATES), caps=(Cap.SEAL,))
    told = next_step(None, None, decision, None, None, NAMES)
    assert said(told).startswith("Move nothing: undo what changed since the seal")


def test_a_line_of_a_bill_is_called_as_people_call_it():
    def line(label, key):
        return LineItem(label, 1, "hour", 1, CostLayer.RUNTIME, Basis.MODELLED, key)

    lines = [
        line(label, "ip_hour") for label in ("Task public IPv4", "Task public IPv4, tier 2", "Balancer public IPv4")
    ]
    assert called([*lines, line("Logs", "log_gb")]) == {
        "ip_hour": "Task public IPv4 and Balancer public IPv4",
        "log_gb": "Logs",
    }


NAMED = [
    doubt.JobsNotMeasured("ingestion", (Promise.DONE, Promise.LOST)),
    doubt.AaBiased("alpha", ("p95_s", "ttft_p95_s")),
    doubt.AaSilent("alpha", 0.9, (("overhead_p95_s", 1.1),)),
    doubt.BillDiffers("alpha", "Task vCPU", 0.1, None),
    choice.HarnessBiased("alpha", (("p95_s", "WORSE", 1.2),)),
    choice.OtherWork((("index_digest", "a", "b"), ("prompt_version", "1", "2"))),
    decided.ItIsWorse("ttft_p95_s", "steady"),
]


@pytest.mark.parametrize("reason", NAMED, ids=lambda reason: reason.kind)
def test_a_sentence_has_no_name_of_a_field(reason):
    assert "_" not in said(reason)


ONE = [
    absence.NeverCold(4.0, 1),
    absence.AlwaysCold(4.0, 1),
    absence.NoneSucceeded(1),
    absence.FewRequestsOf(1, 20),
    absence.FewToBound(1, 1, 0.05),
    absence.StepsDisagree(1, None),
    doubt.FewValid(1, 6, 6),
    doubt.BlocksMissing(1, 6),
    doubt.AaFewPairs(1, 6),
    doubt.ProviderFailed(1, 12),
    doubt.Retried("alpha", 1, 2),
    doubt.JobsEnded("alpha", "jobs", Fate.LOST, 1, 40, None, None),
    doubt.NoLogLine(1, 40),
    doubt.TookLonger(1),
    doubt.RefusalsDiffer(1, 2),
    doubt.FewInvocations(1, 3),
    doubt.ManyInvocations(1, 3),
    fault.NeverSent(1),
    fault.NoSlotFree(1),
    fault.SentLate(1),
    fault.JobsNotAsked(1),
    verdict.FewForVerdict(1, 6),
    verdict.FewPairs(1, 6),
    verdict.JobsLost(1, 40, None),
]


SEVERAL = re.compile(
    r"\b1 (?:\w+ )?(?:\w+s are|blocks|pairs|requests|arrivals|probes|steps|questions|refusals|invocations)\b"
)
ARE = re.compile(r"\b1 of [\w ]+? (?:are|were|have)\b")


@pytest.mark.parametrize("reason", ONE, ids=lambda reason: reason.kind)
def test_one_is_not_told_as_several(reason):
    told = said(reason)
    assert not SEVERAL.search(told), told
    assert not ARE.search(told), told


@pytest.mark.parametrize(
    ("month_a", "month_b", "relation", "told"),
    [
        ((1.0, 0.9, 1.1), (2.0, 1.9, 2.1), Relation.WORSE, "A is the cheaper and the faster"),
        ((1.0, 0.9, 1.1), (2.0, 1.9, 2.1), Relation.BETTER, "A is the cheaper, B the faster"),
        ((1.0, 0.9, 2.0), (2.0, 1.9, 2.1), Relation.BETTER, "B is the faster; neither is shown to be cheaper"),
        ((1.0, 0.9, 1.1), (2.0, 1.9, 2.1), Relation.UNRESOLVED, "A is the cheaper; neither is shown to be faster"),
        (
            (1.0, 0.9, 2.0),
            (2.0, 1.9, 2.1),
            Relation.EQUIVALENT,
            "Neither is shown to be cheaper, and neither to be faster",
        ),
    ],
)
def test_the_chart_of_cost_and_waiting_is_titled_by_what_its_intervals_show(month_a, month_b, relation, told):
    costs = {t: SimpleNamespace(per_success_usd=estimate(*m)) for t, m in (("a", month_a), ("b", month_b))}
    data = SimpleNamespace(targets=("a", "b"), baseline="a", candidate="b")
    compared = (SimpleNamespace(profile="steady", metric="p95_s", relation=relation),)
    findings = SimpleNamespace(data=data, cost_of=costs.__getitem__, comparisons=compared, scored_at="steady")
    assert weighed(findings, NAMES) == told
