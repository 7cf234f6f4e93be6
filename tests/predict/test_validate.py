"""Blocks held out: predicted from the others, and laid beside what they measured."""

from dataclasses import replace

import numpy as np
import pytest

from harness.domain.retry import NO_RETRY
from harness.predict.fitted import fit
from harness.predict.played import quantiles
from harness.predict.prediction import Quantity
from harness.predict.validate import Held, unlike, validated
from tests.predict.situations import BLOCKS, draw, measured, run
from tests.predict.truth import play, poisson

SITUATION = draw(0)
DATA = measured(SITUATION)


@pytest.mark.parametrize(("n", "ends"), [(12, (0, 11)), (19, (0, 18)), (39, (1, 37)), (60, (2, 57))])
def test_one_more_of_the_same_kind_lies_between_the_ends_nine_times_of_ten(n, ends):
    low, high = quantiles(range(n))

    assert (low, high) == ends
    assert (high - low) / (n + 1) >= min(0.9, (n - 1) / (n + 1))


def held(data=DATA):
    return validated(data, {"alpha": fit("alpha", data, SITUATION.scaling, NO_RETRY, 0)}, 0, worlds=12)


def test_every_block_is_kept_out_once_and_most_are_covered():
    made = held()
    p95 = next(row for row in made.rows if row.quantity is Quantity.P95)

    assert p95.held == BLOCKS
    assert p95.covered >= BLOCKS - 1
    assert p95.median_error < 0.1
    assert made.few == ()


def test_a_block_in_which_all_was_slower_is_not_covered():
    """A test that can't fail is none: one block's answers take three times as long."""
    rng = np.random.default_rng(1)
    slow = replace(SITUATION.truth, model_s=3 * SITUATION.truth.model_s)
    other = run(2, "steady", play(slow, poisson(SITUATION.per_s, 240, rng), rng), rng)
    made = held(
        data=replace(DATA, runs=tuple(other if (r.block, r.profile) == (2, "steady") else r for r in DATA.runs))
    )

    missed = {h.block for h in made.held if h.quantity is Quantity.P95 and not h.covered}
    assert 2 in missed


def test_of_more_than_can_be_played_some_blocks_are_kept_out_from_first_to_last():
    again = tuple(replace(r, block=r.block + BLOCKS) for r in DATA.runs if r.profile not in DATA.tracks)
    twice = replace(DATA, runs=(*DATA.runs, *again), blocks_valid=tuple(range(1, 2 * BLOCKS + 1)))
    fits, steps = {"alpha": fit("alpha", twice, SITUATION.scaling, NO_RETRY, 0)}, []
    made = validated(twice, fits, 0, step=lambda: steps.append(1), worlds=3, most_played=1)

    kept_out = {h.block for h in made.held}
    assert made.sampled == (("alpha", 6, 2 * BLOCKS),)
    assert len(kept_out) == 6
    assert {1, 2 * BLOCKS} <= kept_out
    assert len(steps) == 2 * BLOCKS


def test_few_blocks_are_told_and_not_held_out():
    made = held(DATA.at([1, 2]))

    assert made.held == ()
    assert made.few == (("alpha", 2),)


def test_a_profile_at_another_rate_is_predicted_from_the_others():
    rng = np.random.default_rng(2)
    fast = [run(k, "fast", play(SITUATION.truth, poisson(3 * SITUATION.per_s, 80, rng), rng), rng) for k in range(1, 6)]
    both = replace(DATA, profiles=("steady", "fast", "keepalive"), runs=(*DATA.runs, *fast))
    made = held(both)

    assert {h.profile for h in made.held} == {"steady", "fast"}
    kept_out = [h.without for h in made.held if h.profile == "fast" and h.quantity is Quantity.P95]
    assert (kept_out.count("block"), kept_out.count("profile")) == (5, 5)


def test_a_cold_share_is_off_by_a_part_of_itself_and_a_refused_share_by_points():
    cold = Held("alpha", "steady", 1, Quantity.COLD_SHARE, measured=0.02, value=0.03, low=0.0, high=0.1)

    assert cold.error == pytest.approx(0.5)
    assert replace(cold, quantity=Quantity.REFUSED_SHARE).error == pytest.approx(0.01)
    assert replace(cold, measured=0.0).error is None  # no part of nothing
    assert replace(cold, measured=0.0, value=0.0).error == 0


def test_of_many_runs_a_dozen_is_given_again():
    """A decision of sixty blocks replayed every one of them, minutes long; whether half of them fit is told by fewer."""
    rng = np.random.default_rng(1)
    slow = replace(SITUATION.truth, model_s=3 * SITUATION.truth.model_s)
    other = run(1, "steady", play(slow, poisson(SITUATION.per_s, 60, rng), rng), rng)
    many = replace(DATA, runs=tuple(replace(other, block=block) for block in range(1, 41)))
    found = unlike(many, fit("alpha", DATA, SITUATION.scaling, NO_RETRY, 0), 0, again=4)

    covered, of = found[Quantity.P95]
    assert of == 12
    assert covered < 6
