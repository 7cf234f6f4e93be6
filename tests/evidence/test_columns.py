"""Every column and field that is written has its meaning, and every meaning is of something that is written."""

import ast
import dataclasses
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from harness.collect.bills import _content as bill_content
from harness.domain.columns import absent_of, part, unit_of
from harness.domain.ledger import GeneratorHealth, close
from harness.domain.reading import Absent, Series
from harness.domain.sample import ATTEMPT_COLUMNS, COLUMNS, Sample
from harness.evidence.bills import latest, write
from harness.evidence.fields import BILL, BILL_LINE, FILES, JOURNAL, READING
from harness.evidence.run_folder import ledger_json
from harness.evidence.schema import BILL_FORMAT, GENERATOR, LEDGER, SAMPLE_KINDS, SAMPLES
from harness.platforms.shared.cost_explorer import BilledDay, BilledLine

ROOT = Path(__file__).parent.parent.parent


def names(columns):
    return [c.name for c in columns]


def test_the_samples_have_a_meaning_a_field_in_its_order():
    assert names(SAMPLES) == list(COLUMNS)


def test_the_kinds_are_those_of_the_samples_fields():
    said = {"int": "int", "float": "float", "bool": "bool", "str": "text"}
    fields = {f.name: said[str(f.type).split(" ")[0]] for f in dataclasses.fields(Sample)}

    assert fields == SAMPLE_KINDS


def test_the_log_of_attempts_says_what_it_holds():
    [log] = [c for c in SAMPLES if c.name == "attempt_log"]

    assert ", ".join(ATTEMPT_COLUMNS) in log.means


def test_the_ledger_has_a_meaning_a_field():
    written = ledger_json(close(0, {}, [], GeneratorHealth()))

    assert list(written) == ["schema_version", "written_by", *names(LEDGER)]


def test_the_readings_have_a_meaning_a_field():
    fields = {f.name for kind in (Series, Absent) for f in dataclasses.fields(kind)}

    assert fields | {"kind"} == set(names(READING))


def test_the_bills_have_a_meaning_a_field(tmp_path):
    day = date(2026, 11, 10)
    line = BilledLine("AWS Lambda", "USE1-Request", Decimal(1), "Requests", Decimal(0), Decimal(0))
    write(tmp_path, day, bill_content(BilledDay(day, (line,), estimated=True, pages=1, query={}), 0.0, "spec only"))
    written = latest(tmp_path, day)

    assert written["schema_version"] == BILL_FORMAT.newest
    assert set(written) == set(names(BILL))
    assert set(written["lines"][0]) == set(names(BILL_LINE))


def test_every_word_of_the_journal_has_a_meaning():
    noted = {"utc", "event", "chain", "schema_version", "record"}
    for path in (ROOT / "harness").rglob("*.py"):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if ".note(" in text else ():
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "note":
                noted |= {k.arg for k in node.keywords if k.arg}

    assert noted - set(names(JOURNAL)) == set()


@pytest.mark.parametrize("file", FILES)
def test_every_meaning_is_a_sentence_and_stands_once(file):
    columns = FILES[file]

    assert len(set(names(columns))) == len(columns)
    assert [c.name for c in columns if len(c.means.split()) < 2 or c.means.endswith(".")] == []


@pytest.mark.parametrize("column", [*SAMPLES, *GENERATOR, *LEDGER], ids=lambda c: c.name)
def test_a_number_with_a_unit_says_it_in_its_name(column):
    in_words = {"ms": "_ms", "percent": "_pct"}

    for word, ending in in_words.items():
        if f"in {word}" in column.means:
            assert column.name.endswith(ending)


def test_the_longest_ending_is_the_unit():
    assert (unit_of("rate_per_s"), unit_of("p95_s"), unit_of("usd"), unit_of("status")) == ("1/s", "s", "USD", None)


def test_a_part_of_a_value_keeps_its_unit():
    assert part("p95_s", "low") == "p95_low_s"
    assert part("usd", "low") == "low_usd"
    assert part("requests", "low") == "requests_low"
    assert absent_of("p95_s") == "p95_s_absent"
