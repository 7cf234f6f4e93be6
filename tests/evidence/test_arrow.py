"""Arrays by their buffers are those that pyarrow makes its own way, and nobody pays for pandas meanwhile."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.evidence.arrow import array, numpy_of

VALUES = {
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(allow_nan=False),
    pa.bool_(): st.booleans(),
    pa.string(): st.text(),
}
COLUMNS = st.sampled_from(list(VALUES)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(VALUES[kind] | st.none(), max_size=40))
)

ANYHOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the first text loads Unicode's tables


@ANYHOW
@given(COLUMNS)
def test_an_array_is_the_one_that_pyarrow_makes(made):
    kind, values = made
    ours = array(tuple(values), kind)
    ours.validate(full=True)

    assert ours.equals(pa.array(values, kind))


def test_an_undefined_number_is_not_known():
    assert array((1.0, math.nan), pa.float64()).to_pylist() == [1.0, None]


@ANYHOW
@given(st.lists(st.floats(allow_nan=False) | st.none()), st.integers(0, 9), st.integers(0, 9))
def test_numbers_are_those_that_pyarrow_gives(values, start, cut):
    column = pa.chunked_array([pa.array(values, pa.float64())[start:], pa.array(values, pa.float64())[:cut]])

    np.testing.assert_array_equal(numpy_of(column), column.to_numpy())


@ANYHOW
@given(st.lists(st.integers(-128, 126) | st.none()), st.integers(0, 9))
def test_missing_numbers_get_what_stands_in_for_them(values, start):
    column = pa.array(values, pa.int8())[start:]

    assert numpy_of(column, 127).tolist() == [127 if v is None else v for v in values[start:]]
    assert numpy_of(column, 127).dtype == np.int8


@ANYHOW
@given(st.lists(st.booleans()), st.integers(0, 9))
def test_flags_are_flags(values, start):
    assert numpy_of(pa.array(values, pa.bool_())[start:]).tolist() == values[start:]


def test_a_type_that_cannot_hold_a_null_says_so():
    with pytest.raises(ValueError, match="int8 has nulls"):
        numpy_of(pa.array([1, None], pa.int8()))


WRITE_AND_READ = """
import sys
from pathlib import Path
from harness.analysis.dataset import read
from harness.domain.sample import COLUMNS, Sample
from harness.evidence import parquet
from harness.evidence.schema import SAMPLE_KINDS, SAMPLES_FORMAT
rows = [Sample(k, "steady", True, "q", bool(k % 2), float(k), cold=k % 3 == 0 or None).row() for k in range(9)]
parquet.write(Path(sys.argv[1]) / "samples.parquet", rows, SAMPLE_KINDS, SAMPLES_FORMAT)
columns = read(Path(sys.argv[1]))
assert columns["scheduled_s"].tolist() == [float(k) for k in range(9)]
assert list(columns["cold"]) == [k % 3 == 0 or None for k in range(9)]
print("pandas" in sys.modules)
"""


def test_writing_and_reading_samples_loads_no_pandas(tmp_path: Path):
    command = [sys.executable, "-c", WRITE_AND_READ, str(tmp_path)]

    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"
