"""The container service's autoscaler: its rule alone, then on real processes."""

import asyncio
import json
import sys
import time
from pathlib import Path

import httpx
import pytest

from harness.local.scaling import Autoscaler, ScalingRules, queue_limit_s
from tests.local.platform import Up, pilot
from tests.local.test_lifecycle import PILOT
from tests.suite.waiting import until

DOUBLE = Path(__file__).parent / "doubles" / "container.py"


def scaler(least=1, most=5, concurrency=10, share=0.6, window_s=60.0, idle_s=100.0):
    return Autoscaler(ScalingRules(least, most, concurrency, share, window_s, idle_s))


def test_it_aims_at_a_share_of_what_each_instance_takes():
    one = scaler()
    for second in range(60):
        one.note(second, 12)

    assert one.wanted(60) == 2, "12 in hand at 6 an instance"


def test_what_waits_now_is_given_places_before_the_window_has_noticed():
    one = scaler()
    for second in range(60):
        one.note(second, 0)
    one.note(60, 35)

    assert one.wanted(60) == 4


def test_it_never_leaves_its_limits():
    one = scaler(least=2, most=3)
    one.note(0, 0)
    assert one.wanted(0) == 2
    one.note(1, 500)
    assert one.wanted(1) == 3


def test_it_scales_in_only_after_needing_fewer_for_long_enough():
    one = scaler(window_s=10, idle_s=100)
    one.note(0, 30)
    assert one.wanted(0) == 5
    one.note(50, 1)
    assert one.wanted(50) == 5
    one.note(101, 1)
    assert one.wanted(101) == 1


def test_the_queue_of_cloud_run_waits_for_several_starts_and_never_less_than_ten_seconds():
    assert queue_limit_s(1.0) == 10.0
    assert queue_limit_s(8.0) == 28.0


def container(folder, start_s=0.0, **fields):
    (folder / "targets" / "box").mkdir(parents=True)
    (folder / "pilot.toml").write_text(PILOT)
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())
    command = json.dumps([sys.executable, str(DOUBLE), "{port}"])
    (folder / "targets" / "box" / "target.toml").write_text(
        f'[runtime]\nkind = "local-container"\ncommand = {command}\n{lines}[runtime.environment]\nSTART_S = "{start_s}"\n'
    )
    (folder / ".pilot" / "corpus").mkdir(parents=True)
    for name in ("index.sqlite", "questions.jsonl"):
        (folder / ".pilot" / "corpus" / name).touch()
    return folder


def at_once(url, n, **what):
    async def asks():
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
            return await asyncio.gather(*(client.post(f"{url}/v1/chat", json=what) for _ in range(n)))

    return asyncio.run(asks())


def test_from_zero_the_first_requests_wait_for_an_instance_and_more_come_for_those_that_wait(tmp_path):
    made = container(tmp_path, workers=0, max_workers=3, concurrency=2, scale_every_s=0.2, queue=20)
    with Up(made, "box") as up:
        meeting = tmp_path / "meeting"
        meeting.mkdir()
        answers = at_once(up.urls["box"], 6, meets=[str(meeting), 3])
    pids = {a.json()["pid"] for a in answers if a.status_code == 200}

    assert [a.status_code for a in answers] == [200] * 6
    assert len(pids) == 3


def test_a_health_check_wakes_a_service_that_sleeps(tmp_path):
    with Up(container(tmp_path, workers=0, max_workers=1), "box") as up:
        assert httpx.get(f"{up.urls['box']}/healthz", timeout=60, trust_env=False).status_code == 200


def test_an_instance_that_is_not_needed_any_more_goes(tmp_path):
    made = container(
        tmp_path, workers=0, max_workers=2, concurrency=1, scale_every_s=0.2, scale_window_s=0.3, idle_s=0.5
    )
    with Up(made, "box") as up:
        meeting = tmp_path / "meeting"
        meeting.mkdir()
        at_once(up.urls["box"], 2, meets=[str(meeting), 2])
        log = tmp_path / ".pilot" / "local" / "logs" / "box.log"
        until(lambda: log.read_text().count("End: scaled in") == 2)


def test_the_platforms_own_lag_comes_before_the_process(tmp_path):
    made = container(tmp_path, workers=0, max_workers=1, start_lag_s=0.8)
    with Up(made, "box") as up:
        began = time.monotonic()
        at_once(up.urls["box"], 1)

        assert time.monotonic() - began > 0.8


def test_cold_scales_a_service_that_may_have_none_to_zero(tmp_path):
    made = container(tmp_path, workers=0, max_workers=1)
    with Up(made, "box") as up:
        before = at_once(up.urls["box"], 1)[0].json()["pid"]
        said = json.loads(pilot(tmp_path, "cold", "box").stdout)
        after = at_once(up.urls["box"], 1)[0].json()["pid"]

    assert said["kind"] == "scaled-to-zero"
    assert before != after


def test_the_queue_of_cloud_run_has_no_places_but_a_time(tmp_path):
    made = container(tmp_path, workers=1, concurrency=1, queue=0, queue_rule="cloud-run")
    with Up(made, "box") as up:
        answers = at_once(up.urls["box"], 4, sleep_s=0.3)

    assert [a.status_code for a in answers] == [200] * 4, "with the bounded rule and no place three would be refused"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"workers": 3, "max_workers": 2}, "max_workers 2 is fewer than workers 3"),
        ({"workers": 0}, "say how far it may scale out with max_workers"),
    ],
)
def test_limits_that_contradict_each_other_are_refused(tmp_path, fields, words):
    done = pilot(container(tmp_path, **fields), "up", "box")

    assert done.returncode == 2
    assert words in done.stderr
