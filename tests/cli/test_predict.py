"""``pilot predict``: tables in plain text, JSON for machines, and what is refused before anything is played."""

import json

import pytest

from harness.cli.predict import _figures, factors
from harness.domain.estimate import Infinite
from harness.domain.reasons import absence
from harness.errors import Refused
from harness.predict.prediction import Predicted, Quantity
from tests.cli.inside import lighter, pilot
from tests.predict.pilots import TruePilot


@pytest.fixture(autouse=True)
def _light(monkeypatch):
    lighter(monkeypatch.setattr)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    made = TruePilot(tmp_path_factory.mktemp("ws"), blocks=3, length_s=60, gaps=30)
    made.write()
    return made.root


def test_a_prediction_as_json_has_nulls_with_reasons(root):
    done = pilot(root, "predict", "--times", "1,100", "--set", "beta.min_instances=2", "--json")
    said = json.loads(done.stdout)

    assert done.returncode == 0
    assert {(one["target"], one["times"]) for one in said["at"]} == {
        (t, k) for t in ("alpha", "beta") for k in (1, 100)
    }
    beyond = next(o for o in said["at"] if (o["target"], o["times"]) == ("beta", 100))["quantities"]["p95"]
    assert (beyond["value"], beyond["kind"]) == (None, "beyond_capacity")
    one = said["at"][0]["quantities"]["p95"]
    assert one["low"] < one["value"] < one["high"]
    assert one["n"] > 100
    assert one["played_error"] is not None
    assert said["changed"] == {"alpha": [], "beta": ["beta.min_instances=2"]}


def test_the_page_says_what_it_rests_on_and_what_cannot_be_told(root):
    done = pilot(root, "predict", "--times", "100", "--set", "min_instances=2")

    assert done.returncode == 0
    assert "alpha at 2,600,000 requests a month" in done.stdout
    assert "what it rests on: beta" in done.stdout
    assert "can't tell: an instance would carry" in done.stdout
    assert "predicted, not measured" in done.stdout


def test_it_is_drawn_as_a_file_of_its_own(root, tmp_path):
    done = pilot(root, "predict", "--times", "1,3", "--chart", str(tmp_path / "c.svg"))
    drawn = (tmp_path / "c.svg").read_text()

    assert done.returncode == 0
    assert done.stdout.endswith(f"{tmp_path / 'c.svg'}\n")
    assert "times your traffic" in drawn
    assert "var(--" not in drawn, "a file of its own has no page to take colours from"
    assert pilot(root, "predict", "--chart", "c.png").returncode == 2


def test_blocks_are_held_out(root):
    done = pilot(root, "predict", "--validate", "--json")
    said = json.loads(done.stdout)

    assert done.returncode == 0
    assert {(r["target"], r["quantity"]) for r in said["rows"]} >= {("alpha", "p95"), ("beta", "ttft_p95")}
    assert all(0 <= r["covered"] <= r["held"] == 3 for r in said["rows"])
    assert len({(h["block"], h["target"]) for h in said["held"]}) == 6


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--times", "1,many,-2"), "--times many, -2"),
        (("--set", "memry_mb=1"), "did you mean memory_mb?"),
        (("--traffic", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_what_makes_no_sense_exits_with_2(root, words, says):
    done = pilot(root, "predict", *words)

    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_factors_are_read_once_each():
    assert factors("1, 10,10,0.5") == (1.0, 10.0, 0.5)
    with pytest.raises(Refused):
        factors("")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--seed", "-5"), "want a number from 0"),
        (("--validate", "--times", "10", "--set", "min_instances=2"), "--times, --set: --validate predicts"),
        (("--chart", "nowhere/c.svg"), "--chart nowhere/c.svg: nowhere is not a folder"),
        (("--chart", "."), "want a file that ends in .svg"),
    ],
)
def test_what_could_not_be_used_or_written_is_refused_before_anything_is_played(root, words, says):
    done = pilot(root, "predict", *words)

    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr.replace("\n", " ")


def test_a_percentile_that_failures_make_infinite_is_no_can_t_tell():
    known = Infinite(absence.ManyWouldFail(0.05), 1200, 6)
    assert _figures(Predicted(Quantity.P95, known)) == ("infinite: more than 5 % would fail", "", "1,200 in 6", "")
