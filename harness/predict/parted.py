"""A month's traffic in two: what a fleet carries of it, and what goes beyond; whoever sends it decides by the rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from harness.analysis.columns import Array
from harness.domain.traffic import SECONDS_PER_MONTH, Traffic
from harness.predict.loads import PEAK_S, MonthOf, peak_of


def parted(month: MonthOf, carries_per_s: float) -> tuple[MonthOf | None, MonthOf | None]:
    """Below a rate and beyond it: of a week hour by hour at its peaks, of a trace minute by minute. None of nothing."""
    if month.instants_s is None:
        below, beyond = _of_week(month.traffic, carries_per_s)
        return _with(month, below), _with(month, beyond)
    stays = _stays(month.instants_s, month.levels(1.0)[0].times, carries_per_s)
    return _of_trace(month, month.instants_s[stays]), _of_trace(month, month.instants_s[~stays])


def _with(month: MonthOf, traffic: Traffic | None) -> MonthOf | None:
    return None if traffic is None else replace(month, traffic=traffic)


def share_beyond(month: MonthOf, carries_per_s: float) -> float:
    """Of a month's requests."""
    _, beyond = parted(month, carries_per_s)
    return beyond.traffic.requests_per_month / month.traffic.requests_per_month if beyond else 0.0


def _of_week(traffic: Traffic, carries_per_s: float) -> tuple[Traffic | None, Traffic | None]:
    peaks = traffic.hourly_peaks(traffic.requests_per_month)
    beyond = [max(0.0, peak - carries_per_s) for peak in peaks]
    below = [peak - over for peak, over in zip(peaks, beyond, strict=True)]
    return _hours(traffic, below, sum(peaks)), _hours(traffic, beyond, sum(peaks))


def _hours(traffic: Traffic, week: Sequence[float], whole: float) -> Traffic | None:
    requests = round(traffic.requests_per_month * sum(week) / whole) if whole else 0
    return Traffic(requests, max(week), tuple(week)) if requests else None


def _stays(instants_s: Array, times: float, carries_per_s: float) -> Array:
    """Which of a trace at ``times`` its pace the fleet takes: of a minute beyond its rate evenly so many as it carries."""
    minute = (instants_s // PEAK_S).astype(int)
    share = np.minimum(1.0, carries_per_s * PEAK_S / np.maximum(1.0, np.bincount(minute)) / times)[minute]
    nth = np.arange(len(minute)) - np.searchsorted(minute, minute)
    chosen: Array = np.floor((nth + 1) * share) > np.floor(nth * share)
    return chosen


def _of_trace(month: MonthOf, instants_s: Array) -> MonthOf | None:
    assert month.instants_s is not None
    requests = round(month.traffic.requests_per_month * len(instants_s) / len(month.instants_s))
    if not requests:
        return None
    times = requests / SECONDS_PER_MONTH * month.length_s / len(instants_s)
    return replace(month, traffic=Traffic(requests, peak_of(instants_s) * times), instants_s=instants_s)
