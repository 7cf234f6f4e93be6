"""Slots: as many as a target that hangs can hold. ``harness.load`` is entered by Locust alone, so children are asked."""

import json
import subprocess
import sys

import pytest

from tests.load.run import ROOT

PROBE = """
import json, sys
from types import SimpleNamespace
from harness.load import options
from harness.load.slots import choose_slots
from harness.domain import arrivals, schedule
from harness.domain.mix import Mix
from harness.domain.questions import Question
from harness.domain.experiments.protocol import Promise

def spec(load, deadline_s, slots=0, most_rate=40.0, p95_s=15.0):
    return SimpleNamespace(load=load, deadline_s=deadline_s, slots=slots, most_rate=most_rate, promise=Promise(p95_s))

out = {}
for seed in range(60):
    load = arrivals.poisson(rate=1).during(600)
    drawn = schedule.draw(load, [Question("q", ())], seed, Mix())
    out.setdefault("poisson", []).append([choose_slots(spec(load, 30.0), drawn, quiet=True), drawn.most_within(31.0)])
load = arrivals.constant(rate=100).during(60)
drawn = schedule.draw(load, [Question("q", ())], 1, Mix())
out["capped"] = choose_slots(spec(load, 30.0), drawn, quiet=False)
out["enough workers"] = choose_slots(spec(load, 30.0), drawn, workers=4, quiet=False)
search = arrivals.capacity(rate=2)
out["search"] = choose_slots(spec(search, 30.0), schedule.Schedule(()), quiet=False)
print(json.dumps(out))
"""


@pytest.fixture(scope="module")
def chosen():
    done = subprocess.run([sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_no_schedule_can_need_more_slots_than_it_gets(chosen):
    """At 1/s and 30 s, peak rate times deadline alone was too few for every one of these."""
    assert all(slots > needed > 31 for slots, needed in chosen[0]["poisson"])


def test_more_than_a_worker_carries_is_capped_and_said_once(chosen):
    said = chosen[1].splitlines()

    assert chosen[0]["capped"] == chosen[0]["enough workers"] == 900
    assert len(said) == 2, "four workers hold them, so nothing is said there"
    assert "answers that take longer than 8.96 s can make the run INVALID; --processes 4 holds them" in said[0]


def test_a_search_may_fill_what_its_promise_lets_be_in_flight(chosen):
    assert chosen[0]["search"] == 900
    assert "it ends where they are full; --processes 2 holds them" in chosen[1].splitlines()[1]
