"""Evidence that was changed is named, file by file."""

import json

import pytest

from harness.evidence.digests import broken_at, changed, digests_of
from harness.evidence.store import Store


@pytest.fixture
def kept(tmp_path):
    store = Store(tmp_path)
    folder = tmp_path / "blocks" / "b01"
    folder.mkdir(parents=True)
    (folder / "samples.parquet").write_bytes(b"one")
    (folder / "ledger.json").write_text("{}")
    store.note("run begun", run="r")
    store.note("run ended", run="r", files={"blocks/b01": digests_of(folder)})
    store.note("collected", pulled=0)
    return store, folder


def test_what_was_left_alone_is_as_it_was(kept):
    store, _ = kept

    assert list(changed(store.root, store.journal())) == []
    assert broken_at(store.journal()) is None


def test_a_changed_and_a_missing_file_are_named(kept):
    store, folder = kept
    (folder / "samples.parquet").write_bytes(b"two")
    (folder / "ledger.json").unlink()

    assert sorted(changed(store.root, store.journal())) == [
        "blocks/b01/ledger.json is missing",
        "blocks/b01/samples.parquet was changed after it was written",
    ]


def edit(store, change):
    path = store.root / "journal.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: lines[1].update(exit_code=7), 2),
        (lambda lines: lines.pop(1), 2),
        (lambda lines: lines[2].pop("chain"), 3),
        (lambda lines: lines.reverse(), 1),
    ],
    ids=["a line was changed", "a line was removed", "a link was removed", "lines were moved"],
)
def test_an_edited_journal_says_where(kept, change, line):
    store, _ = kept
    edit(store, change)

    assert broken_at(store.journal()) == line


def test_a_journal_that_is_older_than_its_links_is_not_called_edited(kept):
    store, _ = kept
    edit(store, lambda lines: [line.pop("chain") for line in lines])
    assert broken_at(store.journal()) is None
    store.note("later")

    assert broken_at(store.journal()) is None
