"""What the analysis of jobs found becomes what placement takes."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest

from harness import pipeline
from harness.decision.job_work import JobWork
from harness.decision.side import Fit
from harness.decision.workloads import workloads_placed
from harness.domain.estimate import Estimate, Unknown
from harness.domain.job import Killed
from harness.domain.reasons import absence
from harness.domain.reasons.place import Place
from harness.domain.reasons.verdict import ShownFewer
from harness.domain.verdict import Judgement, Slo, SloVerdict
from harness.words import said
from harness.workspace import open_workspace
from tests.builders import LIGHT
from tests.decision.test_alternatives import collected

INGESTION = """
[workloads.ingestion]
kind = "job"
waited_for = false
measured_by = "steady"
per_month = 40_000
slo = { done_within_s = 900, lost = 0 }
"""


@dataclass(frozen=True)
class Fate:
    fate: str
    count: int
    of: int


@dataclass(frozen=True)
class Money:
    runtime_usd: object
    tokens_usd: object


@dataclass(frozen=True)
class Found:
    """As ``harness.analysis.jobs`` tells them of one target."""

    target: str
    profile: str = "steady"
    blocks: int = 6
    done: int = 240
    p95_working_s: object = Unknown(absence.NotMeasured())
    longest_s: float | None = 40.0
    shares: tuple = ()
    cost: Money = Money(Unknown(absence.NoPrices()), Unknown(absence.NoPrices()))
    verdicts: tuple = ()


def usd(value):
    return Estimate(value, value * 0.99, value * 1.01, 0.95, 240, 6, "made up")


def done(target, seconds=60.0, judgement=Judgement.PASS):
    seen = Estimate(seconds, seconds * 0.9, seconds * 1.1, 0.95, 240, 6, "made up")
    return SloVerdict(
        target, "steady", Slo("done", "done_within_s", 900.0, "s"), judgement, seen, ShownFewer(0.0, 240, 0.05)
    )


@pytest.fixture(scope="module")
def piloted(tmp_path_factory):
    """Alpha is two Fargate tasks, beta a Lambda function; jobs are declared."""
    workspace = collected(tmp_path_factory.mktemp("jobs"))
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text() + INGESTION)
    workspace = open_workspace(workspace.root)
    return workspace, pipeline.decide(workspace, effort=LIGHT).findings


def ingestion(piloted, *found):
    workspace, findings = piloted
    [placed] = workloads_placed(workspace, replace(findings, jobs=found))
    return placed


def test_jobs_that_take_longer_than_the_function_may_work_belong_to_the_container(piloted):
    placed = ingestion(piloted, Found("alpha", longest_s=1200.0, verdicts=(done("alpha"),)))

    assert placed.place is Place.CONTAINER
    assert said(placed.reasons[0]) == "a job takes 20 min (measured on the other target), and beta ends at 15 min"


def test_jobs_that_the_platform_killed_are_those_that_a_limit_ended(piloted):
    shares = (Fate("lost", 1, 240), Fate("time_limit", 5, 240), Fate("memory_limit", 0, 240))
    placed = ingestion(
        piloted, Found("alpha", verdicts=(done("alpha"),)), Found("beta", shares=shares, verdicts=(done("beta"),))
    )

    [ended] = placed.of("beta").measured.ended
    assert (ended.by, ended.count, ended.of) == (Killed.TIME, 5, 240)
    assert placed.of("beta").fit is Fit.CANNOT


def test_a_month_of_jobs_is_a_thousand_at_its_volume_with_its_interval(piloted):
    money = Money(usd(0.5), usd(2.0))
    placed = ingestion(piloted, Found("alpha", verdicts=(done("alpha"),), cost=money, p95_working_s=usd(7.0)))

    made = placed.of("alpha").measured
    assert made.worked_s == usd(7.0), "a p95, as of requests"
    assert (made.month_usd.value, made.month_usd.low) == pytest.approx((20.0, 19.8))
    assert made.beside_usd == pytest.approx(80.0)
    assert made.whole_usd.value == pytest.approx(100.0)


def test_the_cheaper_of_two_that_keep_it_is_its_place(piloted):
    cheap, dear = Money(usd(0.1), usd(2.0)), Money(usd(0.9), usd(2.0))
    placed = ingestion(
        piloted,
        Found("alpha", verdicts=(done("alpha"),), cost=dear),
        Found("beta", verdicts=(done("beta"),), cost=cheap),
    )

    assert placed.place is Place.SERVERLESS
    assert placed.reasons[0].kind == "cheaper_there"


def test_jobs_of_another_profile_measure_nothing_of_it(piloted):
    assert ingestion(piloted, Found("alpha", profile="nightly")).place is Place.NOT_MEASURED


def test_jobs_that_a_variant_does_are_its_targets(piloted):
    """The container's queue workers are a deployment of their own beside it."""
    workspace, findings = piloted
    work = JobWork((Found("alpha_jobs", verdicts=(done("alpha"),)),), findings, {"alpha": "alpha_jobs"}, frozenset())
    [ingestion_] = workspace.workloads()

    assert work(ingestion_, SimpleNamespace(name="alpha")).target == "alpha"
    assert work(ingestion_, SimpleNamespace(name="beta")) is None
