"""A hostile target: every answer has the outcome that it should, none raises, hangs, fills the memory or loses a sample."""

import json
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import pytest

from harness.domain.target import Dialect
from tests.attack.answers.mapped import AWS, prelude
from tests.attack.answers.peer import Hostile, head, hostile
from tests.attack.answers.streams import CITED, FAILED, HELLO, TOKEN
from tests.attack.answers.table import DIALECTS, GROUPS, MAPPINGS

ROOT = Path(__file__).parent.parent.parent
MOST_MB = 400


def drive(groups, *words):
    """All of these at once, in one process that says how much memory it took."""
    command = [sys.executable, "-m", "tests.attack.answers.driver", *words]
    asked = json.dumps(groups)
    done = subprocess.run(command, input=asked, capture_output=True, text=True, cwd=ROOT, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def driven():
    """Samples of each group, and all that the process said."""
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
        found = drive(groups, "small")
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


# -- all of it


SSE_HEAD = head("text/event-stream")
FULL_HEAD = head("text/event-stream", *(f"A{k}: {'x' * 240}" for k in range(254)))
HELD = {  # what each of 900 answers holds until its deadline, by dialect or mapping
    "a full head": ("rag-chat", FULL_HEAD),
    "half a whole answer of 1 MiB": ("openai-chat", head() + b" " * ((1 << 20) - 10)),
    "half an event of 1 MiB": ("rag-chat", SSE_HEAD + b"event: token\ndata: " + b"x" * ((1 << 20) - 100)),
    "an event of 30,000 lines": ("rag-chat", SSE_HEAD + b"data:x\n" * 30_000),
    "60 KB of tokens": ("rag-chat", SSE_HEAD + CITED + TOKEN * 1_800),
    "1 MB of tokens": ("openai-chat", SSE_HEAD + HELLO * 19_000),
    "half a line of 1 MiB": ("ndjson", head("application/x-ndjson") + b"x" * ((1 << 20) - 100)),
    "half an element of 1 MiB": ("json-array", head() + b'["' + b"x" * ((1 << 20) - 100)),
    "half a message of 1 MiB": ("aws-event-stream", head(AWS) + prelude(1 << 20, 0) + b"x" * ((1 << 20) - 100)),
    "a failed choice of 180 KB": ("openai-chat", SSE_HEAD + FAILED),
    "everything at once": ("rag-chat", FULL_HEAD + CITED + TOKEN * 900 + b"event: token\ndata: " + b"x" * 32_000),
}


def _holding(data):
    def act(peer):
        peer.send(data)
        peer.silent()

    return act


@pytest.mark.attack
@pytest.mark.parametrize("name", HELD)
def test_nine_hundred_answers_at_once_fit_into_the_bound(name):
    group, data = HELD[name]
    with hostile([Hostile(name, _holding(data), "")]) as url:
        asked = {
            "url": url,
            "dialect": DIALECTS.get(group, Dialect.MAPPED),
            "fields": asdict(MAPPINGS[group]) if group in MAPPINGS else None,
            "streams": ["whole" not in name] * 900,
            "late": [True] * 900,
            "slots": 900,
            "deadline_s": 20.0,
        }
        found = drive([asked])
    outcomes = Counter(sample["outcome"] for part in found["parts"] for sample in part["samples"])
    more_mb = found["after_mb"] - found["before_mb"]
    print(f"\n{name}: {more_mb:.0f} MB above {found['before_mb']:.0f} MB; {dict(outcomes)}", end="")
    assert outcomes.total() == 900
    assert set(outcomes) <= {"timeout", "bad_contract"}
    assert more_mb < MOST_MB
