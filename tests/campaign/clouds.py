"""A synthetic pilot whose targets are on a cloud, and the cloud's answers about its runs."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow.parquet as pq

from harness.domain.reading import Absent, Series
from harness.domain.reasons.reading import NotAnswered, NothingInvoked
from harness.evidence.store import Store
from harness.local.journal import report_line
from harness.platforms.shared.cost_explorer import BilledDay, BilledLine
from harness.workspace import open_workspace
from tests.builders import Pilot, sample

ACCOUNT = "123456789012"
SOURCES = """
[[sources]]
kind = "lambda-logs"
region = "us-east-1"
log_group = "/aws/lambda/beta"
[[sources]]
kind = "cloudwatch"
region = "us-east-1"
function = "beta"
[[sources]]
kind = "cost-explorer"
values = ["beta"]
"""


class CloudPilot(Pilot):
    """Beta is a Lambda function with logs, metrics and a bill; every answer names its platform's request."""

    def workspace(self):
        super().workspace()
        path = self.root / "targets" / "beta" / "target.toml"
        text = path.read_text()
        text = text[: text.index("[prices]")]
        prices = '[prices]\nbook = "aws-2026-11"\nregion = "us-east-1"\nmodel = "lambda-url"\nparameters = { memory_mb = 1024 }\n'
        path.write_text(text + prices + SOURCES)
        return open_workspace(self.root)

    def _alike(self, run):
        return ("cloud", *self._usual(run)) if self._draws_as(CloudPilot) else None

    def _samples(self, run):
        made = super()._samples(run)
        if run.target == "beta":
            for one in made:
                if one.outcome == "ok":
                    one.platform_request_id = f"{run.block:08d}-0000-4000-8000-{one.seq:012d}"
        return made


class Cloud:
    """Answers as the functions' own platform would, from the samples that were written."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.asked = []
        self.dead_days: set[str] = set()  # what is asked about these gets no answer
        self.billed_factor = Decimal(1)

    def make(self, config):
        return {"lambda-logs": LogsFake, "cloudwatch": MetricsFake}[config.kind](self)

    def make_bills(self, config):
        return BillsFake(self)

    def rows_of(self, window):
        """Samples of the run that the window is of."""
        for path, started in self.runs():
            start = started.timestamp()
            if abs(start - window.start_unix_s) < 2:
                return start, self.answered(path)
        return window.start_unix_s, []

    def runs(self):
        """Beta's, each folder with its start."""
        for path in sorted(self.store.root.rglob("*beta*/run.json")):
            yield path.parent, datetime.fromisoformat(json.loads(path.read_text())["started_utc"])

    def answered(self, folder):
        rows = pq.read_table(folder / "samples.parquet", columns=["platform_request_id", "sent_s", "finished_s"])
        return [r for r in rows.to_pylist() if r["platform_request_id"]]

    def dead(self, window):
        return datetime.fromtimestamp(window.start_unix_s, UTC).date().isoformat() in self.dead_days


class LogsFake:
    kind, verified, settle_s, keeps_s = "lambda-logs", "spec only", 900.0, 30 * 86_400.0

    def __init__(self, cloud):
        self.cloud, self._lines = cloud, []

    def read(self, window):
        self.cloud.asked.append((self.kind, window))
        arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:beta"
        if self.cloud.dead(window):
            return [Absent("billed_ms", NotAnswered(f"ThrottlingException on {arn}"), arn, self.kind, failed=True)]
        start, rows = self.cloud.rows_of(window)
        self._lines = [
            report_line(r["platform_request_id"], (r["finished_s"] - r["sent_s"]) * 1e3, 1024, 90, None).strip()
            for r in rows
        ]
        if not rows:
            return [Absent("billed_ms", NothingInvoked(), arn, self.kind)]
        return [Series("billed_ms", "ms", tuple((start + r["sent_s"], 1.0) for r in rows), arn, self.kind)]

    def lines(self, window):
        return self._lines


class MetricsFake:
    kind, verified, settle_s, keeps_s = "cloudwatch", "spec only", 900.0, 15 * 86_400.0

    def __init__(self, cloud):
        self.cloud = cloud

    def read(self, window):
        self.cloud.asked.append((self.kind, window))
        start, rows = self.cloud.rows_of(window)
        minute = start // 60 * 60
        return [
            Series(
                "AWS/Lambda Invocations Sum", "count", ((minute, float(len(rows))),), f"account {ACCOUNT}", self.kind
            )
        ]

    def raw(self):
        request = {"MetricDataQueries": [{"Id": "m0"}, {"Id": "m1"}]}
        return [{"operation": "get_metric_data", "request": request, "answer": {"owner": ACCOUNT}}]


class BillsFake:
    kind, verified = "cost-explorer", "spec only"

    def __init__(self, cloud):
        self.cloud = cloud

    def bill(self, day: date):
        self.cloud.asked.append((self.kind, day))
        requests, gb_seconds = 0, Decimal(0)
        for folder, started in self.cloud.runs():
            if started.date() == day:
                for r in self.cloud.answered(folder):
                    requests += 1
                    gb_seconds += Decimal(-(-((r["finished_s"] - r["sent_s"]) * 1e3) // 1)) / 1000
        gb_seconds *= self.cloud.billed_factor

        def line(usage_type, quantity, price):
            usd = quantity * Decimal(price)
            return BilledLine("AWS Lambda", usage_type, quantity, "", usd, usd)

        lines = (
            line("Lambda-GB-Second", gb_seconds, "0.0000166667"),
            line("USE1-Request", Decimal(requests), "0.0000002"),
            line("USE1-Something-Else", Decimal(3), "0.01"),
        )
        return BilledDay(day, lines, estimated=False, pages=1, query={"Filter": ACCOUNT})


def later(days: float) -> float:
    """Unix seconds so long after the synthetic campaign began."""
    return (datetime(2026, 11, 11, 9, tzinfo=UTC) + timedelta(days=days)).timestamp()


__all__ = ["ACCOUNT", "Cloud", "CloudPilot", "later", "sample"]
