"""Spans are joined to the client's requests by their trace, which is the request's own id."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from harness.analysis.spans import spans
from tests.analysis.fakes import run_of

RUN = "a1b2c3d4e5f6a7b8c9d0"


@dataclass
class Record:
    path: Path


def request_id(seq, attempt=0):
    return f"{RUN}{seq:012x}" + (f"-{attempt}" if attempt else "")


def line(name, ms, trace, request=None):
    said = {"name": name, "trace_id": trace, "request_id": request, "start_unix_s": 1.0, "duration_ms": ms}
    return json.dumps(said, sort_keys=True)


def run(folder, lines, ids, failed=0):
    (folder / "readings").mkdir(parents=True)
    (folder / "readings" / "traces.log").write_text("".join(f"{one}\n" for one in lines))
    took = np.full(len(ids), 0.1)
    took[len(ids) - failed :] = np.inf
    made = run_of(took, request_id=np.array(ids, dtype=object))
    return replace(made, record=Record(folder))


def of(*runs):
    return {s.name: s for s in spans("alpha", "steady", runs)}


def two_blocks(tmp_path, lines_of, failed=0, n=40, attempt=0):
    ids = [request_id(k, attempt) for k in range(n)]
    return [run(tmp_path / str(k), [one for i in ids for one in lines_of(i)], ids, failed) for k in (1, 2)]


def test_percentiles_are_of_the_answers_that_have_such_a_span(tmp_path):
    def lines(i):
        seq = int(i[20:32], 16)
        return [line("retrieve", 10.0 + seq, i)] if seq % 2 else []

    found = of(*two_blocks(tmp_path, lines))["retrieve"]

    assert (found.joined, found.answers) == (40, 80)
    assert 25 <= found.p50_ms.value <= 33
    assert found.p50_ms.low <= found.p50_ms.value
    assert found.p50_ms.blocks == 2


def test_spans_of_one_name_in_one_request_are_one_time(tmp_path):
    found = of(*two_blocks(tmp_path, lambda i: [line("retrieve", 4.0, i), line("retrieve", 6.0, i)]))

    assert found["retrieve"].p50_ms.value == 10.0


def test_an_answer_after_another_attempt_is_still_one_trace(tmp_path):
    found = of(*two_blocks(tmp_path, lambda i: [line("chat", 5.0, i[:32])], attempt=2))

    assert found["chat"].joined == 80


def test_a_service_that_begins_a_trace_of_its_own_is_joined_by_the_id_that_one_span_names(tmp_path):
    def lines(i):
        own = f"{int(i[20:32], 16) + 1:032x}"
        return [line("chat", 5.0, own, request=i), line("retrieve", 2.0, own)]

    found = of(*two_blocks(tmp_path, lines))

    assert (found["chat"].joined, found["retrieve"].joined) == (80, 80)


@pytest.mark.parametrize("trace", ["", "0123456789abcdef0123456789abcdef"])
def test_a_span_of_nobodys_request_is_joined_to_none(tmp_path, trace):
    found = of(*two_blocks(tmp_path, lambda i: [line("health", 5.0, trace)]))

    assert found == {}


def test_failed_requests_and_spans_that_never_ended_count_for_nothing(tmp_path):
    found = of(*two_blocks(tmp_path, lambda i: [line("chat", 5.0, i), line("open", None, i)], failed=10))

    assert (found["chat"].joined, found["chat"].answers) == (60, 60)
    assert "open" not in found


def test_another_sources_log_beside_it_is_no_span(tmp_path):
    lines = ["REPORT RequestId: x\tDuration: 5 ms", "{broken", '{"trace_id": 5}', '{"platform.report": {}}']

    assert of(run(tmp_path / "1", lines, [request_id(0)])) == {}
