"""A trace played faster or slower, thinner or denser, and its file read with every problem at once."""

from pathlib import Path
from random import Random

import pytest

from harness.domain import arrivals
from harness.domain.arrivals import as_data, from_data
from harness.domain.dispersion import dispersion
from harness.domain.trace import Change, Clock, Seen, Trace
from harness.errors import BadFile
from harness.workspace.trace_csv import read_trace

DATA = Path(__file__).parent.parent.parent.parent / "shared" / "data"


def trace(n=1000, gap_s=0.5):
    return Trace("t.csv", "sha256:t", tuple(Seen(k * gap_s, 100 + k, 10) for k in range(n)))


def playing(**changes):
    return arrivals.trace("t.csv").playing(trace(), **changes)


def test_as_it_is_it_gives_its_own_instants_and_tokens():
    due = playing().arrivals(1)

    assert [d.scheduled_s for d in due] == [k * 0.5 for k in range(1000)]
    assert (due[7].input_tokens, due[7].output_tokens) == (107, 10)


def test_speed_shortens_time_and_keeps_the_count():
    due = playing(speed=4).arrivals(1)

    assert len(due) == 1000
    assert due[-1].scheduled_s == pytest.approx(999 * 0.5 / 4)


@pytest.mark.parametrize("rate", [0.5, 2.0, 7.0])
def test_a_rate_thins_or_copies_to_an_exact_count_within_the_same_time(rate):
    due = playing().at_rate(rate).arrivals(1)

    assert len(due) == round(rate * 999 * 0.5)
    assert due[-1].scheduled_s <= 999 * 0.5
    assert due == playing().at_rate(rate).arrivals(1)
    assert due != playing().at_rate(rate).arrivals(2)


def test_a_duration_cuts_and_a_warmup_is_sent_but_not_measured():
    due = playing().during(20).after_warmup(5).arrivals(1)

    assert due[-1].scheduled_s < 25
    assert {d.measured for d in due if d.scheduled_s < 5} == {False}
    assert {d.phase for d in due if d.scheduled_s >= 5} == {"trace"}


def test_it_travels_by_its_digest_and_another_file_is_noticed():
    data = as_data(playing())

    assert from_data(data, trace()) == playing()
    with pytest.raises(ValueError, match="differs from the trace"):
        from_data(data, Trace("t.csv", "sha256:other", ()))


def clumped():
    """Twenty requests within one second of every ten."""
    rng = Random(1)
    clumps = tuple(Seen(base + rng.random(), None, None) for base in range(0, 3000, 10) for _ in range(20))
    return Trace("b.csv", "sha256:b", tuple(sorted(clumps, key=lambda s: s.at_s)))


def test_thinning_weakens_bursts_and_says_by_how_much():
    played = clumped().played(1.0, 0.6, None, Random(2))

    assert played.change is Change.THINNED
    assert played.share == pytest.approx(0.3, rel=0.01)
    assert played.before.idc_1s == pytest.approx(18, rel=0.1)
    assert played.after.idc_1s == pytest.approx(1 + 17 * 0.3, rel=0.25)
    assert "29.9 % of its requests kept at random: IDC 1 s 17.9 to 4.84" in played.words()
    assert "thinning weakens bursts" in played.words()


def test_another_pace_keeps_every_burst_whole():
    slowed = [s.at_s for s in clumped().played(0.3, None, None, Random(2)).requests]

    assert clumped().played(0.3, None, None, Random(2)).change is Change.NONE
    assert dispersion([at_s * 0.3 for at_s in slowed]).idc_1s == pytest.approx(18, rel=0.1), "in its own time"


def test_copies_are_said_too():
    played = clumped().played(1.0, 4.0, None, Random(2))

    assert played.change is Change.COPIED
    assert "199 % of its requests, copies between them" in played.words()


def test_every_problem_of_a_file_is_told_with_its_line(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("TIMESTAMP,ContextTokens\n2026-11-25 09:00:00.1234567,12\nnever,3\n2026-11-25 09:00:01,-4\n")
    with pytest.raises(BadFile) as caught:
        read_trace(path)

    assert [p.field for p in caught.value.problems] == ["line 3, TIMESTAMP", "line 4, ContextTokens"]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "timestamp\n1\n"])
def test_a_file_without_times_or_with_a_single_one_is_refused(tmp_path, text):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(BadFile):
        read_trace(path)


@pytest.mark.skipif(not DATA.is_dir(), reason="the public Azure traces are not on this machine")
def test_the_public_azure_trace_has_its_published_shape():
    """Conversation service, 2023: 19,366 requests in 58 minutes, gaps with CV 1.09, mean input 1,155 tokens."""
    conv = read_trace(DATA / "AzureLLMInferenceTrace_conv.csv")

    assert len(conv.requests) == 19_366
    assert conv.length_s / 60 == pytest.approx(58.6, abs=0.6)
    assert dispersion([s.at_s for s in conv.requests]).gap_cv == pytest.approx(1.09, abs=0.02)
    assert sum(s.input_tokens for s in conv.requests) / 19_366 == pytest.approx(1155, abs=1)


@pytest.mark.parametrize(
    ("column", "clock", "per_s"),
    [
        ("timestamp", Clock.SECONDS, 1),
        ("timestamp", Clock.MILLISECONDS, 10**3),
        ("@timestamp", Clock.MICROSECONDS, 10**6),
        ("start_time", Clock.NANOSECONDS, 10**9),
        ("timestamp_ms", Clock.MILLISECONDS, 10**3),
    ],
)
def test_times_since_1970_are_recognised_in_every_unit_and_said(tmp_path, column, clock, per_s):
    path = tmp_path / "t.csv"
    start = 1_796_000_000
    path.write_text(f"{column}\n{start * per_s}\n{start * per_s + per_s * 3 // 2}\n{(start + 60) * per_s}\n")
    trace = read_trace(path)

    assert trace.clock is clock
    assert (trace.read_as == "") == (clock is Clock.SECONDS)
    assert [s.at_s for s in trace.requests] == pytest.approx([0, 1.5 if per_s > 1 else 1, 60], abs=1e-6)


def test_a_column_that_names_its_unit_is_read_by_it_whenever_it_began(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time_ms,input_tokens\n0,1\n250,2\n3000,3\n")

    assert [s.at_s for s in read_trace(path).requests] == [0, 0.25, 3]


def test_times_of_two_units_are_refused_with_what_to_write_instead(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("timestamp\n1796000000\n1796000000500\n")

    with pytest.raises(BadFile, match="line 3, timestamp: looks like milliseconds, the lines before it like seconds"):
        read_trace(path)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"timestamp\n1e308\n1\n", "want a time before the year 5138"),
        (b"timestamp\nnan\n1\n", "want a time before the year 5138"),
        (b'timestamp\n"' + b"1" * 200_000 + b'"\n', "is not CSV: field larger"),
        ("timestamp\n1\n2\n".encode("utf-16"), "is UTF-16 text: save it as UTF-8"),
        (b"timestamp\n1\n\xff\n", "line 3: is not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(tmp_path, raw, words):
    path = tmp_path / "t.csv"
    path.write_bytes(raw)

    with pytest.raises(BadFile, match=words):
        read_trace(path)


def test_a_file_that_windows_saved_is_read(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("\ufefftimestamp\r\n1\r\n2\r\n".encode())

    assert len(read_trace(path).requests) == 2
