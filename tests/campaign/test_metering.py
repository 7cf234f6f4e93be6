"""What a run has cost so far, counted from its own samples."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import orjson
import pytest

from harness.analysis.spend import blocks_of
from harness.campaign.limits import Spending
from harness.campaign.metering import Meter
from harness.domain.sample import COLUMNS, UNBILLED, Outcome
from harness.domain.target import Dialect, PriceModel, Target
from harness.errors import LimitReached
from harness.evidence.run_folder import SPOOL
from harness.platforms.external.config import External
from tests.analysis.fakes import run_of
from tests.builders import failed, sample
from tests.predict.priced import month

PRICES = PriceModel("aws-2026-11", "us-east-1", "lambda-url", {"memory_mb": 1024})
TARGET = Target("fn", Path(), Dialect.RAG_CHAT, External(), prices=PRICES)


def write(folder, samples, mode="w", torn=""):
    with (folder / SPOOL).open(mode) as file:
        if mode == "w":
            file.write(orjson.dumps({"schema_version": 1, "columns": COLUMNS}).decode() + "\n")
        file.writelines(orjson.dumps(s.row()).decode() + "\n" for s in samples)
        file.write(torn)


def test_samples_are_counted_as_they_are_written_each_once(tmp_path):
    meter = Meter(TARGET)
    meter.follow(tmp_path)
    write(tmp_path, [sample(k) for k in range(5)], torn='[5,"ste')
    meter.follow(tmp_path)
    meter.follow(tmp_path)

    assert meter.samples == 5


def test_refused_requests_are_not_billed_and_failed_ones_are(tmp_path):
    def usd(*samples):
        meter = Meter(TARGET)
        write(tmp_path, samples)
        meter.follow(tmp_path)
        return meter.cost_usd(10)

    assert usd(failed(0, input_tokens=None, bytes=None)) == 0
    late = sample(0, outcome="timeout", response_s=15, input_tokens=0, output_tokens=0, bytes=0)
    # 15 s less a millisecond of lag at 1 GB, one request, 400 bytes of log
    assert usd(late) == pytest.approx(
        Decimal("14.999") * Decimal("0.0000166667") + Decimal("0.0000004"), abs=Decimal("1e-9")
    )


@pytest.mark.parametrize("outcome", Outcome)
def test_what_is_billed_while_a_run_goes_on_is_what_is_billed_after_it(outcome):
    """An upstream's refusal is billed: the function ran and waited for it."""
    response = [0.5] * 4
    run = run_of(response, outcome=np.array([outcome.value] * 4, dtype=object), bytes=np.zeros(4))
    run.columns.update(input_tokens=np.zeros(4), output_tokens=np.zeros(4))
    meter = Meter(TARGET)
    for _ in response:
        meter.add([outcome.value, 0.0, 0.5, 0, 0, 0, 1, None, None])
    [block] = blocks_of(TARGET, [run], 2.0, None)

    assert (meter.cost_usd(10) > 0) == bool(block.usage.requests) == (outcome not in UNBILLED)
    assert (outcome is Outcome.UPSTREAM_THROTTLED) <= bool(block.usage.requests)


def test_billed_durations_replace_the_clients_where_they_are_known():
    one = sample(0, platform_request_id="r", input_tokens=0, output_tokens=0, bytes=0)
    values = [one.outcome, one.sent_s, one.finished_s, 0, 0, 0, 1, "r", None]
    by_client, by_platform = Meter(TARGET), Meter(TARGET, {"r": 100.0})
    by_client.add(values)
    by_platform.add(values)

    assert by_platform.matched == 1
    assert by_platform.cost_usd(1) < by_client.cost_usd(1)


def test_every_attempt_of_a_retrying_client_is_a_request_to_pay_for():
    once, thrice = Meter(TARGET), Meter(TARGET)
    one = sample(0)
    for meter, attempts in ((once, 1), (thrice, 3)):
        meter.add([one.outcome, one.sent_s, one.finished_s, 0, 0, 0, attempts, None, None])

    assert thrice.cost_usd(1) > once.cost_usd(1)


def test_a_run_that_uses_up_what_was_left_is_stopped(tmp_path):
    limits = Spending(Decimal(1), tmp_path / "STOP", Decimal("0.9"))
    limits.count(Decimal("0.05"))
    with pytest.raises(LimitReached, match=r"has cost 0\.2000 USD so far"):
        limits.count(Decimal("0.2"))


def test_a_month_is_billed_by_the_models_that_answered_and_names_those_that_no_list_knows():
    run = run_of([0.5] * 4, bytes=np.zeros(4))
    model = np.array(["gpt-4o-mini", "gpt-4o-mini", "in-house-7b", None], dtype=object)
    run.columns.update(input_tokens=np.full(4, 1e6), output_tokens=np.zeros(4), model=model)
    target = replace(TARGET, prices=PriceModel("", "", "custom", {"per_month": {"usd": 1, "source": "we"}}))
    found = month(target, blocks_of(target, [run] * 3, 2.0, None), 4_000_000)

    by_label = {line.label: line.amount_usd for line in found.monthly.lines if line.amount_usd}
    assert by_label == {"Fee a month": 1, "Model input tokens, openai/gpt-4o-mini": pytest.approx(Decimal(300_000))}
    assert found.unlisted == ("in-house-7b",)
