"""Whole pilots on recorded answers: what was collected stands in the report, and what is billed is explained."""

import json
from datetime import datetime

import pyarrow.parquet as pq
import pytest

from harness import pipeline
from harness.analysis.series import answers
from harness.campaign.progress import Progress
from harness.collect.collect import collect
from harness.domain.bill import called
from harness.domain.estimate import Estimate
from harness.predict.predict import predicted
from harness.predict.prediction import Quantity
from harness.predict.whole import QUICK
from harness.report.platforms import at_its_limit
from harness.words import said
from harness.workspace import open_workspace
from tests.builders import LIGHT, Pilot
from tests.platforms.recorded import source
from tests.report.test_experiments import both, search

LATER = datetime.fromisoformat("2026-12-20T00:00:00+00:00").timestamp()
HEAD = 'title = "{title}"\nbase_url = "http://127.0.0.1:{port}"\n'
EKS = """
[runtime]
kind = "kubernetes"
namespace = "chat"
name = "rag-chat"
[prices]
book = "aws-2026-11"
region = "us-east-1"
model = "eks"
parameters = { t3_large = 2, ebs_gb = 40 }
[[sources]]
kind = "prometheus"
url = "http://prometheus:9090"
sets = ["kubernetes", "knative", "opencost"]
namespace = "chat"
service = "rag-chat"
queries = [{ name = "gpu_busy", promql = "sum by (pod) (gpu_busy)", unit = "share" }]
[[sources]]
kind = "cloudwatch"
region = "us-east-1"
load_balancer = "app/chat/0123456789abcdef"
collection_id = "c"
collection_name = "docs"
account_id = "123456789012"
[[sources]]
kind = "otlp-traces"
path = "spans.json"
"""
LAMBDA = """
[runtime]
kind = "aws-lambda"
function = "beta"
region = "us-east-1"
[prices]
book = "aws-2026-11"
region = "us-east-1"
model = "lambda-url"
parameters = { memory_mb = 1769 }
[[sources]]
kind = "cloudwatch"
region = "us-east-1"
function = "beta"
function_url = true
bedrock_model = "a-model"
[[sources]]
kind = "lambda-logs"
region = "us-east-1"
log_group = "/aws/lambda/beta"
"""
CLOUD_RUN = """
[runtime]
kind = "cloud-run"
project = "p"
region = "europe-west1"
service = "chat"
[prices]
book = "gcp-2026-11"
region = "europe-west1"
model = "cloud-run"
parameters = { vcpu = 1.0, memory_gib = 2.0 }
[[sources]]
kind = "cloud-monitoring"
project = "p"
region = "europe-west1"
service = "chat"
"""
CONTAINER_APPS = """
[runtime]
kind = "azure-container-apps"
subscription = "s"
resource_group = "g"
app = "chat"
[prices]
book = "azure-2026-11"
region = "eastus"
model = "container-apps"
parameters = { vcpu = 1.0, memory_gib = 2.0 }
[[sources]]
kind = "azure-monitor"
subscription = "s"
resource_group = "g"
container_app = "chat"
"""
VALUES = {
    "opencost.idle_usd_per_hour": 0.11,
    "kubernetes.throttled_share": 0.4,
    "knative.queue_depth": 7.0,
    "Throttles": 3.0,
    "request_count": 100.0,
    "container/billable_instance_time": 14.0,
    "ResponseTime": None,
}


class Recorded(Pilot):
    """Both targets as told; each answer names its request, its platform's request and where its time went."""

    def __init__(self, root, alpha, beta):
        tracks = {"capacity": both(search(6.0, 6.66))}
        super().__init__(root, per_run=80, titles={"alpha": alpha[0], "beta": beta[0]}, tracks=tracks)
        self.tables = {"alpha": alpha[1], "beta": beta[1]}

    def workspace(self):
        super().workspace()
        for port, (name, tables) in enumerate(self.tables.items(), start=9001):
            text = HEAD.format(title=self.titles[name], port=port) + tables
            text = text.replace("spans.json", str(self.root / "spans.json"))
            (self.root / "targets" / name / "target.toml").write_text(text, encoding="utf-8")
        return open_workspace(self.root)

    def _samples(self, run):
        made = super()._samples(run)
        for one in made:
            one.request_id = f"{run.block:08x}{run.position:012x}{one.seq + 1:012x}"
            one.queue_ms, one.retrieval_ms, one.model_ttft_ms = 1.0, 12.0, 90.0
            if run.target == "beta":
                one.platform_request_id = f"{run.block:08d}-0000-4000-8000-{one.seq:012d}"
        return made


def write_spans(store, path):
    """OTLP/JSON of alpha's requests, as the Collector's file exporter writes it: two spans a request, one names it not."""
    spans = []
    for run in sorted(store.root.rglob("run.json")):
        began = datetime.fromisoformat(json.loads(run.read_text())["started_utc"]).timestamp()
        if not run.parent.name.endswith("alpha"):
            continue
        for row in pq.read_table(run.parent / "samples.parquet").to_pylist():
            if not row["request_id"]:
                continue
            for name, ms in (("POST /v1/chat", 300.0), ("retrieve", 12.0)):
                start = int((began + row["sent_s"]) * 1e9)
                span = {"traceId": row["request_id"], "spanId": "eee19b7ec3c1b174", "name": name}
                spans.append({**span, "startTimeUnixNano": str(start), "endTimeUnixNano": str(start + int(ms * 1e6))})
    path.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}), encoding="utf-8")


def piloted(root, alpha, beta):
    pilot = Recorded(root, alpha, beta)
    workspace, plan, store = pilot.write()
    write_spans(store, root / "spans.json")
    with Progress(quiet=True) as progress:
        done = collect(
            workspace, plan, store, progress, lambda: LATER, lambda c: source(c, store.root, VALUES, lambda: LATER)
        )
    assert (done.failed, done.unsettled) == ([], [])
    outcome = pipeline.decide(workspace, effort=LIGHT)
    return workspace, plan, store, outcome


AWS, SHARED = (("EKS", EKS), ("Lambda", LAMBDA)), (("Cloud Run", CLOUD_RUN), ("Container Apps", CONTAINER_APPS))


@pytest.fixture(scope="module", params=[AWS, SHARED], ids=["EKS against Lambda", "Cloud Run against Container Apps"])
def pilot(request, tmp_path_factory):
    return piloted(tmp_path_factory.mktemp("pilot"), *request.param)


def rows(pilot, name):
    """Of one table, as its words read."""
    workspace, _, _, outcome = pilot
    made = pipeline.report_tables(workspace, outcome)[name]
    return [dict(zip(made.head, (cell.text for cell in row), strict=True)) for row in made.rows]


def read(store, plan):
    """Of each target and profile: every metric that lies in the evidence, and those of them that are absent."""
    found = {}
    for record in store.all_records(plan):
        made = answers(record.path)
        there, absent = found.setdefault((record.target, record.profile), (set(), set()))
        there |= set(made.series)
        absent |= set(made.absent)
    return found


def test_every_collected_series_stands_in_the_report_with_unit_coverage_and_meaning(pilot):
    _, plan, store, _ = pilot
    titles = {"alpha": pilot[0].target("alpha").label, "beta": pilot[0].target("beta").label}
    shown = {(r["target"], r["profile"], r["series"]): r for r in rows(pilot, "platform")}

    for (target, profile), (there, absent) in read(store, plan).items():
        assert len(there) >= 5
        for metric in there | absent:
            row = shown[titles[target], profile, metric]
            assert row["unit, of each run"] != "not said" or metric in absent, metric
            assert row["what it is"] not in ("", "nothing declares it"), metric
            collected, runs = map(int, row["runs collected"].split(" of "))
            assert collected == (0 if metric in absent else runs), metric
            assert row["mean (least to most)"] != "not collected", metric
    assert not [r for r in shown.values() if r["mean (least to most)"] == "not collected"]


def test_every_line_of_a_bill_has_its_quantity_its_price_with_source_and_its_basis(pilot):
    _, _, _, outcome = pilot
    priced = {r["item"]: r for r in rows(pilot, "prices")}
    bill = rows(pilot, "bill")
    lines = [line for cost in outcome.findings.costs for line in cost.monthly.lines]
    names = called(lines)

    assert {r["target"] for r in bill} == {t.label for t in pilot[0].measured()}
    assert len(bill) == len(lines)
    for row, line in zip(bill, lines, strict=True):
        assert row["line"] == line.label
        assert row["unit"]
        assert row["unit price"].startswith("$")
        assert row["basis"] in ("METERED", "MODELLED")
        price = priced[names[line.price_key]]
        assert price["source"], line.price_key
        assert price["confirmed"] in ("yes", "no, unconfirmed")
    assert all(isinstance(cost.per_month_usd, Estimate) and said(cost.coverage) for cost in outcome.findings.costs)


def test_each_is_costed_as_it_is_billed(pilot):
    """A fleet by machines, a function by its requests; of shared instances ten times the traffic is less than ten times the cost."""
    workspace, _, _, outcome = pilot
    played = outcome.findings.played

    def times(target, factor):
        one, more = (
            predicted(played.asked[target], f, 1, QUICK, refuses=False).of(Quantity.COST).known.value
            for f in (1, factor)
        )
        return more / one

    if workspace.target("alpha").label == "EKS":
        assert "machines for the expected peak (2 were measured)" in said(outcome.findings.cost_of("alpha").coverage)
    else:
        assert all(1 < times(target, 10) < 9 for target in ("alpha", "beta"))


def test_what_gave_way_is_named_with_the_platforms_own_figure(pilot):
    """The search's refusals come from the runtime; withheld processors, a queue and throttles say the same."""
    broken = [r for r in rows(pilot, "gave-way") if r["gave way first"] == "runtime"]

    assert len(broken) == 8
    said_of = {r["target"]: r["the platform says the same"] for r in broken}
    if "EKS" in said_of:
        assert "periods in which processors were withheld: 40 %" in said_of["EKS"]
        assert "requests that wait for a place: 7" in said_of["EKS"]
        assert "invocations refused: 3" in said_of["Lambda"]
        assert "invocations that met no provisioned environment" in said_of["Lambda"]
    text = _page(pilot)
    for title in said_of:
        assert f"{title}: the runtime gave way first at 6.66/s: 20 of the first 20 bad requests point at it" in text


def test_times_inside_the_service_stand_beside_spans_joined_by_trace(pilot):
    assert {r["timing"] for r in rows(pilot, "timings")} >= {
        "wait for a place in the service",
        "retrieval",
        "model, first token",
    }
    spans = [r for r in rows(pilot, "spans") if r["profile"] == "steady"]
    if pilot[0].target("alpha").label != "EKS":
        assert spans == []
        return
    assert [(r["target"], r["span"], r["answers with it"]) for r in spans] == [
        ("EKS", "POST /v1/chat", "480 of 480"),
        ("EKS", "retrieve", "480 of 480"),
    ]
    assert spans[0]["p95 (ms)"].startswith("300")


def test_opencosts_idle_cost_is_shown_as_its_readme_promises(pilot):
    idle = [r for r in rows(pilot, "platform") if r["series"] == "opencost.idle_usd_per_hour"]
    if pilot[0].target("alpha").label == "EKS":
        assert {(r["mean (least to most)"], r["unit, of each run"]) for r in idle} == {("0.110", "USD/h, mean")}


def test_the_page_is_made_and_names_no_account(pilot, tmp_path):
    _, path = pipeline.report(pilot[0], tmp_path / "out", effort=LIGHT)
    page = path.read_text()

    assert "What the platforms measured" in page
    assert "123456789012" not in page


def _page(pilot):
    workspace, _, _, outcome = pilot
    return " ".join(at_its_limit(outcome.findings, {t.name: t.label for t in workspace.measured()}))
