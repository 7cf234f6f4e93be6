"""The secret of a fleet: where it comes from, and what is refused."""

from __future__ import annotations

import os
import stat
from argparse import Namespace
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.errors import Refused
from harness.load.secret import VARIABLE, secret_of

GOOD = "a secret of twenty-six bytes"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Of a user who has said nothing yet, in a folder that is no workspace."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "runtime-pilot"


def secret(**given):
    nothing = {"worker": False, "master": False, "processes": None, "worker_secret_file": None}
    return secret_of(Namespace(**{**nothing, "master_host": "127.0.0.1", "master_bind_host": "127.0.0.1", **given}))


def private(tmp_path, content=GOOD, mode=0o600):
    path = tmp_path / "secret"
    path.write_text(content)
    path.chmod(mode)
    return str(path)


def test_one_process_needs_none(home):
    assert secret() is None
    assert not home.exists()


def test_workers_that_a_master_forks_get_a_new_one_each_time_and_no_file(home):
    first, second = secret(processes=2), secret(processes=2)

    assert first != second
    assert len(first) == 64
    assert not home.exists()


def test_a_master_and_workers_by_hand_on_one_machine_share_what_only_this_user_reads(home):
    assert secret(master=True) == secret(worker=True) == secret(worker=True, processes=2)
    [kept] = home.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_started_at_once_they_still_share_one(home):
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(lambda k: secret(master=k == 0, worker=k > 0), range(16)))

    assert len(made) == 1
    assert len(list(home.iterdir())) == 1


def test_another_workspace_has_another_one(tmp_path, monkeypatch):
    here = secret(master=True)
    there = tmp_path / "there"
    there.mkdir()
    (there / "pilot.toml").write_text('[pilot]\nbaseline = "a"\ncandidate = "b"\n')
    monkeypatch.chdir(there)
    monkeypatch.setattr("harness.load.secret.nearest_workspace", lambda: Namespace(root=there))

    assert secret(worker=True) != here


def test_the_environment_or_a_private_file_gives_it(tmp_path, monkeypatch, home):
    assert secret(master=True, worker_secret_file=private(tmp_path, GOOD + "\n")) == GOOD.encode()
    monkeypatch.setenv(VARIABLE, GOOD)
    assert secret(worker=True, master_host="10.0.0.2") == GOOD.encode()
    assert secret(processes=2, master_bind_host="0.0.0.0") == GOOD.encode()
    assert not home.exists()


WIDE = {
    "master": ({"master": True, "master_bind_host": "0.0.0.0"}, "--master-bind-host 0.0.0.0"),
    "every address": ({"master": True, "master_bind_host": "*"}, "--master-bind-host *"),
    "IPv6": ({"master": True, "master_bind_host": "::"}, "--master-bind-host ::"),
    "processes": ({"processes": 2, "master_bind_host": "10.0.0.1"}, "--master-bind-host 10.0.0.1"),
    "worker": ({"worker": True, "master_host": "master.internal"}, "--master-host master.internal"),
    "workers": ({"worker": True, "processes": 2, "master_host": "10.0.0.1"}, "--master-host 10.0.0.1"),
}


@pytest.mark.parametrize("given", WIDE)
def test_beyond_this_machine_it_must_be_given(given):
    options, name = WIDE[given]
    with pytest.raises(Refused, match="want a secret") as refused:
        secret(**options)

    assert str(refused.value).startswith(name)
    assert VARIABLE in refused.value.hint


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o666, 0o610, 0o777])
def test_a_file_that_others_can_reach_is_refused(tmp_path, mode):
    with pytest.raises(Refused, match="other users can reach it") as refused:
        secret(master=True, worker_secret_file=private(tmp_path, mode=mode))

    assert refused.value.hint.startswith("chmod 600 ")


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "this one has 0"), ("short", "this one has 5"), ("x" * 2000, "16 to 1024 bytes"), ("\n" * 40, "has 0")],
)
def test_a_weak_secret_is_refused_and_not_printed(tmp_path, content, words):
    with pytest.raises(Refused) as refused:
        secret(master=True, worker_secret_file=private(tmp_path, content))

    assert words in str(refused.value)
    assert not content.strip() or content.strip() not in str(refused.value)


def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path / "pipe", tmp_path, "/dev/zero", tmp_path / "nowhere"):
        with pytest.raises(Refused, match="--worker-secret-file"):
            secret(worker=True, worker_secret_file=str(path))


def test_two_ways_of_saying_it_are_one_too_many(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, GOOD)
    with pytest.raises(Refused, match="both hold"):
        secret(master=True, worker_secret_file=private(tmp_path))


def test_a_kept_one_that_others_can_read_by_now_is_refused(home):
    secret(master=True)
    [kept] = home.iterdir()
    kept.chmod(0o644)

    with pytest.raises(Refused, match="other users can reach it"):
        secret(worker=True)


def test_where_none_can_be_kept_it_must_be_given(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(Refused, match="cannot be kept") as refused:
        secret(master=True)

    assert VARIABLE in refused.value.hint
