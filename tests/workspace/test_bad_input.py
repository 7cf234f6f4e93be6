"""Bad files: every problem at once, each with its field and its mend."""

import pytest

from harness.errors import BadFile, Exit, Refused
from harness.workspace import find, open_workspace
from harness.workspace.questions import read_questions
from tests.builders import Pilot


def problems(call):
    with pytest.raises(BadFile) as caught:
        call()
    assert caught.value.exit_code == Exit.REFUSED
    return str(caught.value)


def test_broken_toml_names_line_and_column(tmp_path):
    (tmp_path / "pilot.toml").write_text("[pilot\n")

    assert "line 1" in problems(lambda: open_workspace(tmp_path))


def test_all_problems_of_pilot_toml_are_told_at_once(tmp_path):
    (tmp_path / "pilot.toml").write_text(
        '[pilot]\nquestion = "?"\nbaseline = "a"\ncandidate = "a"\nblocks = 1\nblokcs = 3\n[slo]\np95_s = -1\nerror_rate = 2\n'
    )
    said = problems(lambda: open_workspace(tmp_path))

    assert "pilot.blocks: want at least 2, not 1" in said
    assert "pilot.blokcs: is not a known field: did you mean blocks?" in said
    assert "slo.p95_s" in said
    assert "slo.error_rate" in said
    assert "traffic: is required" in said


def test_problems_of_its_targets_are_told_with_those_of_pilot_toml(tmp_path):
    Pilot(tmp_path).workspace()
    for path, right, wrong in (
        (tmp_path / "pilot.toml", "blocks", "blokcs"),
        (next(tmp_path.glob("targets/*/target.toml")), "title", "tilte"),
    ):
        text = path.read_text()
        assert right in text
        path.write_text(text.replace(right, wrong, 1))
    said = problems(lambda: open_workspace(tmp_path))

    assert "pilot.blokcs: is not a known field" in said
    assert f"targets/{path.parent.name}/target.toml: tilte: is not a known field" in said


def test_what_no_table_takes_hides_no_other_problem(tmp_path):
    (tmp_path / "pilot.toml").write_text(
        '[pilot]\nquestion = 2026-11-27\nbaseline = "a"\ncandidate = "b"\nblocks = 1\n'
        "[slo]\np95_s = inf\nerror_rate = true\n[traffic]\nrequests_per_month = -1\n"
    )
    said = problems(lambda: open_workspace(tmp_path))

    assert "pilot.question: want text in quotes, not a date or a time" in said
    assert "slo.p95_s: want a finite number" in said
    assert said.count("slo.p95_s") == said.count("pilot.question") == 1
    assert "pilot.blocks: want at least 2" in said
    assert "slo.error_rate: want a number, not True" in said
    assert "traffic.requests_per_month" in said


def test_a_pilot_toml_that_is_a_folder_or_a_link_in_a_circle_is_never_passed_by(tmp_path):
    Pilot(tmp_path).workspace()
    for name, make, says in (
        ("folder", lambda p: p.mkdir(), "is a folder"),
        ("circle", lambda p: p.symlink_to(p), "cannot be read"),
    ):
        (tmp_path / name).mkdir()
        make(tmp_path / name / "pilot.toml")
        assert says in problems(lambda name=name: find(tmp_path / name))


def test_a_target_toml_or_an_evidence_that_is_something_else_is_named(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    path = tmp_path / "targets" / "alpha" / "target.toml"
    path.unlink()
    path.symlink_to(path)
    (tmp_path / "evidence").write_text("mine")

    assert f"{path}: cannot be read" in problems(workspace.pair)
    with pytest.raises(Refused, match="evidence is not a folder"):
        _ = workspace.evidence


def test_a_target_is_not_compared_with_itself(tmp_path):
    pilot = Pilot(tmp_path)
    pilot.workspace()
    path = tmp_path / "pilot.toml"
    path.write_text(path.read_text().replace('"beta"', '"alpha"'))

    assert "are the same target" in problems(lambda: open_workspace(tmp_path))


@pytest.mark.parametrize(
    ("judged", "says"),
    [('["steady", "brust"]', "no [profiles.brust] is measured; these are: steady"), ("[]", None)],
)
def test_a_promise_under_a_profile_that_nobody_runs_is_refused(tmp_path, judged, says):
    Pilot(tmp_path).workspace()
    path = tmp_path / "pilot.toml"
    path.write_text(path.read_text().replace('profiles = ["steady"]', f"profiles = {judged}"))

    if says:
        assert says in problems(lambda: open_workspace(tmp_path))
    else:
        assert "profiles" in problems(lambda: open_workspace(tmp_path))


def test_where_no_profile_is_chosen_every_paced_one_of_the_blocks_is_judged(tmp_path):
    pilot = Pilot(tmp_path, everyday="weekday", tracks={"coldstart": {}})
    pilot.workspace()
    path = tmp_path / "pilot.toml"
    path.write_text(path.read_text().replace('profiles = ["weekday"]\n', ""))

    assert pilot.plan().judged(open_workspace(tmp_path).config.slo.profiles) == ("weekday",)


def test_an_unknown_target_is_refused_with_the_nearest_name(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    with pytest.raises(Refused) as caught:
        workspace.target("alhpa")

    assert caught.value.hint == "did you mean alpha?"


def test_the_problems_of_both_targets_are_told_together(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    for name in ("alpha", "beta"):
        (tmp_path / "targets" / name / "target.toml").write_text('[runtime]\nkind = "external"\nspeed = 1\n')
    said = problems(workspace.pair)

    assert "alpha/target.toml: runtime.speed: is not a known field" in said
    assert "beta/target.toml: " in said


def test_a_missing_variable_of_a_url_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("MY_URL", raising=False)
    workspace = Pilot(tmp_path).workspace()
    (tmp_path / "targets" / "alpha" / "target.toml").write_text(
        'base_url = "${MY_URL}"\n[runtime]\nkind = "external"\n'
    )

    assert "environment variable MY_URL is not set" in problems(lambda: workspace.target("alpha"))


def test_no_pilot_is_said_with_where_it_was_looked_for(tmp_path):
    with pytest.raises(Refused, match=r"no pilot\.toml in"):
        find(tmp_path)


def test_bad_questions_are_named_by_line(tmp_path):
    path = tmp_path / "q.jsonl"
    path.write_text(
        '{"id": "a", "messages": [{"role": "user", "content": "x"}]}\nnope\n'
        '{"id": "a", "messages": [{"role": "user", "content": "x"}]}\n{"id": "b", "messages": []}\n'
    )
    said = problems(lambda: read_questions(path))

    assert "line 2: is not valid JSON" in said
    assert "line 3, id: 'a' stands twice" in said
    assert "line 4, messages: want at least 1 of them, not 0" in said


def test_an_empty_questions_file_is_no_questions_file(tmp_path):
    (tmp_path / "q.jsonl").write_text("\n")

    assert "holds no question" in problems(lambda: read_questions(tmp_path / "q.jsonl"))


def test_a_corpus_that_cannot_be_built_says_why(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    path = tmp_path / "pilot.toml"
    path.write_text(
        path.read_text() + '[corpus]\nbuild = ["{python}", "-c", "raise SystemExit(\'no corpus today\')"]\n'
    )
    workspace = open_workspace(tmp_path)

    with pytest.raises(Refused, match="no corpus today"):
        workspace.questions()


def test_traffic_has_one_shape_and_a_whole_day_of_it(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    path = tmp_path / "pilot.toml"
    text = path.read_text()
    path.write_text(text.replace("peak_per_s = 10", "peak_per_s = 10\nweek = [1.0, 2.0]"))
    assert "want 24 relative rates" in problems(lambda: open_workspace(workspace.root))
    path.write_text(text.replace("peak_per_s = 10", 'peak_per_s = 10\ntrace = "t.csv"'))
    (tmp_path / "t.csv").write_text("timestamp\n0\n10\n")

    assert "traffic.trace" in problems(lambda: open_workspace(workspace.root).traffic())


def test_a_quota_is_a_number_or_a_code(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    path = tmp_path / "targets" / "alpha" / "target.toml"
    path.write_text(path.read_text() + '[[quotas]]\nname = "tokens"\nneeds = "tokens_per_minute"\n')

    assert "want either limit, or service and code" in problems(lambda: workspace.target("alpha"))


@pytest.mark.parametrize(
    ("auth", "words"),
    [
        ('kind = "aws-sigv4"', 'kind = "aws-sigv4" wants region'),
        ('kind = "azure-token"\nregion = "r"', 'wants scope: as "api://CLIENT-ID/.default"; region does not go with'),
        ('kind = "header"', "wants env: the variable that holds the header's value"),
        ('kind = "none"\nenv = "X"', 'env does not go with kind = "none"'),
    ],
)
def test_each_kind_of_authorisation_says_what_it_wants(tmp_path, auth, words):
    workspace = Pilot(tmp_path).workspace()
    path = tmp_path / "targets" / "alpha" / "target.toml"
    path.write_text(path.read_text() + f"[auth]\n{auth}\n")

    assert words in problems(lambda: workspace.target("alpha"))
