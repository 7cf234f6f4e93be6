"""A seal shows every change of what decides, in files that pilot.toml only names too."""

import shutil

import pytest

from harness import pipeline
from harness.domain.reasons.seal import OtherMethod, OtherTokenPrices, SealDiffers, SealDoubt
from harness.domain.verdict import METHOD, WORK_METHOD
from harness.errors import BadFile
from harness.planning import seal_of
from harness.planning.seal import Seal, digest_of
from harness.platforms.shared.token_prices import installed
from harness.words import all_said, said
from harness.workspace import open_workspace
from tests.builders import LIGHT, Pilot


def test_a_seal_names_every_change():
    sealed = Seal("", {"slo": {"p95_s": 1, "error_rate": 0.01}, "order": ["AB"]})
    now = Seal("", {"slo": {"p95_s": 2, "error_rate": 0.01}, "order": ["BA"]})

    assert all_said(sealed.changes(now)) == ('order: ["AB"] → ["BA"]', "slo.p95_s: 1 → 2")
    assert sealed.changes(sealed) == ()


def test_the_digest_does_not_depend_on_the_order_of_keys():
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})


def test_a_trace_of_the_week_that_changes_after_the_seal_is_named(tmp_path):
    workspace, plan, _ = Pilot(tmp_path).write()
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text().replace("peak_per_s = 10", 'peak_per_s = 10\ntrace = "week.csv"'))
    trace = workspace.root / "week.csv"
    trace.write_text("timestamp\n0\n500000\n")
    sealed = seal_of(open_workspace(workspace.root), plan)
    trace.write_text("timestamp\n0\n400000\n500000\n")

    [change] = sealed.changes(seal_of(open_workspace(workspace.root), plan))
    assert change.field == "traffic_trace"


def test_a_trace_without_a_shape_is_refused_before_anything_is_sealed(tmp_path):
    workspace, _, store = Pilot(tmp_path).write()
    shutil.rmtree(store.root)
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text().replace("peak_per_s = 10", 'peak_per_s = 10\ntrace = "t.csv"'))
    (workspace.root / "t.csv").write_text("timestamp\n0\n10\n")

    with pytest.raises(BadFile, match=r"traffic\.trace"):
        pipeline.plan(open_workspace(workspace.root), seal=True)
    assert store.seal() is None


def test_the_seal_names_the_method_and_its_change_is_no_edit():
    sealed = Seal("", {"rule": {"method": "share-beyond/1"}})

    assert sealed.method == "share-beyond/1"
    assert Seal("", {}).method is None
    assert sealed.changes(Seal("", {"rule": {"method": METHOD}})) == ()


def test_evidence_sealed_under_another_method_says_that_it_is_judged_anew(tmp_path):
    workspace, plan, store = Pilot(tmp_path).write()
    now = seal_of(workspace, plan)
    before = dict(now.content) | {"rule": {k: v for k, v in now.content["rule"].items() if k != "method"}}
    store.write_seal(digest_of(before), before)
    outcome = pipeline.decide(workspace, effort=LIGHT)

    assert any(doubt.startswith("The plan was sealed under an earlier method") for doubt in all_said(outcome.doubts))
    assert not any(doubt.startswith("Sealed criteria") for doubt in all_said(outcome.doubts))
    assert outcome.as_json()["method"] == METHOD


def test_a_seal_from_before_promises_of_jobs_decided_is_in_doubt_only_where_there_are_some(tmp_path):
    workspace, plan, store = Pilot(tmp_path).write()
    assert seal_of(workspace, plan).method == METHOD
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text() + '[workloads.ingestion]\nkind = "job"\nwaited_for = false\nslo = { lost = 0 }\n')
    promised = open_workspace(workspace.root)
    now = seal_of(promised, plan)
    before = dict(now.content) | {"rule": now.content["rule"] | {"method": METHOD}}
    store.write_seal(digest_of(before), before)
    outcome = pipeline.decide(promised, effort=LIGHT)

    assert OtherMethod(METHOD, WORK_METHOD) in outcome.doubts
    assert outcome.as_json()["method"] == now.method == WORK_METHOD
    store.write_seal(now.digest, dict(now.content))
    assert not any(isinstance(doubt, OtherMethod) for doubt in pipeline.decide(promised, effort=LIGHT).doubts)


def test_the_seal_names_the_list_that_tokens_are_priced_by_and_another_version_is_a_doubt_that_says_both(tmp_path):
    workspace, plan, store = Pilot(tmp_path).write()
    now = seal_of(workspace, plan)
    assert now.token_list == installed()
    before = dict(now.content) | {"token_prices": "genai-prices 0.0.1"}
    store.write_seal(digest_of(before), before)
    found = pipeline.decide(workspace, effort=LIGHT)

    [doubt] = [d for d in found.doubts if isinstance(d, OtherTokenPrices)]
    assert doubt == OtherTokenPrices("genai-prices 0.0.1", installed())
    assert f"costs here are by those of {installed()}, which is installed" in said(doubt)
    assert not any(isinstance(d, SealDiffers) for d in found.doubts)


def test_a_seal_that_names_no_list_of_token_prices_stays_valid_without_a_doubt(tmp_path):
    workspace, plan, store = Pilot(tmp_path).write()
    before = {k: v for k, v in seal_of(workspace, plan).content.items() if k != "token_prices"}
    store.write_seal(digest_of(before), before)

    assert not any(isinstance(d, SealDoubt | OtherTokenPrices) for d in pipeline.decide(workspace, effort=LIGHT).doubts)


def test_where_the_team_says_what_a_token_costs_no_list_is_sealed(tmp_path):
    pilot = Pilot(tmp_path)
    workspace, plan, _ = pilot.write()
    own = 'tokens = { input_usd_per_million = 1, output_usd_per_million = 2, source = "contract" }'
    for target in workspace.measured():
        path = target.folder / "target.toml"
        path.write_text(path.read_text().replace("parameters = {", f"parameters = {{ {own},", 1))
    workspace = open_workspace(workspace.root)

    assert seal_of(workspace, plan).token_list is None
