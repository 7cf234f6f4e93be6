"""Whether evidence is as it was left: the journal, the digests beside the files, and the files, each held against the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from harness.errors import BadFile
from harness.evidence import records
from harness.evidence.digests import broken_at, digest_of
from harness.evidence.journal import Journal, Lines
from harness.evidence.records import HERE, Record, Records
from harness.evidence.regular import there

MOST_NAMED = 6
Files = Mapping[str, Mapping[str, str]]  # digests by folder and file


@dataclass(frozen=True)
class Integrity:
    """What the journal and the digests say of the files below ``root``, read once."""

    root: Path
    journal: Lines
    records: Records

    @cached_property
    def claims(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Digests by folder and file, of the journal and of the records: more than one where they disagree.

        A run's files are written once, so the first word counts; the evidence's own are replaced, so the last one does.
        """
        out: dict[str, dict[str, tuple[str, ...]]] = {}
        noted: list[Files] = [e.get("files") or {} for e in self.journal.events]
        beside: list[Files] = [{r.folder: r.line.get("files") or {}} for r in self.records.known]
        for said in (noted, beside):
            for folder, files in _counted(said).items():
                for name, digest in files.items():
                    known = out.setdefault(folder, {}).get(name, ())
                    out[folder][name] = known if digest in known else (*known, digest)
        return out

    def as_written(self, path: Path) -> bool:
        """Whether a file is what its digest says; False where it has none."""
        folder, name = path.parent.relative_to(self.root).as_posix(), path.name
        wanted = self.claims.get(folder, {}).get(name, ())
        try:
            return len(wanted) == 1 and digest_of(path) == wanted[0]
        except (BadFile, OSError):
            return False

    def problems(self) -> Iterator[str]:
        """In words, without end mark: the journal's first, then the digests', then file by file."""
        yield from self._journal()
        yield from records.broken(self.records)
        yield from self._between()
        yield from self._files()

    def _journal(self) -> Iterator[str]:
        if not self.journal.found and self._runs():
            yield (
                "journal.jsonl is gone: what was spent, stopped and changed since the seal is known only as far as the digests "
                "beside the runs tell"
            )
        yield from self.journal.wrong
        if (number := broken_at(self.journal.events)) is not None:
            yield f"journal.jsonl does not follow from itself at line {number}: it was edited there"

    def _between(self) -> Iterator[str]:
        """What the digests say of the journal, and the journal of the digests."""
        events, known = self.journal.events, self.records.known
        if self.journal.found and known:
            if (last := max(known, key=lambda r: r.line["events"])).line["events"] > len(events):
                yield (
                    f"journal.jsonl was cut: it holds {len(events)} events and had {last.line['events']} when "
                    f"{last.place} was written"
                )
            elif other := next((r for r in known if not _follows(r, events)), None):
                yield f"journal.jsonl is not the one that {other.place} was written with: event {other.line['events']} is another"
        noted = {int(e["record"]): e for e in events if e.get("record") is not None}
        here = {r.number for r in known}
        if self.journal.found:
            latest = max(noted, default=0)
            late = [r for r in known if r.number > latest and "event" in r.line]
            yield from (f"journal.jsonl lacks the event {r.line['event']!r} that {r.place} has" for r in late[:1])
        whole = max((*here, *noted), default=0)
        if missing := [number for number in range(1, min(whole, 100_000) + 1) if number not in here]:
            about = [f for number in missing for f in (noted.get(number) or {}).get("files") or ()]
            where = f" ({', '.join(f'{f}/{records.FILE}' for f in about[:MOST_NAMED])})" if about else ""
            yield f"{len(missing)} of {whole} lines of the digests are missing{where}: number {', '.join(map(str, missing[:MOST_NAMED]))}"

    def _files(self) -> Iterator[str]:
        for folder, files in self.claims.items():
            for name, wanted in files.items():
                at = name if folder == HERE else f"{folder}/{name}"
                if not _inside(at):
                    yield f"the digests name {at!r}, which is not a file of this evidence"
                    continue
                path = self.root / at
                if not there(path):
                    yield f"{at} is missing"
                    continue
                try:
                    found = digest_of(path)
                except (BadFile, OSError) as error:
                    why = error.problems[0] if isinstance(error, BadFile) else error.strerror
                    yield f"{at} {why}"
                    continue
                if len(wanted) > 1:
                    yield f"the journal and {records.FILE} of {folder} disagree about {name}"
                elif found != wanted[0]:
                    yield f"{at} was changed after it was written"
        yield from self._unknown()

    def _unknown(self) -> Iterator[str]:
        """Runs whose end nobody wrote down; where nothing at all is known of any, that was said."""
        known = {f for f in self.claims if f.startswith("blocks/")}
        if not known:
            return
        for folder in self._runs():
            if folder not in known and (self.root / folder / "ledger.json").exists():
                yield f"{folder} is a run of which neither the journal nor {records.FILE} knows"

    def _runs(self) -> list[str]:
        return sorted(path.parent.relative_to(self.root).as_posix() for path in self.root.glob("blocks/*/*/*/run.json"))


def integrity(root: Path) -> Integrity:
    """Of one evidence folder; raises BadFile, TooNew."""
    return Integrity(root, Journal(root).read(), records.read(root))


def _counted(said: list[Files]) -> dict[str, dict[str, str]]:
    out: dict[str, dict[str, str]] = {}
    for line in said:
        for folder, files in line.items():
            kept = out.setdefault(folder, {})
            for name, digest in files.items():
                if folder == HERE:
                    kept[name] = digest
                else:
                    kept.setdefault(name, digest)
    return out


def _follows(one: Record, events: list[dict[str, object]]) -> bool:
    number = int(one.line["events"])
    links = [str(e["chain"]) for e in events[:number] if "chain" in e]
    return (links[-1] if links else "") == str(one.line.get("journal", ""))


def _inside(at: str) -> bool:
    parts = PurePosixPath(at).parts
    return bool(parts) and ".." not in parts and not PurePosixPath(at).is_absolute() and "\x00" not in at
