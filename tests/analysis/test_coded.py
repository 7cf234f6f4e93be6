"""Coded columns read as arrays of objects do."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from harness.analysis.coded import Coded, among, coded, is_known, is_true

TEXTS = ["ok", None, "throttled", "ok", "lost"]
FLAGS = [True, None, False, True, False]


def column(values: list[object]) -> Coded:
    return coded(pa.chunked_array([pa.array(values[:2], pa.array(values).type), pa.array(values[2:])]))


@pytest.mark.parametrize("values", [TEXTS, FLAGS])
def test_every_value_is_found_again(values: list[object]) -> None:
    made = column(values)
    assert list(made) == values
    assert [made[k] for k in range(len(made))] == values
    assert list(made[np.array([True, False, True, False, False])]) == [values[0], values[2]]


def test_comparison_is_element_by_element() -> None:
    made = column(TEXTS)
    assert (made == "ok").tolist() == [True, False, False, True, False]
    assert (made != "ok").tolist() == [False, True, True, False, True]
    assert not (made == "never seen").any()


def test_two_columns_with_other_codes_compare_by_value() -> None:
    other = column(["lost", None, "ok", "ok", "lost"])
    assert (column(TEXTS) == other).tolist() == [False, True, False, True, True]


def test_a_value_that_no_element_has_is_not_in_it() -> None:
    made = column(TEXTS)
    assert "lost" in made
    assert "lost" not in made[:4]


def test_among_takes_coded_columns_and_arrays_of_objects_alike() -> None:
    wanted = ("throttled", "lost")
    expected = [False, False, True, False, True]
    assert among(column(TEXTS), wanted).tolist() == expected
    assert among(np.array(TEXTS, dtype=object), wanted).tolist() == expected
    assert not among(column(TEXTS), ()).any()


@pytest.mark.parametrize("made", [column(FLAGS), np.array(FLAGS, dtype=object)])
def test_a_flag_is_true_false_or_not_known(made: object) -> None:
    assert is_true(made).tolist() == [True, False, False, True, False]
    assert is_known(made).tolist() == [True, False, True, True, True]


def test_more_values_than_a_byte_holds() -> None:
    values = [f"id-{k}" for k in range(300)]
    assert list(column(list(values))) == values
