"""What a run records of everything that a server can do, over real sockets, through real Locust."""

from collections import Counter

import pytest

from harness.evidence.fields import RUN, TARGET
from tests.fakes import EXPECTED, ScriptedServer
from tests.load.run import questions_file, run

pytestmark = pytest.mark.alone  # when each thing was seen is the subject


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Every act many times, all streamed, then the samples by act."""
    cwd = tmp_path_factory.mktemp("outcomes")
    server = ScriptedServer()
    finished = run(
        cwd,
        *("--host", server.url, "--questions", str(questions_file(cwd, EXPECTED)), "--rate", "60", "--duration", "4"),
        *("--warmup", "0", "--deadline", "1.5", "--mode", "stream", "--seed", "5"),
    )
    server.close()
    return finished, server


def by_act(done):
    acts = list(EXPECTED)
    out = {}
    for sample in done[0].samples:
        out.setdefault(acts[int(sample["question_id"][1:])], []).append(sample)
    return out


def test_every_field_of_a_runs_files_has_a_meaning(done):
    """run.json and target.json as a real run writes them; the other files are held to theirs in tests/evidence."""
    for file, columns in (("run.json", RUN), ("target.json", TARGET)):
        always = {c.name for c in columns} - {"purpose"}  # only a race has one
        assert set(done[0].json(file)) == always, file


def test_every_arrival_has_exactly_one_sample(done):
    finished, server = done
    samples, ledger = finished.samples, finished.json("ledger.json")

    assert [s["seq"] for s in samples] == list(range(240))
    assert ledger["planned"] == sum(ledger["outcomes"].values()) == 240
    again = sum(bool(s["resent"]) for s in samples)
    assert sum(server.hits.values()) == 240 + again, "a request was sent twice unsaid, or not at all"
    assert {s["question_id"] for s in samples if s["resent"]} <= {f"q{list(EXPECTED).index('closed at once')}"}


def test_a_failing_target_makes_a_valid_run(done):
    finished, _ = done

    assert finished.code == 0, finished.output
    assert finished.json("ledger.json")["valid"]
    assert "VALID" in finished.output


@pytest.mark.parametrize("act", EXPECTED)
def test_each_act_has_its_outcome_and_layer(done, act):
    seen = by_act(done).get(act, [])

    assert seen, "the schedule never asked for it"
    assert {(s["outcome"], s["layer"]) for s in seen} == {EXPECTED[act]}


def test_token_times_are_those_of_the_events(done):
    """Tokens 20 ms apart: the first at 20 ms, the gaps of 20 ms, nothing batched."""
    for sample in by_act(done)["ok"]:
        first = sample["first_token_s"] - sample["sent_s"]
        assert 0.019 < first < 0.2
        assert sample["token_events"] == 3
        assert 0.015 < sample["max_gap_s"] < 0.2
        assert sample["last_token_s"] <= sample["finished_s"]


def test_usage_timings_and_instance_are_recorded(done):
    sample = by_act(done)["ok"][0]

    assert (sample["input_tokens"], sample["output_tokens"], sample["generation_ms"]) == (10, 3, 30.0)
    assert (sample["instance_id"], sample["instance_requests"], sample["cold"]) == ("6f1c", 3, False)
    assert sample["citations"] == "p1"
    assert len({s["answer_digest"] for s in by_act(done)["ok"]}) == 1


def test_a_platforms_refusal_knows_no_instance_and_no_cold(done):
    sample = by_act(done)["throttled by platform"][0]

    assert sample["instance_id"] is None
    assert sample["cold"] is None
    assert sample["retry_after_s"] == 2


def test_connections_are_reused_where_the_answer_allows(done):
    reused = Counter(s["conn_reused"] for s in by_act(done)["ok"])

    assert reused[True] > reused[False]
    assert all(s["connect_s"] is None for s in by_act(done)["ok"] if s["conn_reused"])


def test_the_locust_folder_has_the_fixed_files(done):
    names = {p.name for p in done[0].folder.iterdir()}

    assert names == {"run.json", "samples.parquet", "generator.parquet", "ledger.json", "target.json", "readings"}


def test_a_deadline_ends_a_stream_that_never_does_and_keeps_what_came(done):
    for sample in by_act(done)["drip"]:
        assert 1.4 < sample["finished_s"] - sample["sent_s"] < 1.8
        assert sample["token_events"] > 5
        assert sample["detail"] == "no whole answer within 1.5 s"


def test_tokens_that_share_a_read_are_told_from_those_that_come_one_by_one(done):
    assert {s["token_reads"] for s in by_act(done)["all at once"]} == {1}
    assert {s["token_events"] for s in by_act(done)["all at once"]} == {8}
    assert {s["token_reads"] for s in by_act(done)["ok"]} == {3}
