"""Placement: known truths, and reasons that are true of the figures they name."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.workload import Ended, Measured, Start, deciding
from harness.decision.placement import Home, placement
from harness.decision.side import Fit
from harness.domain.estimate import Estimate, Unknown
from harness.domain.job import Killed
from harness.domain.reasons import absence, place
from harness.domain.reasons.place import BELONGS, Basis, Place
from harness.domain.reasons.verdict import JobsLost, ShownFewer
from harness.domain.target import Dialect, Target
from harness.domain.verdict import Judgement, Slo, SloVerdict
from harness.domain.workload import Promise, WorkKind, Workload
from harness.platforms.ceilings import Ceiling, Ceilings
from harness.platforms.external.config import External
from harness.words import said

FREE = Ceiling(None, None)
MEMORY = Ceiling(1024, 10_240)
FUNCTION = Ceilings(
    Ceiling(30, 900), Ceiling(60, 900), MEMORY, MEMORY, Ceiling(6_000, 6_000), streams=True, front="a URL"
)
CONTAINER = Ceilings(FREE, FREE, Ceiling(2048, 122_880), FREE, FREE, streams=True, front="a load balancer")
MARGIN = 1.1
LIMIT = {"p95_s": 2.0, "done_within_s": 900.0}


def home(name, ceilings, *, serverless):
    target = Target(name, Path(), Dialect.RAG_CHAT, External(), base_url="http://127.0.0.1:9")
    return Home(target, ceilings, serverless=serverless, cold=bool(serverless))


HOMES = (home("container", CONTAINER, serverless=False), home("function", FUNCTION, serverless=True))


def about(value, spread=0.1):
    return Estimate(value, value * (1 - spread), value * (1 + spread), 0.95, 500, 6, "made up")


def exactly(value):
    return Estimate(value, None, None, 0.95, 500, 6, "made up")


def judged(target, judgement=Judgement.PASS, metric="p95_s", value=0.5):
    promise = Slo(metric, metric, LIMIT[metric], "s")
    return SloVerdict(target, "steady", promise, judgement, about(value), ShownFewer(0.01, 500, 0.05))


def measured(target, judgement=Judgement.PASS, **more):
    metric = more.pop("metric", "p95_s")
    more = {"month_usd": about(100.0, 0.01), "worked_s": about(0.4), "longest_s": exactly(0.9), **more}
    return Measured(target, "steady", (judged(target, judgement, metric),), **more)


def start(cold_s=0.6, share=0.01, at_volume=0.5, warm_s=0.5):
    """Cold starts of a function, as probes and a month that was played say."""
    return Start("p95_s", 2.0, about(warm_s), exactly(0.0), exactly(9.0), about(cold_s), about(share), about(at_volume))


def work(name="chat", kind=WorkKind.REQUEST, *, waited_for=True, measured_by="steady", **more):
    return Workload(name, kind, waited_for, measured_by=measured_by, **more)


def put(workload, container=None, function=None, homes=HOMES, margin=MARGIN):
    """The one workload's place, from what was measured on each; None: it was not."""
    found = {"container": container, "function": function}

    def measures(workload, target):
        return found[target.name]

    [placed] = placement([workload], dict.fromkeys(WorkKind, homes), dict.fromkeys(WorkKind, measures), margin)
    return placed


def test_a_job_that_takes_longer_than_the_function_lets_it_belongs_to_the_container():
    """Twenty minutes, measured on the container alone, against fifteen that no setting of the function lifts."""
    placed = put(
        work("ingestion", WorkKind.JOB, waited_for=False),
        measured("container", metric="done_within_s", longest_s=exactly(1200.0)),
    )

    assert placed.place is Place.CONTAINER
    assert said(placed.reasons[0]) == ("a job takes 20 min (measured on the other target), and function ends at 15 min")


def test_nothing_says_that_a_target_is_a_container_where_nobody_declared_how_it_is_billed_or_scales():
    unknown = (home("container", CONTAINER, serverless=None), home("function", CONTAINER, serverless=None))
    placed = put(work(), measured("container"), measured("function", Judgement.FAIL), homes=unknown)

    assert placed.place is Place.THERE
    assert said(BELONGS[placed.place]) == "belongs to the target that keeps it"


def test_a_job_that_the_function_ended_belongs_to_the_container_whatever_its_verdict_is():
    ended = (Ended(Killed.TIME, 3, 40),)
    held = Ceilings(Ceiling(5, 5), Ceiling(5, 5), FREE, FREE, FREE, streams=True, front="")
    placed = put(
        work("ingestion", WorkKind.JOB, waited_for=False),
        measured("container", metric="done_within_s"),
        measured("function", metric="done_within_s", ended=ended),
        homes=(HOMES[0], home("function", held, serverless=True)),
    )

    assert placed.place is Place.CONTAINER
    assert said(placed.reasons[0]) == "function ended 3 of 40 by its time limit of 5.00 s"


def test_jobs_that_a_setting_ended_leave_it_open_until_it_is_raised():
    ended = (Ended(Killed.TIME, 3, 40),)
    placed = put(
        work("ingestion", WorkKind.JOB, waited_for=False),
        measured("container", metric="done_within_s"),
        measured("function", metric="done_within_s", ended=ended),
    )

    assert placed.place is Place.OPEN
    assert said(placed.reasons[0]) == (
        "function ended 3 of 40 by its time limit of 60.0 s, which can be set to 15 min: raise it and measure again"
    )


def test_a_job_that_only_the_functions_own_setting_ended_says_that_it_can_be_raised():
    placed = put(
        work("ingestion", WorkKind.JOB, waited_for=False),
        measured("container", metric="done_within_s", longest_s=exactly(300.0)),
    )

    assert placed.place is Place.OPEN
    assert "its timeout is 60.0 s; its platform allows 15 min: raise it and measure again" in said(placed.reasons[0])


def test_a_model_that_fits_no_instance_of_the_function_belongs_to_the_container():
    found = put(work(), measured("container", memory_mb=exactly(14_000)))
    declared = put(work(memory_mb=14_000), measured("container"), measured("function"))

    assert (found.place, declared.place) == (Place.CONTAINER, Place.CONTAINER)
    assert "it needs 14,000 MB (measured on the other target)" in said(found.reasons[0])
    assert "it needs 14,000 MB (declared, not measured)" in said(declared.reasons[0])


def test_what_was_measured_here_goes_before_what_was_declared_or_measured_elsewhere():
    small = measured("function", memory_mb=exactly(300))
    placed = put(work(memory_mb=14_000), measured("container", memory_mb=exactly(14_000)), small)

    held = next(one for one in placed.of("function").against if one.what == "memory")
    assert (held.value, held.basis) == (300, Basis.MEASURED)
    assert placed.of("function").fit is Fit.KEEPS


def test_a_document_that_the_front_does_not_take_belongs_to_the_container():
    placed = put(work(size_kb=20_000), measured("container"), measured("function"))

    assert placed.place is Place.CONTAINER
    assert "its payload is 20,000 kB (declared, not measured), and function accepts at most 6,000 kB" in said(
        placed.reasons[0]
    )


def test_a_person_waits_and_cold_starts_break_the_promise_so_it_must_be_always_warm():
    placed = put(
        work(), measured("container"), measured("function", starts=(start(cold_s=9.0, share=0.3, at_volume=8.0),))
    )

    assert placed.place is Place.WARM
    assert placed.reasons[0] == place.ColdBreaks("function", 0.3, 7.2, 2.0, 0.5)


@pytest.mark.parametrize("container", [None, Judgement.INCONCLUSIVE, Judgement.FAIL])
def test_what_cold_starts_break_must_be_warm_whatever_is_known_of_the_container(container):
    function = measured("function", starts=(start(cold_s=9.0, share=0.3, at_volume=8.0),))
    placed = put(work(), container and measured("container", container), function)

    assert placed.place is Place.WARM
    assert placed.reasons[0].kind == "cold_breaks"


def test_cold_starts_that_broke_the_promise_while_it_was_measured_mean_always_warm_too():
    seen = Start(
        "p95_s", 2.0, about(0.5), exactly(0.2), exactly(6.0), about(6.0), about(0.2), Unknown(absence.NoVolume())
    )
    placed = put(work(), measured("container"), measured("function", Judgement.FAIL, starts=(seen,)))

    assert placed.place is Place.WARM
    assert placed.reasons[0] == place.ColdBroke("function", 0.2, 6.0, 2.0, 0.5)


def test_a_function_that_is_slow_even_warm_is_no_matter_of_cold_starts():
    slow = Start("p95_s", 2.0, about(3.0), exactly(0.2), exactly(6.0), about(6.0), about(0.2), about(5.0))
    placed = put(work(), measured("container"), measured("function", Judgement.FAIL, starts=(slow,)))

    assert placed.place is Place.CONTAINER
    assert placed.of("function").fit is Fit.BREAKS


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (start(cold_s=1.0, share=0.9, at_volume=8.0), "cold_in_time"),
        (start(cold_s=9.0, share=0.01, at_volume=0.6), "cold_rare"),
    ],
)
def test_a_start_that_is_in_time_or_rare_lets_it_stay_serverless(found, kind):
    placed = put(work(), measured("container"), measured("function", starts=(found,), month_usd=about(20.0, 0.01)))

    assert placed.place is Place.SERVERLESS
    assert placed.of("function").why.how.kind == kind


def test_a_month_that_cannot_be_told_decides_nothing():
    untold = Start(
        "p95_s", 2.0, about(0.5), exactly(0.0), exactly(9.0), about(9.0), about(0.1), Unknown(absence.NoVolume())
    )
    placed = put(work(), measured("container"), measured("function", starts=(untold,)))

    assert placed.place is Place.OPEN
    assert said(placed.reasons[0]) == (
        "whether cold starts of function break its promise: its volume is not declared (per_month)"
    )


def test_a_volume_that_nobody_saw_carried_leaves_it_open_whatever_was_measured_of_less():
    untold = absence.NoVolume()
    placed = put(work(), measured("container", untold=untold), measured("function", Judgement.FAIL))

    assert placed.place is Place.OPEN
    assert placed.of("container").why == place.VolumeUntold("container", untold)


def test_volume_that_makes_the_container_cheaper_puts_it_there_and_less_of_it_does_not():
    """The same work at two volumes: the container's month is a price by the hour, the function's follows its requests."""
    homes_of = {}
    for volume, usd in ((100_000, 9.0), (4_000_000, 360.0)):
        cost = {"month_usd": about(usd, 0.05)}
        homes_of[volume] = put(work(per_month=volume), measured("container"), measured("function", **cost))

    assert homes_of[100_000].place is Place.SERVERLESS
    assert homes_of[4_000_000].place is Place.CONTAINER
    assert homes_of[4_000_000].reasons[0] == place.CheaperThere("container", 100.0, 101.0, "function", 360.0, 342.0)


@pytest.mark.parametrize(
    ("usd", "kind"), [(about(100.0, 0.3), "costs_meet"), (Unknown(absence.NoPrices()), "cost_untold_of")]
)
def test_both_keep_it_and_neither_is_shown_to_be_cheaper(usd, kind):
    placed = put(work(), measured("container"), measured("function", month_usd=usd))

    assert placed.place is Place.EITHER
    assert placed.reasons[0].kind == kind


def test_what_nobody_measured_has_no_place_and_the_command_that_would_measure_it():
    for workload in (work(measured_by=None), work(measured_by=None, duration_s=1200, kind=WorkKind.JOB)):
        placed = put(workload)
        assert placed.place is Place.NOT_MEASURED
        assert "measured_by of [workloads.chat], then pilot plan --seal and pilot run" in said(placed.reasons[0])
        assert len({said(reason) for reason in placed.reasons}) == len(placed.reasons)


def test_a_profile_that_did_not_run_yet_is_named():
    assert "no valid run of [profiles.steady] yet; pilot run" in said(put(work()).reasons[0])


def test_what_is_declared_rules_the_function_out_and_still_measures_nothing():
    placed = put(work("ingestion", WorkKind.JOB, waited_for=False, measured_by=None, duration_s=1200))

    assert placed.place is Place.NOT_MEASURED
    assert placed.of("function").fit is Fit.CANNOT
    assert "a job takes 20 min (declared, not measured), and function ends at 15 min" in map(said, placed.reasons)


def test_one_side_that_was_not_measured_leaves_the_place_open_where_the_container_keeps_it():
    assert put(work(), measured("container")).place is Place.OPEN
    assert put(work(), function=measured("function")).place is Place.SERVERLESS


def test_a_promise_that_is_not_shown_leaves_it_open_and_one_that_both_break_has_no_home():
    few = put(work(), measured("container"), measured("function", Judgement.INCONCLUSIVE))
    none = put(work(), measured("container", Judgement.FAIL), measured("function", Judgement.FAIL))

    assert few.place is Place.OPEN
    assert none.place is Place.NEITHER


@pytest.mark.parametrize(("lost", "place_"), [(0, Place.SERVERLESS), (1, Place.CONTAINER)])
def test_that_no_job_was_lost_leaves_nothing_open_and_one_that_was_breaks_it(lost, place_):
    """More jobs never prove that none will be lost."""
    judgement = Judgement.FAIL if lost else Judgement.INCONCLUSIVE
    of_lost = SloVerdict(
        "function",
        "jobs",
        Slo("lost jobs", "lost", 0.0, "share"),
        judgement,
        about(lost / 90),
        JobsLost(lost, 90, 0.03),
    )
    function = measured("function", metric="done_within_s", month_usd=about(20.0, 0.01))
    function = replace(function, verdicts=(of_lost, *function.verdicts))
    placed = put(work(kind=WorkKind.JOB), measured("container", metric="done_within_s"), function)

    assert placed.place is place_
    assert deciding(function.verdicts).slo.metric == ("lost" if lost else "done_within_s")
    if not lost:
        assert "function keeps its promise (none of 90 accepted jobs was lost; up to 3 %" in said(
            placed.of("function").why
        )


def test_answers_that_must_stream_and_cannot_are_no_matter_of_verdicts_alone():
    whole = Ceilings(FREE, FREE, FREE, FREE, FREE, streams=False, front="an HTTP API")
    late = SloVerdict(
        "function",
        "steady",
        Slo("TTFT", "ttft_p95_s", 1.0, "s"),
        Judgement.FAIL,
        about(3.0),
        ShownFewer(0.5, 500, 0.05),
    )
    placed = put(
        work(),
        measured("container"),
        Measured("function", "steady", (late,)),
        homes=(HOMES[0], home("function", whole, serverless=True)),
    )

    assert placed.place is Place.CONTAINER
    assert said(placed.reasons[0]) == "its answers stream, and an HTTP API in front of function does not"


def drawn(rng):
    """Anything that two targets may be and have measured."""

    def maybe(value):
        return Unknown(absence.NoPrices()) if rng.random() < 0.15 else value

    def one(target):
        if rng.random() < 0.2:
            return None
        starts = ()
        if rng.random() < 0.6:
            starts = (start(*(rng.uniform(*ends) for ends in ((0.1, 6.0), (0.0, 0.6), (0.1, 6.0), (0.1, 3.0)))),)
        ended = (Ended(Killed.TIME, rng.randint(0, 2), 40),) if rng.random() < 0.2 else ()
        return measured(
            target,
            rng.choice(list(Judgement)),
            starts=starts,
            ended=ended,
            month_usd=maybe(about(rng.uniform(5, 400), rng.uniform(0.0, 0.4))),
            longest_s=exactly(10 ** rng.uniform(0, 4)),
            worked_s=about(10 ** rng.uniform(-1, 3.5)),
            memory_mb=exactly(rng.uniform(100, 20_000)) if rng.random() < 0.5 else Unknown(absence.NotMeasured()),
        )

    workload = work(
        kind=rng.choice(list(WorkKind)),
        waited_for=rng.random() < 0.5,
        duration_s=10 ** rng.uniform(0, 4) if rng.random() < 0.5 else None,
        memory_mb=rng.uniform(100, 20_000) if rng.random() < 0.5 else None,
        size_kb=rng.uniform(1, 10_000) if rng.random() < 0.5 else None,
        promises={Promise.RESPONSE: 2.0},
    )
    return workload, one("container"), one("function")


UNTRUE = {  # what contradicts a reason by its own figures, or by the side that it names
    place.ColdInTime: lambda r, side: r.seconds > r.limit_s,
    place.ColdRare: lambda r, side: r.seconds > r.limit_s,
    place.ColdBreaks: lambda r, side: not (r.warm_s <= r.limit_s < r.seconds and r.share > 0),
    place.ColdBroke: lambda r, side: not (r.warm_s <= r.limit_s < r.seconds and r.share > 0),
    place.VolumeBreaks: lambda r, side: r.seconds <= r.limit_s,
    place.ColdOpen: lambda r, side: not ((r.low_s or 0) <= r.limit_s < (r.high_s or 9e9)),
    place.Raise: lambda r, side: r.value <= r.setting or (r.most is not None and r.value > r.most),
    place.CheaperThere: lambda r, side: r.high_usd >= r.other_low_usd or r.usd * MARGIN > r.other_usd,
    place.EndedByLimit: lambda r, side: not 0 < r.count <= r.of or (r.lifts_to is not None and r.lifts_to <= r.limit),
    place.Keeps: lambda r, side: not side.measured or side.measured.judged(Judgement.FAIL) or untrue(r.how, side),
    place.Breaks: lambda r, side: not side.measured.judged(Judgement.FAIL),
    place.NotShownYet: lambda r, side: not side.measured.judged(Judgement.INCONCLUSIVE),
    place.NotMeasuredYet: lambda r, side: side is not None and side.measured is not None,
    **dict.fromkeys((place.TooLong, place.TooLarge, place.TooHeavy), lambda r, side: r.value <= r.limit),
}


def untrue(reason, side):
    """Whether it contradicts its own figures."""
    return type(reason) in UNTRUE and UNTRUE[type(reason)](reason, side)


def test_a_reason_is_true_of_the_figures_that_it_names_whatever_was_measured():
    rng = random.Random(20261127)
    met = set()
    for _ in range(4_000):
        workload, container, function = drawn(rng)
        placed = put(workload, container, function)
        assert placed.reasons
        assert (placed.place is Place.NOT_MEASURED) == (container is None and function is None)
        for reason in placed.reasons:
            side = next((one for one in placed.sides if one.target == getattr(reason, "target", None)), None)
            assert not untrue(reason, side), (reason, said(reason))
            met.add(type(reason))
        if placed.place is Place.SERVERLESS:
            assert placed.of("function").fit in (Fit.KEEPS, Fit.OPEN)
        if placed.place is Place.CONTAINER:
            assert placed.of("container").fit in (Fit.KEEPS, Fit.OPEN)
        if placed.place is Place.WARM:
            assert Fit.COLD in {side.fit for side in placed.sides}
        if placed.place is Place.EITHER:
            assert {side.fit for side in placed.sides} == {Fit.KEEPS}
    assert {place.TooLong, place.TooLarge, place.ColdBreaks, place.CheaperThere, place.CostsMeet} <= met
