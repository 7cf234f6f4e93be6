"""How many clean requests a promise needs: never less than the exact law of a count, and just what a verdict takes."""

import tomllib
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from harness.analysis.decidable import Lacks, Measured, least_clean, of_workloads, unsettled
from harness.analysis.shares import share_of
from harness.domain.verdict import Slo
from harness.domain.workload import Promise, WorkKind, Workload
from harness.scaffold import Answers, Side
from harness.scaffold.template import pilot_toml
from harness.workspace.pilot_toml import PilotToml
from tests.builders import Pilot

ERRORS = Slo("error rate", "error_rate", 0.01, "share")
P95 = Slo("p95 response time", "p95_s", 2.0, "s")
TTFT = Slo("p95 time to first token", "ttft_p95_s", 1.0, "s")
UP = Slo("availability", "availability", 0.999, "share", at_least=True)


def chance_of_none(share, n):
    """That ``n`` independent requests show no failure where a share of them fails: exact, by rational numbers."""
    return (1 - Fraction(str(share))) ** n


@pytest.mark.parametrize(("share", "alpha"), [(0.01, 0.025), (0.05, 0.025), (0.01, 0.0125), (0.001, 0.025), (0.5, 0.4)])
@pytest.mark.parametrize("blocks", [6, 12, 40])
def test_what_it_takes_is_never_less_than_independent_requests_would(share, alpha, blocks):
    n = least_clean(share, alpha, blocks)
    assert chance_of_none(share, n) <= alpha


@pytest.mark.parametrize("blocks", [6, 8, 12])
def test_it_is_the_verdicts_own_answer_and_one_request_a_block_fewer_is_open(blocks):
    def passes(requests):
        clean, each = np.zeros(blocks), np.full(blocks, requests / blocks)
        return share_of(clean, each).below(0.01, 0.025)

    n = least_clean(0.01, 0.025, blocks)
    assert (passes(n), passes(n - 1)) == (True, False)


def test_more_blocks_say_more_of_their_own_spread_and_ask_for_less():
    assert least_clean(0.01, 0.025, 6) > least_clean(0.01, 0.025, 12) > least_clean(0.01, 0.025, 100)


def test_nothing_shows_that_no_request_ever_fails():
    assert least_clean(0.0, 0.025, 6) is None


def test_the_240_requests_of_an_old_first_look_settle_no_error_rate_of_1_percent():
    [found] = unsettled([ERRORS, P95], [Measured("steady", 6, 240, 240)])
    assert (found.promise, found.lacks, found.has) == ("error rate", Lacks.REQUESTS, 240)
    assert found.needed > 700


def test_the_quick_pilot_settles_what_it_promises_with_room_to_spare():
    quick = Answers(Side("external", "http://a.example"), Side("external", "http://b.example"), quick=True)
    said = PilotToml.model_validate(tomllib.loads(pilot_toml(quick)))
    requests = round(said.pilot.blocks * said.profiles["steady"].rate * said.profiles["steady"].duration_s)
    [needs] = unsettled([Slo("error rate", "error_rate", said.slo.error_rate, "share")], [Measured("steady", 6, 1, 1)])

    assert said.pilot.blocks == 6
    assert requests > 1.2 * needs.needed


def test_a_promise_to_the_first_token_is_shown_by_streams_alone():
    [found] = unsettled([TTFT], [Measured("steady", 6, 700, 140)])
    assert (found.promise, found.has) == (TTFT.name, 140)
    assert 140 < found.needed < 170


def test_fewer_blocks_than_a_verdict_needs_settle_nothing():
    found = unsettled([ERRORS, P95], [Measured("steady", 5, 10_000, 10_000)])
    assert [(one.lacks, one.has, one.needed) for one in found] == [(Lacks.BLOCKS, 5, 6)] * 2


def test_availability_is_never_shown_by_requests():
    [found] = unsettled([UP], [Measured("steady", 12, 10**6, 0)])
    assert (found.lacks, found.needed) == (Lacks.NOTHING_SHOWS_IT, None)


def test_more_looks_leave_less_for_the_last_one_and_ask_for_more():
    [one_look] = unsettled([ERRORS], [Measured("steady", 6, 1, 1)])
    [three_looks] = unsettled([ERRORS], [Measured("steady", 12, 1, 1)])
    assert three_looks.needed > least_clean(0.01, 0.025, 12)
    assert one_look.needed == least_clean(0.01, 0.025, 6)


def test_too_few_jobs_for_what_their_workload_promises_are_told_before_they_are_submitted(tmp_path):
    promises = {Promise.DONE: 900.0, Promise.LOST: 0.0}
    ingestion = Workload("ingestion", WorkKind.JOB, waited_for=False, measured_by="steady", promises=promises)

    def planned(jobs):
        made = Pilot(tmp_path, per_run=jobs).plan()
        return replace(made, profiles=tuple(replace(p, measured=jobs, streams=0) for p in made.profiles))

    [few] = of_workloads(planned(15), [ingestion])

    assert (few.profile, few.promise, few.lacks, few.has) == (
        "steady",
        "p95 time to done of ingestion",
        Lacks.REQUESTS,
        90,
    )
    assert few.needed == least_clean(0.05, 0.025, 6)
    assert of_workloads(planned(30), [ingestion]) == ()
