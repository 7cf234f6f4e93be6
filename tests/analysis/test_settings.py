"""Which setting to seal: the cheapest that keeps every promise, a faster one that costs hardly more, or none and why."""

from harness.analysis.settings import SweepPromise, TriedSetting, choose
from harness.domain.estimate import Estimate, Infinite, Unknown
from harness.domain.reason import Other
from harness.domain.reasons.choice import CheapestKept, CostUntold, NoRoundValid
from harness.domain.verdict import Slo
from harness.words import said

P95 = Slo("p95 response time", "p95_s", 2.0, "s")
ERRORS = Slo("error rate", "error_rate", 0.01, "share")


def known(value):
    return Estimate(value, value * 0.5, value * 2, 0.95, 90, 3, "by hand")


def tried(name, p95_s, usd, *, errors=0.0, priced=True):
    return TriedSetting(
        name,
        (
            SweepPromise("steady", P95, p95_s if isinstance(p95_s, Unknown) else known(p95_s)),
            SweepPromise("steady", ERRORS, known(errors)),
        ),
        usd if isinstance(usd, Unknown) else known(usd),
        priced,
    )


def test_the_cheapest_that_keeps_every_promise_is_chosen():
    name, why = choose([tried("s", 2.5, 10), tried("m", 1.5, 20), tried("l", 0.5, 40)], 1.1)
    assert (name, why) == ("m", CheapestKept())


def test_a_faster_one_that_costs_hardly_more_is_preferred():
    name, why = choose([tried("s", 1.5, 20), tried("l", 0.5, 21.9)], 1.1)
    assert name == "l"
    assert "at most 1.1 times the cheapest" in said(why)


def test_failures_break_a_promise_however_fast_the_rest_is():
    assert choose([tried("s", 0.1, 10, errors=0.02), tried("l", 1.0, 40)], 1.1)[0] == "l"
    assert choose([tried("s", Infinite("7.0 % of 90 requests failed"), 10), tried("l", 1.0, 40)], 1.1)[0] == "l"


def test_where_none_keeps_every_promise_none_is_chosen_and_the_nearest_is_named():
    name, why = choose([tried("s", 9.0, 10, errors=0.5), tried("l", 2.5, 40)], 1.1)
    assert name is None
    assert "l comes closest and breaks p95 response time under steady" in said(why)


def test_a_p95_that_cannot_be_told_is_not_kept():
    name, why = choose([tried("s", Unknown(Other("n = 12 cannot certify p95")), 10), tried("l", 1.0, 40)], 1.1)
    assert name == "l"
    name, why = choose([tried("s", Unknown(Other("n = 12 cannot certify p95")), 10)] * 2, 1.1)
    assert name is None
    assert "is not shown to break any" in said(why)


def test_an_unknown_cost_chooses_nothing_but_no_prices_leave_it_to_the_file():
    waiting = Unknown(Other("billed durations were collected for 0 of 3 blocks"))
    assert choose([tried("s", 1.0, waiting), tried("l", 0.5, 40)], 1.1) == (
        None,
        CostUntold("s", waiting.reason),
    )
    unpriced = [tried(n, 1.0, Unknown(Other("no prices in target.toml")), priced=False) for n in ("s", "l")]
    assert choose(unpriced, 1.1)[0] == "s"


def test_before_the_first_round_nothing_is_said():
    nothing = Unknown(Other("no measured request"))
    made = [TriedSetting("s", (SweepPromise("steady", P95, nothing),), nothing, priced=True)]
    assert choose(made, 1.1) == (None, NoRoundValid())
