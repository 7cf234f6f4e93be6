"""Columns of a samples.parquet, also of one that was written before a column was."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from harness.analysis.dataset import read
from harness.errors import BadFile
from harness.evidence import parquet
from harness.evidence.schema import SAMPLE_KINDS, SAMPLES_FORMAT
from tests.builders import sample


@pytest.fixture
def folder(tmp_path):
    rows = [sample(k, first_reasoning_s=k + 0.1).row() for k in range(3)]
    parquet.write(tmp_path / "samples.parquet", rows, SAMPLE_KINDS, SAMPLES_FORMAT)
    return tmp_path


def without(folder, name):
    path = folder / "samples.parquet"
    pq.write_table(pq.read_table(path).drop_columns([name]), path)


def test_what_was_recorded_is_read(folder):
    assert list(read(folder)["first_reasoning_s"]) == pytest.approx([0.1, 1.1, 2.1])


def test_evidence_from_before_reasoning_was_recorded_has_none(folder):
    without(folder, "first_reasoning_s")

    assert np.isnan(read(folder)["first_reasoning_s"]).all()
    assert len(read(folder)["first_reasoning_s"]) == 3


def test_a_column_that_always_was_there_is_missed(folder):
    without(folder, "outcome")

    with pytest.raises(BadFile, match="outcome"):
        read(folder)
