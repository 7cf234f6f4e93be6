"""[quality], its evaluation set, and [retrieval] of a target: read once, every problem said at once."""

import json

import pytest

from harness.errors import BadFile
from harness.planning.seal import seal_of
from harness.workspace import open_workspace
from harness.workspace.questions import digest, read_evaluation, read_questions, with_evaluation
from harness.workspace.sweep_toml import read_sweep
from tests.builders import Pilot

GOOD = {
    "id": "e1",
    "question": "How long?",
    "must_cite": ["a#1"],
    "must_contain": ["30 days"],
    "must_not_contain": ["no"],
}
ASKED = {"id": "q1", "messages": [{"role": "user", "content": "Hi?"}]}


def lines(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def root(tmp_path):
    Pilot(tmp_path).workspace()
    lines(tmp_path / "questions.jsonl", ASKED)
    lines(tmp_path / "evaluation.jsonl", GOOD)
    pilot = tmp_path / "pilot.toml"
    pilot.write_text(pilot.read_text() + '[load]\nquestions = "questions.jsonl"\n[quality]\nset = "evaluation.jsonl"\n')
    return tmp_path


def test_the_evaluation_set_is_asked_beside_the_questions(root):
    made = open_workspace(root)
    asked, graded = made.questions()

    assert (asked.expects, made.mix().evaluated) == (None, 0.05)
    assert (graded.expects.cite, graded.expects.say, graded.expects.not_say) == (("a#1",), ("30 days",), ("no",))
    assert graded.messages[0].content == "How long?"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"question": None}, "want question or messages"),
        ({"messages": [{"role": "user", "content": "x"}]}, "want question or messages"),
        ({"question": " "}, "asks nothing"),
        ({"must_cite": [], "must_contain": [], "must_not_contain": []}, "checks nothing"),
        ({"must_cite": ["a b"]}, "must_cite.0"),
        ({"must_contain": [" "]}, "must_contain.0"),
        ({"must_cit": ["a"]}, "must_cit"),
    ],
)
def test_a_line_that_checks_or_asks_nothing_is_refused_by_its_number(tmp_path, change, named):
    row = {name: value for name, value in (GOOD | change).items() if value is not None}
    with pytest.raises(BadFile, match="line 2") as bad:
        read_evaluation(lines(tmp_path / "e.jsonl", {**GOOD, "id": "e0"}, row))
    assert named in str(bad.value)


def test_an_id_that_stands_in_both_files_is_refused(root):
    lines(root / "evaluation.jsonl", {**GOOD, "id": "q1"})
    with pytest.raises(BadFile, match=r"is in questions\.jsonl too"):
        open_workspace(root).questions()


def test_a_set_that_is_not_there_is_named_by_its_field(root):
    (root / "evaluation.jsonl").unlink()
    with pytest.raises(BadFile, match=r"quality\.set"):
        open_workspace(root).questions()


def test_checks_and_known_passages_are_part_of_the_digest_and_older_files_keep_theirs(tmp_path):
    plain = lines(tmp_path / "q.jsonl", ASKED)
    known = lines(tmp_path / "k.jsonl", {**ASKED, "passages": ["a#1"]})
    graded = lines(tmp_path / "e.jsonl", GOOD)
    other = lines(tmp_path / "o.jsonl", {**GOOD, "must_contain": ["31 days"]})
    digests = {digest(read_questions(plain)), digest(read_questions(known))}
    digests |= {digest(with_evaluation(plain, one)) for one in (graded, other)}

    assert len(digests) == 4


def test_the_set_and_the_promise_are_sealed_and_a_seal_without_them_is_as_before(tmp_path):
    pilot = Pilot(tmp_path)
    workspace, plan = pilot.workspace(), pilot.plan()
    before = seal_of(workspace, plan)
    file = tmp_path / "pilot.toml"
    file.write_text(file.read_text().replace("error_rate = 0.02", "error_rate = 0.02\nfull_quality_share = 0.9"))
    file.write_text(file.read_text() + '[quality]\nset = "evaluation.jsonl"\n')
    after = seal_of(open_workspace(tmp_path), plan)

    assert "quality" not in before.content
    assert "full_quality_share" not in before.content["slo"]
    assert {c.field for c in before.changes(after)} == {"quality.set", "quality.share", "slo.full_quality_share"}


def target(tmp_path, text):
    Pilot(tmp_path).workspace()
    file = tmp_path / "targets" / "alpha" / "target.toml"
    file.write_text(text + file.read_text())
    return open_workspace(tmp_path).target("alpha")


def test_rag_chat_is_asked_for_passages_as_its_contract_says(tmp_path):
    assert target(tmp_path, "").retrieval.path == "/v1/retrieve"


def test_another_api_is_asked_only_as_its_own_table_says(tmp_path):
    mapped = 'dialect = "openai-chat"\nmodel = "m"\n'

    assert target(tmp_path, mapped).retrieval is None
    table = 'retrieval = { path = "/s", request = { q = "{prompt}", k = "{top_k}" }, passages = "hits.*.id" }\n'
    assert target(tmp_path, mapped + table).retrieval.passages == "hits.*.id"


@pytest.mark.parametrize(
    ("request_", "named"), [('{ q = "x" }', "want {prompt}"), ('{ q = "{prompt}", z = "{zap}" }', "stands for nothing")]
)
def test_a_retrieval_request_that_asks_nothing_or_too_much_is_refused(tmp_path, request_, named):
    with pytest.raises(BadFile, match="retrieval") as bad:
        target(tmp_path, f"retrieval = {{ request = {request_} }}\n")
    assert named in str(bad.value)


def test_a_sweep_of_weights_sets_them_where_the_target_runs_here_and_hands_them_to_apply_elsewhere(tmp_path):
    Pilot(tmp_path).workspace()
    folder = tmp_path / "targets" / "alpha"
    two = '[[settings]]\nname = "none"\nweights_mb = 0\n[[settings]]\nname = "big"\nweights_mb = 500\n'
    (folder / "sweep.toml").write_text(f'apply = [["set", "{{weights_mb}}"]]\n{two}')
    assert [s.apply for s in read_sweep(folder).settings] == [(("set", "0"),), (("set", "500"),)]

    (folder / "target.toml").write_text('[runtime]\nkind = "local-container"\ncommand = ["x"]\n')
    (folder / "sweep.toml").write_text(two)
    laid = [s.laid_over["runtime"]["environment"] for s in read_sweep(folder).settings]
    assert laid == [{"RAG_WEIGHTS_MB": "0"}, {"RAG_WEIGHTS_MB": "500"}]
