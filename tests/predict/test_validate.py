"""Blocks held out: predicted from the others, and laid beside what they measured."""

from dataclasses import replace

import numpy as np

from harness.domain.retry import NO_RETRY
from harness.predict.prediction import Quantity
from harness.predict.validate import validated
from tests.predict.situations import BLOCKS, draw, measured, run
from tests.predict.truth import play, poisson


def held(seed=0, data=None):
    situation = draw(seed)
    return validated(data or measured(situation), {"alpha": situation.scaling}, NO_RETRY, seed, worlds=25)


def test_every_block_is_kept_out_once_and_most_are_covered():
    made = held()
    p95 = next(row for row in made.rows if row.quantity is Quantity.P95)

    assert p95.held == BLOCKS
    assert p95.covered >= BLOCKS - 1
    assert p95.median_error < 0.1
    assert made.few == ()


def test_a_block_in_which_all_was_slower_is_not_covered():
    """A test that can't fail is none: one block's answers take three times as long."""
    situation = draw(0)
    data, rng = measured(situation), np.random.default_rng(1)
    slow = replace(situation.truth, model_s=3 * situation.truth.model_s)
    other = run(2, "steady", play(slow, poisson(situation.per_s, 240, rng), rng), rng)
    made = held(
        data=replace(data, runs=tuple(other if (r.block, r.profile) == (2, "steady") else r for r in data.runs))
    )

    missed = {h.block for h in made.held if h.quantity is Quantity.P95 and not h.covered}
    assert 2 in missed


def test_few_blocks_are_told_and_not_held_out():
    data = measured(draw(0)).at([1, 2])
    made = held(data=data)

    assert made.held == ()
    assert made.few == (("alpha", 2),)


def test_a_profile_at_another_rate_is_predicted_from_the_others():
    situation = draw(0)
    data = measured(situation)
    rng = np.random.default_rng(2)
    fast = [
        run(k, "fast", play(situation.truth, poisson(3 * situation.per_s, 240, rng), rng), rng) for k in range(1, 6)
    ]
    both = replace(data, profiles=("steady", "fast", "keepalive"), runs=(*data.runs, *fast))
    made = held(data=both)

    assert {h.profile for h in made.held} == {"steady", "fast"}
    kept_out = [h.without for h in made.held if h.profile == "fast" and h.quantity is Quantity.P95]
    assert (kept_out.count("block"), kept_out.count("profile")) == (5, 5)
