"""Every sentence rewritten: the same recommendation, confidence, verdicts, scores and order of doubts; only texts differ."""

import ast
import json
import shutil
from dataclasses import MISSING, fields
from pathlib import Path
from string import Formatter

import pytest

from harness import pipeline
from harness.collect.collect import fields_of, kept_of
from harness.decision.rule import Cap, Confidence
from harness.domain.ledger import GeneratorHealth, close
from harness.domain.reading import Absent, Window
from harness.domain.reason import Other, Reason, as_recorded, kind_of
from harness.domain.reasons import (
    absence,
    between,
    choice,
    decided,
    doubt,
    fault,
    place,
    reading,
    seal,
    untold,
    verdict,
)
from harness.evidence.files import dump, write_text
from harness.evidence.run_folder import ledger_json
from harness.planning import seal_of
from harness.report.blocks import Tone
from harness.run.settle import explain
from harness.words import BOOK, all_said, said, spoken
from harness.workspace import open_workspace
from tests.builders import LIGHT, Pilot, failed, lognormal, sample
from tests.report.test_experiments import both, gaps, probes, search, zero
from tests.report.test_situations import CRITERIA

HARNESS = Path(__file__).parent.parent.parent / "harness"
REWRITTEN = dict.fromkeys(BOOK, "¤")
SENTENCES = {"sentence", "reasons", "why", "reason", "why_open", "doubts", "would_change", "basis", "errors"}
EARLY = "settled"


def sealed(pilot, edit=None, before=None):
    """On disk and sealed; ``before`` and ``edit`` touch the evidence and pilot.toml afterwards."""
    workspace, plan, store = pilot.write()
    path = workspace.root / "pilot.toml"
    made = seal_of(workspace, plan)
    store.write_seal(made.digest, dict(made.content))
    if before:
        before(plan, store)
    if edit:
        path.write_text(edit(path.read_text()))
    return open_workspace(workspace.root)


def two_that_pass(root):
    return sealed(Pilot(root))


def one_that_fails(root):
    return sealed(Pilot(root, refused={"alpha": 0.2}))


def two_that_fail(root):
    return sealed(Pilot(root, refused={"alpha": 0.3, "beta": 0.2}))


def a_tie(root):
    return sealed(Pilot(root, laws={"alpha": lognormal(), "beta": lognormal(0.6)}))


def scored_by_the_team(root):
    pilot = Pilot(root)
    workspace, _, _ = pilot.write()
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text() + CRITERIA)
    return open_workspace(root)


def few_blocks(root):
    return sealed(Pilot(root, blocks=3))


def no_data(root):
    pilot = Pilot(root)
    _, plan, store = pilot.write()
    shutil.rmtree(store.root / "blocks")
    store.write_plan(plan)
    return open_workspace(root)


def a_loosened_promise(root):
    return sealed(Pilot(root), edit=lambda text: text.replace("p95_s = 2.0", "p95_s = 9.0", 1))


def an_edited_journal(root):
    def edit(_, store):
        store.note("run begun", run="b01", attempt=1)
        journal = store.root / "journal.jsonl"
        journal.write_text(journal.read_text().replace("b01", "b02"))
        store.note("run ended", run="b01", attempt=1)

    return sealed(Pilot(root), before=edit)


def a_rehearsal(root):
    return sealed(Pilot(root), edit=lambda text: f'{text}[scaling]\nrehearsal = true\nnotes = ["one machine"]\n')


def ended_early(root):
    def end(plan, store):
        left = [block.number for block in plan.blocks[6:]]
        store.note(EARLY, look=1, of=2, blocks=6, because="the gates decide", kind="gates", not_needed=left)
        for number in left:
            shutil.rmtree(store.attempt_folder(number, 1))

    return sealed(Pilot(root, blocks=12, refused={"beta": 0.3}), before=end)


def checks_that_fail(root):
    def check(_, store):
        told = {"name": "quota", "answer": "can't tell", "detail": "not authorized"}
        groups = {"quotas": [told], "contract": [{"name": "echo", "answer": "not told", "detail": ""}]}
        (store.root / "checks.json").write_text(json.dumps({"schema_version": 1, "groups": groups}))

    return sealed(Pilot(root), before=check)


def every_experiment(root):
    tracks = {
        "coldstart": both(probes(cold=True)),
        "keepalive": both(gaps([False] * 4)),
        "fromzero": both(zero(cold=True)),
        "capacity": both(search(3.0, 4.0)),
    }
    burst = [failed(k, phase="burst") if k % 3 else sample(k, phase="burst") for k in range(20)]
    return sealed(Pilot(root, burst=both(burst), tracks=tracks))


PILOTS = [
    two_that_pass,
    one_that_fails,
    two_that_fail,
    a_tie,
    scored_by_the_team,
    few_blocks,
    no_data,
    a_loosened_promise,
    an_edited_journal,
    a_rehearsal,
    ended_early,
    checks_that_fail,
    every_experiment,
]

CAPPED = {  # confidence, by the kind of a doubt
    two_that_pass: set(),
    a_loosened_promise: {Cap.SEAL},
    an_edited_journal: {Cap.SEAL},
    a_rehearsal: {Cap.REHEARSAL},  # among others
}


def without_sentences(value, name=""):
    """A decision.json whose sentences are counted and not read."""
    if name in SENTENCES:
        return len(value) if isinstance(value, list) else value is None
    if isinstance(value, dict):
        return {
            key: without_sentences(inner, key) for key, inner in value.items() if key != "settled"
        }  # its kind stands beside it
    return [without_sentences(inner) for inner in value] if isinstance(value, list) else value


def sentences(value, name=""):
    """All of them in a decision.json."""
    if name in SENTENCES:
        return [one for one in (value if isinstance(value, list) else [value]) if one is not None]
    inner = (
        value.items() if isinstance(value, dict) else ((name, one) for one in value) if isinstance(value, list) else ()
    )
    return [one for key, part in inner for one in sentences(part, key)]


@pytest.mark.parametrize("made", PILOTS, ids=lambda pilot: pilot.__name__)
def test_whatever_the_sentences_say_the_decision_is_the_same(made, tmp_path):
    workspace = made(tmp_path)
    plain = pipeline.decide(workspace, effort=LIGHT)
    json_plain = plain.as_json()
    with spoken(REWRITTEN):
        other = pipeline.decide(workspace, effort=LIGHT)
        json_other = other.as_json()

    assert other.decision == plain.decision
    assert other.doubts == plain.doubts
    assert other.standing == plain.standing
    assert without_sentences(json_other) == without_sentences(json_plain)
    assert set(sentences(json_other)) == {"¤"}
    assert "¤" not in sentences(json_plain)
    if made in CAPPED:
        caps = other.decision.caps
        assert CAPPED[made] <= set(caps) if made is a_rehearsal else CAPPED[made] == set(caps)
        assert (other.decision.confidence is Confidence.LOW) is bool(caps)


def test_a_report_in_other_words_has_the_same_numbers_tones_and_charts(tmp_path):
    workspace = one_that_fails(tmp_path)

    def drawn():
        outcome = pipeline.decide(workspace, effort=LIGHT)
        tables = pipeline.report_tables(workspace, outcome)
        tones = {name: [[cell.tone for cell in row] for row in t.rows] for name, t in tables.items()}
        figures = {
            name: [[v for v in row if isinstance(v, int | float)] for row in t.data] for name, t in tables.items()
        }
        return tones, figures

    plain = drawn()
    with spoken(REWRITTEN):
        other = drawn()

    assert other == plain
    assert Tone.FAIL in {tone for rows in plain[0].values() for row in rows for tone in row}


def spoilt(folder):
    """A ledger with every fault and warning there is, stopped by its campaign."""
    health = GeneratorHealth(
        *(4, 2, 1, 1, ("disk full",), ("no such file",), ("too many open files",), True),
        loop_lag_p99_s=0.2,
        cpu_p95_pct=80.0,
        gc_pause_max_s=0.3,
        clock_step_s=-3.0,
        clocks_apart_s=0.5,
        clocks_unknown=1,
    )
    counts = {"ok": 1, "not_sent": 2, "aborted": 1}
    folder.mkdir()
    made = close(9, counts, [0.03], health, stopped_by="interrupted by SIGTERM", stop_signal="SIGTERM")
    write_text(folder / "ledger.json", dump(ledger_json(made)))
    explain(folder, "50 USD are spent")
    return json.loads((folder / "ledger.json").read_text())


def test_a_ledger_in_other_words_has_the_same_kinds_and_figures(tmp_path):
    plain = spoilt(tmp_path / "plain")
    with spoken(REWRITTEN):
        other = spoilt(tmp_path / "other")

    texts = ("reasons", "warnings")
    assert {k: v for k, v in other.items() if k not in texts} == {k: v for k, v in plain.items() if k not in texts}
    assert {text for name in texts for text in other[name]} == {"¤"}
    assert [len(other[name]) for name in texts] == [len(plain[name]) for name in texts]
    assert "stopped_early" in plain["reason_kinds"]
    assert "stopped before its end (50 USD are spent)" in plain["reasons"]


class Silent:
    """A source that has nothing, or does not answer."""

    kind, verified, settle_s = "silent", "spec only", 0.0

    def __init__(self, *reasons):
        self._reasons = reasons

    def read(self, window):
        return [Absent(str(k), reason, "q", self.kind) for k, reason in enumerate(self._reasons)]


def test_readings_in_other_words_keep_their_kinds():
    source = Silent(reading.NoPoint(), reading.NotAnswered("busy"), "what another package says")

    def kept():
        readings, _, _ = kept_of(source, Window(0, 1))
        return [fields_of(one) for one in readings]

    plain = kept()
    with spoken(REWRITTEN):
        other = kept()

    assert [row["reason"] for row in plain] == ["no data point in this window", "busy", "what another package says"]
    assert {row.pop("reason") for row in other} == {"¤"}
    assert [{k: v for k, v in row.items() if k != "reason"} for row in plain] == other
    assert [row["reason_kind"] for row in other] == ["no_point", "not_answered", "other"]


def test_what_older_evidence_says_is_of_no_kind_but_as_recorded():
    assert [one.kind for one in as_recorded(("late", "lost"), ("lag_above", "workers_lost"))] == [
        "lag_above",
        "workers_lost",
    ]
    assert {one.kind for one in as_recorded(("late", "lost"), None)} == {"as_recorded"}
    assert {one.kind for one in as_recorded(("late", "lost"), ("lag_above",))} == {"as_recorded"}


def kinds():
    """Every kind that something can be of."""
    rooms = (absence, between, choice, decided, doubt, fault, place, reading, seal, untold, verdict)
    found = {k for room in rooms for k in vars(room).values() if isinstance(k, type) and issubclass(k, Reason)}
    return [k for k in found if not any(k in other.__bases__ for other in found) and k is not Reason]


@pytest.mark.parametrize("kind", sorted(kinds(), key=kind_of), ids=kind_of)
def test_every_kind_has_a_sentence_made_of_its_figures(kind):
    sentence = BOOK[kind]
    if isinstance(sentence, str):
        asked = {name for _, name, _, _ in Formatter().parse(sentence) if name}
        assert asked <= {field.name for field in fields(kind)}
    if all(field.default is not MISSING for field in fields(kind)):
        assert said(kind())


def test_names_of_kinds_are_unique_and_other_words_stay_as_they_are():
    names = [kind_of(kind) for kind in BOOK]

    assert len(names) == len(set(names))
    assert all_said([Other("as the service said"), absence.NoPrices()]) == (
        "as the service said",
        "no prices in target.toml",
    )


READ = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split", "rsplit"}
READ |= {"replace", "find", "index", "count", "match", "search", "fullmatch", "get", "pop"}
TOLD = {"reason", "why", "words", "sentence", "detail", "because"}  # attributes that hold what people read


def is_sentence(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip()


def held(node):
    """What is compared: the value itself, or each of a tuple, set or list."""
    return node.elts if isinstance(node, ast.Tuple | ast.Set | ast.List) else [node]


def reads_sentences(tree):
    """Line numbers at which something depends on words."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left, _, others):
                sides = [one for side in (left, *others) for one in held(side)]
                worded = [s for s in sides if isinstance(s, ast.Attribute) and s.attr in TOLD]
                texts = [s for s in sides if isinstance(s, ast.Constant) and isinstance(s.value, str)]
                if any(map(is_sentence, sides)) or (worded and texts):
                    yield node.lineno
            case ast.Call(ast.Attribute(attr=name), arguments) if name in READ:
                if any(is_sentence(one) for argument in arguments[:1] for one in held(argument)):
                    yield node.lineno
            case ast.Dict(keys):
                if any(key is not None and is_sentence(key) for key in keys):
                    yield node.lineno
            case ast.Subscript(_, index) if is_sentence(index):
                yield node.lineno
            case ast.MatchValue(value) if is_sentence(value):
                yield node.lineno


@pytest.mark.parametrize("room", ["analysis", "decision", "report", "planning", "frames", "run", "collect"])
def test_nothing_compares_or_takes_apart_a_sentence(room):
    found = [
        f"{path.relative_to(HARNESS)}:{line}"
        for path in sorted((HARNESS / room).rglob("*.py"))
        for line in reads_sentences(ast.parse(path.read_text()))
    ]

    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        'any(d.startswith("Sealed criteria") for d in doubts)',
        '"could not be made cold" in ended',
        'answer == "not told"',
        'reason.replace("of the candidate", name)',
        'WHY = {"too many failures": 1}',
        'why in ("a b", "c")',
        'found.reason == "failures"',
    ],
)
def test_what_that_looks_for_is_found(line):
    assert list(reads_sentences(ast.parse(line))) == [1]
