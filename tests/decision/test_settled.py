"""What was tried before the seal stands in the report, and what was chosen otherwise is a doubt."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from harness import pipeline
from harness.domain.plan import Block, Plan, ProfilePlan, Run, Start
from harness.evidence.store import Store
from harness.words import all_said
from harness.workspace import open_workspace
from tests.builders import LIGHT, Pilot, sample, write_run
from tests.cli import inside

SETTINGS = """
apply = [["true", "{vcpu}"]]
[[settings]]
name   = "half"
fill   = { vcpu = 0.5 }
prices = { parameters = { vcpu = 0.5 } }
[[settings]]
name   = "one"
fill   = { vcpu = 1 }
prices = { parameters = { vcpu = 1 } }
[[settings]]
name   = "four"
fill   = { vcpu = 4 }
prices = { parameters = { vcpu = 4 } }
"""
MEDIANS_S = {"half": 3.0, "one": 0.6, "four": 0.2}  # against a promise of 2 s
ROUNDS = 3


@pytest.fixture
def swept(tmp_path):
    return swept_in(tmp_path)


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """What is said of it, and the folder of its report."""
    workspace = swept_in(tmp_path_factory.mktemp("swept"))
    outcome, page = pipeline.report(workspace, workspace.root / "r", effort=LIGHT)
    return outcome, page.parent


def swept_in(folder):
    """A pilot whose baseline has what ``one`` sets, and a sweep of three rounds before it."""
    pilot = Pilot(folder)
    pilot.write()
    (folder / "targets" / "alpha" / "sweep.toml").write_text(SETTINGS)
    workspace = open_workspace(folder)
    sweep = workspace.sweep("alpha")
    store = Store(workspace.evidence).sweep("alpha", sweep.digest)
    blocks = tuple(
        Block(
            number,
            "half one four",
            "2026-11-09T00:00+00:00",
            1,
            "now",
            tuple(
                Run(number, position, name, "steady", number, "sha256:0", 40, 10.0)
                for position, name in enumerate(sweep.names, start=1)
            ),
        )
        for number in range(1, ROUNDS + 1)
    )
    steady = ProfilePlan("steady", "loadprofiles/steady.py", Start.WARM, (), 10.0, 0.0, 40)
    plan = Plan("alpha", "alpha", 1, blocks, (steady,), "sha256:q", Decimal(0), "2026-11-09T00:00:00+00:00")
    store.write_plan(plan)
    store.note("sweep drawn", target="alpha")
    for run in plan.runs:
        rng = np.random.default_rng([run.block, run.position])
        times = MEDIANS_S[run.target.partition("@")[2]] * np.exp(rng.normal(0, 0.1, 40))
        made = [sample(k, scheduled_s=k * 0.2, response_s=float(s)) for k, s in enumerate(times)]
        write_run(store.run_folder(run, 1), made, datetime(2026, 11, 9, tzinfo=UTC))
    return workspace


def test_the_report_shows_what_was_tried_and_which_was_measured(reported):
    _, half, one, four = (reported[1] / "tables" / "settings.csv").read_text().splitlines()

    assert half.startswith("Alpha,half,tried alone,steady,")
    assert "p95 response time, p95 time to first token" in half
    assert one.startswith("Alpha,one,chosen and measured,steady,")
    assert ",none,$" in one
    assert four.startswith("Alpha,four,tried alone,steady,")


def test_what_was_sealed_as_the_sweep_chose_is_no_doubt(reported):
    said = [doubt for doubt in all_said(reported[0].doubts) if "alpha" in doubt and "sweep" in doubt]
    assert said == []


def test_another_setting_than_the_one_that_was_chosen_is_a_doubt(swept):
    path = swept.root / "targets" / "alpha" / "target.toml"
    path.write_text(path.read_text().replace("vcpu = 1,", "vcpu = 4,"))
    [said] = [doubt for doubt in all_said(pipeline.decide(swept, effort=LIGHT).doubts) if "sweep" in doubt]

    assert said == "The sweep of alpha chose one (the cheapest that keeps every promise), but the pilot measured four."


def test_a_sweep_that_was_edited_afterwards_is_named(swept):
    store = Store(swept.evidence).sweeps()[0]
    store.note("sweep drawn", target="alpha")
    path = store.root / "journal.jsonl"
    path.write_text(path.read_text().replace("alpha", "alphb"))
    store.note("sweep drawn", target="alpha")

    assert any(
        "sweeps/alpha-" in doubt and "edited" in doubt
        for doubt in all_said(pipeline.decide(swept, effort=LIGHT).doubts)
    )


def test_the_report_has_the_table_in_its_place(reported):
    assert "Memory and workers were tried in short rounds" in (reported[1] / "report.html").read_text()


def test_without_a_sweep_nothing_of_it_is_said(tmp_path):
    pilot = Pilot(tmp_path)
    workspace, _, _ = pilot.write()
    outcome, page = pipeline.report(workspace, tmp_path / "r", effort=LIGHT)

    assert "Memory and workers were tried" not in page.read_text()
    assert not any("sweep" in doubt for doubt in all_said(outcome.doubts)), "nothing of theirs can be set"


def test_settings_chosen_by_hand_are_a_doubt_where_they_could_have_been_tried(tmp_path):
    pilot = Pilot(tmp_path)
    workspace, _, _ = pilot.write()
    path = workspace.root / "targets" / "beta" / "target.toml"
    ecs = 'kind = "aws-ecs"\ncluster = "c"\nservice = "s"\nregion = "us-east-1"'
    path.write_text(path.read_text().replace('kind = "external"', ecs))
    [said] = [doubt for doubt in all_said(pipeline.decide(workspace, effort=LIGHT).doubts) if "sweep" in doubt]

    assert said == "The memory and worker settings of beta were chosen by hand, not by a sweep (pilot sweep)."


def test_the_command_ends_with_5_where_no_setting_keeps_every_promise(swept):
    """All is measured and checked already, so nothing is sent and nothing is left applied."""
    path = swept.root / "pilot.toml"
    path.write_text(path.read_text().replace("p95_s = 2.0", "p95_s = 0.1", 1))
    store = Store(swept.evidence).sweeps()[0]
    store.note(pipeline.CHECKED)
    done = inside.pilot(swept.root, "sweep", "alpha")

    assert done.returncode == 5, done.stderr
    assert "can't choose: no setting keeps every promise; four comes closest" in done.stdout
    assert not [entry for entry in store.journal() if entry["event"] == "setting applied"]
