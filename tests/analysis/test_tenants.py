"""One noisy tenant: what the others feel, with a known truth on each side of the burst."""

from types import SimpleNamespace

import numpy as np
import pytest

from harness.analysis.tenants import felt, noisy_of
from harness.domain.estimate import Unknown
from tests.analysis.fakes import run_of

QUIET_S, BURST_S = 60, 20


def run(block, *, slower=1.0, refused=0.0, rate=10, spread=0.02):
    """A minute of quiet, a burst of 20 s, 40 s of quiet; the others are ``slower`` in the burst, some of them refused."""
    rng = np.random.default_rng([block, 3])
    due = np.arange(0.0, QUIET_S + BURST_S + 40, 1 / rate)
    burst = (due >= QUIET_S) & (due < QUIET_S + BURST_S)
    tenant = np.where(rng.random(len(due)) < np.where(burst, 0.6, 0.2), "acme", "globex").astype(object)
    waited = rng.uniform(0.2, 0.4, len(due)) * (1 + rng.normal(0, spread)) * np.where(burst, slower, 1.0)
    waited = np.where(burst & (rng.random(len(due)) < refused), np.inf, waited)
    made = run_of(waited, block=block, profile="burst", tenant=tenant)
    made.columns.update(
        phase=np.where(burst, "burst", "base").astype(object),
        scheduled_s=due,
        finished_s=due + np.where(np.isfinite(waited), waited, 0.01),
    )
    return made


def others(*, blocks=8, **changes):
    [one, own] = felt("alpha", "burst", [run(block, **changes) for block in range(blocks)], "acme")
    assert (one.others, own.others) == (True, False)
    return one


def test_others_that_wait_twice_as_long_are_seen_to_and_the_interval_holds_the_truth():
    found = others(slower=2.0)

    assert found.times.low <= 2.0 <= found.times.high
    assert found.times.value == pytest.approx(2.0, rel=0.05)
    assert found.before_p95_s.value == pytest.approx(0.39, rel=0.05)
    assert (found.before_refused.value, found.during_refused.value) == (0, 0)


def test_others_that_feel_nothing_are_not_said_to():
    found = others()

    assert found.times.low < 1 < found.times.high
    assert found.refused_more.low <= 0 <= found.refused_more.high


def test_refusals_during_the_burst_alone_are_told_as_such():
    found = others(refused=0.3)

    assert found.before_refused.value == 0
    assert found.during_refused.low <= 0.3 <= found.during_refused.high
    assert found.refused_more.low > 0.2
    assert isinstance(found.times, Unknown)  # more than a twentieth waited for ever: no percentile, no ratio


def test_what_is_due_while_the_target_recovers_is_neither_before_nor_during():
    made = run(1)
    after = made.columns["scheduled_s"] >= QUIET_S + BURST_S
    made.columns["finished_s"] = np.where(
        after & (made.columns["scheduled_s"] < QUIET_S + 2 * BURST_S - 0.1), 999.0, made.columns["finished_s"]
    )
    found = felt("alpha", "burst", [made, run(2)], "acme")[0]

    assert found.before_p95_s.value < 1


def test_without_a_noisy_tenant_nobody_is_asked():
    def asked(mix):
        return SimpleNamespace(record=SimpleNamespace(run={"spec": {"mix": mix}}))

    assert noisy_of(asked({"noisy": "acme"})) == "acme"
    assert noisy_of(asked({})) is None
    assert noisy_of(SimpleNamespace(record=SimpleNamespace(run=None))) is None
    assert felt("alpha", "burst", [run(1)], None) == []
