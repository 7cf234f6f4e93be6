"""Evidence that was changed, cut or taken away is named, whichever one of its files is gone."""

import json
import shutil
import threading

import pytest

from harness.errors import PilotError
from harness.evidence.digests import broken_at, digests_of
from harness.evidence.records import FILE
from harness.evidence.store import Store
from tests.evidence.disk import full_at


def run_folder(store, block):
    folder = store.root / "blocks" / f"b{block:02d}" / "attempt-1" / "steady-1-alpha"
    folder.mkdir(parents=True)
    for name in ("samples.parquet", "ledger.json", "run.json"):
        (folder / name).write_text(json.dumps({"of": block}))
    at = folder.relative_to(store.root).as_posix()
    store.note("run begun", run=f"r{block}", attempt=1)
    store.note("run ended", run=f"r{block}", attempt=1, cost_usd="0.5", files={at: digests_of(folder)})
    return folder


@pytest.fixture
def kept(tmp_path):
    store = Store(tmp_path)
    folders = [run_folder(store, block) for block in (1, 2, 3)]
    store.note("collected", pulled=0)
    return store, folders


def said(store):
    return list(store.integrity().problems())


def edit(path, change):
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_what_was_left_alone_is_as_it_was(kept):
    store, folders = kept

    assert said(store) == []
    assert store.integrity().as_written(folders[0] / "samples.parquet")


def test_a_changed_and_a_missing_file_are_named(kept):
    store, folders = kept
    (folders[0] / "samples.parquet").write_bytes(b"two")
    (folders[0] / "ledger.json").unlink()

    assert sorted(said(store)) == [
        "blocks/b01/attempt-1/steady-1-alpha/ledger.json is missing",
        "blocks/b01/attempt-1/steady-1-alpha/samples.parquet was changed after it was written",
    ]


def test_without_the_journal_edited_files_are_still_found_and_its_loss_is_a_doubt(kept):
    store, folders = kept
    (folders[1] / "samples.parquet").write_bytes(b"two")
    (store.root / "journal.jsonl").unlink()
    gone, changed = said(store)

    assert gone.startswith("journal.jsonl is gone")
    assert changed == "blocks/b02/attempt-1/steady-1-alpha/samples.parquet was changed after it was written"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_digests_that_are_taken_away_are_missed_and_the_journal_still_knows_the_file(kept, number):
    store, folders = kept
    (folders[number] / FILE).unlink()
    (folders[number] / "samples.parquet").write_bytes(b"two")
    lost, changed = said(store)

    assert f"1 of 3 lines of the digests are missing (blocks/b0{number + 1}/attempt-1/steady-1-alpha/{FILE})" in lost
    assert changed.endswith("samples.parquet was changed after it was written")


def test_digests_that_were_edited_are_named(kept):
    store, folders = kept
    edit(folders[1] / FILE, lambda lines: lines[0]["files"].update({"samples.parquet": "0" * 64}))

    assert f"blocks/b02/attempt-1/steady-1-alpha/{FILE} was edited at its line about run ended" in said(store)


def test_digests_of_another_campaign_do_not_follow(kept, tmp_path_factory):
    store, folders = kept
    other = Store(tmp_path_factory.mktemp("other"))
    for block in (1, 2, 3):
        theirs = run_folder(other, block)
    shutil.copy(theirs.parents[2] / "b02/attempt-1/steady-1-alpha" / FILE, folders[1] / FILE)

    assert any("does not follow from" in words for words in said(store))


def test_a_run_that_nobody_knows_is_named(kept):
    store, folders = kept
    shutil.copytree(
        folders[0], folders[0].parents[2] / "b04" / "attempt-1" / "steady-1-alpha", ignore=lambda *_: [FILE]
    )

    assert said(store) == [
        f"blocks/b04/attempt-1/steady-1-alpha is a run of which neither the journal nor {FILE} knows"
    ]


@pytest.mark.parametrize("left", range(7))
def test_a_journal_whose_end_was_cut_is_named(kept, left):
    store, _ = kept
    path = store.root / "journal.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:left]))
    cut = [words for words in said(store) if words.startswith("journal.jsonl")]

    assert bool(cut) == (left < 6), "the last event names no file: nothing is lost with it"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: lines[1].update(exit_code=7), 2),
        (lambda lines: lines.pop(1), 2),
        (lambda lines: lines[2].pop("chain"), 3),
        (lambda lines: lines.reverse(), 1),
        (lambda lines: lines.insert(2, lines[1]), 3),
    ],
    ids=["a line was changed", "a line was removed", "a link was removed", "lines were moved", "a line stands twice"],
)
def test_an_edited_journal_says_where(kept, change, line):
    store, _ = kept
    edit(store.root / "journal.jsonl", change)

    assert broken_at(store.journal()) == line
    assert f"journal.jsonl does not follow from itself at line {line}: it was edited there" in said(store)


def test_a_journal_that_is_older_than_its_links_is_not_called_edited(kept):
    store, _ = kept
    edit(store.root / "journal.jsonl", lambda lines: [line.pop("chain") for line in lines])
    assert broken_at(store.journal()) is None
    store.note("later")

    assert broken_at(store.journal()) is None


def test_several_writers_at_once_break_neither_chain(tmp_path):
    store = Store(tmp_path)
    threads = [threading.Thread(target=run_folder, args=(store, block)) for block in range(1, 13)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert said(store) == []
    assert [record.number for record in store.integrity().records.known] == list(range(1, 13))


def test_what_a_crash_left_between_the_digests_and_the_journal_is_named_until_the_next_event(kept):
    store, _ = kept
    path = store.root / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:5]))  # the last run's digests are there, their event is not
    assert any("lacks the event 'run ended'" in words for words in said(store))
    store.note("run ended", run="r3", attempt=1, cost_usd="0.5", files={"blocks/b03/attempt-1/steady-1-alpha": {}})

    assert not any("lacks" in words for words in said(store))


@pytest.mark.parametrize("room", [0, 50])
def test_a_disk_that_fills_leaves_digests_and_journal_as_they_were(kept, room):
    store, (first, *_) = kept
    files = (first / FILE, store.root / "journal.jsonl")
    before = [path.read_bytes() for path in files]
    noted = {first.relative_to(store.root).as_posix(): digests_of(first)}
    with full_at(len(before[0]) + room), pytest.raises(PilotError, match="cannot be written"):
        store.note("run ended", run="r1", attempt=1, cost_usd="0.5", files=noted)

    assert [path.read_bytes() for path in files] == before
    assert said(store) == []
