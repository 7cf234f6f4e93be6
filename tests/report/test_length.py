"""How long a report is for whoever opens it: the rest is folded, whole, and printed on demand."""

import re
import shutil
from pathlib import Path

import pytest

from harness.report.pdf import print_pdf
from tests.builders import Pilot, lognormal, sample
from tests.report.open_words import MOST, open_words
from tests.report.test_report import render

FIVE_MINUTES = 1_250
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Bursts, six blocks, one target that fails: most of what a pilot without experiments has."""
    root = tmp_path_factory.mktemp("whole")
    mine = [sample(k, scheduled_s=k * 0.1) for k in range(60)]
    pilot = Pilot(root, burst={"alpha": mine, "beta": mine}, laws={"alpha": lognormal(), "beta": lognormal(0.9)})
    return render(pilot, root / "r")


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """The fewest blocks of everyday traffic."""
    root = tmp_path_factory.mktemp("short")
    return render(Pilot(root, blocks=2, per_run=60), root / "r")


def test_what_stands_open_is_short(whole, short):
    assert len(open_words(whole.read_text())) < MOST * 0.6  # experiments have the rest
    assert len(open_words(short.read_text())) < FIVE_MINUTES


def test_what_is_folded_is_whole(whole):
    page = whole.read_text()
    for name in ("slos", "comparisons", "costs", "bill", "throttles", "runs", "digests", "cold-shares"):
        assert f'id="table-{name}"' in page
    assert page.count("<details") == page.count("</details>")


def test_a_promise_has_one_row(whole):
    page = whole.read_text()
    table = re.search(r'<table class="sides">(.*?)</table>', page, re.DOTALL)[1]
    rows = re.findall(r'<th scope="row">(.*?)</th>', table)

    assert len(rows) == len(set(rows)) > 3
    assert table.count("data-target=") == 2 * len(rows)
    assert "judged by its interval" not in " ".join(open_words(page))


def test_what_was_not_measured_is_one_line(short):
    page = short.read_text()
    line = re.search(r'<p class="lacking">(.*?)</p>', page, re.DOTALL)[1]

    assert "sustainable capacity (<code>[profiles.capacity]</code>)" in line
    assert "bursts (" in line
    assert 'id="capacity"' not in page
    assert page.count("no data supports it") == 0


def test_markdown_has_all_of_it(whole):
    text = (whole.parent / "report.md").read_text()
    missing = text.split("## Not measured")[1].split("## ")[0]

    assert "), " in missing
    assert re.search(r"\),\S", missing) is None
    assert "### Every promise with both targets beside each other" in text
    assert "<details" not in text


def test_a_fold_that_is_not_ended_is_refused(tmp_path):
    from harness.errors import BadFile

    sections = tmp_path / "reports" / "sections"
    sections.mkdir(parents=True)
    (sections / "45-bad.md.j2").write_text("{{ fold('more') }}\n\ntext\n")
    with pytest.raises(BadFile, match=r"each fold\(\) wants its unfold\(\)"):
        render(Pilot(tmp_path), tmp_path / "r")


@pytest.mark.skipif(not shutil.which("chromium"), reason="no Chromium on this machine")
def test_paper_has_what_is_open_and_all_on_demand(short):
    pages = [
        len(re.findall(rb"/Type\s*/Page\b", print_pdf(short, everything=all_).read_bytes())) for all_ in (False, True)
    ]
    assert pages[0] <= 7
    assert pages[1] > pages[0]
