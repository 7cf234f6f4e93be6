"""The journal: every event comes back as it was noted."""

import json
import os
import subprocess
import sys

import pytest

from harness.evidence.digests import broken_at
from harness.evidence.files import dump, write_text
from harness.evidence.store import Store


@pytest.mark.parametrize("text", ["a\u2028b", "a\u0085b", "a\x1cb", "a\nb\r", "\ud800 half a pair", "\ufeffmark"])
def test_whatever_an_event_holds_is_one_line_that_is_read_back(tmp_path, text):
    store = Store(tmp_path)
    store.note("changed", why=text)
    store.note("collected", pulled=0)

    assert [event.get("why") for event in store.journal()] == [text, None]
    assert broken_at(store.journal()) is None


def test_a_file_of_half_a_pair_says_the_same_when_it_is_read(tmp_path):
    write_text(tmp_path / "x.json", dump({"reason": "\ud800"}))

    assert json.loads((tmp_path / "x.json").read_text()) == {"reason": "\ud800"}


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_line_that_a_crash_cut_does_not_swallow_the_next(tmp_path, cut):
    store = Store(tmp_path)
    store.note("run begun", run="r")
    store.note("run ended", run="r")
    path = tmp_path / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    store.note("collected", pulled=0)
    events = [event["event"] for event in store.journal()]

    kept = ["run ended"] if cut == 1 else []  # only its newline was lost
    assert events == ["run begun", *kept, "torn line ended", "collected"]
    assert broken_at(store.journal()) is None


@pytest.mark.parametrize("odd", ["null", "[]", '{"event": 7}', '"text"', "[" * 100_000, ""])
def test_a_line_that_is_no_event_is_no_traceback(tmp_path, odd):
    store = Store(tmp_path)
    store.note("run begun", run="r")
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write(odd + "\n")
    store.note("collected", pulled=0)

    assert [event["event"] for event in store.journal()] == ["run begun", "collected"]


def test_several_writers_at_once_make_one_chain(tmp_path):
    code = (
        "import sys; from pathlib import Path; from harness.evidence.store import Store\n"
        "for k in range(25): Store(Path(sys.argv[1])).note('noted', by=sys.argv[2], k=k, pad='x' * 3000)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in "abcd"]

    assert [writer.wait(60) for writer in writers] == [0] * 4
    events = Store(tmp_path).journal()
    assert broken_at(events) is None
    assert {name: [e["k"] for e in events if e["by"] == name] for name in "abcd"} == {
        name: list(range(25)) for name in "abcd"
    }


def test_what_is_noted_and_written_is_flushed_to_the_disk_before_it_counts(tmp_path, monkeypatch):
    """A power cut must not take a line that was acted upon, nor leave an empty file under the right name."""
    flushed = []

    def fsync(file):
        flushed.append((os.fstat(file).st_size, (tmp_path / "plan.json").exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    write_text(tmp_path / "plan.json", "{}\n")
    Store(tmp_path).note("sealed")

    assert flushed == [(3, False), ((tmp_path / "journal.jsonl").stat().st_size, True)]
