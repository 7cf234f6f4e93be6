"""Hypothesis against every reader of a workspace: whatever the bytes or values, they are taken or refused, never raised over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import strategies as st

from harness.domain.address import problem_of
from harness.domain.shown import harmless
from harness.errors import BadFile
from harness.platforms.shared.book import parse_book
from harness.tables.problems import parse_toml, validate
from harness.workspace.pilot_toml import PilotToml
from harness.workspace.questions import read_questions
from harness.workspace.sweep_toml import SweepToml
from harness.workspace.target_toml import target_of
from harness.workspace.trace_csv import read_trace
from tests.attack.fuzzing import SECONDS
from tests.attack.fuzzing import fuzz as fuzz_for
from tests.attack.inputs.sample import BOOK, PILOT, QUESTIONS, SWEEP, TABLES, TRACE, toml

TARGETS = [data for name, data in TABLES.items() if name.endswith("target.toml")]
FILE = Path("fuzzed.toml")

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["{prompt}", "${HOME}", "local-function", "http://[", "\x00", "\ud800", "9" * 400, 1e308, 2**63])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


@st.composite
def spoilt(draw, data):
    """Some places of a sound table hold something else, or are gone, or are there under another name."""
    made = json.loads(json.dumps(data))
    for _ in range(draw(st.integers(1, 4))):
        here = made
        while True:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(here[key], dict | list) and here[key] and draw(st.booleans()):
                here = here[key]
                continue
            if isinstance(here, dict) and draw(st.booleans()):
                here[draw(st.text(max_size=8))] = here.pop(key)
            else:
                here[key] = draw(values)
            break
    return made


def taken(call) -> None:
    """Refused with words on printable lines, or taken; anything else that it raises fails the test."""
    said = None
    try:
        call()
    except BadFile as refused:
        said = str(refused)
    assert said is None or said == harmless(said), said


def fuzz(strategy, check) -> int:
    """As long as its part of FUZZ_SECONDS; returns how many cases were tried."""
    return fuzz_for(strategy, check, SECONDS / 7)


@pytest.mark.attack
@pytest.mark.timeout(SECONDS + 600)
def test_readers_take_or_refuse_whatever_comes(tmp_path):
    file = tmp_path / "file"

    def read(reader, raw: bytes) -> None:
        file.write_bytes(raw)
        taken(lambda: reader(file))

    def lines(rows) -> bytes:
        return "\n".join(json.dumps(row) for row in rows).encode()

    text = st.text(max_size=200) | st.sampled_from([toml(PILOT), toml(BOOK), TRACE]).flatmap(
        lambda whole: st.tuples(st.integers(0, len(whole)), st.text(max_size=10)).map(
            lambda cut: whole[: cut[0]] + cut[1] + whole[cut[0] :]
        )
    )
    tried = {
        "pilot.toml": fuzz(spoilt(PILOT), lambda data: taken(lambda: validate(PilotToml, data, FILE))),
        "target.toml": fuzz(
            st.sampled_from(TARGETS).flatmap(spoilt), lambda data: taken(lambda: target_of(data, "fuzzed"))
        ),
        "sweep.toml": fuzz(spoilt(SWEEP), lambda data: taken(lambda: validate(SweepToml, data, FILE))),
        "questions": fuzz(
            st.binary(max_size=300) | st.lists(spoilt(QUESTIONS[0]) | values, max_size=3).map(lines),
            lambda raw: read(read_questions, raw),
        ),
        "trace": fuzz(
            (st.binary(max_size=300) | text.map(lambda t: t.encode("utf-8", "replace"))),
            lambda raw: read(read_trace, raw),
        ),
        "TOML and books": fuzz(
            text, lambda t: (taken(lambda: parse_toml(t, FILE)), taken(lambda: parse_book("fuzzed.toml", t)))
        ),
        "URLs": fuzz(text | st.text(max_size=20).map("http://{}".format), lambda t: problem_of(t) or None),
    }
    print(f"\n{SECONDS:.0f} s: " + ", ".join(f"{name} {count}" for name, count in tried.items()) + " cases, no finding")
