"""Which tier gave way first: named by the first bad requests, or not at all."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from harness.analysis.confirmed import confirmed
from harness.analysis.gave_way import LEAST, at_steps, gave_way
from harness.platforms.platform import Measure, Per, Signal, Tier
from tests.analysis.fakes import run_of

GOOD, N = 0.4, 100


def late(part=None, by_s=3.0, cold=False, bad=40):
    """The last ones are late by this part of their time; None: of nothing that the service tells."""
    slow = np.arange(N) >= N - bad
    model = np.full(N, 200.0)
    columns = {"queue_ms": np.full(N, 1.0), "retrieval_ms": np.full(N, 5.0), "generation_ms": model}
    if part:
        columns[part] = columns[part] + np.where(slow, by_s * 1000, 0)
    columns["cold"] = np.where(slow & cold, True, False)
    return run_of(GOOD + np.where(slow, by_s, 0), **columns)


def failed(**who):
    columns = {name: np.array([value] * N, dtype=object) for name, value in who.items()}
    return run_of(np.where(np.arange(N) < N // 2, GOOD, np.inf), **columns)


def of(*runs):
    return gave_way("alpha", "launch", runs, 2.0, None)


@pytest.mark.parametrize(
    ("run", "tier"),
    [
        (late("generation_ms"), Tier.PROVIDER),
        (late("retrieval_ms"), Tier.RETRIEVAL),
        (late("queue_ms"), Tier.RUNTIME),
        (late(cold=True), Tier.RUNTIME),
        (late(), Tier.FRONT),
        (failed(refused_by="gateway", layer="platform"), Tier.FRONT),
        (failed(refused_by="runtime", layer="platform"), Tier.RUNTIME),
        (failed(refused_by="vector store", layer="provider"), Tier.STORE),
        (failed(layer="provider"), Tier.PROVIDER),
        (failed(layer="network"), Tier.FRONT),
    ],
)
def test_the_first_bad_requests_name_it(run, tier):
    found = of(run, run)

    assert (found.tier, found.of_tier) == (tier, found.first)


def test_lateness_that_is_the_generators_own_is_said():
    run = late()
    run.columns["sent_s"] = run.columns["scheduled_s"] + np.where(np.arange(N) >= 60, 3.0, 0)

    assert of(run).tier is Tier.GENERATOR


def test_where_nothing_is_bad_nothing_gave_way():
    found = of(run_of(np.full(N, GOOD)))

    assert (found.tier, found.bad, found.told) == (None, 0, True)


@pytest.mark.parametrize(
    "run",
    [
        late("generation_ms", bad=LEAST - 1),
        failed(),
        run_of(np.where(np.arange(N) < 60, GOOD, 9.0), generation_ms=np.full(N, np.nan)),
    ],
)
def test_it_is_not_told_where_too_few_are_bad_or_nothing_says_who(run):
    found = of(run)

    assert (found.tier, found.told) == (None, False)
    assert found.bad


def test_what_follows_does_not_count_what_came_first_does():
    who = np.array(["provider"] * 60 + ["runtime"] * 40, dtype=object)
    run = run_of(np.full(N, np.inf), refused_by=who)

    assert of(run).tier is Tier.PROVIDER


def test_each_step_of_a_search_has_its_own(tmp_path):
    steps = [{"phase": "one", "rate": 2.0}, {"phase": "two", "rate": 4.0}]
    record = SimpleNamespace(path=tmp_path, run={"experiment": {"kind": "capacity", "steps": steps}})
    phases = np.array(["one"] * 50 + ["two"] * 50, dtype=object)
    made = failed(refused_by="runtime")
    run = type(made)(3, "alpha", "search", record, {**made.columns, "phase": phases})
    found = list(at_steps("alpha", "search", run, 2.0, None))

    assert [(g.block, g.rate_per_s, g.tier, g.bad) for g in found] == [(3, 2.0, None, 0), (3, 4.0, Tier.RUNTIME, 50)]


REFUSED = Signal("Throttles", "s", Measure.REFUSALS, "count", "refused", per=Per.SUM)
BUSY = Signal("CPU", "s", Measure.CPU, "percent", "processors used", telling=95.0)
ELSEWHERE = Signal("Rejected", "s", Measure.REFUSALS, "count", "rejected", Tier.FRONT, Per.SUM)
STARTED = datetime(2026, 11, 20, 9, tzinfo=UTC)


def measured(folder, steps=(), **series):
    """A run that the runtime refused half of, and what its platform measured, by seconds from its start."""
    (folder / "readings").mkdir(parents=True)
    began = STARTED.timestamp()
    rows = [
        {"kind": "series", "metric": name, "points": [[began + at, value] for at, value in points.items()]}
        for name, points in series.items()
    ]
    (folder / "readings" / "cloud.json").write_text(json.dumps({"readings": rows}))
    said = {"started_utc": STARTED.isoformat(), "experiment": {"kind": "capacity", "steps": list(steps)}}
    return replace(failed(refused_by="runtime"), record=SimpleNamespace(path=folder, run=said))


def confirmations(found, runs):
    made = confirmed(found, runs, (REFUSED, BUSY, ELSEWHERE))
    return [(c.signal.metric, c.value) for c in made.confirmed]


def test_the_platforms_own_series_of_the_same_tier_confirms_it(tmp_path):
    runs = [measured(tmp_path / str(k), Throttles={0: 3, 60: 4}, CPU={0: 60, 60: 99}, Rejected={0: 9}) for k in (1, 2)]

    assert confirmations(of(*runs), runs) == [("Throttles", 14), ("CPU", 99)]


def test_a_series_that_shows_no_distress_confirms_nothing(tmp_path):
    runs = [measured(tmp_path / "1", Throttles={0: 0}, CPU={0: 60})]

    assert confirmations(of(*runs), runs) == []


def test_where_no_tier_is_named_nothing_is_confirmed(tmp_path):
    runs = [measured(tmp_path / "1", Throttles={0: 3})]
    good = of(run_of(np.full(N, GOOD)))

    assert confirmations(good, runs) == []


def test_a_step_is_confirmed_by_its_own_minutes(tmp_path):
    """Requests are due one a second: the second step is due from 50 to 99 s, so the first minute reaches into it."""
    steps = [{"phase": "one", "rate": 2.0}, {"phase": "two", "rate": 4.0}]
    run = measured(tmp_path / "1", steps, Throttles={-60: 100, 0: 5, 60: 6, 120: 1000})
    run = replace(run, columns={**run.columns, "phase": np.array(["one"] * 50 + ["two"] * 50, dtype=object)})
    [_, second] = at_steps("alpha", "search", run, 2.0, None)

    assert confirmations(second, [run]) == [("Throttles", 11)]
