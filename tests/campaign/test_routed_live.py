"""A live campaign through a router whose sides are too small: what overflows, what falls back, and what each is paid for.

From three in hand at the container on the function is asked. It works on one at a time and refuses the next, which the
router asks of the container once more. The function's model is throttled soon, and then a smaller one answers.
"""

import json
from collections import Counter
from dataclasses import dataclass

import pyarrow.parquet as pq
import pytest

from harness.campaign.metering import PLACES, Meter
from harness.domain.sample import COLUMNS
from harness.workspace import open_workspace
from tests.local.platform import pilot, workspace

pytestmark = pytest.mark.slow  # two minutes; a router's rules, refusals and bills are in tests/local and here, faked
BLOCKS = 2
FLEET, FUNCTION, ROUTER = "local_container", "local_function", "local_router"
PILOT = f"""
[pilot]
question  = "What does a router do with what its first side cannot carry?"
baseline  = "{FLEET}"
candidate = "{FUNCTION}"
hybrid    = "{ROUTER}"
blocks    = {BLOCKS}
[slo]
p95_s               = 10
ttft_p95_s          = 10
error_rate          = 0.5
monthly_runtime_usd = 600
[traffic]
requests_per_month = 2_000_000
peak_per_s         = 12
[limits]
budget_usd = 100
max_rate   = 60
attempts   = 8
[load]
deadline_s   = 15
stream_share = 0.8
max_tokens   = 40
[profiles.steady]
rate       = 12
duration_s = 4
warmup_s   = 0.5
[scaling]
rehearsal        = true
model_time_scale = 0.25
"""
CHANGES = {
    FLEET: [
        ("workers     = 2", "workers     = 1"),
        ("concurrency = 5", "concurrency = 2"),
    ],
    FUNCTION: [
        ("concurrency    = 10", "concurrency    = 1"),
        ("RAG_INDEX ", 'RAG_FALLBACK_MODEL = "extractive-mini"\nRAG_INDEX '),
        ('"0.25"]', '"0.25", "--requests-per-minute", "3"]'),
    ],
    ROUTER: [("in_flight = 10", "in_flight = 3")],
}


@pytest.fixture(scope="module")
def root(tmp_path_factory, corpus):
    folder = workspace(tmp_path_factory.mktemp("routed"), corpus)
    (folder / "pilot.toml").write_text(PILOT)
    for target, changes in CHANGES.items():
        path = folder / "targets" / target / "target.toml"
        text = path.read_text()
        for old, new in changes:
            assert old in text, f"{target}: {old}"
            text = text.replace(old, new, 1)
        path.write_text(text)
    assert pilot(folder, "plan", "--seal").returncode == 0
    done = pilot(folder, "run", "--now", timeout=220)
    assert done.returncode == 0, done.stderr
    return folder


@dataclass(frozen=True)
class Kept:
    """One run of the router."""

    id: str
    attempt: int
    record: dict
    samples: list


@pytest.fixture(scope="module")
def runs(root):
    """The router's valid runs."""
    ended = [json.loads(line) for line in (root / "evidence" / "journal.jsonl").read_text().splitlines()]
    valid = {(one["block"], one["attempt"]) for one in ended if one["event"] == "block ended"}
    assert len(valid) == BLOCKS
    out = []
    for block, attempt in sorted(valid):
        [folder] = (root / "evidence" / "blocks" / f"b{block:02d}" / f"attempt-{attempt}").glob(f"steady-?-{ROUTER}")
        samples = pq.read_table(folder / "samples.parquet").to_pylist()
        out.append(Kept(f"b{block:02d}-{folder.name}", attempt, json.loads((folder / "run.json").read_text()), samples))
    return out


def counted(runs, *columns):
    return Counter(tuple(s[name] for name in columns) for run in runs for s in run.samples if s["outcome"] == "ok")


@pytest.mark.timeout(300)
def test_what_the_first_side_cannot_hold_overflows_and_what_it_refuses_falls_back(runs):
    found = counted(runs, "route", "route_from")
    print(dict(found), dict(Counter(s["outcome"] for run in runs for s in run.samples)))

    assert found[FLEET, None] > 0
    assert found[FUNCTION, None] > 0, "overflow"
    assert found[FLEET, FUNCTION] > 0, "fallback, with the side that refused it"


def test_an_answer_of_the_smaller_model_is_degraded_wherever_it_came_through(runs):
    found = counted(runs, "route", "model", "degraded")
    print(dict(found))

    assert found[FUNCTION, "extractive-mini", True] > 0
    assert {(model, degraded) for _, model, degraded in found} == {("extractive-1", False), ("extractive-mini", True)}
    assert {route for route, _, degraded in found if degraded} == {FUNCTION}


def test_each_side_is_paid_for_what_it_answered_and_the_router_for_its_time(root, runs):
    piloted = open_workspace(root)
    journal = [json.loads(line) for line in (root / "evidence" / "journal.jsonl").read_text().splitlines()]
    paid = {(one["run"], one["attempt"]): float(one["cost_usd"]) for one in journal if one["event"] == "run ended"}
    sides = []
    for run in runs:
        whole, of_side = Meter(piloted.target(ROUTER)), Meter(piloted.target(FUNCTION))
        for sample in run.samples:
            row = [sample.get(COLUMNS[place]) for place in PLACES]
            whole.add(row)
            if sample["route"] == FUNCTION:
                of_side.add(row)
        usd, side_usd = (float(meter.cost_usd(run.record["elapsed_s"])) for meter in (whole, of_side))
        print(run.id, usd, side_usd, paid[run.id, run.attempt])
        assert paid[run.id, run.attempt] == pytest.approx(usd, rel=0.2), (
            "instances' own billed times replace the client's"
        )
        assert side_usd < usd
        sides.append(side_usd)
    assert sum(sides) > 0, (
        "in one of the runs at least: its model is throttled by the minute, which a run before may have used up"
    )
