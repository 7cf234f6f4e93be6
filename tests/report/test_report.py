"""The report: pure, self-contained, and hostile text stays text."""

import re

import pytest

from harness import pipeline
from harness.cli.report import report as report_command
from harness.errors import BadFile, Refused
from harness.planning import seal_of
from harness.workspace import open_workspace
from tests.builders import LIGHT, Pilot, lognormal

HOSTILE = "<script>alert(1)</script> [x](javascript:alert(2)) **bold** | `code` &amp;"


def render(pilot, folder):
    workspace, plan, store = pilot.write()
    seal = seal_of(workspace, plan)
    if store.seal() is None:
        store.write_seal(seal.digest, dict(seal.content))
    _, path = pipeline.report(workspace, folder, effort=LIGHT)
    return path


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """The report of the usual pilot: read by several tests, changed by none."""
    root = tmp_path_factory.mktemp("usual")
    return render(Pilot(root), root / "r")


def test_the_same_evidence_gives_the_same_bytes(usual, tmp_path):
    _, second = pipeline.report(open_workspace(usual.parent.parent), tmp_path / "two", effort=LIGHT)

    for path in sorted(p for p in usual.parent.rglob("*") if p.is_file()):
        assert path.read_bytes() == (second.parent / path.relative_to(usual.parent)).read_bytes(), path.name


def test_the_page_needs_nothing_from_outside(usual):
    page = usual.read_text()
    outside = [u for u in re.findall(r'(?:src|href)="([^"]*)"', page) if not u.startswith(("#", "data:"))]

    assert outside == []
    assert page.count("<script>") == 1  # ours, and no other may run
    assert "@import" not in page


def test_hostile_names_and_questions_stay_text(tmp_path):
    pilot = Pilot(
        tmp_path, question=HOSTILE.replace('"', ""), titles={"alpha": "A<b>x</b>|*", "beta": "[B](javascript:1)"}
    )
    path = render(pilot, tmp_path / "r")
    page, text = path.read_text(), (path.parent / "report.md").read_text()

    assert page.count("<script") == 1  # report.js
    assert "<script>alert" not in page
    assert "<b>x</b>" not in page
    assert "javascript:" not in "".join(re.findall(r'href="[^"]*"', page))
    assert "\\[B\\](javascript:1)" in text
    assert "\\<script\\>" in text


def test_every_table_has_its_csv_and_every_chart_its_table(usual):
    folder = usual.parent
    tables = {p.stem for p in (folder / "tables").iterdir()}

    for figure in (folder / "figures").iterdir():
        assert f"{figure.stem}-table" in tables
        assert "var(--" not in figure.read_text()
    assert {"slos", "comparisons", "costs", "bill", "throttles", "runs"} <= tables


def test_a_number_that_is_missing_says_why(tmp_path):
    pilot = Pilot(tmp_path, refused={"beta": 0.5})
    page = render(pilot, tmp_path / "r").read_text()

    assert re.search(r'class="absent">infinite: [45]\d', page)
    assert "nan" not in re.sub(r"<[^>]+>", " ", page).lower().split()


def test_an_empty_pilot_still_renders(tmp_path):
    pilot = Pilot(tmp_path)
    workspace = pilot.workspace()
    from harness.evidence.store import Store

    Store(workspace.evidence).write_plan(pilot.plan())
    _, path = pipeline.report(workspace, tmp_path / "r", effort=LIGHT)

    assert "No answer: no block was measured completely and validly." in path.read_text()
    assert "not measured" in path.read_text()


def test_a_teams_own_section_is_one_file(tmp_path):
    pilot = Pilot(tmp_path)
    sections = tmp_path / "reports" / "sections"
    sections.mkdir(parents=True)
    (sections / "45-our-view.md.j2").write_text("## Our view\n\nWe saw {{ names.alpha }}.\n\n{{ table('costs') }}\n")
    page = render(pilot, tmp_path / "r").read_text()

    assert page.index('id="burst"') < page.index('id="our-view"') < page.index('id="cold-starts"')
    assert "We saw Alpha." in page


def test_a_broken_section_is_named(tmp_path):
    pilot = Pilot(tmp_path)
    sections = tmp_path / "reports" / "sections"
    sections.mkdir(parents=True)
    (sections / "45-bad.md.j2").write_text("{{ table('nothing of that name') }}")

    with pytest.raises(BadFile, match="45-bad"):
        render(pilot, tmp_path / "r")


def test_sentences_follow_the_numbers(tmp_path):
    slow = Pilot(tmp_path / "slow", laws={"alpha": lognormal(), "beta": lognormal(0.4 * 1.4)})
    (tmp_path / "slow").mkdir()
    page = render(slow, tmp_path / "r1").read_text()
    even = lognormal(sigma=0.05, between=0.01)
    same = Pilot(tmp_path / "same", laws={"alpha": even, "beta": even})
    (tmp_path / "same").mkdir()
    other = render(same, tmp_path / "r2").read_text()

    assert re.search(r"Under steady traffic the p95 of Beta is 1\.[34]\d times that of Alpha", page)
    assert "Under steady traffic the p95 of both is the same within 10 %" in other


def test_every_table_names_the_command_that_makes_it_again(usual, monkeypatch, capsys):
    folder = usual.parent
    page = (folder / "report.html").read_text()
    monkeypatch.chdir(folder.parent)
    for name in ("slos", "quantiles-steady-response-table"):
        assert f"<code>pilot report --table {name}</code>" in page
        report_command(table=name)
        assert capsys.readouterr().out == (folder / "tables" / f"{name}.csv").read_text()


def test_a_table_that_is_not_there_is_refused_with_those_that_are(usual):
    with pytest.raises(Refused, match="no table nonsense") as refused:
        pipeline.report_table(open_workspace(usual.parent.parent), "nonsense", effort=LIGHT)
    assert "slos" in str(refused.value.hint)


def test_the_prices_are_those_that_a_bill_was_made_with(usual):
    folder = usual.parent
    keys = [line.split(",")[1] for line in (folder / "tables" / "prices.csv").read_text().splitlines()[1:]]
    assert "fargate_vcpu_hour" in keys
    assert "eks_cluster_hour" not in keys
