"""The window as a law to draw from."""

import math
from dataclasses import replace

import numpy as np
import pytest

from harness.analysis import keepalive, windowlaw
from harness.analysis.keepalive import KeptWindow, Probe
from harness.analysis.windowlaw import LawKind, WindowLaw
from harness.predict.window import window


def kept(probes):
    law = windowlaw.law([p.gap_s for p in probes], [p.cold for p in probes], [p.hour for p in probes])
    return KeptWindow("a", tuple(probes), 0, 1, "", "", 0.0, law, None, None, keepalive.steps(probes))


def probes(rng, windows, n, low, high, hour=None):
    gaps = np.exp(rng.uniform(math.log(low), math.log(high), n))
    return [Probe(float(g), bool(g > windows(rng)), hour) for g in gaps]


def one(middle, spread=0.1):
    return lambda rng: middle * math.exp(spread * rng.standard_normal())


def test_it_covers_the_window_and_says_that_its_end_was_seen():
    inside = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        alone = replace(kept([]), law=WindowLaw(LawKind.ONE), probes=tuple(probes(rng, one(300), 40, 60, 1200)))
        middle, low, high = window(alone, rng).ends_s()
        inside += low <= 300 <= high
        assert low < middle < high

    assert inside >= 15  # nine of ten, less three times what chance leaves


def test_more_probes_leave_less_open():
    few, many = (
        window(kept(probes(np.random.default_rng(1), one(300), n, 60, 1200)), np.random.default_rng(2)).ends_s()
        for n in (12, 200)
    )

    assert many[2] / many[1] < few[2] / few[1]


def test_two_windows_stay_two():
    rng = np.random.default_rng(3)
    law = kept(probes(rng, lambda r: (one(60) if r.random() < 0.5 else one(900))(r), 300, 10, 5000))
    found = window(law, rng)

    assert law.law.kind is LawKind.TWO
    assert all(len(curve) == 2 for curve in found.curves)
    assert found.share_cold(200) == pytest.approx(0.5, abs=0.1)


def test_a_window_that_no_gap_reached_is_open_above():
    rng = np.random.default_rng(4)
    found = window(kept(probes(rng, one(3000, 0.02), 30, 10, 500)), rng)

    assert not found.seen_end
    assert found.seen_begin
    assert found.ends_s()[2] > 500  # somewhere beyond what was tried


def test_one_that_each_gap_passed_is_open_below():
    rng = np.random.default_rng(5)
    found = window(kept(probes(rng, one(2, 0.02), 30, 10, 500)), rng)

    assert found.seen_end
    assert not found.seen_begin
    assert found.ends_s()[1] < 10


def test_each_part_of_the_day_has_its_own():
    rng = np.random.default_rng(6)
    day = probes(rng, one(100), 60, 20, 3000, hour=10.0)
    night = probes(rng, one(900), 60, 20, 3000, hour=22.0)
    found = window(kept([*day, *night]), rng)

    assert {mode.hours for mode in found.curves[0]} == {(9, 12), (21, 24)}
    middles = {mode.hours: mode.middle_s for mode in found.curves[0]}
    assert middles[9, 12] < 300 < middles[21, 24]


def test_nothing_is_drawn_of_no_probe():
    assert window(kept([]), np.random.default_rng(7)) is None
