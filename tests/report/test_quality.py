"""The pages on quality, retrieval and sizes, from evidence to words and decision.json."""

import json
from types import MappingProxyType

import pytest

from harness import pipeline
from tests import builders
from tests.builders import LIGHT, Pilot, sample

ROLES = MappingProxyType({"retrieval": builders.Role.RETRIEVAL})


class Served(Pilot):
    """Chat with a fallback on one target, an evaluation set, and passages by themselves."""

    def _profiles(self):
        return (*super()._profiles(), "retrieval")

    def workspace(self):
        made = super().workspace()
        file = self.root / "pilot.toml"
        if "[profiles.retrieval]" not in file.read_text():
            promise = file.read_text().replace("error_rate = 0.02", "error_rate = 0.02\nfull_quality_share = 0.95")
            file.write_text(promise + "[profiles.retrieval]\np95_s = 0.1\n")
        return pipeline.Workspace(made.root, builders.open_workspace(self.root).config)

    def _samples(self, run):
        if run.profile == "retrieval":
            return [
                sample(k, stream=False, hits=1, hit_rank=1 + k % 2, retrieval_ms=3.0, response_s=0.02)
                for k in range(40)
            ]
        made = super()._samples(run)
        for k, one in enumerate(made):
            small = run.target == "beta" and k % 4 == 0
            one.model, one.instance_memory_mb = "small-1" if small else "big-1", 200.0
            if k % 20 == 3:
                one.evaluated, one.passed, one.missed = True, not small, "say 1" if small else None
        return made


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    patched = dict(builders.ROLES)
    builders.ROLES.update(ROLES)
    workspace, _, _ = Served(tmp_path_factory.mktemp("served")).write()
    yield workspace, pipeline.decide(workspace, effort=LIGHT)
    builders.ROLES.clear()
    builders.ROLES.update(patched)


def test_the_report_has_its_pages(outcome, tmp_path):
    workspace, _ = outcome
    pipeline.report(workspace, tmp_path, effort=LIGHT)
    text = (tmp_path / "report.md").read_text()

    assert "25 % of its answers were degraded" in text
    assert "small-1 (300)" in text
    assert "the most frequent of its warm everyday answers" in text
    assert "Passages asked for by themselves" in text
    assert "Dependencies and model sizes" in text
    assert "The evaluation set" in text


def test_decision_json_says_the_same(outcome):
    found = json.loads(json.dumps(outcome[1].as_json()))
    beta = next(q for q in found["quality"] if q["target"] == "beta" and q["profile"] == "steady")
    asked = next(r for r in found["retrieval"] if r["target"] == "alpha")

    assert beta["degraded_share"]["value"] == pytest.approx(0.25)
    assert beta["model_told_by"] == "its usual warm answers"
    assert [h["value"] for h in asked["hit_rate"]] == [0.5, 1.0, 1.0]
    assert asked["verdict"] == "PASS"
    assert found["sizes"]["alpha"]["memory"]["value"] == 200.0
    verdicts = {(s["target"], s["profile"]): s["verdict"] for s in found["slos"] if s["slo"] == "full_quality_share"}
    assert verdicts == {("alpha", "steady"): "PASS", ("beta", "steady"): "FAIL"}


def test_retrieval_is_judged_by_no_promise_about_answers_and_costs_nothing(outcome):
    findings = outcome[1].findings

    assert {v.profile for v in findings.slos} == {"steady"}
    assert findings.scored_at == "steady"
    assert {q.profile for q in findings.quality} == {"steady"}
