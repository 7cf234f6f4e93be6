"""The settings that were tried before the campaign, and which of them was measured in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.analysis.settings import Settings, SweepPromise, TriedSetting
from harness.domain.estimate import Unknown
from harness.domain.reasons.absence import NotPromised
from harness.report.blocks import LEVEL, Cell, Table, Tone, table
from harness.report.columns import estimate, n_behind, profile, target, text, toned, usd
from harness.words import said
from harness.words.numbers import duration_text, percent

NOT_PROMISED = Unknown(NotPromised())


def tried(found: Sequence[Settings], names: Mapping[str, str]) -> Table:
    """One row per setting and profile; what is chosen and what was measured are told apart."""
    rows = [_row(s, t, name) for s in found for t in s.tried for name in _profiles(t)]
    note = "; ".join(
        f"{names[s.target]}: {s.chosen or 'none can be chosen'}, {said(s.reason)} ({s.rounds} rounds)" for s in found
    )
    shown = (
        target(names),
        text("setting"),
        text("was", lack="tried alone"),
        profile(),
        estimate(f"p95 ({LEVEL} interval)", "p95_s", duration_text),
        estimate("TTFT p95", "ttft_p95_s", duration_text),
        estimate("failed", "failed_share", percent),
        toned("breaks", "breaks", _broken),
        usd("runtime a month", "month_usd", lack="not known"),
        n_behind(),
    )
    return table("settings", "Settings that were tried before the seal", shown, rows, note and f"{note}.")


def _row(of: Settings, setting: TriedSetting, profile: str) -> tuple[Any, ...]:
    mine = [p for p in setting.promises if p.profile == profile]
    by: dict[str, SweepPromise] = {p.slo.metric: p for p in mine}
    was = [w for w, so in (("chosen", setting.name == of.chosen), ("measured", of.now == (setting.name,))) if so]
    promised = [by[m].estimate if m in by else NOT_PROMISED for m in ("p95_s", "ttft_p95_s", "error_rate")]
    broken = ", ".join(p.slo.name for p in mine if p.broken)
    return (
        of.target,
        setting.name,
        " and ".join(was),
        profile,
        *promised,
        broken or None,
        setting.per_month_usd,
        promised[0],
    )


def _broken(names: str | None) -> Cell:
    return Cell(names or "none", Tone.FAIL if names else Tone.PASS)


def _profiles(setting: TriedSetting) -> tuple[str, ...]:
    return tuple(dict.fromkeys(p.profile for p in setting.promises))
