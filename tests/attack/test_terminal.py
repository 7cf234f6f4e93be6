"""What a target or a file says never steers a terminal, a spreadsheet, a Markdown viewer or a browser."""

import csv
import io
import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import pipeline
from harness.domain.shown import harmless, visible
from harness.errors import BadFile
from harness.evidence.files import dump, write_text
from harness.load.guard import told
from harness.outlet import Outlet
from harness.report.blocks import Cell, Shown, Table, Tone
from harness.report.csv_text import csv_text
from harness.report.escape import markdown as escape
from harness.report.remote import css_loads, loads
from harness.report.render import parser
from tests.builders import LIGHT, failed, write_run
from tests.cli.inside import lighter
from tests.cli.inside import pilot as command
from tests.report.test_report import render

TRICKS = {
    "colours": "\x1b[32m  pass  \x1b[0m",
    "the line before": "\x1b[1A\x1b[2K\r  pass  all is well",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "C1": "\x9b2J\x9d0;owned\x9c",
    "answer back": "\x05\x1b[c\x1b[6n",
    "backspaces": "fail\b\b\b\bpass",
    "carriage return": "FAIL\rPASS",
    "a line of its own": "fail\n  pass       /v1/meta names the contract\u2028  pass\x85  pass\x0b  pass",
    "right to left": "\u202egnorw si siht\u202c\u2066x\u2069",
    "nothing to see": "pa\u200bss\u2060\ufeff\u00ad\U000e0041",
    "half a pair": "\ud800x\udfff",
}
STEERS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS.keys())
def test_a_trick_becomes_one_line_of_visible_text(trick):
    shown = visible(trick)

    assert not STEERS.search(shown)
    assert "\n" not in shown
    assert shown.isprintable()


@given(st.text())
def test_whatever_is_said_is_shown_whole(text):
    shown = visible(text)

    assert shown.replace("\u00a0", "").replace("\u202f", "").isprintable()
    assert visible(shown) == shown
    if text.isprintable():
        assert shown == text


@given(
    st.recursive(
        st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
    )
)
def test_json_says_the_same_after_it_was_made_harmless(value):
    text = json.dumps(value, ensure_ascii=False, indent=1)

    assert json.loads(harmless(text)) == json.loads(text)
    assert not STEERS.search(harmless(text))


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS.keys())
def test_files_of_evidence_can_be_looked_at(tmp_path, trick):
    write_text(tmp_path / "a.json", dump({"said": trick}))

    assert not STEERS.search((tmp_path / "a.json").read_text())
    assert json.loads((tmp_path / "a.json").read_text())["said"] == trick


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS.keys())
def test_standard_output_takes_no_orders(trick):
    out = io.StringIO()
    print("before", trick, "after", file=Outlet(out))

    assert not STEERS.search(out.getvalue())
    assert out.getvalue().endswith(" after\n")


def test_an_error_of_somebody_elses_words_is_one_short_line():
    words = told(ValueError("\n  VALID\n" * 1000))

    assert "\n" not in words
    assert len(words) < 400


WRONG = [("check", "https://x\x1b[2K.example"), ("up", "\x1b]0;owned\x07"), ("no\x1b[2Ksuch",), ("trust", "\x9b2J")]


@pytest.mark.parametrize("words", WRONG)
def test_what_was_typed_is_not_obeyed_when_it_is_refused(tmp_path, words):
    done = command(tmp_path, *words)

    assert done.returncode == 2, done.stderr
    assert not STEERS.search(done.stdout + done.stderr), done.stderr


@pytest.fixture
def hostile(pilot):
    """Evidence whose targets said what they liked."""
    workspace, plan, store = pilot.write()
    tricks = list(TRICKS.values())
    for run in plan.blocks[0].runs:
        folder = store.run_folder(run, 2)
        rows = [
            failed(
                k,
                scheduled_s=k * 0.05,
                error_code=trick.encode("utf-8", "replace").decode(),
                refused_by=trick.encode("utf-8", "replace").decode(),
                detail=trick.encode("utf-8", "replace").decode(),
                instance_id="=HYPERLINK(1)",
            )
            for k, trick in enumerate(tricks * 20)
        ]
        write_run(folder, rows, datetime(2026, 11, 11, 9, run.position, tzinfo=UTC))
        for name, key in (("ledger.json", "reasons"), ("ledger.json", "warnings"), ("ledger.json", "stopped_by")):
            said = json.loads((folder / name).read_text())
            said[key] = tricks if key != "stopped_by" else tricks[1]
            said["valid"] = key != "reasons" and said["valid"]
            (folder / name).write_text(json.dumps(said))
        (folder / "target.json").write_text(
            json.dumps({"schema_version": 1, "name": run.target, "meta": {"model": tricks[1]}})
        )
    store.note("\x1b[2Ksomething", words=tricks)
    return workspace


def test_no_command_prints_what_steers_a_terminal(hostile, pilot, tmp_path, monkeypatch):
    lighter(monkeypatch.setattr)
    for words in (
        ("status",),
        ("status", "--json"),
        ("decide",),
        ("decide", "--json"),
        ("report", "--no-predict"),
        ("collect",),
    ):
        done = command(hostile.root, *words)
        assert not STEERS.search(done.stdout + done.stderr), words


def test_no_page_table_or_record_holds_it(hostile, pilot, tmp_path):
    page = render_again(hostile)
    for path in page.parent.rglob("*"):
        if path.is_file():
            assert not STEERS.search(path.read_text()), path


def render_again(workspace):
    return pipeline.report(workspace, workspace.rendered, effort=LIGHT)[1]


FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    " =1+1",
    "\t=1+1",
    "\r=1",
    "|calc",
    "=cmd|'/C calc'!A0",
    "\u202e=1+1",
    "-",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_spreadsheet_runs_no_cell(text):
    rows = ((Cell(text, Tone.PLAIN),), (Cell("-1.5 s", Tone.NUMBER),), (Cell("+3", Tone.NUMBER),))
    table = Table("t", "T", (Shown(text, (), lambda cell: cell, lambda _: ()),), rows)
    head, cell, number, other = [row[0] for row in csv.reader(io.StringIO(csv_text(table)))]

    for shown in (head, cell):
        assert shown.lstrip()[:1] not in ("=", "+", "-", "@", "|", "\t", "\r")
    assert (number, other) == ("-1.5 s", "+3"), "a number's own sign is no formula"


REMOTE = [
    "![x](https://evil.example/x.png)",
    "![x](//evil.example/x.png)",
    "![x][ref]\n\n[ref]: https://evil.example/x.png",
    '<img src="https://evil.example/x.png">',
    "<iframe src=https://evil.example></iframe>",
    "<script>fetch('https://evil.example')</script>",
    '<p style="background:url(https://evil.example)">x</p>',
    "<svg><image href=https://evil.example/x></svg>",
    "[![x](https://evil.example/x.png)](#a)",
]


@pytest.mark.parametrize("text", REMOTE)
def test_what_a_page_would_load_is_seen(text):
    assert loads(parser().parse(f"## Own\n\n{text}\n"))


def test_values_and_own_figures_load_nothing():
    hostile = str(escape("![x](https://evil.example/x.png) <img src=https://evil.example/x.png>"))
    text = f"## Own\n\n{hostile}\n\n![a chart](figures/a.svg)\n\n[a link](https://ours.example) a < b > c\n"
    assert loads(parser().parse(text)) == []


def test_a_section_loads_nothing_from_elsewhere(pilot, tmp_path):
    sections = tmp_path / "reports" / "sections"
    sections.mkdir(parents=True)
    (sections / "11-own.md.j2").write_text(
        "## Own\n\n{{ '![x](https://evil.example/x.png)' }}\n\n<img src='//evil.example'>\n"
    )

    with pytest.raises(BadFile) as refused:
        render(pilot, tmp_path / "r")
    assert "11-own.md.j2" in str(refused.value)
    assert "would be loaded or run where the report is read" in str(refused.value)


SHEETS = [
    "@import 'https://evil.example/x.css';",
    "body { background: url(https://evil.example/x) }",
    "a{b:url( '//evil.example')}",
]


@pytest.mark.parametrize("css", SHEETS)
def test_a_style_loads_nothing_from_elsewhere(css):
    assert css_loads(css)
    assert css_loads("a { background: url(data:image/png;base64,AA==) } b { mask: url(#x) }") == []


def test_the_page_forbids_a_browser_to_load_anything(pilot, tmp_path):
    page = render(pilot, tmp_path / "r").read_text()
    [policy] = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))

    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert rules["script-src"].startswith("'sha256-")
    assert rules["base-uri"] == rules["form-action"] == "'none'"
