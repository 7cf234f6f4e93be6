"""Hypothesis against every reader of evidence: whatever the bytes, there is a value or a refusal, never another exception."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.analysis.asking import _read as read_raw
from harness.analysis.dataset import load
from harness.domain.reasons.fault import KilledBy
from harness.domain.sample import COLUMNS
from harness.errors import Refused
from harness.evidence import parquet
from harness.evidence.bills import all_days
from harness.evidence.files import read_json
from harness.evidence.integrity import integrity
from harness.evidence.last_word import last_word
from harness.evidence.schema import FORMATS, READINGS_FORMAT, RUN_FORMAT, SAMPLES_FORMAT
from harness.evidence.store import Store
from harness.report.folder import MANIFEST, write_all

SECONDS = float(os.environ.get("FUZZ_SECONDS", "600"))
RELEASED = Path(__file__).parents[1] / "evidence" / "released" / "0.1.0" / "evidence"

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([2**63, 10**400, 1e308, "\ud800", "\x00", "../x", "sha256:", "2026-11-26T00:00:00+00:00", "0.5"])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


def mutated(raw: bytes):
    """Some of its bytes are others, or it is cut, or something stands between."""

    def change(how):
        made = bytearray(raw)
        for kind, place, more in how:
            at = place % (len(made) + 1)
            if kind == 0:
                made[at : at + len(more)] = more
            elif kind == 1:
                del made[at : at + 1 + len(more)]
            else:
                made[at:at] = more
        return bytes(made)

    edits = st.tuples(st.integers(0, 2), st.integers(0, 1 << 20), st.binary(max_size=6))
    return st.lists(edits, min_size=1, max_size=4).map(change)


@st.composite
def spoilt(draw, raw: bytes):
    """A sound JSON text with other values at some places."""
    made = json.loads(raw)
    for _ in range(draw(st.integers(1, 3))):
        here = made
        while True:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(here[key], dict | list) and here[key] and draw(st.integers(0, 3)):
                here = here[key]
                continue
            if isinstance(here, dict) and not draw(st.integers(0, 4)):
                here[draw(st.text(max_size=8))] = here.pop(key)
            else:
                here[key] = draw(values)
            break
    return json.dumps(made).encode()


def taken(call) -> None:
    with contextlib.suppress(Refused):
        call()


def fuzz(strategy, check, seconds: float, examples: int) -> int:
    until, cases = time.monotonic() + seconds, 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not seconds,  # one round is the same each time, rounds of a while are fresh
    )
    @given(strategy)
    def one_round(case):
        nonlocal cases
        cases += 1
        check(case)

    while True:
        one_round()
        if time.monotonic() >= until:
            return cases


def readers(tmp: Path):  # noqa: PLR0915 - a list of them
    """By name: what may come, and the reader it comes to."""
    root = shutil.copytree(RELEASED, tmp / "evidence")
    store = Store(root)
    plan = store.plan()
    run = plan.blocks[1].runs[0]
    folder = store.run_folder(run, 1)

    def at(path: Path, read):
        def check(raw):
            path.write_bytes(raw)
            taken(read)

        return check

    def jsons(path: Path):
        raw = path.read_bytes()
        return mutated(raw) | spoilt(raw) | values.map(lambda v: json.dumps(v).encode()) | st.binary(max_size=60)

    def restored(path: Path, read):
        raw = path.read_bytes()

        def check(case):
            try:
                at(path, read)(case)
            finally:
                path.write_bytes(raw)

        return check

    for file, read in (
        (root / "plan.json", store.plan),
        (root / "seal.json", store.seal),
        (folder / "run.json", lambda: store.record(run, 1)),
        (folder / "ledger.json", lambda: (store.valid_attempt(plan.blocks[1]), store.spoilt(plan.blocks[1]))),
        (
            folder / "readings" / "local-logs.json",
            lambda: read_json(folder / "readings" / "local-logs.json", READINGS_FORMAT),
        ),
    ):
        yield file.name, jsons(file), restored(file, read)
    journal = root / "journal.jsonl"
    lines = journal.read_bytes()
    line = next(x for x in lines.splitlines() if b"run ended" in x)
    events = mutated(lines) | st.lists(spoilt(line) | st.just(line), max_size=4).map(b"\n".join)
    yield "journal.jsonl", events, restored(journal, lambda: list(integrity(root).problems()))
    store.note("run ended", run=run.id, attempt=1, cost_usd="0.5", files={folder.relative_to(root).as_posix(): {}})
    beside = folder / "digests.jsonl"
    raw = beside.read_bytes()
    yield "digests.jsonl", mutated(raw) | spoilt(raw), restored(beside, lambda: list(integrity(root).problems()))
    samples = folder / "samples.parquet"
    yield "samples.parquet", mutated(samples.read_bytes()), restored(samples, lambda: load(store, plan))
    yield (
        "generator.parquet",
        mutated((folder / "generator.parquet").read_bytes()),
        at(tmp / "g.parquet", lambda: parquet.read(tmp / "g.parquet", COLUMNS)),
    )
    spool = folder / "samples.spool.jsonl"
    head = json.dumps(SAMPLES_FORMAT.stamped({"columns": COLUMNS})).encode()
    row = json.dumps([0, "steady", True]).encode()
    crashed = tmp / "crashed"
    crashed.mkdir()
    rows = st.lists(st.just(row) | spoilt(row) | st.binary(max_size=20), max_size=5).map(
        lambda found: b"\n".join([head, *found])
    )
    yield "samples.spool.jsonl", rows, at(crashed / spool.name, lambda: last_word(crashed, [KilledBy()]))
    bills = tmp / "bills"
    bills.mkdir()
    bill = json.dumps(
        {"schema_version": 1, "day": "2026-11-10", "lines": [{"usage_type": "x", "quantity": "1", "usd": "1"}]}
    )
    yield (
        "bill",
        spoilt(bill.encode()) | mutated(bill.encode()),
        at(bills / "2026-11-10.1.json", lambda: all_days(bills)),
    )
    raw_answers = tmp / "raw.json.gz"
    yield "raw answers", st.binary(max_size=80), at(raw_answers, lambda: read_raw(raw_answers))
    shown = tmp / "report"
    shown.mkdir()
    manifest = json.dumps({"schema_version": 1, "files": {"figures/a.svg": "0" * 64}}).encode()
    yield MANIFEST, spoilt(manifest) | mutated(manifest), at(shown / MANIFEST, lambda: write_all(shown, {}))
    assert RUN_FORMAT in FORMATS


@pytest.mark.parametrize(
    "seconds", [0.0, pytest.param(SECONDS, marks=[pytest.mark.attack, pytest.mark.timeout(SECONDS + 900)])]
)
def test_readers_of_evidence_take_or_refuse_whatever_comes(tmp_path, seconds):
    tried = {
        name: fuzz(strategy, check, seconds / 12, 300 if seconds else 12) for name, strategy, check in readers(tmp_path)
    }

    print(f"\n{sum(tried.values())} cases: {tried}")
    assert min(tried.values()) >= 12
