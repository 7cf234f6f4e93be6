"""What an endpoint can never answer is told and not failed; what went wrong stays a can't tell."""

import pytest

from harness.check.answer_check import NotTold, not_held_back
from harness.check.checks import FAIRNESS, comparing
from harness.check.contract_check import Answer, ShownBy, answer_to
from harness.check.symptoms import CannotTell
from harness.workspace import open_workspace
from tests.builders import Pilot
from tests.peers.serving import Quiet, serving


class Nothing(Quiet):
    """An endpoint without /v1/meta."""

    def answer(self):
        self.send(404)


@pytest.fixture
def compared(tmp_path):
    """The checks that compare two endpoints, both of one dialect."""

    def compare(dialect, urls):
        Pilot(tmp_path).workspace()
        for path in tmp_path.glob("targets/*/target.toml"):
            path.write_text(f'dialect = "{dialect}"\n' + path.read_text())
        workspace = open_workspace(tmp_path)
        pair = workspace.pair()
        return comparing(workspace, pair, {target.name: url for target, url in zip(pair, urls, strict=True)})

    return compare


def test_an_api_without_a_field_for_it_is_not_at_fault(compared):
    with serving(Nothing) as url:
        made = compared("openai-chat", (url, url))
    answers = {check.name: check for group in made.values() for check in group}

    assert {c.answer for c in made["same work"]} == {Answer.UNTOLD}
    assert all(check.stands for check in answers.values())
    assert "the report compares the citations of every pair" in answers["same index_digest"].detail
    assert "alpha and beta have no field for it" in answers["both are in the same region"].detail


def test_an_api_that_has_the_field_and_does_not_answer_stays_cant_tell(compared):
    with serving(Nothing) as url:
        made = compared("rag-chat/1", (url, url))
    assert not any(check.stands for check in made["same work"])


def test_an_endpoint_that_is_not_reached_stays_cant_tell_whatever_its_api(compared):
    made = compared("openai-chat", ("http://127.0.0.1:9", "http://127.0.0.1:9"))
    [reached] = [c for c in made[FAIRNESS] if c.name == "both are reached in the same time"]
    assert reached.answer is Answer.UNKNOWN


def test_a_stream_too_short_to_tell_is_left_to_the_samples():
    def short():
        """Tokens arrive as they are produced"""
        return not_held_back(0.2, 0.3, 0.4, 2)

    with pytest.raises(NotTold):
        short()
    check = answer_to(short)
    assert (check.answer, check.shown_by, check.stands) == (Answer.UNTOLD, ShownBy.STREAMS, True)


def test_a_check_that_breaks_is_no_pass():
    def slow():
        """It answers"""
        raise CannotTell("no whole answer within 30 s")

    assert not answer_to(slow).stands
