"""What a pilot decides, told from evidence whose truth is known."""

import pytest

from harness import pipeline
from harness.decision.rule import Choice, Confidence
from harness.domain.reasons.choice import OtherWork
from harness.domain.verdict import Judgement, Relation
from harness.planning import seal_of
from harness.words import all_said, said
from tests.builders import LIGHT, Pilot, lognormal


def decided(pilot):
    workspace, plan, store = pilot.write()
    seal = seal_of(workspace, plan)
    store.write_seal(seal.digest, dict(seal.content))
    return pipeline.decide(workspace, effort=LIGHT)


def test_thirty_percent_slower_is_called_worse(pilot):
    pilot.laws["beta"] = lognormal(0.4 * 1.3)
    outcome = decided(pilot)

    [p95] = [c for c in outcome.findings.comparisons if c.metric == "p95_s"]
    assert p95.relation is Relation.WORSE


def test_the_target_that_keeps_answering_wins(pilot):
    """When both are fast, the one that refuses loses, however cheap it is."""
    pilot.refused["beta"] = 0.2
    outcome = decided(pilot)

    assert outcome.decision.choice is Choice.BASELINE
    assert any("Beta fails" in reason for reason in all_said(outcome.decision.reasons))


def test_of_two_that_pass_the_cheaper_wins(pilot):
    outcome = decided(pilot)

    assert {g.judgement for g in outcome.decision.gates[:2]} == {Judgement.PASS}
    assert outcome.decision.choice is Choice.CANDIDATE
    assert outcome.decision.confidence is Confidence.HIGH


def test_cheaper_but_slower_is_no_clear_winner(pilot):
    pilot.laws["beta"] = lognormal(0.4 * 1.5)
    outcome = decided(pilot)

    assert outcome.decision.choice is Choice.NONE


def test_two_that_fail_are_no_clear_winner(pilot):
    pilot.refused = {"alpha": 0.3, "beta": 0.2}

    assert decided(pilot).decision.choice is Choice.NONE


def test_few_blocks_decide_nothing(pilot):
    pilot.blocks = 3
    outcome = decided(pilot)

    assert {v.judgement for v in outcome.findings.slos} == {Judgement.INCONCLUSIVE}
    assert any("3 of 3 blocks are valid" in doubt for doubt in all_said(outcome.doubts))


def test_a_change_after_the_seal_is_named(pilot):
    workspace, plan, store = pilot.write()
    seal = seal_of(workspace, plan)
    store.write_seal(seal.digest, dict(seal.content))
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text().replace("p95_s = 2.0", "p95_s = 9.0", 1))

    from harness.workspace import open_workspace

    outcome = pipeline.decide(open_workspace(workspace.root), effort=LIGHT)
    assert "Sealed criteria: changed since the seal: slo.p95_s: 2.0 → 9.0" in all_said(outcome.doubts)
    assert outcome.decision.confidence is Confidence.LOW


def test_an_edited_seal_is_noticed(pilot):
    workspace, _, _ = pilot.write()
    decided_before = seal_of(workspace, pilot.plan())
    from harness.evidence.store import Store

    Store(workspace.evidence).write_seal("sha256:" + "f" * 64, dict(decided_before.content))

    assert any("edited" in doubt for doubt in all_said(pipeline.decide(workspace, effort=LIGHT).doubts))


def test_an_invalid_run_is_listed_and_not_used(pilot):
    workspace, plan, store = pilot.write()
    ledger = store.run_folder(plan.blocks[0].runs[0], 1) / "ledger.json"
    ledger.write_text(ledger.read_text().replace('"valid": true', '"valid": false'))
    outcome = pipeline.decide(workspace, effort=LIGHT)

    assert outcome.findings.data.blocks_valid == (2, 3, 4, 5, 6)
    assert len(outcome.findings.data.invalid) == 1


def test_nothing_measured_is_said_not_crashed(tmp_path):
    pilot = Pilot(tmp_path)
    workspace = pilot.workspace()
    from harness.evidence.store import Store

    Store(workspace.evidence).write_plan(pilot.plan())
    outcome = pipeline.decide(workspace, effort=LIGHT)

    assert outcome.decision.choice is Choice.NONE
    assert outcome.as_json()["slos"][0]["value"] is None
    assert outcome.as_json()["slos"][0]["reason"]


def test_the_json_has_the_fixed_keys(pilot):
    keys = decided(pilot).as_json().keys()

    fixed = ["recommendation", "confidence", "slos", "comparisons", "cost", "doubts", "would_change", "seal"]
    assert set(fixed) <= set(keys)


@pytest.mark.parametrize("name", ["alpha", "beta"])
def test_cost_has_interval_and_layers(pilot, name):
    cost = decided(pilot).as_json()["cost"][name]

    assert cost["per_success"]["low"] <= cost["per_success"]["value"] <= cost["per_success"]["high"]
    assert set(cost["layers"]) == {"runtime", "shared", "pilot-only"}


def sealed_and_measured(pilot):
    """A campaign whose runs noted their digests, as `pilot run` does."""
    from harness.evidence.digests import digests_of

    workspace, plan, store = pilot.write()
    seal = seal_of(workspace, plan)
    store.write_seal(seal.digest, dict(seal.content))
    for block in plan.units:
        for run in block.runs:
            folder = store.run_folder(run, 1)
            files = {str(folder.relative_to(store.root)): digests_of(folder)}
            store.note("run ended", run=run.id, attempt=1, cost_usd="0.01", files=files)
    return workspace, plan, store


def test_a_sample_that_was_changed_is_named(pilot):
    workspace, plan, store = sealed_and_measured(pilot)
    assert not [d for d in all_said(pipeline.decide(workspace, effort=LIGHT).doubts) if d.startswith("Sealed")]
    path = store.run_folder(plan.blocks[2].runs[0], 1) / "samples.parquet"
    other = store.run_folder(plan.blocks[3].runs[0], 1) / "samples.parquet"
    path.write_bytes(other.read_bytes())
    outcome = pipeline.decide(workspace, effort=LIGHT)

    [said] = [d for d in all_said(outcome.doubts) if d.startswith("Sealed")]
    assert "b03/attempt-1/steady-1-alpha/samples.parquet was changed after it was written" in said
    assert outcome.decision.confidence is Confidence.LOW


def test_a_price_that_was_changed_after_the_seal_is_named(pilot):
    from harness.platforms.shared.book import read_book
    from harness.platforms.shared.write import book_toml
    from harness.workspace import open_workspace

    root = pilot.workspace().root
    book = root / "prices" / "own.toml"
    book.parent.mkdir()
    book.write_text(book_toml(read_book("aws-2026-11"), "ours"))
    workspace, plan, store = pilot.write()
    for name in ("alpha", "beta"):
        path = root / "targets" / name / "target.toml"
        path.write_text(path.read_text().replace('"aws-2026-11"', '"prices/own.toml"'))
    workspace = open_workspace(root)
    seal = seal_of(workspace, plan)
    store.write_seal(seal.digest, dict(seal.content))
    before = pipeline.decide(workspace, effort=LIGHT)
    book.write_text(book.read_text().replace('"0.04048"', '"0.02"'))
    after = pipeline.decide(open_workspace(root), effort=LIGHT)

    assert not [d for d in all_said(before.doubts) if d.startswith("Sealed")]
    [said] = [d for d in all_said(after.doubts) if d.startswith("Sealed")]
    assert "prices.own.toml" in said, said


def test_a_change_is_listed_with_its_time_and_who_made_it(pilot):
    from harness.planning import note_changes
    from harness.workspace import open_workspace

    workspace, plan, store = sealed_and_measured(pilot)
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text().replace("p95_s = 2.0", "p95_s = 9.0", 1))
    changed = open_workspace(workspace.root)
    note_changes(changed, plan, store)
    note_changes(changed, plan, store)
    [said] = [d for d in all_said(pipeline.decide(changed, effort=LIGHT).doubts) if d.startswith("Sealed")]

    assert "slo.p95_s: 2.0 → 9.0 (found at " in said
    assert said.endswith(")")
    assert len([e for e in store.journal() if e["event"] == "changed since the seal"]) == 1


def test_a_target_that_differs_in_what_it_searches_voids_the_comparison(pilot):
    import json

    workspace, plan, store = pilot.write()
    for block in plan.blocks:
        for run in block.runs:
            meta = {"index_digest": f"sha256:{run.target}", "model": "m", "prompt_version": "1"}
            content = {"schema_version": 1, "name": run.target, "meta": meta}
            (store.run_folder(run, 1) / "target.json").write_text(json.dumps(content))
    outcome = pipeline.decide(workspace, effort=LIGHT)

    assert outcome.decision.choice is Choice.NONE
    [why, *_] = outcome.decision.reasons
    assert why == OtherWork((("index_digest", "sha256:alpha", "sha256:beta"),))
    assert "did not do the same work; they differ in index (sha256:alpha and sha256:beta)" in said(why)
