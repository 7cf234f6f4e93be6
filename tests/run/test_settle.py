"""Runs that were cut or killed: a ledger, and a place in the budget."""

import json
from decimal import Decimal

import orjson
import pytest

from harness.campaign.limits import spent
from harness.domain.ledger import GeneratorHealth, close
from harness.evidence.files import dump, write_text
from harness.evidence.run_folder import SPOOL, RunFolder, ledger_json
from harness.evidence.store import Store
from harness.run.settle import account, explain, settle, unsettled, wait_closed
from tests.builders import Pilot, sample


def cut(folder, planned=10, lines=4, torn=b"[9,"):
    """What a run leaves that was killed while it was sending."""
    made = RunFolder(folder)
    made.open()
    made.write_run({"planned": planned})
    made.append(b"".join(orjson.dumps(sample(k).row()) + b"\n" for k in range(lines)))
    with (folder / SPOOL).open("ab") as file:
        file.write(torn)


def ledger(folder):
    return json.loads((folder / "ledger.json").read_text())


def test_a_killed_run_gets_a_ledger_of_what_its_samples_say(tmp_path):
    cut(tmp_path / "run")
    account(tmp_path / "run", -9)

    said = ledger(tmp_path / "run")
    assert (said["planned"], said["outcomes"], said["valid"]) == (10, {"lost": 6, "ok": 4}, False)
    assert said["reasons"] == ["it was killed by SIGKILL; this ledger was written by its campaign"]


def test_a_run_that_was_killed_before_it_made_anything_has_one_too(tmp_path):
    account(tmp_path / "run", -15)

    assert "SIGTERM" in ledger(tmp_path / "run")["reasons"][0]


def test_its_own_ledger_is_kept(tmp_path):
    cut(tmp_path / "run")
    (tmp_path / "run" / "ledger.json").write_text('{"valid": true}')
    account(tmp_path / "run", -9)

    assert ledger(tmp_path / "run") == {"valid": True}


@pytest.mark.parametrize("content", [b"", b"\xff\n", b"[" * 3000 + b"\n", b"[1, 2]\n", b"{}\n" * 3])
def test_a_spool_that_cannot_be_read_costs_samples_and_never_the_ledger(tmp_path, content):
    cut(tmp_path / "run")
    (tmp_path / "run" / SPOOL).write_bytes(content)
    account(tmp_path / "run")

    assert ledger(tmp_path / "run")["outcomes"] == {"lost": 10}


@pytest.mark.parametrize("planned", ["many", -3, 10**30, None])
def test_a_record_that_cannot_be_believed_neither(tmp_path, planned):
    cut(tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text(json.dumps({"planned": planned}))
    account(tmp_path / "run")

    assert ledger(tmp_path / "run")["outcomes"]["ok"] == 4


def test_a_run_that_began_and_whose_end_nobody_noted_enters_the_budget_at_its_worst_case(tmp_path):
    workspace, plan, _ = Pilot(tmp_path, blocks=2).write()
    store = Store(tmp_path / "elsewhere")
    first, second = plan.blocks[0].runs
    store.note("run begun", run=first.id, attempt=1)
    store.note("run ended", run=first.id, attempt=1, cost_usd="0.5")
    store.note("run begun", run=second.id, attempt=1)
    store.note("run begun", run="of another plan", attempt=1)

    assert list(unsettled(plan, store)) == [(second, 1)]
    settle(store, workspace.target(second.target), second, 1, Decimal("0.25"), code=None, note="killed")
    assert spent(store.journal()) == Decimal("0.75")
    assert not list(unsettled(plan, store))


def test_a_run_that_still_closes_is_waited_for_and_one_that_never_will_is_not(tmp_path):
    cut(tmp_path / "run")
    wait_closed(tmp_path / "run", most_s=0.3)
    wait_closed(tmp_path / "never", most_s=30)


def test_what_a_limit_stopped_says_so_and_not_by_which_signal(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    ended = close(2, {"ok": 1, "aborted": 1}, [0.0], GeneratorHealth(), stopped_by="SIGTERM", stop_signal="SIGTERM")
    write_text(folder / "ledger.json", dump(ledger_json(ended)))
    explain(folder, "50 USD are spent")
    said = json.loads((folder / "ledger.json").read_text())

    assert said["stopped_by"] == "50 USD are spent"
    assert said["reasons"] == ["stopped before its end (50 USD are spent)"]


def test_a_run_that_a_person_stopped_too_keeps_its_own_words(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    ended = close(
        2, {"ok": 1, "aborted": 1}, [0.0], GeneratorHealth(), stopped_by="interrupted by SIGINT", stop_signal="SIGINT"
    )
    write_text(folder / "ledger.json", dump(ledger_json(ended)))
    explain(folder, "50 USD are spent")

    assert json.loads((folder / "ledger.json").read_text())["stopped_by"] == "interrupted by SIGINT"
