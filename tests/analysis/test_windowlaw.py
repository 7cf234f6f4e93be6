"""One window, two, or one that changes with the hour: against windows whose law is known, probed by the staircase itself."""

import math
from random import Random

import pytest

from harness.analysis.keepalive import Probe, window
from harness.analysis.windowlaw import LawKind, law
from harness.domain.estimate import Unknown
from harness.domain.experiments import KeepAlive
from harness.words import said
from tests.analysis.fakes import run_of
from tests.domain.experiments.drive import Windowed, drive, given

LAWS = {
    "20 s, a tenth about it": lambda rng: rng.uniform(18, 22),
    "exactly 20 s": lambda rng: 20.0,
    "20 s, very wide": lambda rng: 20 * math.exp(rng.gauss(0, 0.5)),
}

SLOW = ("20 s, very wide",)  # its search takes ten thousand probes


def probed(draw, seed, lanes=8):
    """(gap, cold, hour) of a staircase, as if an hour lasted ten seconds, so that the probes are spread over a day."""
    made = KeepAlive(first_s=2, shortest_s=0.5, longest_s=300, duration_s=1e5).begin(given(lanes=lanes))
    done = drive(made, Windowed(draw, seed), tick_s=0.05)
    free, out = {}, []
    for seen in sorted(done.seen, key=lambda s: s.finished_s):
        if seen.phase == "window":
            out.append((seen.sent_s - free[seen.lane], bool(seen.cold), seen.sent_s / 10 % 24))
        free[seen.lane] = seen.finished_s
    return out


def kinds(draw, seeds, hours=True):
    out = []
    for seed in seeds:
        gaps, cold, at = zip(*probed(draw, seed), strict=True)
        out.append(law(gaps, cold, at if hours else [None] * len(gaps)).kind)
    return out


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in LAWS])
def test_one_window_is_told_as_one_however_wide(name):
    assert kinds(LAWS[name], range(4)).count(LawKind.ONE) >= 3


def two(rng):
    return rng.uniform(5, 7) if rng.random() < 0.5 else rng.uniform(35, 45)


def test_two_windows_are_told_with_their_ranges_and_shares():
    found = [law(*zip(*[(g, c, None) for g, c, _ in probed(two, seed)], strict=True)) for seed in range(5)]
    told = [f for f in found if f.kind is LawKind.TWO]

    assert len(told) >= 3
    for one in told:
        short, long = one.modes
        assert short.share_low <= 0.5 <= short.share_high
        assert short.middle_s < 10
        assert long.middle_s > 15


def run_with(probes, started="2026-11-20T01:00:00+00:00"):
    """One lane; gaps in seconds, each probe answered at once."""
    import numpy as np

    at, sent = 0.1, [0.0]
    for gap, _ in probes:
        sent.append(at + gap)
        at = sent[-1] + 0.1
    n = len(sent)
    columns = {
        "phase": np.array(["prime"] + ["window"] * (n - 1), dtype=object),
        "lane": np.ones(n),
        "sent_s": np.array(sent),
        "scheduled_s": np.array(sent),
        "finished_s": np.array(sent) + 0.1,
        "cold": np.array([True, *(c for _, c in probes)], dtype=object),
    }
    run = run_of([0.1] * n, profile="keepalive", **columns)
    from types import SimpleNamespace

    object.__setattr__(run, "record", SimpleNamespace(run={"started_utc": started}))
    return run


def test_no_single_number_stands_for_two_windows_and_the_sure_gap_still_does():
    rng = Random(5)
    gaps = [math.exp(rng.uniform(math.log(2), math.log(90))) for _ in range(160)]
    found = window("alpha", [run_with([(gap, gap > two(rng)) for gap in gaps])])

    assert isinstance(found.median_s, Unknown)
    assert said(found.median_s.reason).startswith("two windows: ")
    assert found.g05_s.value < 8
    assert found.wide


def by_hour(hour):
    """Five minutes at night, ten in the afternoon."""
    return 450 - 150 * math.cos(2 * math.pi * (hour - 3) / 24)


def test_a_window_that_drifts_through_the_day_is_told_by_the_hour():
    rng = Random(2)
    probes = []
    for k in range(240):
        hour = k / 10
        gap = 450 * math.exp(rng.gauss(0, 0.35))
        probes.append((gap, gap > by_hour(hour) * rng.uniform(0.95, 1.05), hour))
    found = law(*zip(*probes, strict=True))

    assert found.kind is LawKind.DRIFTS
    assert len(found.parts) == 8
    for part in found.parts:
        begins = int(part.hours[:2])
        ends = [by_hour(h) for h in (begins, begins + 3)]
        assert part.low_s <= max(ends) * 1.1
        assert part.high_s >= min(ends) * 0.9


def test_the_hours_that_were_probed_are_said():
    found = window("alpha", [run_with([(600.0, True)] * 12, started="2026-11-20T22:30:00+00:00")])

    assert found.hours == "00:00-01:00, 22:00-24:00"
    assert [p.hour is not None for p in found.probes] == [True] * 12


def test_too_few_probes_tell_nothing_of_the_law():
    assert law([1.0, 2.0], [False, True], [None, None]).kind is LawKind.UNKNOWN
    assert Probe(1.0, cold=True).hour is None
