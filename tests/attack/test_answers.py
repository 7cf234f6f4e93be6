"""A hostile target: every answer has the outcome that it should, none raises, hangs, fills the memory or loses a sample."""

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import pytest

from harness.domain.target import Dialect
from tests.attack.answers.peer import hostile
from tests.attack.answers.table import DIALECTS, GROUPS, MAPPINGS

ROOT = Path(__file__).parent.parent.parent
MOST_MB = 400


def drive():
    """Every group, all at once, in one process that says how much memory it took."""
    with ExitStack() as servers:
        groups = [
            {
                "url": servers.enter_context(hostile(entries)),
                "dialect": DIALECTS.get(name, Dialect.MAPPED),
                "fields": asdict(MAPPINGS[name]) if name in MAPPINGS else None,
                "streams": [entry.stream for entry in entries],
                "late": ["timeout" in entry.wanted for entry in entries],
            }
            for name, entries in GROUPS.items()
        ]
        command = [sys.executable, "-m", "tests.attack.answers.driver"]
        done = subprocess.run(
            command, input=json.dumps(groups), capture_output=True, text=True, cwd=ROOT, timeout=150, check=False
        )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def driven():
    """Samples of each group, and all that the process said."""
    found = drive()
    parts = iter(found["parts"])
    return {name: [next(parts), next(parts)] for name in GROUPS}, found


def test_there_are_enough_of_them():
    names = [(group, entry.name) for group, entries in GROUPS.items() for entry in entries]
    assert len(set(names)) == len(names) >= 150


@pytest.mark.parametrize("group", GROUPS)
def test_every_answer_becomes_one_sample_with_its_outcome(driven, group):
    parts = driven[0][group]
    by_seq = {sample["seq"]: sample for part in parts for sample in part["samples"]}
    assert sorted(by_seq) == list(range(len(GROUPS[group])))
    assert sum(part["rows"] for part in parts) == len(by_seq)
    assert {(part["failed"], part["sockets"]) for part in parts} == {(None, 0)}
    wrong = []
    for seq, entry in enumerate(GROUPS[group]):
        sample, detail = by_seq[seq], by_seq[seq]["detail"] or ""
        if sample["outcome"] not in entry.wanted or not any(part in detail for part in entry.says.split("|")):
            wrong.append(f"{entry.name}: {sample['outcome']}, {detail!r}; want {entry.want} {entry.says!r}")
    assert not wrong, "\n".join(wrong)


def test_memory_stays_within_its_bound(driven):
    assert driven[1]["after_mb"] - driven[1]["before_mb"] < MOST_MB
