"""Page one alone answers five readers' questions, in five situations that end differently."""

import json
import math
import re
from types import SimpleNamespace

import pytest

from harness import pipeline
from harness.analysis.compare import Comparison
from harness.decision.effects import stands_out, worst_broken
from harness.decision.gravity import Gravity, gravest, gravity, ranked
from harness.decision.next_step import BlockTakes, next_step
from harness.decision.rule import Cap, Choice
from harness.decision.turns import turns
from harness.domain.estimate import Estimate, Infinite
from harness.domain.reason import labelled
from harness.domain.reasons import absence, doubt, page, seal
from harness.domain.verdict import Judgement, Relation, Slo, SloVerdict
from harness.planning import seal_of
from harness.report import escape
from harness.report.content import first_page
from harness.report.page_one import _breaks, briefly
from harness.report.promises import Edge, picture
from harness.report.render import macros
from harness.report.runbook import migration
from harness.words import said
from harness.workspace import open_workspace
from tests.builders import LIGHT, Pilot, lognormal

QUESTIONS = ("which", "sure", "cost", "breaks", "monday")
MOST_WORDS = 25
STEADY = lognormal(0.4, 0.12, 0.03)


def invalid(plan, store):
    for block in plan.blocks:
        for run in block.runs:
            path = store.run_folder(run, 1) / "ledger.json"
            path.write_text(json.dumps({**json.loads(path.read_text()), "valid": False, "reasons": ["lag p99 99 ms"]}))


SITUATIONS = {
    "a clear winner": ({"refused": {"alpha": 0.2}}, None),
    "an equivalence": ({"per_run": 600, "laws": {"alpha": STEADY, "beta": STEADY}}, None),
    "undecided": ({"per_run": 20}, None),
    "nothing valid": ({}, invalid),
    "one target down": ({"refused": {"beta": 1.0}}, None),
}
SAYS = {
    "a clear winner": (
        "Serve the endpoint from Beta: it keeps all 4 promises.",
        "Confidence high: 6 of 6 blocks valid, 8 of 8 verdicts decided.",
        "Alpha $",
        "Alpha: error rate under steady, 17 to 23 % (2.0 % allowed), and 2 more.",
        "Roll out Beta:",
    ),
    "an equivalence": (
        "Both keep every promise and perform the same: take Beta, cheaper to run.",
        "Confidence high:",
        "of it runtime; Beta $",
        "Nothing is shown to break at your traffic.",
        "Roll out Beta:",
    ),
    "undecided": (
        "Beta so far: it breaks no promise, but 3 of 4 are not decided yet.",
        "2 of 8 verdicts decided.",
        "Alpha $",
        "6 verdicts are open.",
        "more blocks: about",
    ),
    "nothing valid": (
        "No answer: no block was measured completely and validly.",
        "Confidence low: 0 of 6 blocks valid",
        "Alpha not known; Beta not known.",
        "Not known: no promise could be judged.",
        "Fix what made the runs invalid, then run 6 blocks: about",
    ),
    "one target down": (
        "Serve the endpoint from Alpha: it keeps all 4 promises.",
        "Confidence high:",
        "Beta not known.",
        "Beta: error rate under steady,",
        "Stay on Alpha",
    ),
}


def html_of(workspace):
    """Page one, without what is behind it."""
    found = pipeline.decide(workspace, effort=LIGHT)
    args = (workspace, found.plan, found.findings, found.decision, found.doubts, found.standing, BlockTakes(0.5, 2.0))
    return str(macros("blocks.html.j2", escape.html).page_one(first_page(*args))).replace("\u00a0", " ")


@pytest.fixture(scope="module", params=SITUATIONS)
def situation(request, tmp_path_factory):
    """Its name, the answers by question, and page one as HTML."""
    root = tmp_path_factory.mktemp("situation")
    changes, spoil = SITUATIONS[request.param]
    workspace, plan, store = Pilot(root, **changes).write()
    made = seal_of(workspace, plan)
    store.write_seal(made.digest, dict(made.content))
    if spoil:
        spoil(plan, store)
    first = html_of(open_workspace(root))
    answers = {name: re.findall(rf'data-answers="{name}">(.*?)</', first, re.DOTALL) for name in QUESTIONS}
    return request.param, answers, first


def test_each_question_is_answered_once_and_shortly(situation):
    name, answers, _ = situation
    for question, says in zip(QUESTIONS, SAYS[name], strict=True):
        [answer] = answers[question]
        assert says in answer
        assert len(answer.split()) <= MOST_WORDS, answer


def test_both_runtimes_stand_in_every_row_with_shape_and_word(situation):
    name, _, first = situation
    table = first[first.index('class="promises"') :]
    rows = table[: table.index("</table>")].split("<tbody>")[1:]

    assert len(rows) == 4
    assert all(row.count('class="who"') == 2 for row in rows)
    marks = {"● PASS": "<circle", "▲ FAIL": "M0-6 6 5H-6Z", "◇ open": "M0-5.5"}
    for line in table[: table.index("</table>")].split("<tr>")[2:]:
        [word] = [w for w in marks if w in line]
        assert marks[word] in line or "not known" in line, (name, line)


def verdict(target, metric, unit, limit, known, judgement=Judgement.FAIL, beyond=None, profile="burst"):
    slo = Slo(metric, metric, limit, unit)
    return SloVerdict(
        target, profile, slo, judgement, known, doubt.IsRehearsal(), None, beyond, 0.05 if beyond else None
    )


def estimate(value, low, high):
    return Estimate(value, low, high, 0.95, 600, 6, "test")


def findings(slos=(), comparisons=(), sizings=()):
    data = SimpleNamespace(baseline="a", candidate="b", targets=("a", "b"), blocks_valid=(1,), runs=())
    played = SimpleNamespace(prediction=SimpleNamespace(at=()))
    return SimpleNamespace(
        data=data,
        verdicts=slos,
        look=SimpleNamespace(confidence=0.95),
        comparisons=comparisons,
        sizings=sizings,
        played=played,
        hybrid=None,
    )


NAMES = {"a": "A", "b": "B"}


def compared(metric, relation, ratio, profile="burst"):
    return Comparison(profile, metric, relation, ratio, 1.1, doubt.IsRehearsal(), exploratory=metric == "ttft_p95_s")


def test_the_largest_effect_stands_first_whatever_it_is_of():
    """A 13-fold first token under burst stood only in a table, because the cards were fixed."""
    slow = compared("ttft_p95_s", Relation.WORSE, estimate(13, 9, 19))
    over = verdict("b", "error_rate", "share", 0.01, estimate(0.03, 0.02, 0.04))
    full = SimpleNamespace(target="a", peak_per_s=12.0, utilisation=estimate(0.9, 0.8, 1.0))
    found = stands_out(findings((over,), (slow,), (full,)), NAMES)

    assert [type(r) for r in found] == [page.Slower, page.BrokenNow, page.NoRoom]
    assert (
        said(found[0]) == "Under burst traffic the p95 time to first token of B is 13.0 times that of A (9.00 to 19.0)."
    )


def test_what_is_not_shown_does_not_stand_out():
    loose = compared("p95_s", Relation.UNRESOLVED, estimate(3, 0.9, 9))
    roomy = SimpleNamespace(target="a", peak_per_s=12.0, utilisation=estimate(0.9, 0.5, 1.3))
    assert stands_out(findings((), (loose,), (roomy,)), NAMES) == (page.NoEffect(page.Lacking.EFFECT),)


def test_a_candidate_that_is_faster_makes_the_baseline_the_slower_one():
    fast = compared("p95_s", Relation.BETTER, estimate(0.5, 0.4, 0.8))
    [told] = stands_out(findings((), (fast,)), NAMES)
    assert (told.label, told.rival, told.ratio) == ("A", "B", 2.0)
    assert told.ends == pytest.approx((1.25, 2.5))


def test_the_promise_broken_by_most_is_told_and_how_many_more():
    refused = verdict("b", "error_rate", "share", 0.01, estimate(0.23, 0.19, 0.28))
    late = verdict("b", "p95_s", "s", 1.5, Infinite(absence.NotMeasured()), beyond=estimate(0.23, 0.19, 0.29))
    told = worst_broken(findings((late, refused)), NAMES)
    assert said(told) == "B: error_rate under burst, 19 to 28 % (1.0 % allowed), and 1 more."


def test_all_limits_stand_at_one_line_and_what_would_flatten_is_named_at_the_edge():
    slos = (
        verdict("a", "p95_s", "s", 1.5, estimate(1.5, 1.4, 1.6), Judgement.INCONCLUSIVE),
        verdict("a", "error_rate", "share", 0.01, estimate(0.0001, 0, 0.0002), Judgement.PASS),
        verdict("b", "error_rate", "share", 0.01, estimate(0.5, 0.4, 0.6)),
    )
    drawn = drawn_of(*slos)
    at_limit, few, many = (line for row in drawn.rows for line in row.lines)

    assert at_limit.at == drawn.scale.limit
    assert at_limit.low < drawn.scale.limit < at_limit.high
    assert (few.edge, many.edge) == (Edge.BELOW, Edge.ABOVE)
    assert 0 <= few.at < drawn.scale.limit < many.at <= 100


def kinds(of):
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_kind_of_doubt_has_its_place_in_the_order_of_gravity():
    for kind in set(kinds(doubt.Doubt)) - {seal.SealDoubt}:
        assert gravity(kind.__new__(kind)) in Gravity, kind


def test_the_gravest_doubts_are_of_two_kinds_whatever_order_they_came_in():
    found = [
        doubt.NotCalibrated(),
        doubt.FewValid(3, 6, 6),
        doubt.NothingBilled(),
        seal.SealEdited(),
        seal.SealEdited(),
    ]
    assert [type(d) for d in gravest(found, 2)] == [seal.SealEdited, doubt.FewValid]


def test_the_next_step_is_told_in_blocks_hours_and_dollars():
    told = said(page.RunMore(6, least=False, hours=2.0, usd=14.2, open=3))
    assert told == "Run 6 more blocks: about 2.0 h and $14.20, to decide 3 open verdicts."


def test_a_plan_that_is_not_at_its_end_is_gone_on_with():
    data = SimpleNamespace(blocks_planned=8, blocks_valid=(1, 2, 3))
    half = SimpleNamespace(data=data, ended=None)
    chosen = SimpleNamespace(chosen=SimpleNamespace(by="gates"), caps=())
    assert next_step(None, half, chosen, None, BlockTakes(0.5, 2.0), NAMES) == page.RunRest(5, 2.5, 10.0)
    assert next_step(None, half, chosen, None, BlockTakes(0.5, 2.0, 1), NAMES) == page.RunRest(4, 2.0, 8.0)
    none_left = next_step(None, half, chosen, None, BlockTakes(0.5, 2.0, 5), NAMES)
    assert said(none_left) == (
        "Raise limits.attempts in pilot.toml and run the 5 blocks that were given up: about 2.5 h and $10.00."
    )


def test_labels_lose_only_what_both_end_with():
    assert briefly(
        {"a": "Container (embedded)", "b": "Function (embedded)"}, ["Container (embedded)", "Function (embedded)"]
    ) == {
        "a": "Container",
        "b": "Function",
    }
    assert briefly({"a": "One (x)", "b": "Two (y)"}, ["One (x)", "Two (y)"]) == {"a": "One (x)", "b": "Two (y)"}


def test_a_quick_pilots_note_is_printed_though_it_is_no_rehearsal(tmp_path):
    workspace, _, _ = Pilot(tmp_path, per_run=20).write()
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text() + '[scaling]\nnotes = ["A first look in minutes."]\n')
    assert "<b>A first look in minutes.</b>" in html_of(open_workspace(tmp_path))


def test_scaling_is_not_scored_where_the_peak_was_never_offered(tmp_path):
    """Refusing nothing at 20 a second says nothing of a peak of 100."""
    workspace, _, _ = Pilot(tmp_path, per_run=20).write()
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text().replace("peak_per_s = 10", "peak_per_s = 1000"))
    left_out = pipeline.decide(open_workspace(tmp_path), effort=LIGHT).decision.scoring.left_out
    [why] = [r for r in left_out.values() if isinstance(r, absence.PeakNotOffered)]
    assert why.most_per_s < 1000 == why.peak_per_s


def test_where_nothing_costs_nothing_is_modelled(tmp_path):
    outcome = pipeline.decide(Pilot(tmp_path, refused={"alpha": 1.0, "beta": 1.0}, per_run=20).write()[0], effort=LIGHT)
    assert not any(isinstance(d, doubt.NothingBilled) for d in outcome.doubts)


def drawn_of(*slos):
    pair = findings(slos)
    pair.promises_of = lambda target: [v for v in slos if v.target == target]
    return picture(pair, NAMES)


def test_none_lost_stands_at_its_limit_and_any_beyond_the_scale():
    """A promise of none has no times its limit."""
    kept = verdict("a", "lost", "share", 0.0, estimate(0, 0, 0.01), Judgement.INCONCLUSIVE, profile="ingestion")
    lost = verdict("b", "lost", "share", 0.0, estimate(0.1, 0.05, 0.2), profile="ingestion")
    drawn = drawn_of(kept, lost)
    [[none, some]] = [row.lines for row in drawn.rows]

    assert (none.at, none.low, none.high) == (drawn.scale.limit, drawn.scale.limit, drawn.scale.place(math.inf))
    assert (none.value, none.interval) == ("0 %", "0 to 1.0 %")
    assert (some.edge, some.low) == (Edge.ABOVE, drawn.scale.place(math.inf))


def test_an_interval_without_width_is_not_written_again():
    fixed = drawn_of(verdict("a", "monthly_usd", "USD", 600.0, estimate(109.1, 109.1, 109.1), Judgement.PASS))
    assert [(line.value, line.interval) for row in fixed.rows for line in row.lines] == [("$109", "")]


def test_what_both_keep_is_folded_only_where_a_screen_has_no_room_for_it():
    def pair(k, judgement):
        return [verdict(t, f"m{k}", "s", 1.0, estimate(0.5, 0.4, 0.6), judgement) for t in ("a", "b")]

    few = drawn_of(*(v for k in range(10) for v in pair(k, Judgement.PASS)))
    many = drawn_of(*(v for k in range(12) for v in pair(k, Judgement.FAIL if k == 11 else Judgement.PASS)))

    assert (len(few.rows), few.folded) == (10, ())
    assert [row.name for row in many.folded] == ["m9", "m10"], "the last of what is kept, never what is broken"
    assert many.rows[-1].name == "m11"


def test_doubts_name_titles_wherever_they_name_targets():
    of_both = labelled(doubt.SettingsByHand(("a", "b")), NAMES)
    fleets = labelled(doubt.CapacityNotSearched(("a",)), NAMES)
    check = labelled(doubt.CheckNotFine("b", "fail", "streams", ""), NAMES)

    assert "of A and B were chosen by hand" in said(of_both)
    assert "A is priced" in said(fleets)
    assert said(check) == "Before the first block, B: fail: streams."


def test_a_doubt_of_both_targets_is_one_line_and_so_are_the_checks_of_a_calibration():
    prices = labelled(doubt.PricesUnconfirmed(("a", "b"), ("Task public IPv4",)), NAMES)
    silent = labelled(doubt.CostNotKnown(("a",), absence.NoneSucceeded(1200)), NAMES)
    lag = "lag p99 27 ms is above its limit 20 ms"

    assert said(prices) == "Part of the cost of A and B rests on unconfirmed prices: Task public IPv4."
    assert said(silent) == "The cost of A is unknown: none of 1,200 requests succeeded."
    assert said(doubt.CalibrationOff(6, False, "a stall", "p90", lag)) == (
        f"The generator's calibration could not tell 6 checks, first a stall, p90: {lag}."
    )
    assert (
        said(doubt.CalibrationOff(1, True, "a stall", "p90", "")) == "The generator's calibration failed a stall, p90."
    )


def test_all_doubts_stand_gravest_first_and_what_page_one_says_of_a_rehearsal_last():
    found = [doubt.IsRehearsal(), doubt.TeamSays("Short."), doubt.NotCalibrated(), doubt.FewValid(3, 6, 6)]
    assert ranked(found) == (found[3], found[2], found[0], found[1])


def least(share, low, high, judgement=Judgement.FAIL, promised=0.95):
    slo = Slo("full-quality answers", "full_quality_share", promised, "share", at_least=True)
    return SloVerdict("b", "burst", slo, judgement, estimate(share, low, high), doubt.IsRehearsal())


def test_a_least_share_is_ranked_by_what_is_lacking_of_what_may_lack_and_told_as_promised():
    """98 of 99.9 % is twenty times as much missing as may be; of the shares themselves it is a fiftieth."""
    late = verdict("b", "p95_s", "s", 1.5, estimate(2.0, 1.9, 2.1))
    told = worst_broken(findings((late, least(0.97, 0.96, 0.98, promised=0.999))), NAMES)
    assert said(told) == "B: full-quality answers under burst, 96 to 98 % (at least 99.9 % promised), and 1 more."
    assert drawn_of(least(0.97, 0.96, 0.98)).rows[0].limit == "≥ 95 %"


def test_the_open_promise_whose_value_is_past_its_limit_is_named_before_one_that_nothing_is_known_of():
    over = verdict("b", "p95_s", "s", 1.5, estimate(2.0, 1.4, None), Judgement.INCONCLUSIVE)
    vague = least(1.0, 0.001, 1.0, Judgement.INCONCLUSIVE, promised=0.99)
    pair = findings((vague, over))
    pair.promises_of = lambda target: pair.verdicts
    chosen = SimpleNamespace(target="b", chosen=SimpleNamespace(by=None), would_change=(), gates=())
    [turn] = [t for t in turns(chosen, pair, NAMES, {}) if isinstance(t.told, page.Undecided)]
    assert said(turn.told) == "B turning out to break p95_s under burst: from 1.40 s so far, 1.50 s promised."


def test_what_the_simulation_breaks_at_your_traffic_is_named_though_no_verdict_does():
    kept = verdict("a", "p95_s", "s", 1.5, estimate(1.6, 1.4, None), Judgement.INCONCLUSIVE)
    pair = findings((kept,))
    pair.promises_of = lambda target: [v for v in pair.verdicts if v.target == target]
    seen = SimpleNamespace(target="a", breaks_now=(SimpleNamespace(name="p95 response time"),))
    pair.volumes = SimpleNamespace(seen=(seen,))
    assert (
        said(_breaks(pair, (), NAMES)) == "Likely A: p95 response time, simulated at your traffic; 1 verdict is open."
    )


def test_money_that_both_runtimes_differ_by_beyond_their_own_cost_is_told_too():
    assert said(page.Saves("B", 36.0, 0.02)) == "B saves $36.00 of runtime a month (2.0 % of the whole bill)"
    told = said(page.Saves("B", 36.0, 0.17, 427.0))
    assert told == "B saves $427 a month (17 % of the whole bill), and $36.00 of runtime alone"


def test_what_is_open_for_all_is_folded_after_what_all_keep_and_what_tells_them_apart_never_is():
    def pair(k, *judged):
        return [verdict(t, f"m{k}", "s", 1.0, estimate(0.5, 0.4, 0.6), j) for t, j in zip("ab", judged, strict=True)]

    kept, waiting, apart = (
        (Judgement.PASS, Judgement.PASS),
        (Judgement.INCONCLUSIVE, Judgement.INCONCLUSIVE),
        (Judgement.PASS, Judgement.FAIL),
    )
    drawn = drawn_of(*(v for k, each in enumerate([kept, *[waiting] * 6, *[apart] * 9]) for v in pair(k, *each)))
    assert [row.name for row in drawn.folded] == ["m0", *(f"m{k}" for k in range(2, 7))]
    assert drawn.summary == "6 more, 1 kept by every runtime and 5 not decided for any"


def test_a_migration_plan_begins_with_what_has_to_be_decided_first():
    gates = [SimpleNamespace(target=t, open=("p95",) * n, failed=()) for t, n in (("a", 0), ("b", 3), ("hybrid", 0))]
    decision = SimpleNamespace(choice=Choice.CANDIDATE, caps=(), gates=gates)
    pair = findings()
    pair.slos = ()
    first, second, *_ = migration(decision, pair, NAMES)
    assert first.startswith("Decide the 3 open promises of B first")
    assert second.startswith("Deploy B beside A")
    decision.caps, decision.choice = (Cap.REHEARSAL,), Choice.BASELINE
    assert len(migration(decision, pair, NAMES)) == 1, "nothing moves"
