"""Every cold-start analysis once, variants included."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis import coldstarts, fromzero, keepalive, mitigations
from harness.analysis.dataset import Dataset
from harness.decision.findings import ColdFindings, ExpectedCold
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reasons import absence
from harness.domain.role import Role
from harness.domain.target import Target
from harness.domain.traffic import SECONDS_PER_MONTH
from harness.platforms.scaling import Grows
from harness.predict.cold import cold_at
from harness.predict.prediction import Quantity
from harness.predict.whole import Sealed
from harness.workspace import Workspace


def cold(workspace: Workspace, data: Dataset, judged: Sequence[str], played: Sealed) -> ColdFindings:
    """Shares under traffic, probes, windows, bursts from zero and what the variants cost."""
    everyone = data.everyone
    targets = {t.name: t for t in workspace.measured()}
    probes = {name: data.of_role(name, Role.COLD) for name in everyone}
    bursts = {name: data.of_role(name, Role.FROM_ZERO) for name in everyone}
    windows = tuple(keepalive.window(n, runs) for n in everyone if (runs := data.of_role(n, Role.KEEP_ALIVE)))

    def month(variant: str, base: str) -> Known:
        return played.variant(targets[variant], base) if base in played.asked else Unknown(absence.NotMeasured())

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
        expected=tuple(guess for w in windows if (guess := _expected(data, targets[w.target], w, judged, played))),
        from_zero=tuple(burst for n in everyone if (burst := fromzero.from_zero(n, bursts[n]))),
        mitigations=mitigations.mitigations(targets, probes, bursts, month),
    )


def _expected(
    data: Dataset, target: Target, window: keepalive.KeptWindow, judged: Sequence[str], played: Sealed
) -> ExpectedCold | None:
    """None without a window or answers to play with; of a fleet that is said to stay, as if it ended as the search saw it."""
    median = window.median_s
    if not (isinstance(median, Estimate) or window.law.draws()) or target.name not in data.targets or not judged:
        return None
    per_s = played.traffic.traffic.requests_per_month / SECONDS_PER_MONTH
    middle_s = median.value if isinstance(median, Estimate) else None
    scaling = played.asked[target.name].fitted.scaling
    if scaling is not None and scaling.grows is not Grows.FIXED:
        known = played.at(target.name).of(Quantity.COLD_SHARE).known
        if not isinstance(known, Estimate):
            return None
        return ExpectedCold(target.name, per_s, middle_s, known.value, known.low, known.high, known.n)
    found = cold_at(window, data.of(target.name, judged[0]), scaling, played.traffic, played.seed)
    if found is None:
        return None
    return ExpectedCold(target.name, per_s, middle_s, found.share, found.low, found.high, found.answers)
