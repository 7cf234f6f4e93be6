"""docs/notebook.md as somebody types it: every block runs in order, and what each shows is what the evidence holds."""

import ast
import os
import re
from pathlib import Path

import pandas as pd
import pytest

from harness.frames import Pilot as Opened
from tests.builders import Pilot, lognormal, sample
from tests.report.test_experiments import failed

PAGE = Path(__file__).parent.parent.parent / "docs" / "notebook.md"
TEXT = PAGE.read_text()
BLOCKS = re.findall(r"\*\*(?P<title>[^*]+\?)\*\*.*?```python\n(?P<code>.*?)```", TEXT, re.DOTALL)
OPENING = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL).group(1)


@pytest.fixture(scope="module")
def shown(lightly, tmp_path_factory):
    """What each block shows at its end, by its title."""
    made = Pilot(
        tmp_path_factory.mktemp("notebook"),
        laws={"alpha": lognormal(), "beta": one_block_is_slow},
        burst={
            "alpha": [sample(k, phase="burst") for k in range(9)],
            "beta": [failed(k, phase="burst") for k in range(9)],
        },
    )
    made.write()
    before, names = Path.cwd(), {}
    os.chdir(made.root)
    try:
        exec(compile(OPENING, "opening", "exec"), names)
        return {title: run(code, names) for title, code in BLOCKS}, names["pilot"]
    finally:
        os.chdir(before)


def one_block_is_slow(rng, block, n):
    return lognormal(4.0 if block == 3 else 0.4)(rng, block, n)


def run(code, names):
    """The block, as a cell of a notebook: the value of its last line."""
    tree = ast.parse(code)
    exec(compile(ast.Module(tree.body[:-1], []), "cell", "exec"), names)
    return eval(compile(ast.Expression(tree.body[-1].value), "cell", "eval"), names)


def test_at_least_five_questions_are_asked_in_three_lines_each():
    assert len(BLOCKS) >= 5
    assert {title: len(code.splitlines()) for title, code in BLOCKS} == {title: 3 for title, _ in BLOCKS}


def test_every_block_shows_a_frame(shown):
    assert [title for title, value in shown[0].items() if not (isinstance(value, pd.DataFrame) and len(value))] == []


def test_a_block_that_makes_the_p95_is_seen(shown):
    each = shown[0]["Is the p95 made by a few bad blocks?"]

    assert each.loc["beta", [1, 2, 4, 5, 6]].max() < 1.5 < each.loc["beta", "pooled"] < each.loc["beta", 3]


def test_failures_are_counted(shown):
    counted = shown[0]["Are failures hidden?"]

    assert counted.loc[("beta", True), "throttled_requests"] == 6 * 9
    assert counted.loc[("alpha", True)].sum() == 0


def test_lag_is_shown_a_block(shown):
    assert shown[0]["Did both get the same arrivals?"].lag_p99_s.max() == pytest.approx(0.001)


def test_what_the_platform_was_not_asked_is_not_known(shown):
    agree = shown[0]["Do the platform's own records agree with the client's?"]

    assert agree.missing.isna().all()
    assert (agree.joined_share_absent == "no ids to join").all()


def test_warm_answers_stand_beside_all(shown):
    without = shown[0]["What are the numbers without cold starts?"]

    assert without.loc["alpha", "False"] == without.loc["alpha", "all"]


def test_the_month_is_that_of_the_report(shown):
    values, pilot = shown
    costs = pilot.table("costs").set_index("target")

    assert values["Does the bill add up?"].runtime.tolist() == pytest.approx(costs.month_usd.tolist())


def test_the_page_names_every_public_call():
    public = {name for name in vars(Opened) if not name.startswith("_")} - {"targets", "profiles"}

    assert sorted(name for name in public if f"pilot.{name}(" not in TEXT) == []
