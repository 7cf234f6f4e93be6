"""One request is found again in log, traces and metrics, or it is said where it got lost."""

import tomllib

import pytest

from harness.check import tracing
from harness.check.contract_check import Answer
from harness.domain.reading import Absent, Series, Window
from harness.domain.reasons.reading import NoPoint, NotAnswered
from harness.domain.target import Dialect, Target
from harness.platforms.external.config import External
from harness.workspace.mapping_toml import MappingTable
from tests.local.platform import pilot, workspace
from tests.peers.start import MAPPING, oddchat

SENT = tracing.TracedRequest(("pilot-trace-1", "abc"), Window(0, 120), ())


class Lines:
    """A source of lines that appear after some looks."""

    settle_s = 0.0

    def __init__(self, *looks):
        self._looks = list(looks)

    def read(self, window):
        self._now = self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]
        return []

    def lines(self, window):
        return self._now


class Points:
    """A source of numbers alone."""

    def __init__(self, readings, settle_s=0.0):
        self._readings, self.settle_s = readings, settle_s

    def read(self, window):
        return self._readings


def follow(source, within_s=10.0):
    now = [0.0]

    def sleep(seconds):
        now[0] += seconds

    [check] = tracing.follow(SENT, {"there": source}, within_s, clock=lambda: now[0], sleep=sleep)
    return check, now[0]


def test_it_is_found_by_its_id_as_soon_as_it_is_there():
    check, waited = follow(Lines([], ["START x"], ["REPORT abc"]))
    assert (check.answer, check.detail, waited) == (Answer.PASS, "by its id", 4.0)


def test_lines_without_its_id_say_that_the_id_got_lost():
    check, _ = follow(Lines(["START other"]))
    assert check.answer is Answer.FAIL
    assert "its id got lost on the way to the log" in check.detail


def test_a_log_of_instances_names_no_request_and_loses_none():
    """As the embedded container's: its figures tell that it was there, at once."""

    class Instances(Lines):
        names_requests = False

        def read(self, window):
            super().read(window)
            return [Series("in_flight", "count", ((30.0, 1.0),), "q", "s")]

    check, waited = follow(Instances(["INSTANCE Pid: 1"]))
    assert (check.answer, waited) == (Answer.UNKNOWN, 0.0)
    assert "carry no id" in check.detail


def test_points_carry_no_id_and_cannot_tell():
    check, _ = follow(Points([Series("n", "count", ((30.0, 1.0),), "q", "s")]))
    assert check.answer is Answer.UNKNOWN
    assert "carry no id" in check.detail


def test_nothing_at_all_got_lost_before_the_source():
    check, _ = follow(Points([Absent("n", NoPoint(), "q", "s")]))
    assert (check.answer, check.detail) == (
        Answer.FAIL,
        "nothing of that time: it got lost between the service and this source",
    )


def test_a_source_that_settles_later_is_asked_once_and_cannot_tell_yet():
    check, waited = follow(Points([], settle_s=900.0))
    assert check.answer is Answer.UNKNOWN
    assert "settles after 15 min" in check.detail
    assert waited == 0.0


def test_a_source_that_does_not_answer_cannot_tell():
    check, _ = follow(Points([Absent("n", NotAnswered("AccessDenied: words"), "q", "s", failed=True)]))
    assert (check.answer, check.detail) == (Answer.UNKNOWN, "AccessDenied: words")


def test_a_request_goes_out_in_the_targets_own_dialect(tmp_path):
    fields = MappingTable.model_validate(tomllib.loads(MAPPING)["mapping"]).field_map()
    with oddchat(tmp_path) as url:
        odd = Target("odd", tmp_path, Dialect.MAPPED, External(), base_url=url, fields=fields)
        answered, echo = tracing.send(odd, url).checks
    assert answered.answer is Answer.PASS
    assert echo.answer is Answer.FAIL


@pytest.mark.parametrize("target", ["local_function"])
def test_an_embedded_functions_request_is_found_in_its_log(tmp_path, corpus, target):
    done = pilot(workspace(tmp_path, corpus), "check", "--trace", target, "--wait", "10")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "local-logs: it is there: by its id" in done.stdout
