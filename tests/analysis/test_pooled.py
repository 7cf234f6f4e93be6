"""Pooled quantiles by look-up are the plain ones."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.pooled import Pooled, first
from harness.analysis.quantiles import inverted_cdf

BLOCKS = st.lists(
    st.lists(st.sampled_from([0.1, 0.2, 0.5, 1.0, 3.0, math.inf]), min_size=1, max_size=12), min_size=2, max_size=6
)


@given(BLOCKS, st.floats(0.01, 1.0))
def test_the_pooled_quantile_is_that_of_all_values_together(blocks, p):
    arrays = [np.array(b) for b in blocks]

    assert Pooled(arrays).quantile(p) == inverted_cdf(np.concatenate(arrays), p)


@given(BLOCKS, st.floats(0.05, 4.0))
def test_what_lies_beyond_a_value_is_counted_block_by_block(blocks, value):
    pooled = Pooled([np.array(b) for b in blocks])

    assert pooled.beyond(value).tolist() == [sum(x > value for x in b) for b in blocks]
    assert pooled.failed.tolist() == [sum(math.isinf(x) for x in b) for b in blocks]


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30), st.floats(-6, 6), st.none() | st.floats(-6, 6))
def test_the_first_value_that_holds_is_found_wherever_the_search_starts(values, threshold, start):
    ordered = np.sort(values)
    found = first(ordered, lambda v: v >= threshold, start)

    held = [v for v in values if v >= threshold]
    if start is not None and start >= threshold and not any(v <= start for v in held):
        held = [start]
    assert found == min(held, default=None)


def test_nothing_has_no_quantile():
    assert math.isnan(Pooled([]).quantile(0.5))
    assert Pooled([np.array([2.0])]).quantile(0.5) == 2
    assert not len(Pooled([np.array([math.inf])]).finite)
