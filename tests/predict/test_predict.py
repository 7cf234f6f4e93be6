"""What is predicted of a fleet of known truth, and where it is refused."""

from dataclasses import replace

import numpy as np
import pytest

from harness import pipeline
from harness.analysis.dataset import load
from harness.campaign.progress import Progress
from harness.domain.estimate import Estimate, Unknown
from harness.domain.reasons import absence
from harness.domain.reasons import untold as kinds
from harness.domain.retry import NO_RETRY
from harness.domain.target import PriceModel
from harness.domain.traffic import Traffic
from harness.errors import Refused
from harness.platforms.scaling import Grows, Picks, Scaling, assumed, declared
from harness.predict import whole
from harness.predict.drawn import central
from harness.predict.fitted import fit
from harness.predict.loads import MonthOf, month_of, peak_of
from harness.predict.parameter import From, What
from harness.predict.predict import Asked, Effort, predicted
from harness.predict.prediction import Quantity
from harness.predict.settings import asked
from harness.predict.shared_machine import Machine, Other
from harness.predict.whole import Wanted, predictions
from harness.predict.whole import asked as asked_of
from harness.words import said
from tests.builders import LIGHT, external
from tests.predict.pilots import TruePilot
from tests.predict.priced import fitted, on_demand
from tests.predict.situations import MONTH_S, draw, measured

QUICK = Effort(same=2, worlds=12, requests=800)
QUIET = Progress(quiet=True)


def at(made, target, factor, quantity):
    return next(a for a in made.at if (a.target, a.factor) == (target, factor)).of(quantity).known


@pytest.fixture(scope="module")
def pilot(tmp_path_factory):
    """Searched at 22 a second on the service, a keep-alive search on the function."""
    made = TruePilot(tmp_path_factory.mktemp("pilot"), blocks=4, length_s=200, searched={"beta": 22.0})
    workspace, plan, store = made.write()
    return workspace, load(store, plan)


@pytest.fixture(scope="module")
def made(pilot):
    return predictions(*pilot, Wanted((1.0, 10.0), effort=QUICK), QUIET, 1)


def test_every_quantity_has_its_interval_and_what_it_rests_on(made):
    for one in made.at:
        for figure in one.figures:
            known = figure.known
            assert isinstance(known, Estimate), (one.target, figure.quantity, said(known.reason))
            assert known.low <= known.value
            assert known.high is None or known.value <= known.high
            assert known.blocks == 4
            assert known.n > 500
            assert figure.played_error is not None


def test_a_fixed_fleet_is_as_large_as_the_peak_wants_and_is_paid_for(made):
    one, ten = (at(made, "beta", k, Quantity.INSTANCES_MEAN).value for k in (1.0, 10.0))
    usd_one, usd_ten = (at(made, "beta", k, Quantity.COST).value for k in (1.0, 10.0))

    assert one == 2
    assert ten == 5  # 30 a second at the peak, 10.4 of one at seven tenths
    assert usd_ten / usd_one == pytest.approx(2.2, rel=0.1)  # what stands in front stays one


def test_a_function_costs_by_its_requests(made):
    one, ten = (at(made, "alpha", k, Quantity.COST).value for k in (1.0, 10.0))

    assert ten / one == pytest.approx(10, rel=0.05)
    seconds = 2_600_000 * 0.56  # of 550 ms, and starts
    assert one == pytest.approx(seconds * 0.0000167 + 2.6 * 0.2, rel=0.05)


def test_the_same_seed_gives_the_same_prediction(pilot, made):
    again = predictions(*pilot, Wanted((1.0,), effort=QUICK), QUIET, 1)

    assert [a.figures for a in again.at if a.target == "alpha"] == [
        a.figures for a in made.at if (a.target, a.factor) == ("alpha", 1.0)
    ]


def test_a_fleet_that_may_not_grow_is_refused_past_its_capacity(pilot):
    made = predictions(*pilot, Wanted((50.0,), changes=asked("beta.min_instances=2"), effort=QUICK), QUIET, 1)
    why = at(made, "beta", 50.0, Quantity.P95).reason

    assert isinstance(why, kinds.BeyondCapacity)
    assert why.limit_found
    assert "run a capacity search at" in said(why)
    assert isinstance(at(made, "beta", 50.0, Quantity.COST), Estimate)  # a fleet costs what it is


def test_a_fleet_that_is_to_carry_what_nobody_searched_for_has_no_size_and_no_cost(pilot):
    workspace, data = pilot
    unsearched = replace(data, runs=tuple(run for run in data.runs if run.profile != "capacity"))
    made = predictions(workspace, unsearched, Wanted((1.0, 50.0), effort=LIGHT), QUIET, 1)

    assert isinstance(at(made, "beta", 1.0, Quantity.COST), Estimate)  # within what it was seen to carry
    for quantity in (Quantity.COST, Quantity.INSTANCES_MEAN, Quantity.P95):
        assert isinstance(at(made, "beta", 50.0, quantity).reason, kinds.BeyondCapacity)
    assert at(made, "beta", 50.0, Quantity.COLD_SHARE).value == 0


def test_refusals_of_the_platform_tell_no_limit_that_nobody_declares(pilot):
    workspace, data = pilot
    of = asked_of(workspace, data, Wanted(), month_of(workspace))["alpha"]
    unlimited = replace(of.fitted.scaling, most=assumed(1000, 1, 1000, "a documented default"))
    driven = replace(of.fitted.driven, refused=1, refused_from=2)
    fitted = replace(of.fitted, scaling=unlimited, driven=driven)

    assert isinstance(
        predicted(replace(of, fitted=fitted), 10.0, 1, QUICK).of(Quantity.REFUSED_SHARE).known.reason,
        kinds.BeyondInstances,
    )


def test_machines_grow_with_the_instances_that_are_asked_for(pilot):
    workspace, data = pilot

    def usd(count):
        changes = asked(f"beta.min_instances={count}")
        of = asked_of(workspace, data, Wanted(changes=changes, effort=LIGHT), month_of(workspace))["beta"]
        nodes = replace(of.target, prices=PriceModel("aws-2026-11", "us-east-1", "eks", {"t3_large": 3}))
        return predicted(replace(of, target=nodes), 1.0, 1, LIGHT).of(Quantity.COST).known.value

    assert usd(6) - usd(2) == pytest.approx(6 * 730 * 0.0832)  # two are declared for three machines


def test_instances_that_are_kept_cost_and_keep_cold_away(pilot):
    before = predictions(*pilot, Wanted((1.0,), effort=QUICK), QUIET, 1)
    after = predictions(*pilot, Wanted((1.0,), changes=asked("alpha.min_instances=8"), effort=QUICK), QUIET, 1)

    assert at(after, "alpha", 1.0, Quantity.COLD_SHARE).value < at(before, "alpha", 1.0, Quantity.COLD_SHARE).value / 5
    assert at(after, "alpha", 1.0, Quantity.INSTANCES_MEAN).value >= 8
    assert after.changed["alpha"] == ("alpha.min_instances=8",)


def test_every_figure_says_where_it_is_from(made):
    alpha = {p.what: p for p in made.parameters["alpha"]}

    assert alpha[What.RUNTIME].basis is From.MEASURED
    assert alpha[What.RUNTIME].blocks == 4
    assert alpha[What.RUNTIME].low < alpha[What.RUNTIME].value < alpha[What.RUNTIME].high
    assert alpha[What.WINDOW].n == 40
    assert (alpha[What.MOST].value, alpha[What.MOST].basis) == (20, From.DECLARED)


def test_a_trace_takes_the_place_of_the_week(pilot, tmp_path):
    trace = tmp_path / "own.csv"
    trace.write_text("at_s\n" + "".join(f"{k * 2.0}\n{k * 2.0 + 0.1}\n" for k in range(1500)))
    made = predictions(*pilot, Wanted((1.0,), trace, effort=QUICK), QUIET, 1)

    assert made.traffic == "the traffic of own.csv, 3,000 requests in 50 min"
    assert made.at[0].per_s == pytest.approx(1.0, rel=0.01)
    assert made.at[0].hours


def test_a_trace_of_which_no_request_is_left_can_be_told_of_in_instances_and_cost_alone(pilot, tmp_path):
    trace = tmp_path / "own.csv"
    trace.write_text("at_s\n" + "".join(f"{k * 30.0}\n" for k in range(20)))
    found = predictions(*pilot, Wanted((0.001,), trace, effort=QUICK), QUIET, 1).at[0]
    told = {f.quantity for f in found.figures if f.told}

    assert told == {Quantity.INSTANCES_MEAN, Quantity.INSTANCES_MOST, Quantity.INSTANCE_HOURS, Quantity.COST}
    assert found.of(Quantity.REFUSED_SHARE).known.reason == kinds.NothingPlayed()


def test_what_the_fitted_figures_do_not_give_again_is_not_predicted(pilot, monkeypatch):
    times = []

    def unlike(data, fitted, seed, again):
        times.append(again)
        return {Quantity.P95: (1, 12)}

    monkeypatch.setattr(whole, "unlike", unlike)
    found = predictions(*pilot, Wanted((1.0,), effort=replace(QUICK, again=7)), QUIET, 1)

    assert set(times) == {7}
    assert all(isinstance(at.of(Quantity.P95).known.reason, kinds.NotGivenAgain) for at in found.at)


def test_nothing_is_predicted_of_what_was_not_measured(tmp_path):
    workspace = TruePilot(tmp_path).workspace()

    with pytest.raises(Refused, match="nothing was measured yet"):
        pipeline.predict(workspace, Wanted(), QUIET)


def test_a_target_that_nobody_knows_anything_of_is_refused_whole():
    fitted = fit("alpha", measured(draw(0)), None, NO_RETRY, 1)
    asked_of = Asked(
        external("http://127.0.0.1:1", name="alpha"),
        fitted,
        Unknown(absence.NoPrices()),
        MonthOf.of_week(Traffic(1_000_000, 1.0)),
    )
    made = predicted(asked_of, 1.0, 1, QUICK)

    assert {p.what for p in fitted.parameters} >= {What.RUNTIME, What.MODEL}
    assert {type(f.known.reason) for f in made.figures} == {kinds.GrowthUnknown}


BUSY = (Other(1, "steady", 2.5),)  # something else


def shared_by_all(**changes):
    """A function whose instances share four processors, of which one was busy at the most."""
    situation = draw(0)
    data = measured(situation)
    fitted = fit("alpha", data, situation.scaling, NO_RETRY, 0)
    machine = Machine(4.0, answer_vcpus=0.05, busiest=1.0)
    alone = tuple(replace(s, work_s=s.beyond_s) for s in fitted.starts)
    fitted = replace(fitted, machine=replace(machine, **changes), starts=alone)
    traffic = MonthOf.of_week(Traffic(round(situation.per_s * 730 * 3600), situation.per_s * 3))
    return predicted(Asked(external("http://127.0.0.1:1", name="alpha"), fitted, None, traffic), 1.0, 1, QUICK)


def test_past_what_a_machine_was_seen_to_do_nothing_is_told():
    why = shared_by_all(other=BUSY).of(Quantity.P95).known.reason

    assert isinstance(why, kinds.BeyondMachine)
    assert why.wanted_vcpus > 2 > why.seen_vcpus
    assert "share one machine of 4 processors" in said(why)


def test_as_far_as_a_machine_was_driven_it_is_told():
    assert isinstance(shared_by_all(other=BUSY, busiest=3.0).of(Quantity.P95).known, Estimate)
    assert isinstance(shared_by_all().of(Quantity.P95).known, Estimate)  # less than half is busy


def test_processors_carry_what_a_search_found_or_what_answers_that_did_not_wait_have_shown(pilot):
    _, data = pilot
    fixed = Scaling(
        *(Grows.FIXED, Picks.LEAST, declared(8, "target.toml"), declared(1, "target.toml")),
        declared(1, "target.toml"),
    )
    fitted = fit("beta", data, fixed, NO_RETRY, 1)
    searched = central(fitted).per_instance_per_s
    assert searched

    assert central(replace(fitted, computes_per_s=0.0)).computed_per_s == searched
    assert central(replace(fitted, computes_per_s=3 * searched)).computed_per_s == 3 * searched
    assert central(replace(fitted, computes_per_s=3 * searched, processors=2.0)).computed_per_s == 6 * searched


def test_a_month_sees_at_least_as_many_instances_as_the_stretches_of_it_that_are_played(pilot, made):
    most = at(made, "alpha", 1.0, Quantity.INSTANCES_MOST)
    workspace, data = pilot
    of = asked_of(workspace, data, Wanted(), month_of(workspace))["alpha"]
    unlimited = replace(of.fitted.scaling, most=assumed(1000, 100, 1000, "a documented default"))
    free = predicted(replace(of, fitted=replace(of.fitted, scaling=unlimited)), 1.0, 1, QUICK)
    found = free.of(Quantity.INSTANCES_MOST).known

    assert most.high == 20  # as it is declared
    assert found.high is None
    assert isinstance(found.why_open, kinds.StretchesPlayed)
    assert at(made, "beta", 1.0, Quantity.INSTANCES_MOST).high == 2  # a fixed fleet is as large as it is


def test_an_answer_past_the_clients_deadline_is_not_served():
    month = MonthOf.of_week(Traffic(1000, 1.0))
    of = Asked(
        external("http://127.0.0.1:1"), fitted(on_demand(), (1.0,) * 8, start_s=9.0), Unknown(absence.NoPrices()), month
    )
    late = predicted(replace(of, deadline_s=5.0), 1.0, 1, LIGHT)

    assert late.of(Quantity.REFUSED_SHARE).known.value == 0
    assert late.served.value < 0.1  # nearly every request meets a start
    assert predicted(of, 1.0, 1, LIGHT).served.value == pytest.approx(1.0)


def test_the_bursts_of_a_trace_are_more_than_a_fleet_was_seen_to_carry_though_its_mean_is_not(pilot):
    workspace, data = pilot
    of = asked_of(workspace, data, Wanted(effort=LIGHT), month_of(workspace))["beta"]
    driven = replace(of.fitted.driven, kept_per_s=None, sustained_per_s=1.0)
    unsearched = replace(of.fitted, capacity=None, driven=driven)
    minute = 1800 + np.arange(600) * 0.1  # of ten a second, of an hour with one in ten seconds
    instants = np.sort(np.concatenate([np.arange(0, 3600, 10.0), minute]))

    def p95(at_s):
        month = MonthOf("t", Traffic(round(len(at_s) / 3600 * MONTH_S), peak_of(at_s)), at_s, 3600.0)
        return predicted(replace(of, fitted=unsearched, traffic=month), 1.0, 1, LIGHT).of(Quantity.P95).known

    assert isinstance(p95(instants).reason, kinds.BeyondCapacity)
    assert isinstance(p95(np.arange(0, 3600, 3.75)), Estimate)  # as many, evenly


@pytest.mark.parametrize(("limit", "told"), [(4, False), (5, True)])
def test_a_fleet_that_the_peak_wants_larger_than_its_quota_is_not_told_of_but_priced(pilot, limit, told):
    """Five at ten times the traffic."""
    workspace, data = pilot
    of = asked_of(workspace, data, Wanted(effort=LIGHT), month_of(workspace))["beta"]
    found = predicted(replace(of, room=(limit, "vCPU")), 10.0, 1, LIGHT)
    why = getattr(found.of(Quantity.P95).known, "reason", None)

    assert isinstance(why, kinds.BeyondGranted) != told
    assert told or said(why).endswith("takes 5 instances, and the quota vCPU allows 4; request a larger quota")
    assert isinstance(found.of(Quantity.COST).known, Estimate)
