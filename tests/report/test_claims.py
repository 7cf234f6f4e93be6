"""Decisions drawn at random: every sentence's claim is held to the numbers that it names, by readers of their own."""

import random
import re

import pytest

from harness.analysis.dataset import load
from harness.decision.decide import decide
from harness.decision.doubts import doubts
from harness.decision.gather import gather
from harness.domain.estimate import Estimate
from harness.domain.verdict import Judgement, Relation
from harness.report import short, throttles
from harness.report.figures import comparison_sentence
from harness.report.record import record
from harness.report.side_by_side import promises
from harness.report.tables import slos
from harness.words import all_said, said
from tests.builders import LIGHT, Pilot
from tests.report.drawn import findings_of

NAMES = {"alpha": "Alpha", "beta": "Beta"}
TARGETS = {"Alpha": "alpha", "Beta": "beta"}
FEW, MANY = 25, 500


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Workspace, plan, store and findings of one pilot, whose figures are then replaced."""
    workspace, plan, store = Pilot(tmp_path_factory.mktemp("claims"), per_run=30).write()
    return workspace, plan, store, gather(workspace, load(store, plan), store, plan, effort=LIGHT)


class Reader:
    """What a sentence claims, read from its words alone, against the findings."""

    def __init__(self, findings, decision):
        self.f, self.d = findings, decision
        self.usd = {c.target: c.per_month_usd.value for c in findings.costs if isinstance(c.per_month_usd, Estimate)}
        self.rules = [
            (
                r"(?:Serve|Lean towards serving) the endpoint from (Alpha|Beta): it keeps (?:all (\d+) promises|its one promise)\.",
                self.serves,
            ),
            (
                r"(?:Leaning towards )?(Alpha|Beta)(?: so far)?: it breaks no promise, but (\d+) of (\d+) (?:is|are) not decided yet\.",
                self.so_far,
            ),
            (
                r"Serve the endpoint from both: Alpha and Beta, each where it keeps its promises \(not measured\)\.",
                self.both,
            ),
            (
                r"Both so far, Alpha and Beta, not measured together: no promise is broken, but (\d+) (?:is|are) not decided yet\.",
                self.both_so_far,
            ),
            (r"Both keep every promise and perform the same: take (.+)\.", self.same),
            (
                r"No clear winner: both keep every promise, .+ do not favour one\.( (?:Alpha|Beta) is cheaper to reverse\.)?",
                self.none,
            ),
            (
                r"No choice yet: neither breaks a promise, but (\d+) of (\d+) verdicts (?:is|are) open\.(?: .+)?",
                self.none_yet,
            ),
            (r"Neither as measured: Alpha breaks (\d+) of (\d+) promises, Beta (\d+)\.", self.neither),
            (r"No answer: (.+)", lambda why: self.d.target is None),
            (r"Of the two runtimes, only this one breaks no promise\.", self.only),
            (r"Both targets fail a gate\.", lambda: all(self.failed(t) for t in NAMES)),
            (
                r"Each target fails a gate that the other (?:passes; together they pass every one|does not; .+)\.",
                self.apart,
            ),
            (r"(Alpha|Beta) passes every SLO\.", lambda who: self.named(who, Judgement.PASS) == self.every(who)),
            (r"(Alpha|Beta) fails (.+?)\.(?: Not decided: (.+)\.)?", self.fails),
            (
                r"(Alpha|Beta) would cost (\$[\d,.]+) a month at the expected traffic \(runtime, simulated\)\.",
                self.costs,
            ),
            (
                r"Under (\w+) traffic the p95 of Beta is ([\d.]+) times that of Alpha(?: \(([\d.]+) to ([\d.]+)\))?: (.+)\.",
                self.times,
            ),
            (
                r"(Alpha|Beta) refuses (.+ %) under (\w+): a higher concurrency limit or more capacity would change that\.",
                self.refuses,
            ),
            (r"(Alpha|Beta) would pass (.+) under (\w+) at a limit of (.+)\.", self.would_pass),
            (
                r"Where the costs cross is unknown, as is the cost of (Alpha|Beta|Alpha and Beta)\.",
                lambda who: (
                    {t for t, label in NAMES.items() if label in who.split(" and ")} == set(NAMES) - set(self.usd)
                ),
            ),
            (r"(Alpha|Beta) would be cheaper if its prices fell by (.+) %\.", self.price),
            (r"Both together were not measured: .+", lambda: self.f.hybrid is None and self.d.choice.value == "hybrid"),
            (r"It is cheaper and not shown to be slower\.", self.cheaper),
            (r"It is faster, and no difference in cost is shown\.", self.faster),
            (r"It scores highest in (.+ %) of random weightings around the sealed weights\.", self.share),
            (r"The scores lean to it: first in (.+ %) of random weightings; 80 % would be firm\.", self.share),
            (
                r"The scores(?: of .+? tie| are not firm| tie) \(a lead of ([\d.]+) points of 5, first in (.+ %) of random w\w+\)(.*)",
                self.tie,
            ),
            (r"Cost and latency favour different targets\.", self.against),
            (r"No difference in cost or latency is shown\.", self.alike),
            (r"The two did not do the same work; only (.+?) % of the passages .+", self.other_work),
        ]

    def hold(self, sentence):
        for pattern, claim in self.rules:
            if found := re.fullmatch(pattern, sentence):
                assert claim(*found.groups()), sentence
                return
        pytest.fail(f"no rule reads: {sentence}")

    def of(self, target, *judgements):
        every = (*self.f.slos, *self.f.cost_verdicts)
        return [v for v in every if v.target == target and (not judgements or v.judgement in judgements)]

    def failed(self, target):
        return self.of(target, Judgement.FAIL)

    def named(self, who, judgement):
        return {f"{v.slo.name} under {v.profile}" for v in self.of(TARGETS[who], judgement)}

    def every(self, who):
        return {f"{v.slo.name} under {v.profile}" for v in self.of(TARGETS[who])}

    def serves(self, who, promises):
        every = self.of(TARGETS[who])
        return (
            self.d.target == TARGETS[who]
            and len(every) == int(promises or 1)
            and every == self.of(TARGETS[who], Judgement.PASS)
        )

    def so_far(self, who, opened, promises):
        counts = len(self.of(TARGETS[who], Judgement.INCONCLUSIVE)), len(self.of(TARGETS[who]))
        return (
            self.d.target == TARGETS[who] and not self.failed(TARGETS[who]) and counts == (int(opened), int(promises))
        )

    def both(self):
        return self.d.choice.value == "hybrid" and self.f.hybrid is None

    def both_so_far(self, opened):
        [gate] = [g for g in self.d.gates if g.target == "hybrid"]
        return self.both() and not gate.failed and len(gate.open) == int(opened)

    def same(self, take):
        felt = {c.relation for c in self.f.comparisons}
        return self.passing() and felt == {Relation.EQUIVALENT} and (take == "either" or take.split(",")[0] in TARGETS)

    def passing(self):
        return all(self.of(t) == self.of(t, Judgement.PASS) for t in NAMES)

    def none(self, _):
        return self.d.target is None and self.passing()

    def none_yet(self, opened, verdicts):
        every = [v for t in NAMES for v in self.of(t)]
        left = [v for v in every if v.judgement is Judgement.INCONCLUSIVE]
        return not any(self.failed(t) for t in NAMES) and (len(left), len(every)) == (int(opened), int(verdicts))

    def neither(self, first, of, second):
        counts = len(self.failed("alpha")), len(self.of("alpha")), len(self.failed("beta"))
        return self.d.target is None and counts == (int(first), int(of), int(second))

    def only(self):
        others = [t for t in NAMES if t != self.d.target]
        return not self.failed(self.d.target) and all(self.failed(t) for t in others)

    def apart(self):
        a, b = ({(v.profile, v.slo.metric) for v in self.failed(t)} for t in NAMES)
        return a - b and b - a

    def fails(self, who, broken, undecided):
        told = {re.sub(r" \(.*", "", one) for one in re.split(r", (?![^(]*\))| and (?=p95|error|runtime)", broken)} - {
            "no SLO"
        }
        opened = set(re.split(r", | and ", undecided)) if undecided else set()
        listed = self.named(who, Judgement.INCONCLUSIVE) if undecided else opened
        return told == self.named(who, Judgement.FAIL) and opened == listed

    def costs(self, who, amount):
        return abs(float(amount[1:].replace(",", "")) - self.usd[TARGETS[who]]) <= 0.5

    def times(self, profile, ratio, low, high, relation):
        [c] = [c for c in self.f.comparisons if c.profile == profile and c.metric == "p95_s"]
        ends = tuple(f"{end:.2f}" for end in (c.ratio.low, c.ratio.high))
        told = (
            c.relation.value
            if c.relation is not Relation.UNRESOLVED
            else "neither a difference nor equivalence is shown"
        )
        return f"{c.ratio.value:.2f}" == ratio and relation == told and (low or ratio, high or ratio) == ends

    def refuses(self, who, share, profile):
        [f] = [f for f in self.f.funnels if f.target == TARGETS[who] and f.profile == profile]
        return reads_as(share, f.refused_share.value) and f.refused_share.value > 0

    def would_pass(self, who, name, profile, _limit):
        [v] = [v for v in self.of(TARGETS[who]) if v.slo.name == name and v.profile == profile]
        return v.judgement is Judgement.FAIL

    def price(self, who, fall):
        own, other = self.usd[TARGETS[who]], next(v for k, v in self.usd.items() if k != TARGETS[who])
        return (
            own > other
            and own * (1 - float(fall) / 100) <= other * 1.0001
            and own * (1 - (float(fall) - 1.001) / 100) > other
        )

    def cheaper(self):
        if self.d.target is None:
            return True  # told of a step that another one overruled
        mine, other = self.usd[self.d.target], next(v for k, v in self.usd.items() if k != self.d.target)
        slower = Relation.WORSE if self.d.target == "beta" else Relation.BETTER
        return mine < other and slower not in {c.relation for c in self.f.comparisons}

    def faster(self):
        better = Relation.BETTER if self.d.target == "beta" else Relation.WORSE
        return better in {c.relation for c in self.f.comparisons}

    def share(self, share):
        return reads_as(share, self.d.chosen.share) and self.d.choice.value != "no clear winner"

    def tie(self, lead, share, rest):
        cards = sorted((self.d.scoring.total(c.name) for c in self.d.scoring.cards), reverse=True)
        assert reads_as(share, self.d.chosen.share)
        if rest.strip(" .") and "one runtime is less to operate" not in rest:
            self.hold(rest.removeprefix(", so cost and latency decide.").removeprefix(".").strip())
        return float(lead) <= 0.1 and len(cards) > 1

    def against(self):
        return {c.relation for c in self.f.comparisons} & {Relation.BETTER, Relation.WORSE} and len(self.usd) == 2

    def alike(self):
        felt = {c.relation for c in self.f.comparisons}
        return self.d.target is None and (Relation.BETTER in felt) == (Relation.WORSE in felt)

    def other_work(self, overlap):
        return float(overlap) < 100 and self.d.target is None


def reads_as(words, share):
    """0 % and 100 % only where true, else what it says to a digit."""
    number = re.search(r"([\d.]+) %", words)[1]
    if words.startswith(("<", ">")):
        return 0 < share < 1 and abs(float(number) / 100 - share) < 0.001
    if float(number) in (0, 100):
        return share == float(number) / 100
    return abs(float(number) / 100 - share) <= 0.0051


def held(base, seed):
    """All sentences of one drawn decision."""
    workspace, plan, store, findings = base
    rng = random.Random(seed)
    findings = findings_of(findings, rng)
    found = doubts(workspace, plan, store, findings)
    decision = decide(workspace, findings, found)
    reader = Reader(findings, decision)
    for reason in (decision.sentence, *decision.reasons, *decision.would_change):
        reader.hold(said(reason))
    doubts_hold(findings, all_said(found))
    record_holds(findings, record(workspace, findings, decision, found, None, "2026-11-27"))
    page_holds(findings)


def doubts_hold(findings, told):
    modelled = any(isinstance(c.per_success_usd, Estimate) for c in findings.costs)
    assert any(one.startswith("Costs are MODELLED") for one in told) == modelled
    parity = findings.parity
    pairs = {
        "answers": parity.same_answer,
        "citations": parity.same_citations,
        "token counts": parity.same_output_tokens,
    }
    for one in told:
        if found := re.fullmatch(r"(\d+) of (\d+) paired requests had different (.+) on the two targets\.", one):
            assert int(found[1]) == parity.pairs - pairs[found[3]]
            assert int(found[2]) == parity.pairs
        if found := re.fullmatch(
            r"In (\d+) of (\d+) runs that recorded it, this machine's cores were saturated .+", one
        ):
            here = [c for c in findings.contention if c.shared or c.loopback]
            assert (int(found[1]), int(found[2])) == (sum(c.contended for c in here), sum(c.told for c in here))


def record_holds(findings, text):
    for label, target in TARGETS.items():
        part = text.split(f"\n### {label}\n", 1)[1].split("\n### ", 1)[0]
        told = set(
            re.findall(
                r"^\* (?:Good|Bad), because \[(.+)\]\(report\.html#promise-\S+\) is (PASS|FAIL)$", part, re.MULTILINE
            )
        )
        every = (*findings.slos, *findings.cost_verdicts)
        decided = [v for v in every if v.target == target and v.judgement is not Judgement.INCONCLUSIVE]
        assert told == {(f"{v.slo.name} under {v.profile}", v.judgement.value) for v in decided}


def page_holds(findings):
    """What stands open in the report."""
    parity = findings.parity
    words = short.same_work(parity)
    assert bool(words) == bool(parity.pairs)
    alike = (
        ("answer text", parity.same_answer),
        *([("citations", parity.same_citations)] if parity.of_citations != 0 else []),
        *([("output tokens", parity.same_output_tokens)] if parity.of_tokens != 0 else []),
    )
    for what, same in alike if words else ():
        whole = re.search(r"all have the same ([a-z ,]+?)(?:, \d|[.;])", words)
        assert (what in (whole[1] if whole else "")) == (same == parity.pairs)
        if same != parity.pairs:
            found = re.search(rf"([\d,]+) \(([^)]+)\) the same {what}", words)
            assert int(found[1].replace(",", "")) == same
            assert reads_as(found[2], same / parity.pairs)
    assert ("are not reported by both" in words) == bool(words and parity.of_citations == 0)

    made = promises(findings, NAMES, slos(findings, NAMES))
    opened = {(f"{v.slo.name}, {v.profile}", v.target) for v in findings.slos if v.judgement is Judgement.INCONCLUSIVE}
    notes = " ".join(made.notes)
    for row in made.rows:
        for (verdict, _), target in zip(row.sides, NAMES, strict=True):
            mine = [
                v
                for v in (*findings.slos, *findings.cost_verdicts)
                if (f"{v.slo.name}, {v.profile}", v.target) == (row.promise, target)
            ]
            assert (verdict.text[2:] if mine else "not judged") == (mine[0].judgement.value if mine else verdict.text)
    assert bool(notes) == bool(opened or any(v.judgement is Judgement.INCONCLUSIVE for v in findings.cost_verdicts))
    assert notes.startswith("No promise is decided") or all(promise in notes for promise, _ in opened)

    for profile in findings.data.profiles:
        words = comparison_sentence(findings, NAMES, profile, "p95_s")
        [c] = [c for c in findings.comparisons if c.profile == profile and c.metric == "p95_s"]
        shown = {
            "the same within": Relation.EQUIVALENT,
            "neither": Relation.UNRESOLVED,
        }
        if found := re.search(r"p95 of Beta is ([\d.]+) times that of Alpha", words):
            assert float(found[1]) == pytest.approx(c.ratio.value, rel=0.005)
            assert c.relation is (Relation.WORSE if c.ratio.value > 1 else Relation.BETTER)
        else:
            assert [relation for word, relation in shown.items() if word in words] == [c.relation]
        for part in throttles.sentence(findings, NAMES, profile).split("; "):
            who = TARGETS[part.split()[0]]
            [f] = [f for f in findings.funnels if (f.target, f.profile) == (who, profile)]
            assert ("refuses none" in part) == (f.refused_share.value == 0)


@pytest.mark.parametrize("seed", range(FEW))
def test_every_sentence_of_a_decision_holds(base, seed):
    held(base, seed)


@pytest.mark.slow  # a minute; the test above tells the same of fewer
def test_every_sentence_of_500_decisions_holds(base):
    for seed in range(FEW, FEW + MANY):
        held(base, seed)
