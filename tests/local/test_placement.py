"""The placement rule, without processes or clocks."""

from harness.local.placement import Placement, Refusal, Rules


def test_the_concurrency_limit_refuses_at_once():
    placement = Placement(Rules(concurrency=2, scaling_tokens=9, scaling_per_s=9), now_s=0)

    assert [placement.place(0) for _ in range(4)] == [None, None, Refusal.CONCURRENCY, Refusal.CONCURRENCY]


def test_scaling_tokens_refill_continuously_and_never_above_their_capacity():
    placement = Placement(Rules(concurrency=99, scaling_tokens=2, scaling_per_s=1), now_s=0)

    assert [placement.place(0) for _ in range(3)] == [None, None, Refusal.SCALING]
    assert placement.place(1.0) is None
    assert [placement.place(100) for _ in range(3)] == [None, None, Refusal.SCALING]


def test_the_most_recently_used_environment_is_taken_first():
    placement = Placement(Rules(9, 9, 9), 0)
    for _ in range(3):
        placement.place(0)
    for name in ("old", "middle", "new"):
        placement.release(name)

    assert placement.place(0) == "new"
    assert placement.free == ("old", "middle")


def test_an_environment_that_is_dropped_frees_its_place_whether_it_is_free_or_busy():
    placement = Placement(Rules(1, 9, 9), 0)
    placement.place(0)
    assert placement.place(0) is Refusal.CONCURRENCY
    placement.drop("busy")
    assert placement.place(0) is None
    placement.release("only")
    placement.drop("only")
    assert placement.place(0) is None


def test_an_environment_made_ahead_takes_a_place_and_no_token():
    placement = Placement(Rules(2, 1, 0), 0)

    assert [placement.adopt(), placement.adopt(), placement.adopt()] == [True, True, False]
