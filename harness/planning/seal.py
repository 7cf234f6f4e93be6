"""The Seal: what was promised before the first measured request, as one digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.costing.book import read_book
from harness.domain.criteria import ANCHORS
from harness.domain.looks import looks_of
from harness.domain.plan import Plan
from harness.domain.verdict import METHOD, PRIMARY
from harness.evidence.files import jsonable
from harness.workspace import Workspace
from harness.workspace.problems import read_toml

_DIGEST = "sha256:"
NEVER = "never"  # of pilot.stop; a seal that does not name it was made before there was a choice
METHOD_FIELD = "rule.method"
ONCE_JUDGED = ("steady", "burst")  # what a seal named where pilot.toml chose no profiles, before they had roles
JUDGING = ("slo", "costs", "traffic", "margins", "criteria", "rule", "prices", "traffic_trace", "targets")
SEALED_TABLES = ("pilot", "slo", "traffic", "margins", "limits", "criteria", "load", "mix", "profiles", "costs")


@dataclass(frozen=True)
class Seal:
    """Digest, the sealed content itself, and when it was sealed."""

    digest: str
    content: Mapping[str, Any]
    sealed_utc: str | None = None

    @property
    def method(self) -> str | None:
        """The rules that verdicts were to be made by; None of a seal from before they had a name."""
        found = _flat(self.content).get(METHOD_FIELD)
        return None if found is None else str(found)

    def changes(self, other: Seal) -> tuple[str, ...]:
        """Fields in which ``other`` differs, as ``field: sealed value → value now``; of digests only that they do.

        The method is left out: nobody edits it.
        """
        mine, now = _flat(self.content), _flat(other.content)
        return tuple(
            f"{name}: {_difference(mine.get(name), now.get(name))}"
            for name in sorted({*mine, *now})
            if mine.get(name) != now.get(name) and name != METHOD_FIELD
        )


def seal_of(workspace: Workspace, plan: Plan) -> Seal:
    """The seal that these files and this plan make."""
    tables = workspace.config.model_dump(mode="json", include=set(SEALED_TABLES))
    if tables["pilot"]["stop"] == NEVER:
        del tables["pilot"]["stop"]
    if tables["slo"]["first_reasoning_p95_s"] is None:  # younger than many a seal, whose digest stays what it was
        del tables["slo"]["first_reasoning_p95_s"]
    judged = plan.judged(workspace.config.slo.profiles)
    if not tables["costs"]:
        del tables["costs"]
    if tables["slo"]["start"] is None:
        del tables["slo"]["start"]
    if workspace.config.slo.profiles is None:
        tables["slo"]["profiles"] = list(judged if set(judged) - set(ONCE_JUDGED) else ONCE_JUDGED)
    for profile in tables["profiles"].values():
        for younger in ("role", "file"):
            if profile[younger] is None:
                del profile[younger]
    order = [
        [block.number, block.order, *(run.schedule_digest for run in block.runs)]
        for block in (*plan.blocks, *plan.tracks)
    ]
    targets = {target.name: _fields_of(target.folder / "target.toml") for target in workspace.measured()}
    rule = {
        "method": METHOD,
        "looks": looks_of(len(plan.blocks)),
        "primary": PRIMARY,
        "anchors": {name: [anchor.worst, anchor.best] for name, anchor in ANCHORS.items()},
    }
    trace = workspace.traffic_trace()
    content = jsonable(
        {
            **tables,
            "rule": rule,
            "prices": _books(workspace),
            "traffic_trace": trace and trace.digest,  # [traffic] names the file, not what is in it
            "order": order,
            "questions": plan.questions_digest,
            "targets": targets,
        }
    )
    return Seal(digest_of(content), content)


def stops_when_settled(content: Mapping[str, Any]) -> bool:
    """Whether the seal's content allows it; what pilot.toml says since then does not count."""
    return bool(content["pilot"].get("stop", NEVER) != NEVER)


def judged_otherwise(changes: Sequence[str]) -> tuple[str, ...]:
    """Those changes since the seal by which a verdict or the rule could come out otherwise; limits and loads are none."""
    return tuple(change for change in changes if change.partition(".")[0].partition(":")[0] in JUDGING)


def _books(workspace: Workspace) -> dict[str, str]:
    """The prices that cost will be scored at: changing one after the seal shows."""
    return {t.prices.book.rpartition("/")[2]: read_book(t.prices.book).digest for t in workspace.measured() if t.prices}


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the content's canonical JSON."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _DIGEST + hashlib.sha256(text.encode()).hexdigest()


def _flat(value: object, prefix: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping):
        out: dict[str, Any] = {}
        for name, inner in value.items():
            out |= _flat(inner, f"{prefix}.{name}" if prefix else str(name))
        return out
    return {prefix: value}


def _fields_of(target_toml: Path) -> dict[str, str]:
    """A digest of each field: a change can be named, and what a target.toml says of an account stays out of evidence."""
    return {
        name: _DIGEST + hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
        for name, value in _flat(read_toml(target_toml)).items()
    }


def _difference(sealed: object, now: object) -> str:
    if isinstance(sealed, list) and isinstance(now, list) and len(sealed) == len(now) > 1:
        return f"{sum(a != b for a, b in zip(sealed, now, strict=True))} of {len(now)} entries changed"
    if all(value is None or str(value).startswith(_DIGEST) for value in (sealed, now)):
        return "added" if sealed is None else "removed" if now is None else "changed"
    return f"{_said(sealed)} → {_said(now)}"


def _said(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
