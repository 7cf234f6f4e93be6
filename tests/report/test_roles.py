"""Charts and page one ask what a profile is for, never what it is called."""

import json
import re

from harness import pipeline
from harness.domain.role import Role
from harness.evidence.store import Store
from harness.workspace import open_workspace
from tests.builders import LIGHT, Pilot, sample


def page(root, name):
    """The report of the same six blocks, measured under a profile of this name."""
    root.mkdir()
    burst = {target: [sample(k, phase="burst") for k in range(40)] for target in ("alpha", "beta")}
    workspace, *_ = Pilot(root, everyday=name, burst=burst).write()
    pipeline.report(workspace, root / "out", effort=LIGHT)
    return (root / "out" / "report.md").read_text()


def test_the_same_blocks_under_another_name_make_the_same_report(tmp_path):
    texts = [page(tmp_path / name, name) for name in ("steady", "weekday")]
    digests = re.compile(r"[0-9a-f]{16,}|b0[0-9]-\\S+")
    mine, theirs = (
        digests.sub("", text.replace(name, "NAME")) for text, name in zip(texts, ("steady", "weekday"), strict=True)
    )

    assert "quantiles-NAME-response" in mine or "No chart" not in mine
    assert mine.count("no data supports it") == theirs.count("no data supports it")
    assert mine == theirs


def test_a_plan_from_before_profiles_had_roles_is_read_by_its_locustfiles(tmp_path):
    workspace, *_ = Pilot(tmp_path, tracks={"coldstart": {}, "capacity": {}}).write()
    path = workspace.evidence / "plan.json"
    data = json.loads(path.read_text())
    for profile in data["profiles"]:
        del profile["role"]
    path.write_text(json.dumps(data))

    roles = {p.name: p.role for p in Store(open_workspace(tmp_path).evidence).plan().profiles}
    assert roles == {"steady": Role.EVERYDAY, "coldstart": Role.COLD, "capacity": Role.CAPACITY}
