"""The report: pure, self-contained, and hostile text stays text."""

import re

import pytest

from harness import pipeline
from harness.cli.report import report as report_command
from harness.domain.sample import Outcome
from harness.domain.verdict import MEASURED
from harness.domain.workload import Promise
from harness.errors import BadFile, Refused
from harness.planning import seal_of
from harness.platforms.shared.book import book_names, read_book
from harness.report.blocks import table
from harness.report.columns import seconds, word
from harness.report.render import lean
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
    items = [line.split(",")[1] for line in (folder / "tables" / "prices.csv").read_text().splitlines()[1:]]
    assert "Task vCPU" in items
    assert "Control plane" not in items


def test_nobody_reads_the_name_of_a_field_of_ours(usual):
    """But what a person types, and the names that a platform gives its own series."""
    text = re.sub(r"`[^`]*`", "", usual.with_suffix(".md").read_text().replace("\\_", "_"))
    keys = {price.key for name in book_names() for price in read_book(name).prices}
    ours = {*keys, *MEASURED, *(o.value for o in Outcome), *(p.value for p in Promise)}

    assert sorted(name for name in ours if "_" in name and re.search(rf"(?<!\w){name}(?!\w)", text)) == []


def test_every_link_of_the_page_and_of_the_record_has_its_end(usual):
    page, record = usual.read_text(), (usual.parent / "decision-record.md").read_text()
    ids = re.findall(r'\bid="([^"]+)"', page)
    links = [*re.findall(r'href="#([^"]+)"', page), *re.findall(r"\(report\.html#([^)]+)\)", record)]

    assert len(ids) == len(set(ids))
    assert [link for link in links if link not in ids] == []
    assert {"promise-steady-p95-s", "decision", "doubts"} <= set(re.findall(r"report\.html#([^)]+)", record))


def test_every_heading_promise_finding_and_table_has_a_link_to_itself(usual):
    page = usual.read_text()
    linked = set(re.findall(r'<a class="anchor" href="#([^"]+)"', page))
    heads = re.findall(r"<h[23][^>]*>(?:(?!</h[23]>).)*</h[23]>", page)

    assert len(heads) > 20
    assert [head for head in heads if 'class="anchor"' not in head] == []
    assert set(re.findall(r'<div class="scroll" id="([^"]+)"', page)) <= linked
    assert {"promise-steady-p95-s", "slos", "answer-what-breaks-first", "quantiles-steady-response"} <= linked
    assert (
        len([name for name in linked if name.startswith("finding-")]) == len(re.findall('<li id="finding-', page)) > 0
    )


def test_a_promise_keeps_its_address_whatever_is_measured(usual, tmp_path):
    other = render(Pilot(tmp_path, blocks=2, per_run=60, refused={"beta": 0.4}), tmp_path / "r")
    promises = [set(re.findall(r'<tr id="(promise-[^"]+)"', path.read_text())) for path in (usual, other)]

    assert promises[0] == promises[1]
    assert 'href="#promise-steady-p95-s">p95 response time</a>' in usual.read_text()


def test_the_script_of_a_page_is_small_and_reads_nothing_but_the_page(usual):
    script = re.search(r"<script>(.*)</script>", usual.read_text(), re.DOTALL)[1]

    assert len(script.encode()) < 8_000
    assert (
        re.findall(r"\b(?:eval|Function|fetch|XMLHttpRequest|import|localStorage|sendBeacon|innerHTML)\b", script) == []
    )


def test_a_columns_order_is_that_of_its_values_not_of_their_words():
    shown = table(
        "t",
        "T",
        (word("target"), seconds("p95", "p95_s", lack="none")),
        [("a", 0.9), ("b", 1.2), ("a", None), ("b", 0.05)],
    )

    assert shown.ranks == ((), (1, 2, None, 0))
    assert shown.few == ("target", "")


def test_comments_and_indentation_are_not_sent_but_a_text_over_several_lines_is():
    assert lean("// why\nconst a = {\n  b: 1,\n};\n  go();\n") == "const a = {b: 1,};go();"
    assert lean("const a = `\n  b\n`;\n") == "const a = `\n  b\n`;\n"
