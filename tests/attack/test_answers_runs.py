"""Real runs against a hostile target: each ends, with its ledger whole, VALID, and within its bound of memory."""

import threading
import time
from collections import Counter

import psutil
import pytest

from tests.attack.answers.mapped import TABLES
from tests.attack.answers.peer import hostile
from tests.attack.answers.table import DIALECTS, GROUPS
from tests.attack.inputs.sample import toml
from tests.attack.ways import PILOT_TOML, TARGET_TOML
from tests.load.run import finish, questions_file, start

pytestmark = pytest.mark.attack
MOST_MB = 400
RATE, DEADLINE_S = 30, 4
KEPT = {}  # the memory of a run against a good target


def watched(process):
    """The most that a process and those below it held at once, in MB, until it ends."""
    seen = [0.0]

    def watch():
        root = psutil.Process(process.pid)
        while process.poll() is None:
            total = 0
            for one in (root, *_below(root)):
                try:
                    total += one.memory_info().rss
                except psutil.Error:
                    continue
            seen[0] = max(seen[0], total / (1 << 20))
            time.sleep(0.05)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return seen, thread


def _below(root):
    try:
        return root.children(recursive=True)
    except psutil.Error:
        return []


def run_against(tmp_path, group, entries):
    """What a run of as many arrivals as there are answers left, and how much memory it took."""
    tmp_path.mkdir(exist_ok=True)
    with hostile(entries) as url:
        (tmp_path / "pilot.toml").write_text(PILOT_TOML.format(seconds=2))
        for name in ("alpha", "beta"):
            folder = tmp_path / "targets" / name
            folder.mkdir(parents=True)
            text = TARGET_TOML.format(url=url).replace("rag-chat/1", DIALECTS.get(group, "mapped"))
            if group in TABLES:
                mapping = {"path": "/x", "request": {"q": "{prompt}"}, **TABLES[group]}
                text = f"{toml({'mapping': mapping})}\n{text}"
            (folder / "target.toml").write_text(text)
        given = {
            "--target": "alpha",
            "--rate": RATE,
            "--duration": max(2.0, len(entries) / RATE),
            "--warmup": 0,
            "--deadline": DEADLINE_S,
            "--arrivals": "constant",
            "--mode": "stream" if entries[0].stream else "json",
            "--questions": questions_file(tmp_path, ["ok"]),
            "--evidence": tmp_path / "run",
        }
        process = start(tmp_path, *(str(part) for pair in given.items() for part in pair))
        seen, thread = watched(process)
        done = finish(process, tmp_path, tmp_path / "run", timeout=120)
        thread.join()
    return done, seen[0]


@pytest.fixture(scope="module")
def base_mb(tmp_path_factory):
    """A run against a good target of each dialect takes so much."""
    good = [GROUPS["rag-chat"][0]] * 60
    done, most_mb = run_against(tmp_path_factory.mktemp("good"), "rag-chat", good)
    assert done.ended_well, done.output
    return most_mb


@pytest.mark.parametrize("group", GROUPS)
def test_a_run_against_a_hostile_target_is_valid_and_within_its_memory(tmp_path, base_mb, group):
    entries = GROUPS[group]
    done, most_mb = run_against(tmp_path / group, group, entries)
    assert (done.folder / "ledger.json").exists(), done.output
    ledger = done.json("ledger.json")
    print(
        f"\n{group}: {most_mb - base_mb:.0f} MB above {base_mb:.0f} MB, exit {done.code}, {ledger['outcomes']}", end=""
    )

    print(f"\n  {ledger['reasons']}", end="")
    assert "Traceback" not in done.output
    assert ledger["planned"] == sum(ledger["outcomes"].values()) == len(done.samples)
    assert not {"not_sent", "lost", "aborted"} & set(ledger["outcomes"])
    assert not ledger["worker_errors"]
    assert not ledger["write_errors"]
    assert done.ended_well, ledger["reasons"]
    assert most_mb - base_mb < MOST_MB
    wrong = Counter()
    for sample in done.samples:
        entry = entries[sample["seq"] % len(entries)]
        if sample["outcome"] not in entry.wanted | {
            "timeout"
        }:  # a busy machine may not get a flood to its bound in time
            wrong[f"{entry.name}: {sample['outcome']}, {sample['detail']}"] += 1
    assert not wrong
