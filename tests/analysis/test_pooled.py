"""Pooled quantiles by look-up are the plain ones."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.pooled import Pooled
from harness.analysis.quantiles import inverted_cdf

BLOCKS = st.lists(
    st.lists(st.sampled_from([0.1, 0.2, 0.5, 1.0, 3.0, math.inf]), min_size=1, max_size=12), min_size=2, max_size=6
)


@given(BLOCKS, st.floats(0.01, 1.0))
def test_with_and_without_each_block(blocks, p):
    arrays = [np.array(b) for b in blocks]
    pooled = Pooled(arrays)

    assert pooled.quantile(p) == inverted_cdf(np.concatenate(arrays), p)
    for k in range(len(arrays)):
        rest = np.concatenate(arrays[:k] + arrays[k + 1 :])
        assert pooled.quantile(p, without=k) == inverted_cdf(rest, p)


def test_nothing_has_no_quantile():
    assert math.isnan(Pooled([]).quantile(0.5))
    assert Pooled([np.array([2.0])]).quantile(0.5) == 2
    assert Pooled([np.array([2.0])]).quantile(0.5, without=0) != pytest.approx(2)
