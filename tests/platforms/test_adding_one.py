"""A platform that another package brings: its folder, its target and its page, and nothing else anywhere."""

import shutil
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from harness import pipeline
from harness.campaign.progress import Progress
from harness.check import preflight
from harness.check.contract_check import Answer
from harness.check.fronts import front_checks
from harness.collect.collect import collect
from harness.domain.quota import Need
from harness.errors import BadFile, PilotError
from harness.platforms import registry
from harness.platforms.control import facts_of, runtime_of
from harness.platforms.limits import front_of, quotas_of
from harness.platforms.shared.prometheus import Prometheus
from harness.platforms.shared.prometheus_sets import queries_of
from harness.run.standing import still_billing
from harness.words import said
from harness.workspace import open_workspace
from tests.builders import LIGHT
from tests.campaign.clouds import Cloud, CloudPilot, later
from tests.report.test_experiments import both, search

BROUGHT = Path(__file__).parent / "brought"


@pytest.fixture
def announced(tmp_path, monkeypatch):
    """The package, installed: on the path, with its entry point."""
    info = tmp_path / "site" / "pilot_nomad-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pilot-nomad\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[runtime_pilot.platforms]\nnomad = pilot_nomad:PLATFORM\n")
    monkeypatch.syspath_prepend(str(BROUGHT))
    monkeypatch.syspath_prepend(str(info.parent))
    registry.platforms.cache_clear()
    yield info
    registry.platforms.cache_clear()


@pytest.fixture
def piloted(announced, tmp_path):
    """Alpha on Nomad against beta on Lambda, measured and collected; alpha carries about 6.3 requests a second."""
    pilot = CloudPilot(tmp_path / "ws", per_run=60, tracks={"capacity": both(search(6.0, 6.66))})
    pilot.root.mkdir()
    _, plan, store = pilot.write()
    (pilot.root / "prices").mkdir()
    shutil.copy(BROUGHT / "nomad" / "book.toml", pilot.root / "prices" / "nomad.toml")
    shutil.copy(BROUGHT / "nomad" / "target.toml", pilot.root / "targets" / "alpha" / "target.toml")
    workspace, cloud = open_workspace(pilot.root), Cloud(store)

    def make(config):
        return allocations(config.options) if config.kind == "prometheus" else cloud.make(config)

    with Progress(quiet=True) as progress:
        collect(workspace, plan, store, progress, lambda: later(20), make, cloud.make_bills)
    return workspace


def allocations(options):
    """A Prometheus server that knows one series, of three allocations."""

    def answer(request):
        asked = {k: v[0] for k, v in parse_qs(request.content.decode()).items()}
        assert asked["query"] == 'sum(nomad_nomad_job_summary_running{namespace="default"})'
        points = [[s, "3"] for s in range(int(asked["start"]), int(asked["end"]), int(asked["step"]))]
        found = {"resultType": "matrix", "result": [{"metric": {}, "values": points}]}
        return httpx.Response(200, json={"status": "success", "data": found})

    return Prometheus(options["url"], queries_of(options), transport=httpx.MockTransport(answer))


def test_check_holds_the_plan_to_its_limits(piloted):
    nomad = piloted.target("alpha")
    runtime = runtime_of(nomad, piloted.root, "http://127.0.0.1:9001")
    wanted = [preflight.Demand("steady", False, {Need.CONCURRENCY: 30.0})]
    (piloted.root / "q.jsonl").write_text('{"id": "q0", "messages": [{"role": "user", "content": "why?"}]}\n')
    path = piloted.root / "pilot.toml"
    path.write_text(path.read_text() + '[load]\nquestions = "q.jsonl"\n')

    assert front_checks(open_workspace(piloted.root), front_of(nomad), [])[0].detail.startswith(
        "a Nomad service mesh cuts at 60 s"
    )
    assert preflight.quota_checks(quotas_of(nomad), wanted, 0.5)[0].answer is Answer.FAIL
    assert preflight.timeout_check(nomad, facts_of(runtime), 10.0).answer is Answer.FAIL
    assert runtime.make_cold().kind == "restarted"


def test_decide_bills_sizes_and_places_it(piloted):
    """A machine carries half of 6.3/s, 70 % of it is planned: a peak of 10/s wants five; 5 x 730 x 0.10 + 3 x 730 x 0.02."""
    outcome = pipeline.decide(piloted, effort=LIGHT)
    cost = outcome.findings.cost_of("alpha")

    assert cost.per_month_usd.value == pytest.approx(5 * 73 + 43.8)
    assert "priced at 5 machines for the expected peak (2 were measured)" in said(cost.coverage)
    assert not outcome.placed[0].of("alpha").serverless
    assert still_billing(piloted, "alpha")[0].startswith("alpha: bills 0.2600 USD an hour")


def test_the_report_shows_the_series_that_it_declares(piloted):
    shown = [s for s in pipeline.decide(piloted, effort=LIGHT).findings.series if s.target == "alpha"]

    assert {(s.metric, s.signal.meaning) for s in shown} == {("nomad.allocations", "allocations that run")}
    assert {s.of_runs.most for s in shown if s.of_runs} == {3.0}


def test_a_set_that_nobody_brings_is_refused_with_the_nearest(piloted):
    path = piloted.root / "targets" / "alpha" / "target.toml"
    path.write_text(path.read_text().replace('sets = ["nomad"]', 'sets = ["nomda"]'))
    with pytest.raises(BadFile, match=r"no set 'nomda': did you mean nomad\?"):
        piloted.target("alpha")


def test_its_tables_are_read_as_strictly_as_ours(piloted):
    path = piloted.root / "targets" / "alpha" / "target.toml"
    path.write_text(path.read_text().replace("most = 20", "mots = 20").replace("small = 2", "samll = 2"))
    with pytest.raises(BadFile) as refused:
        piloted.target("alpha")

    said = str(refused.value)
    assert "runtime.mots: is not a known field: did you mean most?" in said
    assert "prices.parameters.samll: " in said
    assert "did you mean small?" in said


def test_one_that_does_not_load_is_named(announced):
    (announced / "entry_points.txt").write_text("[runtime_pilot.platforms]\nnomad = pilot_nomad:MISSING\n")
    with pytest.raises(PilotError, match="the platform nomad of another package does not load"):
        registry.platforms()


def test_what_lies_in_the_current_folder_is_not_loaded(announced, monkeypatch):
    """``python -m harness`` in a stranger's workspace looks there too."""
    monkeypatch.chdir(announced.parent)

    assert "nomad" not in registry.runtimes()


def test_one_that_takes_anothers_place_is_refused(announced):
    (announced / "entry_points.txt").write_text(
        "[runtime_pilot.platforms]\nnomad = pilot_nomad:PLATFORM\nagain = pilot_nomad:PLATFORM\n"
    )
    with pytest.raises(PilotError, match="two packages bring the platform nomad"):
        registry.platforms()


def test_without_the_package_its_kind_is_not_known(tmp_path):
    pilot = CloudPilot(tmp_path)
    pilot.write()
    shutil.copy(BROUGHT / "nomad" / "target.toml", tmp_path / "targets" / "alpha" / "target.toml")
    with pytest.raises(BadFile, match=r"runtime\.kind: no kind of runtime 'nomad'; known: "):
        open_workspace(tmp_path).target("alpha")
