"""Every cold-start analysis once, variants included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from harness.analysis import coldshare, coldstarts, fromzero, keepalive, mitigations, spend
from harness.analysis.dataset import Dataset
from harness.decision.findings import ColdFindings, ExpectedCold
from harness.domain.estimate import Estimate
from harness.domain.role import Role
from harness.domain.traffic import SECONDS_PER_MONTH
from harness.workspace import Workspace


def cold(
    workspace: Workspace, data: Dataset, judged: Sequence[str], usage: Mapping[str, Sequence[spend.BlockUsage]]
) -> ColdFindings:
    """Shares under traffic, probes, windows, bursts from zero and what the variants cost."""
    everyone = data.everyone
    targets = {t.name: t for t in workspace.measured()}
    probes = {name: data.of_role(name, Role.COLD) for name in everyone}
    bursts = {name: data.of_role(name, Role.FROM_ZERO) for name in everyone}
    windows = tuple(keepalive.window(n, runs) for n in everyone if (runs := data.of_role(n, Role.KEEP_ALIVE)))
    traffic, seed = workspace.config.traffic, workspace.config.pilot.seed
    return ColdFindings(
        shares=tuple(coldstarts.share(n, p, data.of(n, p)) for p in judged for n in dict.fromkeys(data.targets)),
        penalties=tuple(p for n in everyone for p in coldstarts.penalties(n, probes[n]) if p.probes),
        breakdowns=tuple(
            found
            for n in everyone
            for kind, is_cold in (*((k, True) for k in coldstarts.KINDS), ("control", False))
            if (found := coldstarts.breakdown(n, kind, probes[n], cold=is_cold))
        ),
        windows=windows,
        expected=tuple(
            guess
            for w in windows
            if (guess := _expected(data, w, traffic.requests_per_month / SECONDS_PER_MONTH, judged, seed))
        ),
        from_zero=tuple(burst for n in everyone if (burst := fromzero.from_zero(n, bursts[n]))),
        mitigations=mitigations.mitigations(targets, probes, bursts, usage, traffic.requests_per_month),
    )


def _expected(
    data: Dataset, window: keepalive.KeptWindow, rate_per_s: float, judged: Sequence[str], seed: int
) -> ExpectedCold | None:
    """None without a window or answers to play with."""
    median, several = window.median_s, window.law.draws()
    if not (isinstance(median, Estimate) or several) or window.target not in data.targets or not judged:
        return None
    answers = [r.columns["finished_s"] - r.columns["sent_s"] for r in data.of(window.target, judged[0])]
    ok = [r.ok & r.measured for r in data.of(window.target, judged[0])]
    times = np.concatenate([a[k] for a, k in zip(answers, ok, strict=True)]) if answers else np.array([])
    if not len(times):
        return None

    def share(*windows_s: float | None) -> float | None:
        known = [w for w in windows_s if w is not None]
        return coldshare.expected_share(rate_per_s, times.tolist(), known, seed) if known else None

    if not isinstance(median, Estimate):
        value = share(*several)
        assert value is not None
        return ExpectedCold(
            window.target, rate_per_s, None, value, share(max(several)), share(min(several)), len(times)
        )
    value = share(median.value)
    assert value is not None
    return ExpectedCold(
        window.target, rate_per_s, median.value, value, share(median.high), share(median.low), len(times)
    )
