"""Whether a bundle is as it was written, and its evidence as it was left: each question with its answer, without a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from harness.check.contract_check import Answer, Check
from harness.decision.doubts import seal_doubts
from harness.domain.reasons.seal import SealMissing
from harness.domain.shown import visible
from harness.domain.target import Target
from harness.errors import BadFile, PilotError, TooNew
from harness.evidence import parquet
from harness.evidence.bundles import Unpacked, unpack
from harness.evidence.files import read_json
from harness.evidence.schema import (
    GENERATOR_FORMAT,
    GENERATOR_KINDS,
    JOB_KINDS,
    JOBS_FORMAT,
    JOURNAL_FORMAT,
    RECORDS_FORMAT,
    SAMPLE_KINDS,
    SAMPLES_FORMAT,
    Format,
    format_of,
)
from harness.evidence.store import Store
from harness.evidence.walking import files_below
from harness.words import all_said
from harness.workspace import Workspace, open_workspace
from harness.workspace.carried import EVIDENCE, is_inside, named

AS_LISTED = "every file is as the manifest says"
NONE_MISSING = "no file is missing"
NONE_ADDED = "no file was added"
VERSIONS = "formats and their versions are known"
AS_LEFT = "evidence is as it was left"
SEALED = "the seal fits the plan and pilot.toml"
MOST_NAMED = 6
ASK = "ask for the bundle again, and compare the SHA-256 that pilot bundle printed"
_COLUMNS = {
    SAMPLES_FORMAT.file: SAMPLE_KINDS,
    GENERATOR_FORMAT.file: GENERATOR_KINDS,
    JOBS_FORMAT.file: JOB_KINDS,
}
_LINES = (JOURNAL_FORMAT.file, RECORDS_FORMAT.file)  # which integrity reads


@dataclass(frozen=True)
class Verified:
    """Every question and its answer, and what the manifest says."""

    checks: tuple[Check, ...]
    manifest: Mapping[str, Any]

    @property
    def ok(self) -> bool | None:
        """None where something can't be told and nothing is wrong."""
        answers = {check.answer for check in self.checks}
        return False if Answer.FAIL in answers else True if answers == {Answer.PASS} else None

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "checks": [
                {"name": c.name, "answer": c.answer, "detail": "; ".join(filter(None, (c.detail, c.mend)))}
                for c in self.checks
            ],
            "files": len(self.manifest["files"]),
            "seal": self.manifest.get("seal"),
            "written_by": self.manifest["written_by"],
        }


class _Undeployed(Workspace):
    """Read where nobody has set the variables of its targets, which the seal is not of."""

    def measured(self) -> tuple[Target, ...]:
        return tuple(self.prospect(name).target for name in self.config.pilot.measured)


def verified(path: Path) -> Verified:
    """Raises Refused, BadFile or TooNew for what is not a bundle that can be read; what it unpacks is gone afterwards."""
    with TemporaryDirectory(prefix="pilot-verify-") as folder:
        root = Path(folder).resolve()
        found = unpack(path, root)
        store = Store(root / EVIDENCE)
        checks = (*_as_listed(found), _versions(root), _as_left(root, store), _sealed(root, store, found.manifest))
    return Verified(checks, found.manifest)


def _as_listed(found: Unpacked) -> Iterator[Check]:
    yield _held(AS_LISTED, found.changed, "is not what was bundled", ASK)
    yield _held(NONE_MISSING, found.missing, "is missing", ASK)
    yield _held(NONE_ADDED, found.added, "is not in the manifest, and was not unpacked", ASK)


def _versions(root: Path) -> Check:
    wrong: list[str] = []
    newer: list[TooNew] = []
    for at, file in files_below(root / EVIDENCE, links=False):
        of = format_of(PurePosixPath(at))
        if of is None or of.file in _LINES:
            continue
        try:
            _read(file, of)
        except TooNew as error:
            newer.append(error)
        except BadFile as error:
            wrong.append(f"{EVIDENCE}/{visible(at)} {'; '.join(map(str, error.problems[:2]))}")
    for store in _stores(root):
        try:
            store.integrity()
        except TooNew as error:
            newer.append(error)
        except BadFile:  # which is told where it is read
            continue
    if wrong:
        return Check(VERSIONS, Answer.FAIL, _some(wrong), mend=ASK)
    if newer:
        told = _some([_seen_from(root, error) for error in newer])
        return Check(VERSIONS, Answer.UNKNOWN, told, mend=newer[0].hint)
    return Check(VERSIONS, Answer.PASS)


def _as_left(root: Path, store: Store) -> Check:
    wrong: list[str] = []
    untold: list[str] = []
    for one in _stores(root):
        where = "" if one.root == store.root else f"{one.root.relative_to(store.root).as_posix()}: "
        try:
            found = one.integrity()
            wrong += [f"{where}{problem}" for problem in found.problems()]
        except TooNew as error:
            return _cant_tell(AS_LEFT, root, error)
        except BadFile as error:
            wrong.append(_seen_from(root, error))
            continue
        measured = next(one.root.glob("blocks/*/*/*/run.json"), None) is not None
        if measured and not any(folder.startswith("blocks/") for folder in found.claims):
            untold.append(f"{where}neither the journal nor the digests beside the runs have a digest of any run")
    if wrong:
        mend = "pilot decide and pilot report name it among the doubts; ask who measured it for a copy from a backup"
        return Check(AS_LEFT, Answer.FAIL, _some(wrong), mend=mend)
    if untold:
        mend = "evidence of release 0.1.0 has none: compare the bundle's SHA-256 with what its writer says"
        return Check(AS_LEFT, Answer.UNKNOWN, _some(untold), mend=mend)
    return Check(AS_LEFT, Answer.PASS)


def _sealed(root: Path, store: Store, manifest: Mapping[str, Any]) -> Check:
    try:
        opened = open_workspace(root)
        workspace = _Undeployed(opened.root, opened.config)
        outside = [f"{where}: {name}" for where, name in named(workspace) if not is_inside(name)]
        if outside:
            told = f"{_some(list(map(visible, outside)))} lies outside the bundle"
            return Check(SEALED, Answer.UNKNOWN, told, mend="ask for a bundle of a workspace that holds what it names")
        plan, seal = store.plan(), store.seal()
        if plan is None:
            return Check(SEALED, Answer.UNKNOWN, "there is no plan", mend=ASK)
        digest = None if seal is None else seal["digest"]
        doubts = seal_doubts(workspace, plan, store)
    except PilotError as error:
        return _cant_tell(SEALED, root, error)
    if digest != manifest.get("seal"):
        told = f"evidence/seal.json is {digest or 'missing'}; the manifest says {manifest.get('seal') or 'that there is none'}"
        return Check(SEALED, Answer.FAIL, visible(told), mend=ASK)
    if not doubts:
        return Check(SEALED, Answer.PASS)
    never = all(isinstance(doubt, SealMissing) and doubt.known is None for doubt in doubts)
    mend = (
        "a report of it says so; seal the next one before it is measured: pilot plan --seal"
        if never
        else "pilot decide names each among the doubts; ask who changed it, and why"
    )
    return Check(SEALED, Answer.UNKNOWN if never else Answer.FAIL, _some(all_said(doubts)), mend=mend)


def _read(file: Path, of: Format) -> None:
    """Raises TooNew, BadFile."""
    if of.file in _COLUMNS:
        parquet.head(file, of, _COLUMNS[of.file])
    else:
        read_json(file, of)


def _stores(root: Path) -> list[Store]:
    store = Store(root / EVIDENCE)
    return [store, *store.beside]


def _held(name: str, wrong: Iterable[str], what: str, mend: str) -> Check:
    told = [f"{visible(at)} {what}" for at in wrong]
    return Check(name, Answer.FAIL, _some(told), mend=mend) if told else Check(name, Answer.PASS)


def _cant_tell(name: str, root: Path, error: PilotError) -> Check:
    return Check(name, Answer.UNKNOWN, _seen_from(root, error), mend=error.hint or ASK)


def _seen_from(root: Path, error: PilotError) -> str:
    """Its words on one line, files by their place in the bundle."""
    words = " ".join(line.strip().removeprefix("- ") for line in str(error).split("\n"))
    return words.replace(f"{root}/", "")


def _some(told: Iterable[str]) -> str:
    told = list(told)
    more = f"; and {len(told) - MOST_NAMED} more" if len(told) > MOST_NAMED else ""
    return "; ".join(told[:MOST_NAMED]) + more
