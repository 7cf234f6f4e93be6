"""``--set``: what a changed setting makes of a target, and what is refused by its name."""

import pytest

from harness.errors import Refused
from harness.platforms.registry import scaling_of
from harness.predict.settings import asked, variants
from tests.predict.pilots import TruePilot


@pytest.fixture(scope="module")
def targets(tmp_path_factory):
    workspace = TruePilot(tmp_path_factory.mktemp("ws")).workspace()
    return [workspace.target("alpha"), workspace.target("beta")]


def made(targets, text):
    return variants(targets, {}, asked(text))


def test_instances_that_are_kept_are_kept_by_every_target(targets):
    changed = made(targets, "min_instances=3")

    assert changed["alpha"].scaling.least.value == 3
    assert (changed["beta"].scaling.least.value, changed["beta"].scaling.most.value) == (3, 3)
    assert changed["alpha"].changed == ("min_instances=3",)


def test_a_setting_of_one_target_leaves_the_other_alone(targets):
    changed = made(targets, "alpha.idle_s=10")

    assert changed["alpha"].scaling.idle_s.value == 10
    assert changed["beta"].scaling == scaling_of(targets[1], {})
    assert changed["beta"].changed == ()


def test_a_runtimes_own_figure_changes_how_it_scales(targets):
    changed = made(targets, "workers=5")["beta"]

    assert changed.target.runtime.workers == 5
    assert changed.scaling.most.value == 5


def test_what_the_control_plane_says_stands_but_for_what_is_changed(targets):
    facts = {"alpha": {"reserved": {"ReservedConcurrentExecutions": 7}}}

    assert variants(targets, facts, asked("max_instances=4"))["alpha"].scaling.most.value == 4


def test_more_processors_make_an_instance_faster_by_nobody_knows_how_much(targets):
    assert made(targets, "beta.vcpus=2")["beta"].speeds == (1, pytest.approx(2**0.5), 2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("min_instancs=3", "did you mean min_instances?"),
        ("alfa.min_instances=3", "did you mean alpha?"),
        ("min_instances", "want NAME=NUMBER, a number of at least 0"),
        ("min_instances=many", "want NAME=NUMBER, a number of at least 0"),
        ("min_instances=-1", "want NAME=NUMBER, a number of at least 0"),
        ("", "want NAME=NUMBER, a number of at least 0"),
        ("alpha.min_instances=30", "more than max_instances 20"),
        ("memory_mb=1", "greater than or equal to 128"),
        ("beta.vcpus=0", "vcpus 0 is not above 0"),
        ("alpha.requests_per_instance=0", "requests_per_instance 0 is not above 0"),
        ("alpha.min_instances=0.5", "min_instances 0.5 is not a whole number"),
        ("beta.max_instances=0", "a fixed number of instances is at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_nearest(targets, text, says):
    with pytest.raises(Refused, match="--set") as refused:
        made(targets, text)

    assert says in str(refused.value)


def test_all_problems_are_told_at_once(targets):
    with pytest.raises(Refused) as refused:
        made(targets, "min_instancs=3,idle=2")

    assert "min_instancs" in str(refused.value)
    assert "idle" in str(refused.value)
