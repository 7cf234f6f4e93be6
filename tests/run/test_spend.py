"""The budget never gets larger because a file of the evidence is gone."""

from decimal import Decimal

import pytest

from harness.evidence.records import FILE
from harness.run.spend import spent_in
from tests.builders import Pilot


@pytest.fixture
def spent(tmp_path):
    workspace, _, store = Pilot(tmp_path, blocks=3, per_run=20, kept=True).write()
    return workspace, store


def test_it_is_what_the_journal_says(spent):
    workspace, _ = spent

    assert spent_in(workspace) == Decimal("3.0")  # six runs of half a dollar


def test_without_the_journal_it_is_what_the_digests_say(spent):
    workspace, store = spent
    (store.root / "journal.jsonl").unlink()

    assert spent_in(workspace) == Decimal("3.0")


def test_a_journal_that_was_edited_is_not_believed_where_it_says_less(spent):
    workspace, store = spent
    path = store.root / "journal.jsonl"
    path.write_text(path.read_text().replace('"0.5"', '"0.0"'))

    assert spent_in(workspace) == Decimal("3.0")


def test_without_either_each_run_counts_at_its_worst(spent):
    workspace, store = spent
    (store.root / "journal.jsonl").unlink()
    for path in store.root.rglob(FILE):
        path.unlink()

    assert spent_in(workspace) > 0
