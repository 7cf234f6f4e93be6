"""What may happen to a whole campaign: its provider dies, it is killed and begun again."""

import json
import signal
import subprocess

import pytest

from harness.campaign.limits import spent
from harness.evidence.store import Store
from tests.attack.shots import Shot, attack, first, named, running
from tests.attack.ways import PILOT, WAYS, workspace
from tests.fakes import ScriptedServer


@pytest.fixture(scope="module")
def server():
    made = ScriptedServer()
    yield made
    made.close()


def pilot_run(folder):
    return subprocess.run(
        [*PILOT, "run", "--now"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.attack
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it speaks less than a check asks
def test_a_dead_provider_costs_one_block_and_is_asked_before_the_next(server, tmp_path):
    folder = workspace(tmp_path / "pilot", server.url, act="provider failed")
    done = pilot_run(folder)

    assert done.returncode == 4, done.stderr
    assert "the provider failed every request of steady on" in done.stderr
    ledgers = [json.loads(p.read_text()) for p in sorted((folder / "evidence" / "blocks").rglob("ledger.json"))]
    assert [(x["valid"], set(x["outcomes"])) for x in ledgers] == [(True, {"upstream_error"})] * 2
    again = pilot_run(folder)
    assert again.returncode in (5, 6), again.stderr
    assert len(list((folder / "evidence" / "blocks").rglob("ledger.json"))) == 2, "nothing more was sent"


@pytest.mark.attack
def test_a_campaign_that_was_killed_goes_on_and_its_cut_run_is_paid_for(server, tmp_path):
    shot = Shot(0.7, signal.SIGKILL, first)
    fate = attack(WAYS["campaign"], tmp_path / "pilot", server.url, [shot], once=running)
    assert (fate.code, fate.bad) == (-9, False), fate
    before = spent(Store(tmp_path / "pilot" / "evidence").journal())
    again = pilot_run(tmp_path / "pilot")
    journal = Store(tmp_path / "pilot" / "evidence").journal()
    cut = [e for e in journal if e["event"] == "run ended" and e["note"] == "its campaign was killed"]

    assert again.returncode == 0, again.stderr
    assert "2 blocks valid, 0 given up, 0 left" in again.stdout
    assert [e["run"] for e in cut] == [next(e["run"] for e in journal if e["event"] == "run begun")]
    assert before == 0 < float(cut[0]["cost_usd"])


@pytest.mark.attack
@pytest.mark.parametrize("after_s", [0.0, 0.03, 0.1])
def test_a_run_that_is_killed_at_its_very_start_is_invalid_and_repeated(server, tmp_path, after_s):
    """Before it has made anything: the campaign gives it its ledger, pays for it and goes on."""
    locust = named("locust")
    fate = attack(
        *(WAYS["campaign"], tmp_path / "pilot", server.url, [Shot(after_s, signal.SIGKILL, locust)]),
        once=lambda begun: bool(locust(begun)),
    )
    store = Store(tmp_path / "pilot" / "evidence")
    spoilt = next(e for e in store.journal() if e["event"] == "block invalid")  # a busy machine may spoil more
    killed = tmp_path / "pilot" / "evidence" / "blocks" / "b01" / "attempt-1"
    ledgers = [json.loads(path.read_text()) for path in killed.rglob("ledger.json")]

    assert (fate.code, fate.bad) == (0, False), fate
    assert "2 blocks valid, 0 given up, 0 left" in fate.words
    assert (spoilt["block"], spoilt["attempt"]) == (1, 1)
    assert [ledger["reasons"] for ledger in ledgers if not ledger["valid"]] == [
        ["it was killed by SIGKILL; this ledger was written by its campaign"]
    ]
    assert all(float(e["cost_usd"]) > 0 for e in store.journal() if e["event"] == "run ended")
