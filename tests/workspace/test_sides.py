"""A router's target.toml: its rules and its sides, every problem at once."""

import pytest

from harness.errors import BadFile
from harness.workspace import open_workspace
from tests.builders import Pilot

ROUTER = """
title = "Router"
[runtime]
kind = "local-router"
primary = "alpha"
secondary = "beta"
[runtime.overflow]
in_flight = 4
[runtime.fallback]
"""


def workspace(root, text, **changed):
    Pilot(root).workspace()
    for name, change in changed.items():
        path = root / "targets" / name / "target.toml"
        path.write_text(change(path.read_text()))
    (root / "targets" / "router").mkdir()
    (root / "targets" / "router" / "target.toml").write_text(text)
    return open_workspace(root)


def problems(made):
    with pytest.raises(BadFile) as raised:
        made.target("router")
    return {p.field: p.message for p in raised.value.problems}


def test_it_has_its_sides_with_it_and_speaks_their_api(tmp_path):
    def speaks(text):
        return 'dialect = "openai-chat"\n' + text

    router = workspace(tmp_path, ROUTER, alpha=speaks, beta=speaks).target("router")

    assert [side.name for side in router.behind] == ["alpha", "beta"]
    assert router.dialect.value == "openai-chat"
    assert router.source_names == ("local-logs",)
    assert [rule.when.value for rule in router.runtime.routing] == ["overflow", "otherwise", "refused"]


def test_every_problem_of_its_tables_and_its_sides_is_told_at_once(tmp_path):
    text = ROUTER.replace('"beta"', '"betta"').replace("in_flight = 4", "in_flight = 0")
    found = problems(workspace(tmp_path, text + 'statuses = [500]\n[runtime.canary]\nshare = 2\nkey = "colour"\n'))

    assert "did you mean beta" in found["runtime.secondary"] or "beta" in found["runtime.secondary"]
    assert {"runtime.overflow.in_flight", "runtime.fallback.statuses.0", "runtime.canary.share"} <= found.keys()
    assert "runtime.canary.key" in found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ROUTER.replace('"beta"', '"alpha"'), "the same target"),
        (ROUTER.partition("[runtime.overflow]")[0], "no rule"),
        (ROUTER + '[runtime.tenants]\nprimary = ["acme"]\nsecondary = ["acme"]\n', "acme"),
        (ROUTER + "statuses = []\nconnect = false\n", "want statuses"),
    ],
)
def test_rules_that_say_nothing_or_two_things_are_refused(tmp_path, text, words):
    assert any(words in message for message in problems(workspace(tmp_path, text)).values())


def test_a_router_behind_a_router_is_refused(tmp_path):
    made = workspace(tmp_path, ROUTER)
    (tmp_path / "targets" / "second").mkdir()
    (tmp_path / "targets" / "second" / "target.toml").write_text(ROUTER.replace('"beta"', '"router"'))

    with pytest.raises(BadFile, match="is a router"):
        made.target("second")


def test_sides_of_different_apis_and_one_that_wants_signatures_are_refused(tmp_path):
    made = workspace(
        tmp_path,
        ROUTER,
        alpha=lambda text: 'dialect = "openai-chat"\n' + text,
        beta=lambda text: text + '[auth]\nkind = "aws-sigv4"\nregion = "us-east-1"\n',
    )
    found = problems(made)

    assert "same API" in found["runtime"]
    assert "signs nothing" in found["runtime.secondary"]


def test_the_hybrid_is_measured_with_the_two_and_is_none_of_them(tmp_path):
    made = workspace(tmp_path, ROUTER)
    path = tmp_path / "pilot.toml"
    path.write_text(path.read_text().replace('candidate = "beta"', 'candidate = "beta"\nhybrid = "router"'))

    again = open_workspace(tmp_path)
    assert [t.name for t in again.measured()] == ["alpha", "beta", "router"]
    assert made.hybrid() is None
    path.write_text(path.read_text().replace('hybrid = "router"', 'hybrid = "beta"'))
    with pytest.raises(BadFile, match="hybrid"):
        open_workspace(tmp_path)
