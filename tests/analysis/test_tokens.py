"""Tokens by the model that answered, as each answer says."""

from decimal import Decimal

import numpy as np

from harness.analysis.tokens import tokens_of
from harness.platforms.shared.usage import Tokens

READ, WRITTEN, BEFORE = (
    np.array(values) for values in ([100.0, 200.0, np.nan, 400.0], [1.0, 2, 3, 4], [0.0, 50, 7, 900])
)
ALL = np.ones(4, dtype=bool)
NAMED = np.array(["small", "large", "small", None], dtype=object)
COLUMNS = {"input_tokens": READ, "output_tokens": WRITTEN, "cached_tokens": BEFORE, "model": NAMED}


def tokens(model, *counted):
    return Tokens(model, *map(Decimal, counted))


def test_each_answer_counts_for_the_model_that_it_names_and_a_silent_one_for_the_one_that_was_asked():
    assert tokens_of(COLUMNS, ALL, {"spec": {"model": "asked"}}) == (
        tokens("small", 1, 100, 4, 0),
        tokens("large", 1, 200, 2, 50),
        tokens("asked", 1, 400, 4, 400),  # no more was read before than was read
    )


def test_where_no_model_is_known_the_tokens_are_nobodys():
    assert [t.model for t in tokens_of(COLUMNS, ALL, None)] == ["small", "large"]
    assert tokens_of({**COLUMNS, "model": np.array([None] * 4, dtype=object)}, ALL, {"spec": {"model": None}}) == ()


def test_evidence_without_the_columns_is_read_by_what_was_asked():
    older = {"input_tokens": READ, "output_tokens": WRITTEN}

    assert tokens_of(older, ALL, {"spec": {"model": "asked"}}) == (tokens("asked", 3, 700, 10, 0),)
    assert tokens_of(older, ALL, {}) == ()
