"""When a verdict may be read."""

import pytest

from harness.domain.looks import SPENT, first_blocks, look, looks_of


@pytest.mark.parametrize(
    ("planned", "counts"), [(6, (6,)), (8, (6, 8)), (10, (6, 8, 10)), (12, (6, 8, 12)), (20, (8, 12, 20)), (3, (3,))]
)
def test_the_looks_of_a_plan_are_the_usual_ones_and_its_end(planned, counts):
    assert looks_of(planned) == counts


def test_the_error_is_spent_once_whatever_the_number_of_looks():
    assert all(sum(alphas) == pytest.approx(0.025) for alphas in SPENT.values())


@pytest.mark.parametrize(
    ("valid", "blocks", "confidence", "following"),
    [(6, 6, 0.99, 8), (7, 6, 0.99, 8), (8, 8, 0.985, 12), (11, 8, 0.985, 12), (12, 12, 0.975, None)],
)
def test_between_looks_the_last_one_counts(valid, blocks, confidence, following):
    found = look(valid, 12)

    assert (found.blocks, found.confidence, found.following) == (blocks, confidence, following)
    assert found.early == (following is not None)


def test_before_the_first_look_there_is_none():
    assert look(4, 12).number == 0


def test_a_plan_of_one_look_reads_it_at_ninety_five_percent():
    assert look(6, 6).confidence == 0.95


def test_a_look_is_of_the_first_blocks_of_the_plan():
    assert first_blocks([9, 2, 4, 1], 3) == (1, 2, 4)
