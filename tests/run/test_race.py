"""A race: both targets at once with one schedule, shown while it goes, and taken for evidence by nobody."""

import json
import re
import shutil
import time
from contextlib import closing
from dataclasses import replace
from functools import partial

import httpx
import pytest

from harness import pipeline
from harness.campaign.progress import Progress
from harness.domain.plan import Purpose
from harness.errors import PilotError, Refused
from harness.evidence.store import Store
from harness.planning.race import draw_race
from harness.planning.sealing import judgeable
from harness.platforms.shared.ready import wait_ready
from harness.run.race import race
from harness.workspace import open_workspace
from tests.attack.ways import workspace
from tests.builders import LIGHT, Pilot
from tests.cli.inside import pilot
from tests.fakes import ScriptedServer
from tests.suite import warm

ADDRESS = re.compile(r"http://\S+/\?token=\S+")

pytestmark = pytest.mark.usefixtures("planned_soon")


def found_in(path, pattern, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := pattern.search(path.read_text(errors="replace"))):
        assert time.monotonic() < deadline, path.read_text(errors="replace")
        time.sleep(0.05)
    return found[0]


@pytest.fixture(scope="module")
def raced(tmp_path_factory):
    """One race of two seconds, what its page was told meanwhile, and what is left of it."""
    server, root = ScriptedServer(), workspace(tmp_path_factory.mktemp("race") / "pilot", "http://127.0.0.1:9")
    for name in ("alpha", "beta"):
        path = root / "targets" / name / "target.toml"
        path.write_text(path.read_text().replace("http://127.0.0.1:9", server.url))
    output = root / "output.txt"
    with output.open("wb") as out:
        process = warm.start("pilot", "race", "steady", "--seconds", "2", "--rate", "10", cwd=root, file=out.fileno())
    try:
        url = found_in(output, ADDRESS)
        told = []
        with closing(httpx.Client(base_url=url.partition("/?")[0], trust_env=False, timeout=30)) as page:
            assert page.get(url).status_code == 303
            while process.poll() is None:
                try:
                    told.append(page.get("/data").json())
                except httpx.TransportError:
                    break
                time.sleep(0.1)
        code = process.wait(60)
    finally:
        server.close()
    return {"code": code, "told": told, "root": root, "output": output.read_text(), "page": url.partition("/?")[0]}


def test_both_are_driven_at_once_with_the_same_arrivals(raced):
    runs = [json.loads(p.read_text()) for p in sorted(raced["root"].rglob("run.json"))]

    assert raced["code"] == 0, raced["output"]
    assert [run["target"] for run in runs] == ["alpha", "beta"]
    assert runs[0]["schedule_digest"] == runs[1]["schedule_digest"]
    assert {run["seed"] for run in runs} == {runs[0]["seed"]}
    assert abs(runs[0]["started_monotonic_s"] - runs[1]["started_monotonic_s"]) < 2, "not one after the other"


def test_neither_is_driven_while_the_other_is_down(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.platforms.external.control.wait_ready", partial(wait_ready, timeout_s=0.1))
    made, server = Pilot(tmp_path, blocks=2), ScriptedServer()
    alpha, here = tmp_path / "targets" / "alpha" / "target.toml", made.workspace()
    alpha.write_text(alpha.read_text().replace("http://127.0.0.1:9001", server.url))
    with pytest.raises(PilotError, match="beta is not ready"):
        race(here, replace(made.plan(), blocks=made.plan().blocks[:1]), Progress(quiet=True), None)
    server.close()

    assert (server.paths, server.bodies) == (["/health"], []), "asked whether it is ready, and no more"
    assert Store(here.evidence).races() == []


def test_its_page_shows_both_while_they_go_and_the_end(raced):
    def ended(said):
        return [sum(lane.get(name, 0) for name in ("answered", "refused", "failed")) for lane in said["shown"]["lanes"]]

    both = [said for said in raced["told"] if len(said["going"]) == 2]

    assert both, "both were seen going at the same time"
    assert all(said["race"] and said["looks"] is None for said in raced["told"])
    assert ended(raced["told"][-1]) == [20, 20]
    with pytest.raises(httpx.TransportError):
        httpx.get(raced["page"], trust_env=False)


def test_every_run_of_it_says_itself_that_it_is_no_evidence(raced):
    [store] = Store(raced["root"] / "evidence").races()
    plan = store.plan()
    records = list(store.all_records(plan))

    assert plan.purpose is Purpose.EYES
    assert [(r.ledger is not None, r.only_to_watch, r.valid) for r in records] == [(True, True, False)] * 2
    assert [reason.kind for r in records for reason in r.reasons] == ["only_to_watch"] * 2
    assert not (raced["root"] / "evidence" / "blocks").exists()
    assert "not evidence" in raced["output"]


def test_neither_decide_nor_report_nor_run_takes_it_wherever_it_lies(raced, tmp_path):
    shutil.copytree(raced["root"], tmp_path / "pilot")
    shutil.copytree(raced["root"] / "evidence" / "races" / "r01", tmp_path / "pilot" / "evidence", dirs_exist_ok=True)
    said = {command: pilot(tmp_path / "pilot", command) for command in ("decide", "report", "collect", "predict")}

    assert {command: done.returncode for command, done in said.items()} == dict.fromkeys(said, 2)
    assert all("is of a race" in done.stderr for done in said.values()), said


def test_a_race_that_is_put_in_a_blocks_place_makes_that_block_invalid(tmp_path):
    """By what the run says of itself: its folder, names and plan are those of a block."""
    made, plan, store = Pilot(tmp_path, blocks=6, per_run=100).write()
    assert len(pipeline.decide(made, effort=LIGHT).findings.data.blocks_valid) == 6
    path = store.run_folder(plan.blocks[0].runs[0], 1) / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"purpose": "eyes"}))
    data = pipeline.decide(made, effort=LIGHT).findings.data

    assert data.blocks_valid == (2, 3, 4, 5, 6)
    assert [reason.kind for record in data.invalid for reason in record.reasons][:1] == ["only_to_watch"]


def test_a_plan_keeps_its_purpose_and_that_of_a_campaign_is_written_as_ever(tmp_path):
    made = Pilot(tmp_path)
    store = Store(made.workspace().evidence)
    store.write_plan(made.plan())
    assert "purpose" not in (store.root / "plan.json").read_text()
    assert judgeable(store.plan(), store).purpose is Purpose.EVIDENCE
    store.write_plan(replace(made.plan(), purpose=Purpose.EYES))
    with pytest.raises(Refused, match="is of a race"):
        judgeable(store.plan(), store)


def test_a_profile_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    made = open_workspace(workspace(tmp_path / "pilot", "http://127.0.0.1:9"))
    with pytest.raises(Refused, match="no profile 'bursts'") as raised:
        draw_race(made, "bursts", None, None, None)

    assert "steady" in raised.value.hint
