"""Signals, once and many times, in every way in which a run is begun: 0 hangs, 0 lost ledgers, 0 orphans, one exit code."""

import signal
from collections import Counter
from random import Random

import psutil
import pytest

from tests.attack.shots import Fate, Shot, attack, beside, drawn, everyone, first, named, running
from tests.attack.ways import WAYS, up
from tests.fakes import ScriptedServer


@pytest.fixture(scope="module")
def server():
    made = ScriptedServer()
    yield made
    made.close()


IMPATIENT = [
    Shot(0.6, signal.SIGINT, everyone),
    Shot(0.1, signal.SIGINT, everyone),
    Shot(0.2, signal.SIGTERM, everyone),
]


@pytest.mark.parametrize("way", ["headless", "processes", "page"])
def test_three_signals_in_a_row_end_a_run_once_and_its_ledger_says_by_which(server, tmp_path, way):
    fate = attack(WAYS[way], tmp_path / way, server.url, IMPATIENT, once=running)

    assert fate.code == 130, fate.words
    [ledger] = fate.ledgers
    assert ledger["stopped_by"] == "interrupted by SIGINT"
    assert (ledger["valid"], ledger["lost_workers"]) == (False, 0)
    assert ledger["planned"] == sum(ledger["outcomes"].values()) == 80
    assert not fate.orphans


def test_a_hang_up_ends_a_run_in_order(server, tmp_path):
    fate = attack(WAYS["headless"], tmp_path / "hup", server.url, [Shot(0.5, signal.SIGHUP, first)], once=running)

    assert fate.code == 130, fate.words
    assert fate.ledgers[0]["stopped_by"] == "interrupted by SIGHUP"


def test_pilot_run_passes_the_end_on_to_its_run_and_stops(server, tmp_path):
    shots = [Shot(0.5, signal.SIGHUP, first), Shot(0.1, signal.SIGTERM, first)]
    fate = attack(WAYS["campaign"], tmp_path / "campaign", server.url, shots, once=running)

    assert fate.code == 130, fate.words
    assert "pilot run goes on" in fate.words
    assert [ledger["stopped_by"] for ledger in fate.ledgers] == ["interrupted by SIGHUP"]
    assert "Traceback" not in fate.words
    assert not fate.orphans


@pytest.mark.attack
def test_workers_that_are_all_killed_are_a_loss_and_no_interruption(server, tmp_path):
    def workers(begun):
        return [child.pid for child in psutil.Process(begun.process.pid).children()]

    fate = attack(WAYS["processes"], tmp_path / "all", server.url, [Shot(0.8, signal.SIGKILL, workers)], once=running)

    assert fate.code == 3, fate.words
    assert fate.ledgers[0]["lost_workers"] == 2
    assert fate.ledgers[0]["stopped_by"] is None


# -- all of it

SEED = 18
ROUNDS = {"headless": 24, "processes": 16, "page": 14, "apart": 10, "campaign": 16, "calibrate": 6, "time": 4}
PART = 8  # attacks of one test
PARTS = [(way, k, min(PART, n - k)) for way, n in ROUNDS.items() for k in range(0, n, PART)]
KILLS = [
    ("campaign", named("locust -f"), "a run", 5),
    ("campaign", named("harness.load.nursery"), "its nursery", 4),
    ("campaign", first, "pilot run itself", 3),
    ("processes", named("locust"), "a worker", 3),
    ("processes", first, "the master", 3),
    ("apart", beside, "a worker apart", 2),
    ("processes", first, "the master, early", 4),
]
WHOLE = ("a run", "its nursery")  # what a campaign goes on after


@pytest.fixture(scope="module")
def figures():
    """What was sent and what became of it, over all tests of this file."""
    seen: dict[str, Counter] = {}
    yield seen
    for name, found in seen.items():
        print(f"\n{name}: " + ", ".join(f"{found[what]} {what}" for what in found), end="")


def told(figures, name: str, fate: Fate, signals: int) -> Counter:
    found = figures.setdefault(name, Counter({"hangs": 0, "lost ledgers": 0, "orphans": 0}))
    found["attacks"] += 1
    found["signals"] += signals
    found["hangs"] += fate.code is None
    found["orphans"] += len(fate.orphans)
    found[f"exit {fate.code}"] += 1
    return found


@pytest.mark.attack
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("way", "part", "n"), PARTS)
def test_signals_at_random_instants(server, tmp_path, figures, way, part, n):
    rng, wrong = Random(f"{SEED}-{way}-{part}"), []
    for k in range(part, part + n):
        aim = rng.choice((first, everyone))
        late = way not in ("calibrate", "time") and rng.random() < 0.75
        if way == "apart":  # workers wait for a master that never came: who started them by hand ends them by hand
            aim = rng.choice((first, everyone, beside)) if late else everyone
        shots = drawn(rng, aim, 2.5 if late else 4.0)
        fate = attack(WAYS[way], tmp_path / f"{way}-{k}", server.url, shots, once=running if late else None)
        told(figures, way, fate, len(shots))["lost ledgers"] += len(fate.without_ledger)
        unbalanced = [x for x in fate.ledgers if x["planned"] != sum(x["outcomes"].values())]
        believed = [x for x in fate.cut if x["valid"]]
        another_code = bool(fate.cut) and fate.code != 130
        traceback = bool(fate.folders) and "Traceback" in fate.words
        if fate.bad or unbalanced or believed or another_code or traceback:
            wrong.append(f"{way}-{k}: {[(s.number.name, round(s.after_s, 2)) for s in shots]} {fate}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.attack
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("way", "aim", "whom", "n"), KILLS)
def test_kills_at_random_instants(server, tmp_path, figures, way, aim, whom, n):
    rng, wrong = Random(f"{SEED}-{whom}"), []
    for k in range(n):
        after_s = rng.uniform(0, 1.8)
        early = whom.endswith("early")
        shot = Shot(after_s * (2 if early else 1), signal.SIGKILL, aim)
        fate = attack(WAYS[way], tmp_path / f"kill-{k}", server.url, [shot], once=None if early else running)
        if aim is first and way == "processes":
            fate.without_ledger.clear()  # nobody is left who could write one
        told(figures, f"killed {whom}", fate, 1)["lost ledgers"] += len(fate.without_ledger)
        if fate.bad or (whom in WHOLE and fate.code not in (0, 3)):
            wrong.append(f"{k} {way}, {whom}: {after_s:.2f} s: {fate}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.attack
@pytest.mark.timeout(900)
def test_targets_end_with_their_command_at_any_instant(server, tmp_path, figures, corpus):
    rng, wrong = Random(f"{SEED}-up"), []
    for k in range(8):
        shots = drawn(rng, first, 4.0)
        if k % 4 == 3:
            shots = [Shot(shots[0].after_s, signal.SIGKILL, first)]
        fate = attack(up(corpus), tmp_path / f"up-{k}", server.url, shots, once=None)
        told(figures, "pilot up", fate, len(shots))
        if fate.bad or (
            fate.code is not None and fate.code >= 0 and "Traceback" in fate.words
        ):  # Python itself, while it starts
            wrong.append(f"{k}: {[(s.number.name, round(s.after_s, 2)) for s in shots]} {fate}")
    assert not wrong, "\n".join(wrong)
