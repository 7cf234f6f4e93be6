"""Which tier gave way first: named by the first bad requests, or not at all."""

from types import SimpleNamespace

import numpy as np
import pytest

from harness.analysis.gave_way import LEAST, at_steps, gave_way
from harness.platforms.platform import Tier
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
