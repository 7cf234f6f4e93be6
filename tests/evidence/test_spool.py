"""The spool: whole lines or none, read back in order whatever order and however torn."""

import errno

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.evidence.spool import Spool, SpoolReader
from tests.evidence.disk import full_at


def line(seq, text="ok"):
    return f'[{seq},"{text}"]\n'.encode()


def test_rows_come_back_by_seq_and_what_nobody_reported_is_absent(tmp_path):
    spool = Spool(tmp_path / "s", {"columns": ["seq"]})
    spool.append(line(3) + line(0))
    spool.append(line(1))
    reader = SpoolReader(spool.path, 5, spool.kept)

    assert [row and row[0] for chunk in reader.chunks(2) for row in chunk] == [0, 1, None, 3, None]
    reader.close()
    spool.close()


@settings(max_examples=50, deadline=None)
@given(order=st.permutations(range(12)), torn=st.integers(0, 14))
def test_a_crash_in_the_middle_of_a_line_costs_that_line_alone(tmp_path_factory, order, torn):
    path = tmp_path_factory.mktemp("s") / "s"
    spool = Spool(path, {})
    spool.append(b"".join(line(seq) for seq in order))
    spool.close()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - torn)
    reader = SpoolReader(path, 12)
    found = [row[0] for chunk in reader.chunks(5) for row in chunk if row]
    reader.close()

    assert set(found) >= set(order[:-2])
    assert found == sorted(found)


def test_of_two_lines_for_one_arrival_the_last_counts_and_foreign_ones_are_skipped(tmp_path):
    spool = Spool(tmp_path / "s", {})
    spool.append(line(0, "first") + line(0, "second") + b"not a row\n" + line(99) + b'["x"]\n')
    reader = SpoolReader(spool.path, 1)

    assert reader.row(0) == [0, "second"]
    reader.close()
    spool.close()


def test_what_the_disk_refuses_is_kept_and_read_all_the_same(tmp_path):
    spool = Spool(tmp_path / "s", {})
    spool.append(line(0))
    with full_at(spool.path.stat().st_size + 4):
        error = spool.append(line(1))
    reader = SpoolReader(spool.path, 2, spool.kept)

    assert error is not None
    assert error.errno == errno.EFBIG
    assert spool.path.read_bytes().endswith(line(0)), "never half a line"
    assert reader.row(1) == [1, "ok"]
    reader.close()
    spool.close()


def test_a_spool_that_cannot_be_made_says_so(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        Spool(tmp_path / "none" / "s", {})
