"""Those who send cost too: fleets while a campaign leads them, a machine from the handover until it is off."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from harness.evidence.store import Store
from harness.platforms import registry
from harness.platforms.shared.book import read_book
from harness.run.deployed import over_plan_usd, sending_usd, until_now_usd
from harness.run.upkeep import FLEET_GONE, FLEET_UP, HANDED, OFF, fleet_s, machines_s, of_fleet, stands_on, upkeeps
from harness.workspace import open_workspace
from tests.builders import Pilot

MACHINE = Decimal("0.08925") + 30 * Decimal("0.08") / 730 + Decimal("0.005")
ON_AWS = '\n[on.aws]\nregion = "us-east-1"\nuntil = "2099-12-11"\n'
HOSTS = '\n[generator]\nkind = "hosts"\naddress = "10.0.0.5"\n[generator.hosts]\none = ["ssh", "one"]\n'
FARGATE = """
[generator]
kind = "fargate"
address = "10.0.0.5"
region = "us-east-1"
cluster = "c"
task_definition = "t"
subnets = ["subnet-1"]
security_groups = ["sg-1"]
workers = 3
public_ip = true
"""
CLUSTER = '\n[generator]\nkind = "kubernetes"\naddress = "10.0.0.5"\nnamespace = "n"\nimage = "i"\nworkers = 3\n'


@pytest.fixture
def with_table(tmp_path):
    """A workspace whose pilot.toml says this too, and its plan."""

    def made(text):
        pair = Pilot(tmp_path, blocks=2)
        path = pair.workspace().root / "pilot.toml"
        path.write_text(path.read_text() + text)
        return open_workspace(tmp_path), pair.plan()

    return made


def line(minute, event, **what):
    return {"utc": datetime(2026, 11, 27, 9, minute, tzinfo=UTC).isoformat(), "event": event, **what}


def test_this_machine_costs_nothing_and_neither_do_its_processes(with_table):
    workspace, plan = with_table("\n[generator]\nprocesses = 4\n")

    assert upkeeps(workspace) == ()
    assert sending_usd(workspace, plan) == 0


def test_tasks_of_fargate_cost_what_the_price_book_says(with_table):
    workspace, _ = with_table(FARGATE)

    assert of_fleet(workspace).what == "3 tasks of 1 vCPU and 2 GB"
    assert of_fleet(workspace).usd_per_hour == 3 * (Decimal("0.04048") + 2 * Decimal("0.004445") + Decimal("0.005"))


@pytest.mark.parametrize("table", [HOSTS, CLUSTER], ids=["hosts", "kubernetes"])
def test_machines_that_no_book_knows_have_no_price_with_the_reason_until_pilot_toml_says_it(with_table, table):
    workspace, plan = with_table(table)
    assert of_fleet(workspace).usd_per_hour is None
    assert "generator.usd_per_hour" in of_fleet(workspace).why
    assert sending_usd(workspace, plan) == 0

    said, _ = with_table(table.replace('address = "10.0.0.5"', 'address = "10.0.0.5"\nusd_per_hour = 0.3'))
    assert of_fleet(said).usd_per_hour == Decimal("0.3")


def test_a_table_that_is_not_whole_has_no_price_and_stops_nothing(with_table):
    workspace, _ = with_table('\n[on.aws]\nregion = "us-east-1"\n[on.elsewhere]\nx = 1\n')
    [only] = upkeeps(workspace)

    assert only.usd_per_hour is None
    assert "on.aws.until" in only.why


def test_a_plans_forecast_has_the_machine_that_it_may_be_handed_to(with_table):
    workspace, plan = with_table(ON_AWS)
    without = over_plan_usd(workspace, plan) - sending_usd(workspace, plan)

    assert [round(one.usd_per_hour, 5) for one in upkeeps(workspace)] == [round(MACHINE, 5)]
    assert sending_usd(workspace, plan) > 0
    assert without >= 0


def test_a_fleet_costs_from_its_call_until_it_is_gone_and_a_killed_campaigns_until_its_last_word():
    whole = [line(0, FLEET_UP), line(5, "run begun"), line(10, FLEET_GONE), line(50, "collected")]
    killed = [line(0, FLEET_UP), line(5, "run begun"), line(20, FLEET_UP), line(22, FLEET_GONE)]

    assert fleet_s(whole) == 600
    assert fleet_s(killed) == 300 + 120
    assert fleet_s(killed[:2]) == 300
    assert fleet_s([*killed[:2], line(40, "collected"), line(50, "run ended"), *killed[2:]]) == 300 + 120
    assert fleet_s([line(0, "sealed"), {"utc": "soon", "event": FLEET_UP}]) == 0


def test_a_machine_costs_from_the_handover_until_it_last_reported():
    at = datetime(2026, 11, 27, 9, 40, tzinfo=UTC)
    off = line(30, OFF, on="aws", off_utc=at.replace(minute=20).isoformat())
    began = line(0, HANDED, on="aws")

    assert machines_s([began], at.timestamp()) == {"aws": 2400}
    assert machines_s([began, began, off], at.timestamp()) == {"aws": 1200}
    assert machines_s([began, line(10, OFF, on="aws", off_utc=None)], at.timestamp()) == {"aws": 600}
    assert (stands_on([began], "aws"), stands_on([began, off], "aws"), stands_on([began], "gcp")) == (
        True,
        False,
        False,
    )


def test_what_sends_is_spent_in_the_campaign_that_leads_it_and_on_the_machine(with_table):
    workspace, _ = with_table(FARGATE + ON_AWS)
    store, clock = Store(workspace.evidence), [datetime.now(UTC).timestamp()]
    looking = until_now_usd(workspace, store, lambda: clock[0])
    leading = until_now_usd(workspace, store, lambda: clock[0], sending=True)
    store.note(HANDED, on="aws")
    there = until_now_usd(workspace, store, lambda: clock[0])
    clock[0] += 7200

    assert looking() == 0
    assert leading() == pytest.approx(2 * of_fleet(workspace).usd_per_hour)
    assert there() == pytest.approx(2 * MACHINE, rel=Decimal("0.001"))


def test_every_kind_says_what_it_costs_or_why_nobody_knows():
    for kind in registry.generators().values():
        assert callable(kind.upkeep)
    assert all(kind.upkeep is not None for kind in registry.elsewheres().values())
    assert read_book("aws-2026-11").price("ec2_c7i_large_hour").usd, "the machine that [on.aws] has by itself"
