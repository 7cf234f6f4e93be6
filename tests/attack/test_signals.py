"""Signals, once and many times, in every way in which a run is begun: 0 hangs, 0 lost ledgers, 0 orphans, one exit code."""

import signal
from collections import Counter
from random import Random

import pytest

from tests.attack.shots import Shot, attack, beside, drawn, everyone, first, named, running
from tests.attack.ways import WAYS
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_pilot_run_passes_the_end_on_to_its_run_and_stops(server, tmp_path, number):
    shots = [Shot(0.5, number, first), Shot(0.1, number, first)]
    fate = attack(WAYS["campaign"], tmp_path / "campaign", server.url, shots, once=running)

    assert fate.code == 130, fate.words
    assert "pilot run goes on" in fate.words
    assert [ledger["stopped_by"] for ledger in fate.ledgers] == [f"interrupted by {number.name}"]
    assert "Traceback" not in fate.words
    assert not fate.orphans


# -- all of it

SEED = 18
ROUNDS = {"headless": 24, "processes": 16, "page": 14, "apart": 10, "campaign": 16, "calibrate": 6, "time": 4}
KILLS = [
    *[("campaign", named("locust -f"), "a run")] * 5,
    *[("campaign", named("harness.load.nursery"), "its nursery")] * 4,
    *[("campaign", first, "pilot run itself")] * 3,
    *[("processes", named("locust"), "a worker")] * 3,
    *[("processes", first, "the master")] * 3,
    *[("apart", beside, "a worker apart")] * 2,
]


@pytest.mark.attack
@pytest.mark.timeout(3000)
def test_signals_at_random_instants(server, tmp_path, capsys):
    rng, seen = Random(SEED), Counter()
    codes: dict[str, Counter] = {}
    wrong: list[str] = []
    for way, rounds in ROUNDS.items():
        for k in range(rounds):
            aim = rng.choice((first, everyone))
            if way == "apart" and rng.random() < 0.4:
                aim = beside
            late = way not in ("calibrate", "time") and rng.random() < 0.75
            shots = drawn(rng, aim, 2.5 if late else 4.0)
            fate = attack(WAYS[way], tmp_path / f"{way}-{k}", server.url, shots, once=running if late else None)
            seen["attacks"] += 1
            seen["signals"] += len(shots)
            seen["hangs"] += fate.code is None
            seen["lost ledgers"] += len(fate.without_ledger)
            seen["orphans"] += len(fate.orphans)
            seen["tracebacks"] += "Traceback" in fate.words and bool(fate.folders)
            seen["unbalanced"] += sum(x["planned"] != sum(x["outcomes"].values()) for x in fate.ledgers)
            seen["cut and believed"] += sum(bool(x["valid"]) for x in fate.cut)
            seen["cut with another code"] += bool(fate.cut) and fate.code != 130
            codes.setdefault(way, Counter())[fate.code] += 1
            if fate.code is None or fate.without_ledger or fate.orphans or (fate.cut and fate.code != 130):
                wrong.append(f"{way}-{k}: {[(s.number.name, round(s.after_s, 2)) for s in shots]} {fate}")
    with capsys.disabled():
        print("\nsignals:", dict(seen))
        print("exit codes:", {way: dict(found) for way, found in codes.items()})
    assert not wrong, "\n".join(wrong)
    assert seen["tracebacks"] == seen["unbalanced"] == seen["cut and believed"] == 0


@pytest.mark.attack
@pytest.mark.timeout(1800)
def test_kills_at_random_instants(server, tmp_path, capsys):
    rng, seen = Random(SEED), Counter()
    codes: dict[str, Counter] = {}
    wrong: list[str] = []
    for k, (way, aim, whom) in enumerate(KILLS):
        shots = [Shot(rng.uniform(0, 1.8), signal.SIGKILL, aim)]
        fate = attack(WAYS[way], tmp_path / f"kill-{k}", server.url, shots, once=running)
        seen["kills"] += 1
        seen["hangs"] += fate.code is None
        seen["orphans"] += len(fate.orphans)
        alone = aim is first and way == "processes"  # nobody is left who could write a ledger
        seen["lost ledgers"] += 0 if alone else len(fate.without_ledger)
        went_on = whom not in ("a run", "its nursery") or fate.code in (0, 3)
        seen["campaigns ended by it"] += not went_on
        codes.setdefault(whom, Counter())[fate.code] += 1
        if fate.code is None or fate.orphans or (fate.without_ledger and not alone) or not went_on:
            wrong.append(f"{k} {way}, {whom}: {round(shots[0].after_s, 2)} s: {fate}")
    with capsys.disabled():
        print("\nkills:", dict(seen))
        print("exit codes:", {whom: dict(found) for whom, found in codes.items()})
    assert not wrong, "\n".join(wrong)
