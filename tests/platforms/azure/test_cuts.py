"""Deploying on Azure, cut at any call that it makes: the next one ends right, and destroying leaves nothing."""

import random
from contextlib import suppress

import pytest

from tests.peers.arm import Azure
from tests.peers.cuts import Cut
from tests.platforms.azure.rig import PART, whole
from tests.platforms.doubles import Heard

TWENTY = range(20)


@pytest.fixture(scope="module")
def deployed(made):
    azure = Azure()
    made(azure).deploy(Heard())
    return azure


@pytest.mark.parametrize("seed", TWENTY)
def test_a_deployment_cut_at_any_call_is_finished_by_the_next(made, deployed, seed):
    """Twice in a row, at random calls; once the process ended before its call was carried out, once after it."""
    chance = random.Random(seed)
    azure, here = Azure(), chance.random() < 0.5  # a builder here, else the registry's
    for after in chance.sample([False, True], 2):
        azure.cut_at, azure.after = azure.calls + chance.randint(1, deployed.calls), after
        with suppress(Cut):
            made(azure, here=here).deploy(Heard())
    azure.cut_at = None
    done = made(azure, here=here).deploy(Heard())

    assert deployed.calls > 60
    assert whole(azure)
    assert set(done.values) == set(PART)


@pytest.fixture(scope="module")
def removal(made, deployed):
    """How many calls it is to destroy it."""
    last = deployed.copy()
    made(last).destroy(Heard())
    return last.calls


@pytest.mark.parametrize("seed", TWENTY)
def test_a_destruction_cut_at_any_call_is_finished_by_the_next(made, deployed, removal, seed):
    chance, azure = random.Random(seed), deployed.copy()
    azure.cut_at, azure.after = chance.randint(1, removal), chance.random() < 0.5
    with suppress(Cut):
        made(azure).destroy(Heard())
    azure.cut_at = None
    gone = made(azure).destroy(Heard())

    assert removal > 50
    assert azure.empty
    assert gone.left == ()


@pytest.mark.slow  # 25 s: each call by itself, where the others draw some
@pytest.mark.parametrize("after", [False, True], ids=["before it is carried out", "after it"])
def test_each_call_may_be_the_last(made, deployed, removal, after):
    for k in range(1, deployed.calls + 1):
        cut, here = Azure(k, after=after), k % 2 == 0  # a builder here, else the registry's
        with suppress(Cut):
            made(cut, here=here).deploy(Heard())
        made(cut, here=here).deploy(Heard())
        assert whole(cut), k
    for k in range(1, removal + 1):
        cut = deployed.copy()
        cut.cut_at, cut.after = k, after
        with suppress(Cut):
            made(cut).destroy(Heard())
        cut.cut_at = None
        assert made(cut).destroy(Heard()).left == (), k
        assert cut.empty, k


@pytest.mark.parametrize("seed", range(8))
def test_a_deployment_cut_at_any_call_can_be_destroyed_as_it_is(made, deployed, seed):
    azure, chance = Azure(), random.Random(100 + seed)
    azure.cut_at, azure.after = chance.randint(1, deployed.calls), True
    with pytest.raises(Cut):
        made(azure).deploy(Heard())
    azure.cut_at = None
    made(azure).destroy(Heard())

    assert azure.empty
