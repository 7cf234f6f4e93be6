"""The Seal: what was promised before the first measured request, as one digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.domain.criteria import ANCHORS
from harness.domain.looks import looks_of
from harness.domain.plan import Plan
from harness.domain.reasons.seal import Change, How
from harness.domain.verdict import METHOD, PRIMARY, WORK_METHOD
from harness.evidence.files import jsonable
from harness.evidence.regular import bytes_of
from harness.platforms.pricing import pricing_of
from harness.platforms.shared.book import read_book
from harness.tables.problems import read_toml
from harness.workspace import Workspace

_DIGEST = "sha256:"
NEVER = "never"  # of pilot.stop; a seal that does not name it was made before there was a choice
METHOD_FIELD = "rule.method"
TOKENS_FIELD = "token_prices"
ANCHORS_FIELD = "rule.anchors"
UNEDITED = (METHOD_FIELD, TOKENS_FIELD)  # an upgrade changes them, nobody's editing: a doubt each of their own
ONCE_JUDGED = ("steady", "burst")  # what a seal named where pilot.toml chose no profiles, before they had roles
JUDGING = ("slo", "workloads", "costs", "traffic", "margins", "criteria", "rule", "prices", "traffic_trace", "targets")
SEALED_TABLES = (
    "pilot",
    "slo",
    "traffic",
    "margins",
    "limits",
    "criteria",
    "load",
    "mix",
    "quality",
    "profiles",
    "costs",
    "tenants",
)


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

    @property
    def token_list(self) -> str | None:
        """The list that tokens were to be priced by, with its version; None where none was, and of an older seal."""
        found = self.content.get(TOKENS_FIELD)
        return None if found is None else str(found)

    def changes(self, other: Seal) -> tuple[Change, ...]:
        """Fields in which ``other`` differs; of digests only that they do.

        Method and list of token prices are left out: nobody edits them.
        """
        mine, now = _flat(self.content), _flat(other.content)
        return tuple(
            _change(name, mine.get(name), now.get(name))
            for name in sorted({*mine, *now})
            if mine.get(name) != now.get(name) and name not in UNEDITED and not _younger_anchor(name, mine)
        )


def seal_of(workspace: Workspace, plan: Plan) -> Seal:
    """The seal that these files and this plan make."""
    tables = workspace.config.model_dump(mode="json", include=set(SEALED_TABLES))
    _without_younger(tables)
    if workspace.config.workloads:  # only what is said: a field that is added one day changes no digest
        tables |= workspace.config.model_dump(mode="json", include={"workloads"}, exclude_none=True)
    if workspace.config.slo.profiles is None:
        judged = plan.judged(None)
        tables["slo"]["profiles"] = list(judged if set(judged) - set(ONCE_JUDGED) else ONCE_JUDGED)
    order = [
        [block.number, block.order, *(run.schedule_digest for run in block.runs)]
        for block in (*plan.blocks, *plan.tracks)
    ]
    every = {one.name: one for target in workspace.measured() for one in (target, *target.behind)}
    targets = {target.name: _fields_of(target.folder / "target.toml") for target in every.values()}
    rule = {
        "method": method_of(workspace),
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
            **({TOKENS_FIELD: tokens} if (tokens := token_list_of(workspace)) else {}),
            "questions": plan.questions_digest,
            "targets": targets,
        }
    )
    return Seal(digest_of(content), content)


def method_of(workspace: Workspace) -> str:
    """The rules that this pilot is judged by: once jobs or retrieval promise something, it decides too."""
    of_profiles = any(profile.p95_s is not None for profile in workspace.config.profiles.values())
    return WORK_METHOD if of_profiles or any(w.promises for w in workspace.workloads()) else METHOD


def _without_younger(tables: dict[str, Any]) -> None:
    """Fields that are younger than many a seal, where they say nothing: its digest stays what it was."""
    younger: dict[str, dict[str, Any]] = {
        "pilot": {"stop": NEVER, "hybrid": None},
        "limits": {"standing_usd_per_day": None},
        "slo": {"first_reasoning_p95_s": None, "full_quality_share": None, "start": None},
    }
    of_a_profile: dict[str, Any] = dict.fromkeys(("role", "file", "noisy", "p95_s"))
    said = [(tables[name], usual) for name, usual in younger.items()]
    for table, usual in (*said, *((profile, of_a_profile) for profile in tables["profiles"].values())):
        for name, value in usual.items():
            if table[name] == value:
                del table[name]
    for name in ("costs", "tenants"):
        if not tables[name]:
            del tables[name]
    if tables["quality"]["set"] is None:
        del tables["quality"]


def narrowed(now: Seal, sealed: Seal, workspace: Workspace) -> Seal:
    """The seal of now as release 0.1.0 would have made it: it sealed fewer fields, and each target.toml as one digest.

    What that seal does not name was not promised, so it cannot have changed.
    """
    if "rule" in sealed.content:
        return now
    whole = {
        t.name: hashlib.sha256(bytes_of(t.folder / "target.toml")).hexdigest()
        for t in workspace.measured()
        if t.name in sealed.content.get("targets", {})
    }
    return Seal(now.digest, _within({**now.content, "targets": whole}, sealed.content))


def _within(now: Mapping[str, Any], sealed: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in now.items():
        known = sealed.get(name)
        if isinstance(value, Mapping):
            out[name] = _within(value, known if isinstance(known, Mapping) else {})
        elif name in sealed:
            out[name] = value
    return out


def stops_when_settled(content: Mapping[str, Any]) -> bool:
    """Whether the seal's content allows it; what pilot.toml says since then does not count."""
    return bool(content["pilot"].get("stop", NEVER) != NEVER)


def judged_otherwise(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Those changes since the seal by which a verdict or the rule could come out otherwise; limits and loads are none."""
    return tuple(change for change in changes if change.field.partition(".")[0] in JUDGING)


def _books(workspace: Workspace) -> dict[str, str]:
    """The prices that cost will be scored at: changing one after the seal shows."""
    used: dict[str, set[str]] = {}
    for target in workspace.measured():
        if target.prices and target.prices.book:
            used.setdefault(target.prices.book, set()).update(pricing_of(target.prices).standing_keys())
    return {book.rpartition("/")[2]: read_book(book).digest(keys) for book, keys in used.items()}


def token_list_of(workspace: Workspace) -> str | None:
    """The list that tokens of any target may be priced by, with the version that is installed."""
    found = (pricing_of(target.prices).token_list for target in workspace.measured() if target.prices)
    return next((one for one in found if one), None)


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


def _change(field: str, sealed: object, now: object) -> Change:
    if isinstance(sealed, list) and isinstance(now, list) and len(sealed) == len(now) > 1:
        changed = sum(a != b for a, b in zip(sealed, now, strict=True))
        return Change(field, How.ENTRIES, changed=changed, entries=len(now))
    if all(value is None or str(value).startswith(_DIGEST) for value in (sealed, now)):
        return Change(field, How.ADDED if sealed is None else How.REMOVED if now is None else How.CHANGED)
    return Change(field, How.EDITED, _json(sealed), _json(now))


def _younger_anchor(name: str, sealed: Mapping[str, Any]) -> bool:
    """Of a criterion that was first measured after that seal: anchors are this package's own, and nobody edits one."""
    return name.startswith(f"{ANCHORS_FIELD}.") and name not in sealed and any(ANCHORS_FIELD in one for one in sealed)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
