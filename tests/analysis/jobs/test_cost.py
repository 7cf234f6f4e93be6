"""A nightly volume at known prices costs what arithmetic says, to the cent; what cannot be priced says why."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from harness.analysis.job_table import job_run
from harness.analysis.jobs.cost import Volume, cost
from harness.domain.estimate import Estimate, Unknown
from harness.domain.job import JobState
from harness.domain.reasons import absence
from harness.domain.target import Dialect, PriceModel, Target
from harness.errors import BadFile
from harness.platforms.external.config import External
from harness.platforms.pricing import pricing_of
from harness.platforms.shared.token_prices import TokenTerms, rates
from harness.platforms.shared.usage import Tokens
from tests.analysis.jobs.made import run_of
from tests.builders import job, not_done

BLOCKS, JOBS = 6, 50
FRONT_MS, WORK_MS = 20, 4000  # of 1,024 MB: what accepts a job, and what does it
REQUEST, GB_SECOND, LOGS, API = 0.20e-6, 0.0000166667, 0.20e-6, 1.00e-6
EGRESS_GB = 0.09
INPUT, OUTPUT = 0.075e-6, 0.30e-6  # of gpt-4o-mini in a batch, USD a token: half of what it costs else
NIGHT = Volume(12_000 * 730 / 24)


def target(name, model, **parameters):
    prices = PriceModel("aws-2026-11", "us-east-1", model, parameters)
    return Target(name, Path(), Dialect.RAG_CHAT, External(), prices=prices)


FUNCTION = target("function", "lambda-http-api", memory_mb=1024)
FLEET = target("fleet", "fargate-alb", vcpu=1, memory_gb=2, tasks=2)


def reports(jobs):
    """The platform's lines of one run: a request that was accepted, and the invocation that did it."""
    line = (
        "REPORT RequestId: {}\tDuration: {}.00 ms\tBilled Duration: {} ms\tMemory Size: 1024 MB\tMax Memory Used: 90 MB"
    )
    return [line.format(f"r{j.seq}-{part}", ms, ms) for j in jobs for part, ms in (("f", FRONT_MS), ("w", WORK_MS))]


def measured(folder, jobs, of=FUNCTION, volume=None, lines=reports):
    runs = [run_of(folder, jobs, block, reports=lines(jobs)) for block in range(1, BLOCKS + 1)]
    return cost(of, [(run, job_run(run)) for run in runs], 0.95, volume)


def worked(**more):
    return [job(k, takes_s=WORK_MS / 1000, **more) for k in range(JOBS)]


def test_a_night_of_known_jobs_costs_to_the_cent(tmp_path):
    jobs = worked(input_tokens=3000, output_tokens=200, model="gpt-4o-mini")
    found = measured(tmp_path, jobs, volume=NIGHT)

    runtime = 2 * (REQUEST + LOGS + API) + (FRONT_MS + WORK_MS) / 1000 * GB_SECOND
    beside = 3000 * INPUT + 200 * OUTPUT + 200e-9 * EGRESS_GB
    assert found.per_night_usd.value == pytest.approx(12_000 * (runtime + beside), abs=0.005)
    assert found.per_thousand_usd.value == pytest.approx(1000 * (runtime + beside), rel=1e-6)
    assert found.runtime_usd.value == pytest.approx(1000 * runtime, rel=1e-6)
    assert found.tokens_usd.value == pytest.approx(1000 * beside, rel=1e-6)
    assert float(found.night.total_usd) == pytest.approx(found.per_night_usd.value)
    assert found.per_month_usd.value == pytest.approx(12_000 * 730 / 24 * runtime, rel=1e-6)
    assert all("batch" in line.source for line in found.night.lines if line.price_key.endswith("_token"))


def test_jobs_that_failed_are_paid_for_by_those_that_were_done(tmp_path):
    jobs = worked()
    for one in jobs[::5]:
        one.state = JobState.FAILED.value
    found, whole = measured(tmp_path / "failed", jobs), measured(tmp_path / "done", worked())

    assert found.per_thousand_usd.value == pytest.approx(whole.per_thousand_usd.value / 0.8, rel=1e-6)


def test_a_capacity_is_billed_for_as_long_as_the_jobs_keep_it(tmp_path):
    """Two tasks and their balancer with its two addresses, from the first submission until the last of fifty jobs of 4 s ends."""
    found = measured(tmp_path, worked(), of=FLEET, lines=lambda _: ())
    hours = (JOBS - 1 + 0.02 + WORK_MS / 1000) / 3600
    hourly = 2 * (0.04048 + 2 * 0.004445 + 0.005) + 0.0225 + 0.008 + 2 * 0.005

    # 2 % for lines that grow with requests: logs and capacity units of the balancer
    assert found.runtime_usd.value == pytest.approx(hours * hourly / JOBS * 1000, rel=0.02)


def test_what_the_platform_did_not_count_has_no_price(tmp_path):
    def only_the_front(jobs):
        return [line for line in reports(jobs) if "-f" in line]

    elsewhere = measured(tmp_path / "elsewhere", worked(), lines=only_the_front)
    missing = measured(tmp_path / "missing", worked(), lines=lambda _: ())

    assert elsewhere.per_thousand_usd.reason == absence.JobsBilledElsewhere(1.0, 200.0)
    assert missing.per_thousand_usd.reason == absence.JobsUsageMissing()
    assert isinstance(measured(tmp_path / "no", worked(), of=replace(FUNCTION, prices=None)).runtime_usd, Unknown)


def test_nothing_done_is_no_cost_of_a_job(tmp_path):
    jobs = [not_done(k, running_ms=WORK_MS) for k in range(JOBS)]

    assert measured(tmp_path, jobs, volume=NIGHT).per_night_usd.reason == absence.NoJobDone()


def test_more_in_some_blocks_widens_the_interval(tmp_path):
    runs = []
    for block in range(1, BLOCKS + 1):
        jobs = worked()[: JOBS - 5 * (block % 2)]
        runs.append(run_of(tmp_path, jobs, block, reports=reports(worked())))
    found = cost(FUNCTION, [(run, job_run(run)) for run in runs], 0.95).per_thousand_usd

    assert isinstance(found, Estimate)
    assert found.low < found.value < found.high


@pytest.mark.parametrize(
    ("terms", "input_usd"),
    [
        (None, "7.5E-8"),
        ({"model": "claude-3-5-haiku"}, "8E-7"),  # whose batches nobody lists: they cost what anything else does
        ({"input_usd_per_million": 2, "output_usd_per_million": 8, "source": "contract"}, "0.000002"),
        (
            {
                "input_usd_per_million": 2,
                "output_usd_per_million": 8,
                "batch_input_usd_per_million": 1,
                "batch_output_usd_per_million": 4,
                "source": "contract",
            },
            "0.000001",
        ),
    ],
)
def test_a_batch_has_its_own_price_where_there_is_one(terms, input_usd):
    tokens = Tokens("gpt-4o-mini", Decimal(1), Decimal(1000), Decimal(100))
    made = None if terms is None else TokenTerms.model_validate(terms)

    assert rates(made, tokens, dt.date(2026, 11, 1), batch=True).input_usd == Decimal(input_usd)


def test_half_a_price_of_batches_is_refused():
    said = {"input_usd_per_million": 2, "output_usd_per_million": 8, "source": "s", "batch_input_usd_per_million": 1}

    with pytest.raises(BadFile, match="batch_input_usd_per_million and batch_output_usd_per_million go together"):
        pricing_of(target("own", "lambda-url", memory_mb=1024, tokens=said).prices)
