"""The Pilot: read-only, lazy, and pure; the same evidence gives the same frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from harness import pipeline
from harness.campaign.progress import Progress
from harness.domain.columns import Column
from harness.domain.plan import Plan
from harness.errors import Refused
from harness.evidence.store import Store
from harness.frames import bills, jobs, judged, readings, samples
from harness.frames.frame import described, frame
from harness.frames.runs import RUNS, Made, made
from harness.frames.runs import rows as rows_of
from harness.report.blocks import Table
from harness.workspace import open_workspace


class Pilot:
    """The evidence of one pilot and what it comes to.

    ``samples``, ``runs`` and ``readings`` read only the files that they are asked for; the others judge the whole
    evidence once, as ``pilot decide`` does, and keep that. Nothing is written, ever.
    """

    def __init__(self, folder: Path) -> None:
        """Raises Refused for a folder without pilot.toml, and where nothing has been planned."""
        self._workspace = open_workspace(folder)
        self._store = Store(self._workspace.evidence)
        plan = self._store.plan()
        if plan is None:
            raise Refused(
                f"{self._workspace.evidence} holds no plan, so no evidence", "pilot plan --seal, then pilot run"
            )
        self._plan: Plan = plan

    def __repr__(self) -> str:
        return f"harness.open({str(self._workspace.root)!r})"

    @property
    def targets(self) -> tuple[str, ...]:
        """Baseline, candidate, then the variants that experiments measured."""
        return tuple(dict.fromkeys((self._plan.baseline, self._plan.candidate, *(r.target for r in self._plan.runs))))

    @property
    def profiles(self) -> tuple[str, ...]:
        """Those of the plan."""
        return tuple(p.name for p in self._plan.profiles)

    def samples(
        self,
        target: str | None = None,
        profile: str | None = None,
        *,
        used: bool = True,
        columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """One row an arrival, failures among them; raises Refused for unknown names, BadFile for a broken file.

        ``used=False`` gives the runs that the verdicts do not rest on. ``columns`` reads only these.
        """
        wanted = samples.chosen(columns)
        found = samples.table((one for one in self._made(target, profile) if one.used is used), wanted)
        return described(found, wanted, **self._attrs("one arrival of the schedule", "blocks/*/*/*/samples.parquet"))

    def jobs(self, target: str | None = None, profile: str | None = None, *, used: bool = True) -> pd.DataFrame:
        """One row a submission of every run with jobs, whatever became of it; raises Refused, BadFile. ``used`` as above."""
        rows = jobs.rows(one for one in self._made(target, profile) if one.used is used)
        return self._frame(jobs.COLUMNS, rows, "one submission of a job", "blocks/*/*/*/jobs.parquet")

    def runs(self) -> pd.DataFrame:
        """One row a run of every attempt, valid or not."""
        return self._frame(
            RUNS, rows_of(self._store, self._plan), "one run", "blocks/*/*/*/run.json, blocks/*/*/*/ledger.json"
        )

    def readings(self, target: str | None = None, profile: str | None = None) -> pd.DataFrame:
        """One row a point of a platform's series, or a series that is absent; raises Refused, BadFile."""
        rows = readings.rows(self._made(target, profile))
        return self._frame(
            readings.READINGS, rows, "one point of one series, or its absence", "blocks/*/*/*/readings/*.json"
        )

    def bills(self) -> pd.DataFrame:
        """One row a line; ``bill`` tells four bills apart, which are never added."""
        rows = bills.rows(self._outcome.findings, self._store)
        return self._frame(bills.BILLS, rows, "one line of one bill", "samples, readings, price books, bills/*/*.json")

    def verdicts(self) -> pd.DataFrame:
        """One row a promise, target and profile."""
        rows = judged.verdicts(self._outcome.findings)
        return self._frame(judged.VERDICTS, rows, "one promise of one target under one profile", "the whole evidence")

    def comparisons(self) -> pd.DataFrame:
        """One row a metric and profile, candidate over baseline."""
        rows = judged.comparisons(self._outcome.findings)
        return self._frame(judged.COMPARISONS, rows, "one metric under one profile", "the whole evidence")

    def tables(self) -> dict[str, str]:
        """Names of the report's tables, those behind its charts among them, each with its title."""
        return {name: table.title for name, table in self._tables.items()}

    def table(self, name: str) -> pd.DataFrame:
        """The values that a table of the report is written from; raises Refused for a name that is none.

        What ``pilot report --table NAME`` prints is this in words: every number with its unit and its digits.
        """
        table = pipeline.one_of(self._tables, name)
        attrs = self._attrs("one row of the table", "the whole evidence")
        return frame(table.columns, table.data, **attrs, title=table.title, note=table.note)

    def decision(self) -> Mapping[str, Any]:
        """What ``pilot decide --json`` prints, as plain dicts and lists."""
        return pipeline.at_volumes(self._outcome, Progress(quiet=True)).as_json()

    @cached_property
    def _tables(self) -> dict[str, Table]:
        return pipeline.report_tables(self._workspace, self._outcome)

    @cached_property
    def _outcome(self) -> pipeline.Outcome:
        return pipeline.decide(self._workspace)

    def _made(self, target: str | None, profile: str | None) -> list[Made]:
        for what, name, known in (("target", target, self.targets), ("profile", profile, self.profiles)):
            if name is not None and name not in known:
                raise Refused(f"the plan has no {what} {name!r}", f"one of: {', '.join(known)}")
        return list(made(self._store, self._plan, target, profile))

    def _frame(self, columns: Sequence[Column], rows: Any, row: str, source: str) -> pd.DataFrame:  # noqa: ANN401
        return frame(columns, rows, **self._attrs(row, source))

    def _attrs(self, row: str, source: str) -> dict[str, Any]:
        seal = self._store.seal()
        return {
            "row": row,
            "source": source,
            "evidence": str(self._workspace.evidence),
            "seal": None if seal is None else seal["digest"],
        }
