"""The settings that were tried before the campaign, and which of them was measured in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.analysis.settings import Promise, Settings, Tried
from harness.domain.estimate import Unknown
from harness.report import words
from harness.report.blocks import Cell, Table, Tone, absent, number, table

HEAD = (
    "target",
    "setting",
    "was",
    "profile",
    "p95 (95 % interval)",
    "TTFT p95",
    "failed",
    "breaks",
    "runtime a month",
    "n",
)


def tried(found: Sequence[Settings], names: Mapping[str, str]) -> Table:
    """One row per setting and profile; what is chosen and what was measured are told apart."""
    rows = [_row(s, t, profile, names) for s in found for t in s.tried for profile in _profiles(t)]
    note = "; ".join(
        f"{names[s.target]}: {s.chosen or 'none can be chosen'}, {s.reason} ({s.rounds} rounds)" for s in found
    )
    return table("settings", "Settings that were tried before the seal", HEAD, rows, note and f"{note}.")


def _row(of: Settings, setting: Tried, profile: str, names: Mapping[str, str]) -> tuple[Cell, ...]:
    mine = [p for p in setting.promises if p.profile == profile]
    by = {p.slo.metric: p for p in mine}
    broken = ", ".join(p.slo.name for p in mine if p.broken)
    p95 = by.get("p95_s")
    return (
        Cell(names[of.target]),
        Cell(setting.name),
        _it(of, setting),
        Cell(profile),
        _shown(p95),
        _shown(by.get("ttft_p95_s")),
        _shown(by.get("error_rate")),
        Cell(broken or "none", Tone.FAIL if broken else Tone.PASS),
        words.value(setting.per_month_usd, "USD"),
        words.sample_size(p95.estimate) if p95 else absent("none"),
    )


def _it(of: Settings, setting: Tried) -> Cell:
    was = [w for w, so in (("chosen", setting.name == of.chosen), ("measured", of.now == (setting.name,))) if so]
    return Cell(" and ".join(was)) if was else absent("tried alone")


def _shown(promise: Promise | None) -> Cell:
    if promise is None:
        return absent("not promised")
    if isinstance(promise.estimate, Unknown):
        return absent(promise.estimate.reason)
    write = words.FORMATS[promise.slo.unit]
    return number(f"{write(promise.estimate.value)} ({words.interval_text(promise.estimate, write)})")


def _profiles(setting: Tried) -> tuple[str, ...]:
    return tuple(dict.fromkeys(p.profile for p in setting.promises))
