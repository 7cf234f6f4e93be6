"""The Ledger: planned = sum of outcomes, and only the generator's own faults make a run INVALID."""

from collections import Counter

import pytest

from harness.domain.ledger import GeneratorHealth, close, lag_limit_s
from harness.domain.quantile import quantile
from harness.words import all_said, said


def test_a_run_of_refusals_is_valid():
    ledger = close(3, Counter(["throttled", "connection_error", "timeout"]), [0.001] * 3, GeneratorHealth())

    assert ledger.valid
    assert ledger.outcomes == {"connection_error": 1, "throttled": 1, "timeout": 1}


@pytest.mark.parametrize(
    ("planned", "outcomes", "lags", "health", "says"),
    [
        (2, ["ok"], [0], {}, "does not balance"),
        (2, ["ok", "lost"], [0], {"lost_workers": 1}, "1 worker lost, 1 arrival with"),
        (2, ["ok", "not_sent"], [0], {}, "never sent"),
        (1, ["ok"], [0.021], {}, "lag p99 21.0 ms"),
        (1, ["ok"], [0], {"no_free_slot": 4}, "no slot was free for 4"),
        (
            1,
            ["ok"],
            [0],
            {"jobs_unasked": 3},
            "3 questions about jobs came too late, or not at all, at this generator's own",
        ),
        (1, ["ok"], [0], {"write_errors": ("disk full",)}, "disk full"),
        (1, ["ok"], [0], {"worker_errors": ("other questions",)}, "the generator failed: other questions"),
        (1, ["aborted"], [0], {"interrupted": True}, "stopped before its end"),
        (1, ["ok"], [0], {"clock_step_s": 3.0}, "wall clock step"),
        (1, ["ok"], [0], {"loop_lag_p99_s": 0.2}, "event loop lag"),
        (1, ["ok"], [0], {"clocks_apart_s": 0.05}, "a worker's clock moved 50.0 ms"),
        (1, ["ok"], [0], {"clocks_unknown": 1}, "the clocks of 1 worker could not be compared"),
        (1, ["ok"], [0], {"cpu_p95_pct": 96.0}, "generator CPU p95 96 % of a core is above 90"),
        (1, ["ok"], [0], {"gc_pause_max_s": 0.3}, "longest garbage collection 300 ms is above 100 ms"),
        (1, ["ok"], [0], {"sockets_max": 1000.0, "sockets_limit": 1024.0}, "open sockets"),
        (1, ["connection_error"], [0], {"local_errors": ("Too many open files",)}, "could not open a connection"),
    ],
)
def test_the_generators_faults_make_it_invalid(planned, outcomes, lags, health, says):
    ledger = close(planned, Counter(outcomes), lags, GeneratorHealth(**health))

    assert not ledger.valid
    assert says in " ".join(all_said(ledger.reasons))


def test_the_lag_limit_is_the_larger_of_20_ms_and_2_percent_of_the_tightest_promise():
    assert lag_limit_s(None) == 0.02
    assert lag_limit_s(0.5) == 0.02
    assert lag_limit_s(15) == pytest.approx(0.3)


def test_a_run_near_its_limit_warns():
    assert close(1, {"ok": 1}, [0.015], GeneratorHealth()).warnings
    near = close(1, {"ok": 1}, [0.0], GeneratorHealth(cpu_p95_pct=80.0))
    assert near.valid
    assert "near its limit 90" in said(near.warnings[0])


def test_clocks_that_may_be_apart_warn_and_none_of_several_machines_is_no_fault():
    unsure = close(1, {"ok": 1}, [0.0], GeneratorHealth(clocks_apart_s=0.0, clocks_unsure_s=0.03))
    assert unsure.valid
    assert "known to 30.0 ms only" in said(unsure.warnings[0])
    assert not close(1, {"ok": 1}, [0.0], GeneratorHealth(clocks_apart_s=0.01, clocks_unsure_s=0.015)).warnings


def test_a_gauge_that_was_not_read_is_no_fault():
    assert close(1, {"ok": 1}, [0.0], GeneratorHealth()).valid


def test_the_plain_quantile_is_the_inverted_cdf():
    assert quantile(range(1, 101), 0.95) == 95
    assert quantile([7.0], 0.5) == 7
    assert quantile([], 0.5) is None
