"""The budget counts what is billed: deployments by the day, jobs with their polls and work, and no token of a replay."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from harness.campaign.limits import Spending
from harness.campaign.metering import Meter
from harness.domain.plan import Block, Plan, ProfilePlan, Run, Start
from harness.domain.role import Role
from harness.domain.target import Dialect, PriceModel, Target
from harness.errors import LimitReached
from harness.evidence.events import SEALED
from harness.evidence.store import Store
from harness.platforms.aws_ecs.config import AwsEcs
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.external.config import External
from harness.platforms.forecast import Following, run_cost_usd, standing_usd_per_hour
from harness.run.deployed import over_plan_usd, span_s, stood_s, until_now_usd, usd_per_hour
from harness.run.drive import polls_within, worst_case_usd
from harness.workspace import open_workspace
from tests.builders import Pilot, sample

TASKS = PriceModel(
    "aws-2026-11", "us-east-1", "fargate-alb", {"vcpu": 1, "memory_gb": 2, "tasks": 2}, model_billed=False
)
URL = PriceModel("aws-2026-11", "us-east-1", "lambda-url", {"memory_mb": 1024}, model_billed=False)
FLEET = Target("fleet", Path(), Dialect.RAG_CHAT, AwsEcs("c", "s", "us-east-1"), prices=TASKS)
FUNCTION = Target("fn", Path(), Dialect.RAG_CHAT, AwsLambda("f", "us-east-1"), prices=URL)
# two tasks with their addresses, a load balancer with its capacity and two of its own
TASKS_HOUR = 2 * (Decimal("0.04048") + 2 * Decimal("0.004445") + Decimal("0.005"))
TASK_HOUR = TASKS_HOUR + Decimal("0.0225") + Decimal("0.008") + 2 * Decimal("0.005")
CREATED = datetime(2026, 11, 1, 12, tzinfo=UTC)


def plan_of(*units, profiles=()):
    return Plan("fleet", "fn", 1, tuple(units), profiles, "d", Decimal(0), CREATED.isoformat())


def block(number, day, *runs):
    at = (CREATED + timedelta(days=day)).isoformat(timespec="minutes")
    return Block(number, "AB", at, day, "now", runs)


def run(target="fleet", profile="steady", requests=100, expected_s=600.0):
    return Run(1, 1, target, profile, 1, "d", requests, expected_s, Start.WARM)


def test_what_stands_costs_by_the_hour_and_a_function_nothing():
    assert standing_usd_per_hour(FLEET) == pytest.approx(TASK_HOUR)
    assert standing_usd_per_hour(FUNCTION) == 0
    assert standing_usd_per_hour(replace(FLEET, runtime=External())) == 0  # a team runs it anyway


def test_a_run_costs_what_its_requests_add():
    asked = (100, 3600.0, 2.0, (2000, 512))
    by_use = run_cost_usd(FLEET, *asked)

    assert by_use < Decimal("0.05")  # transfer and logs, not an hour of tasks
    assert run_cost_usd(replace(FLEET, runtime=External()), *asked) == pytest.approx(by_use + TASK_HOUR)


def test_tokens_of_a_replay_cost_the_pilot_nothing():
    asked = (1000, 600.0, 2.0, (2000, 512))
    billed = replace(FUNCTION, prices=replace(URL, model_billed=True))

    assert run_cost_usd(billed, *asked) > 10 * run_cost_usd(FUNCTION, *asked)
    usd = {}
    for one in (FUNCTION, billed):
        meter = Meter(one)
        answer = sample(0, input_tokens=2000, output_tokens=500)
        meter.add([answer.outcome, answer.sent_s, answer.finished_s, 100, 2000, 500, 1, None, None])
        usd[one is billed] = meter.cost_usd(10)
    assert usd[True] > usd[False] > 0


def test_a_plans_days_are_in_its_forecast():
    whole = plan_of(block(1, 1, run()), block(2, 14, run()))

    assert span_s(whole) == 14 * 86_400 + 600
    assert span_s(plan_of(block(1, 0, run()), block(2, 0, run()))) == 1200  # at once: as long as its runs


@pytest.fixture
def cloud(tmp_path):
    """A workspace whose baseline is a fleet and whose candidate a function, sealed."""
    workspace, _, store = Pilot(tmp_path, blocks=2).write()
    for name, runtime, prices in (
        ("alpha", 'kind = "aws-ecs"\ncluster = "c"\nservice = "s"\nregion = "us-east-1"', "fargate-alb"),
        ("beta", 'kind = "aws-lambda"\nfunction = "f"\nregion = "us-east-1"', "lambda-url"),
    ):
        (tmp_path / "targets" / name / "target.toml").write_text(
            f'base_url = "https://x.example"\n[runtime]\n{runtime}\n[prices]\nbook = "aws-2026-11"\n'
            f'region = "us-east-1"\nmodel = "{prices}"\nmodel_prices = "none"\n'
        )
    return open_workspace(workspace.root), store


def test_fourteen_days_of_a_deployment_are_in_the_forecast_and_in_the_stop_rule(cloud):
    workspace, _ = cloud
    whole = plan_of(block(1, 1, run("alpha")), block(2, 14, run("beta")))
    fresh = Store(workspace.root / "fresh")
    fresh.note(SEALED, digest="d")
    now = datetime.now(UTC).timestamp()
    standing = until_now_usd(workspace, fresh, now=lambda: now + 6 * 86_400)

    assert over_plan_usd(workspace, whole) == pytest.approx(TASK_HOUR * 336, rel=Decimal("0.001"))
    assert standing() == pytest.approx(TASK_HOUR * 144, rel=Decimal("0.001"))
    limits = Spending(Decimal(20), workspace.root / "STOP", standing=standing)
    with pytest.raises(LimitReached, match="by what is deployed and by generators, which cost until they are removed"):
        limits.reserve(Decimal(1))


def test_what_stands_beside_the_targets_counts_as_pilot_toml_says(cloud):
    workspace, _ = cloud
    before = usd_per_hour(workspace)
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text() + "\n[limits]\nstanding_usd_per_day = 2.4\n")

    assert usd_per_hour(open_workspace(workspace.root)) == before + Decimal("0.1")


def test_what_was_deployed_beside_the_targets_counts_as_its_plan_priced_it(cloud):
    workspace, store = cloud
    before = usd_per_hour(workspace)
    entry = {"what": "deploy", "targets": ["alpha"], "steps": []}
    store.add_deployment(entry | {"beside": {"stack rag-pilot": "0.09", "service rag-provider": "0.07"}})
    store.add_deployment(entry | {"beside": {"stack rag-pilot": "0"}})  # another model is asked since

    assert usd_per_hour(workspace) == before + Decimal("0.07")
    now = datetime.now(UTC).timestamp()
    spent = [until_now_usd(workspace, store, now=lambda at=hours: now + at * 3600)() for hours in (0, 10)]
    assert spent[1] - spent[0] == pytest.approx(10 * (TASK_HOUR + Decimal("0.07")), rel=Decimal("0.01"))
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text() + "\n[limits]\nstanding_usd_per_day = 0\n")
    assert usd_per_hour(open_workspace(workspace.root)) == before, "what pilot.toml says counts in its place"


def test_nothing_stands_before_a_seal(cloud):
    workspace, _ = cloud
    assert until_now_usd(workspace, Store(workspace.root / "fresh"))() == 0


def test_jobs_are_forecast_with_their_polls_and_their_work(cloud):
    workspace, _ = cloud
    jobs = ProfilePlan("ingest", "loadprofiles/jobs.py", Start.WARM, (("--poll", "2"),), 900, 0, 50, role=Role.JOBS)
    retrieval = replace(jobs, name="passages", role=Role.RETRIEVAL, options=())
    slowly = replace(jobs, name="slowly", options=(("--poll", "2"), ("--poll-rate", "0.5")))
    plan = plan_of(profiles=(jobs, retrieval, slowly, replace(jobs, name="steady", role=Role.EVERYDAY)))
    usd = {
        name: worst_case_usd(workspace, plan, workspace.target("beta"), run("beta", name, 50, 900.0))
        for name in ("ingest", "passages", "steady", "slowly")
    }

    assert usd["ingest"] > 1.5 * float(usd["steady"])
    assert usd["slowly"] < usd["ingest"], "no more polls than their rate allows"
    assert run_cost_usd(FUNCTION, 50, 900.0, 30.0, (0, 0), Following(Decimal(1000), 30.0)) > run_cost_usd(
        FUNCTION, 50, 900.0, 30.0, (0, 0)
    )


def test_a_job_is_asked_for_seldomer_the_older_it_is():
    assert polls_within(10, 1.0) == 10
    assert 50 < polls_within(300, 1.0) < 60
    assert polls_within(0.5, 1.0) == 0


def test_a_job_that_ran_is_metered_with_its_work():
    asked, worked = Meter(FUNCTION), Meter(FUNCTION)
    submission = ["ok", 0.0, 0.1, 10, None, None, 1, None, None]
    asked.add(submission)
    worked.add(submission)
    worked.add_job([60_000.0, 40, None, None])

    assert worked.cost_usd(60) > 50 * asked.cost_usd(60)


def entry(what, day, *targets, did="created", hours=1, **more):
    """Of deployments.json, noted when it had ended, an hour after it began."""
    steps = [{"name": f"rag-{name}", "did": did, "seconds": hours * 3600, "target": name} for name in targets]
    return {
        "utc": (CREATED + timedelta(days=day)).isoformat(),
        "what": what,
        "targets": targets,
        "steps": steps,
        **more,
    }


def hours(deployments, sealed_day=None, now_day=10):
    sealed_s = None if sealed_day is None else (CREATED + timedelta(days=sealed_day)).timestamp()
    return stood_s(deployments, "fleet", sealed_s, (CREATED + timedelta(days=now_day)).timestamp()) / 3600


def test_what_was_deployed_costs_from_then_and_to_its_destruction_whenever_it_was_sealed():
    made, gone = entry("deploy", 0, "fleet"), entry("destroy", 2, "fleet", did="removed")

    assert hours([made], sealed_day=5) == 10 * 24 + 1, "from the first step, before the seal"
    assert hours([made, gone], sealed_day=5) == 2 * 24 + 1
    assert hours([made, gone, entry("deploy", 9, "fleet")], sealed_day=5) == 2 * 24 + 1 + 24 + 1
    assert hours([made, entry("deploy", 3, "fleet", did="updated")], sealed_day=5) == 10 * 24 + 1


@pytest.mark.parametrize("stands", [{"left": ["volume vol-1"]}, {"unseen": ["volumes: access denied"]}])
def test_what_is_left_or_was_not_seen_costs_on_until_a_destruction_that_finds_nothing(stands):
    made, half = entry("deploy", 0, "fleet"), entry("destroy", 2, "fleet", did="removed", **stands)

    assert hours([made, half]) == 10 * 24 + 1
    assert hours([made, half, entry("destroy", 3, "fleet")]) == 3 * 24 + 1


def test_a_deployment_that_began_costs_from_then_until_it_is_gone_whatever_became_of_it():
    begun, again = entry("begun", 0), entry("begun", 1)
    begun["targets"] = again["targets"] = ("fleet",)
    made, gone = entry("deploy", 4, "fleet"), entry("destroy", 6, "fleet", did="removed")
    refused = {**again, "what": "refused"}

    assert hours([begun]) == hours([begun, again]) == 10 * 24, "it failed, or was cut"
    assert hours([begun, made]) == 10 * 24, "the second try ended, and the first had left something"
    assert hours([begun, gone]) == hours([begun, made, gone]) == 6 * 24
    assert hours([begun, again, refused]) == 10 * 24, "the second try sent nothing, the first one did"
    assert hours([again, refused]) == 0
    assert hours([again, refused], sealed_day=5) == 5 * 24, "nobody knows of it more than before"
    assert hours([begun], sealed_day=5) == 10 * 24
    assert hours([gone, {**begun, "utc": gone["utc"]}]) == 4 * 24


def test_what_nobody_saw_deployed_costs_since_the_seal():
    assert hours([], sealed_day=5) == 5 * 24
    assert hours([], sealed_day=None) == 0
    assert hours([entry("deploy", 0, "fn")], sealed_day=5) == 5 * 24, "of another target"
    assert hours([entry("deploy", 7, "fleet", did="updated")], sealed_day=5) == 5 * 24, "it stood before it was changed"
    gone = entry("destroy", 7, "fleet", did="removed")
    assert hours([gone], sealed_day=5) == 2 * 24, "until it was removed"
    assert hours([gone], sealed_day=8) == 0
    assert hours([entry("destroy", 7, "fleet", left=["volume vol-1"])], sealed_day=5) == 5 * 24
