"""A reason is a frozen dataclass that nobody compiles: what that promises, it keeps."""

import copy
import pickle
from dataclasses import FrozenInstanceError, fields, replace

import pytest

from harness.domain.reason import Reason


class Plain(Reason):
    """Without figures."""


class Few(Reason):
    """With one that has a usual value."""

    blocks: int
    least: int = 2


class FewOfSome(Few):
    """With one more."""

    whose: str = ""


def test_its_figures_are_given_in_order_or_by_name():
    assert Few(1) == Few(blocks=1, least=2) == Few(1, 2)
    assert FewOfSome(1, whose="a") == FewOfSome(1, 2, "a")
    assert [f.name for f in fields(FewOfSome)] == ["blocks", "least", "whose"]
    assert repr(Few(1)) == "Few(blocks=1, least=2)"


def test_what_it_is_not_made_of_is_refused():
    for values, named in (((), {}), ((1, 2, 3), {}), ((1,), {"blocks": 1}), ((1,), {"most": 3})):
        with pytest.raises(TypeError, match="Few"):
            Few(*values, **named)


def test_two_are_the_same_by_kind_and_figures():
    assert {Few(1), Few(1, 2), Few(1, 3), FewOfSome(1), Plain(), Plain()} == {Few(1), Few(1, 3), FewOfSome(1), Plain()}
    assert Few(1) != FewOfSome(1)
    assert Plain() != Reason()


def test_it_changes_only_into_another():
    one = Few(1)
    with pytest.raises(FrozenInstanceError):
        one.blocks = 2
    with pytest.raises(FrozenInstanceError):
        del one.blocks
    assert replace(one, blocks=3) == Few(3)
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one


def test_it_can_be_matched():
    match FewOfSome(1, whose="a"):
        case FewOfSome(blocks, whose=whose):
            assert (blocks, whose) == (1, "a")
