"""The embedded platform's log and figures, as a metric source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from operator import itemgetter
from pathlib import Path

from harness.domain.reading import Absent, Reading, Series, Window
from harness.domain.reasons.reading import NoFigure, NoLine, NoLog, NotRead
from harness.platforms.shared.absence import readings
from harness.platforms.shared.answer import UnknownShape, parsed
from harness.platforms.shared.report_lines import Report, parse_report

FIGURES = {"instances": "count", "in_flight": "count", "queued": "count", "cpu_s": "s", "rss_mb": "MB"}
INSTANCE = {"instance_cpu_s": ("s", "CPU"), "init_wall_ms": ("ms", "Init"), "init_cpu_ms": ("ms", "Init CPU")}
REPORTED: dict[str, tuple[str, Callable[[Report], float | None]]] = {
    "billed_ms": ("ms", lambda r: float(r.billed_ms)),
    "duration_ms": ("ms", lambda r: r.duration_ms),
    "init_ms": ("ms", lambda r: r.init_ms),
    "max_memory_mb": ("MB", lambda r: float(r.max_memory_mb)),
}


class LocalLogs:
    """Verified live: the platform that writes these files runs in this repository's tests."""

    kind = "local-logs"
    verified = "live 2026-11-22"
    settle_s = 0.0

    def __init__(self, folder: Path, target: str, *, function: bool) -> None:
        self._log = folder / f"{target}.log"
        self._jobs = folder / f"{target}-jobs.log"  # of its workers, where it has any
        self._figures = folder / f"{target}.figures.jsonl"
        self._function = function
        self.names_requests = function  # a container's lines are of instances and of what had no place

    def read(self, window: Window) -> list[Reading]:
        """Figures once a second; for a function also every REPORT line, with refusals."""
        return readings(["the platform's own log"], self._log.name, self.kind, lambda: self._found(window))

    def _found(self, window: Window) -> list[Reading]:
        found = [self._figure(name, unit, window) for name, unit in FIGURES.items()]
        word = "THROTTLE" if self._function else "OVERLOADED"
        found.append(self._events(word.lower(), word, window))
        found += [self._instances(name, unit, field, window) for name, (unit, field) in INSTANCE.items()]
        if self._function:
            reports = self._reports(window)
            found += [self._report(name, unit, pick, reports) for name, (unit, pick) in REPORTED.items()]
        return found

    def lines(self, window: Window) -> list[str]:
        """The log's own lines in the window, for the evidence; those of its workers too, who are billed as well."""
        both = [*self._stamped(window), *self._stamped(window, self._jobs)]
        return [text for _, text in sorted(both, key=itemgetter(0))]

    def _figure(self, name: str, unit: str, window: Window) -> Reading:
        query = f"{self._figures.name}: {name}"
        points, unread = [], 0
        try:
            with self._figures.open(encoding="utf-8", errors="replace", newline="\n") as file:
                for line in file:
                    try:
                        row = parsed(line)
                        at = row["unix_s"].number()
                        if row[name].given and window.start_unix_s <= at < window.end_unix_s:
                            points.append((at, row[name].number()))
                    except UnknownShape:
                        unread += 1  # the last one may be torn
        except OSError as error:
            return Absent(name, NotRead(self._figures.name, error.strerror or ""), query, self.kind)
        if not points:
            return Absent(name, NoFigure(unread), query, self.kind)
        return Series(name, unit, tuple(points), query, self.kind)

    def _events(self, metric: str, word: str, window: Window) -> Reading:
        query = f"{self._log.name}: lines of {word}"
        if not self._log.exists():
            return Absent(metric, NoLog(), query, self.kind)
        points = tuple((at, 1.0) for at, text in self._stamped(window) if text.startswith(word))
        return Series(metric, "count", points, query, self.kind)

    def _instances(self, name: str, unit: str, field: str, window: Window) -> Reading:
        """What instances that ended in the window said of themselves."""
        query = f"{self._log.name}: {field} of INSTANCE lines"
        find = re.compile(rf"\t{field}: ([0-9]{{1,15}}(?:\.[0-9]+)?) ")
        found = ((at, find.search(text)) for at, text in self._stamped(window) if text.startswith("INSTANCE"))
        points = tuple((at, float(match[1])) for at, match in found if match)
        if not points:
            return Absent(name, NoLine("INSTANCE"), query, self.kind)
        return Series(name, unit, points, query, self.kind)

    def _reports(self, window: Window) -> list[tuple[float, Report]]:
        found = ((at, parse_report(text)) for at, text in self._stamped(window))
        return [(at, report) for at, report in found if report]

    def _report(
        self, name: str, unit: str, pick: Callable[[Report], float | None], reports: list[tuple[float, Report]]
    ) -> Reading:
        query = f"{self._log.name}: {name} of REPORT lines"
        points = tuple((at, value) for at, report in reports if (value := pick(report)) is not None)
        if not points:
            return Absent(name, NoLine("REPORT"), query, self.kind)
        return Series(name, unit, points, query, self.kind)

    def _stamped(self, window: Window, log: Path | None = None) -> Iterator[tuple[float, str]]:
        try:
            file = (log or self._log).open(encoding="utf-8", errors="replace", newline="\n")
        except OSError:
            return
        with file:
            for line in file:
                stamp, tab, text = line.rstrip("\r\n").partition("\t")
                if not tab:
                    continue
                try:
                    at = datetime.fromisoformat(stamp).timestamp()
                except (ValueError, OverflowError):
                    continue
                if window.start_unix_s <= at < window.end_unix_s:
                    yield at, text
