"""Pooled quantiles by look-up are the plain ones."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.pooled import Pooled, smallest
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


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=3))
def test_the_smallest_value_that_holds_is_found_to_the_last_bit(values):
    low, answer, high = sorted(values)

    assert smallest(lambda v: v >= answer, low, high) == answer


def test_nothing_has_no_quantile():
    assert math.isnan(Pooled([]).quantile(0.5))
    assert Pooled([np.array([2.0])]).quantile(0.5) == 2
    assert Pooled([np.array([math.inf])]).ends is None
