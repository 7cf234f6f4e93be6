"""sweep.toml: settings laid over target.toml, each comparable with the others, every problem said at once."""

import pytest

from harness.errors import BadFile, Refused
from harness.workspace import open_workspace
from harness.workspace.sweep_toml import read_sweep
from tests.builders import Pilot

TWO = """
[[settings]]
name   = "small"
prices = { parameters = { vcpu = 0.5 } }
[[settings]]
name   = "large"
prices = { parameters = { vcpu = 2 } }
"""
APPLY = 'apply = [["true", "{folder}", "{size}"]]\n'
APPLIED = (
    APPLY
    + """
[[settings]]
name   = "small"
fill   = { size = 1 }
prices = { parameters = { vcpu = 0.5 } }
[[settings]]
name   = "large"
fill   = { size = 2 }
prices = { parameters = { vcpu = 2 } }
"""
)


@pytest.fixture
def alpha(tmp_path):
    workspace = Pilot(tmp_path).workspace()
    return workspace.root / "targets" / "alpha"


def declare(folder, text):
    (folder / "sweep.toml").write_text(text)
    return read_sweep(folder)


def test_a_target_without_the_file_has_no_sweep(alpha):
    assert read_sweep(alpha) is None


def test_a_setting_is_a_target_by_name_with_its_fields_laid_over(alpha):
    sweep = declare(alpha, APPLIED)
    workspace = open_workspace(alpha.parent.parent)
    made = workspace.target("alpha@large")

    assert sweep.names == ("alpha@small", "alpha@large")
    assert (made.name, made.variant_of, made.label) == ("alpha@large", "alpha", "Alpha, large")
    assert made.prices.parameters == {"vcpu": 2, "memory_gb": 2, "tasks": 2}
    assert sweep.setting("alpha@large").apply == (("true", str(alpha), "2"),)


def test_the_nearest_setting_is_named(alpha):
    declare(alpha, APPLIED)
    with pytest.raises(Refused) as refused:
        open_workspace(alpha.parent.parent).target("alpha@smal")
    assert refused.value.hint == "did you mean small?"


def test_the_sweep_stays_the_same_when_target_toml_takes_one_of_its_settings(alpha):
    before = declare(alpha, APPLIED)
    path = alpha / "target.toml"
    path.write_text(path.read_text().replace("vcpu = 1,", "vcpu = 2,"))
    after = read_sweep(alpha)
    path.write_text(path.read_text().replace('title = "Alpha"', 'title = "Another"'))
    renamed = read_sweep(alpha)
    path.write_text(path.read_text().replace("tasks = 2", "tasks = 3"))

    assert renamed.digest == after.digest
    assert (before.now, after.now) == ((), ("large",))
    assert after.digest == before.digest
    assert read_sweep(alpha).digest != before.digest


def test_settings_that_only_the_deployment_tells_apart_are_all_what_target_toml_has(alpha):
    text = APPLY + '[[settings]]\nname = "a"\nfill = { size = 1 }\n[[settings]]\nname = "b"\nfill = { size = 2 }\n'
    assert declare(alpha, text).now == ("a", "b")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TWO, "apply: is required"),
        (APPLY + TWO, "small: apply wants size in fill; large: apply wants size in fill"),
        (
            APPLIED.replace("vcpu = 2 ", "vcpu = 2, tasks = 1 "),
            "small does not set prices.parameters.tasks, which others do",
        ),
        (APPLIED.replace('"large"', '"small"'), "two settings are called small"),
        (APPLIED.replace("size = 2", "size = 1").replace("vcpu = 2", "vcpu = 0.5"), "large is the same as another"),
        (APPLIED.replace("fill ", "fil  ", 1), "is not a known field: did you mean fill?"),
        (APPLIED.replace('"true"', '"${NOT_SET_HERE}"'), "environment variable NOT_SET_HERE is not set"),
        (APPLY, "settings: is required"),
    ],
)
def test_what_is_wrong_is_named(alpha, text, says):
    with pytest.raises(BadFile) as bad:
        declare(alpha, text)
    assert says in str(bad.value)
    assert str(bad.value).startswith(str(alpha / "sweep.toml"))


def test_what_a_setting_makes_of_the_target_is_checked_as_the_target_is(alpha):
    sweep = declare(alpha, APPLIED.replace("prices = { parameters = { vcpu", "prices = { prameters = { vcpu"))
    with pytest.raises(BadFile) as bad:
        open_workspace(alpha.parent.parent).swept(sweep)

    assert "small: prices.prameters: is not a known field: did you mean parameters?" in str(bad.value)
    assert "large: prices.prameters" in str(bad.value)


def test_settings_that_are_wrong_are_not_counted_too(tmp_path):
    (tmp_path / "sweep.toml").write_text("settings = [{name = 'A'}, {name = 'b', runtime = 3}]\n")
    with pytest.raises(BadFile) as wrong:
        read_sweep(tmp_path)

    assert [str(problem) for problem in wrong.value.problems] == [
        "settings.0.name: does not match ^[a-z0-9][a-z0-9._-]*$, not 'A'",
        "settings.1.runtime: want a table, not 3",
    ]
