"""Bills, to the cent, against hand-worked examples."""

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from harness.analysis import spend
from harness.domain.bill import CostLayer
from harness.domain.target import Dialect, PriceModel, Target
from harness.errors import Refused
from harness.platforms import registry
from harness.platforms.billing import ToldBy
from harness.platforms.external.config import External
from harness.platforms.machines import machine_types
from harness.platforms.pricing import Pricing, bill, terms_of
from harness.platforms.shared.book import Book, book_names, read_book
from harness.platforms.shared.usage import Usage
from harness.words import said

BOOK = read_book("aws-2026-11")


def usage(**changes):
    values = {
        "hours": 730,
        "requests": 1_000_000,
        "billed_ms": 4_000_000_000,
        "response_bytes": 0,
        "input_tokens": 0,
        "output_tokens": 0,
    }
    return Usage(**{k: Decimal(v) for k, v in {**values, **changes}.items()})


def cents(amount):
    return round(amount, 2)


def test_a_million_lambda_requests_of_four_seconds_at_one_gigabyte():
    """0.20 for requests, 4,000,000 GB-s x 0.0000166667 = 66.67, 0.4 GB of logs 0.20."""
    made = bill("lambda-url", BOOK, {"memory_mb": 1024}, usage())

    assert [cents(line.amount_usd) for line in made.lines[:3]] == [Decimal("0.20"), Decimal("66.67"), Decimal("0.20")]
    assert cents(made.layer_usd(CostLayer.RUNTIME)) == Decimal("67.07")


def test_two_fargate_tasks_behind_a_load_balancer_for_a_month():
    """2 x (1 vCPU, 2 GB): 59.10 + 12.98 = 72.08; IPv4 7.30; ALB 16.43 + 5.84, its two addresses 7.30; logs 0.20."""
    made = bill("fargate-alb", BOOK, {"vcpu": 1, "memory_gb": 2, "tasks": 2}, usage())

    assert cents(made.lines[0].amount_usd + made.lines[1].amount_usd) == Decimal("72.08")
    assert cents(made.layer_usd(CostLayer.RUNTIME)) == Decimal("109.15")


def test_a_gigabyte_of_provisioned_concurrency_kept_for_a_month():
    """730 h x 3,600 s x 0.0000041667 = 10.95, whether anybody asks or not."""
    made = bill("lambda-url", BOOK, {"memory_mb": 1024, "provisioned": 1}, usage(requests=0, billed_ms=0))

    assert cents(made.layer_usd(CostLayer.RUNTIME)) == Decimal("10.95")


def test_duration_on_provisioned_environments_has_its_own_price_and_the_rest_spills_over():
    """Half of 4,000,000 GB-s at 0.0000097222 = 19.44, half at 0.0000166667 = 33.33."""
    parameters = {"memory_mb": 1024, "provisioned": 1, "provisioned_share": 0.5}
    made = {line.label: cents(line.amount_usd) for line in bill("lambda-url", BOOK, parameters, usage()).lines}

    assert made["Compute on provisioned environments"] == Decimal("19.44")
    assert made["Compute, billed duration"] == Decimal("33.33")


def test_tokens_are_a_layer_of_their_own():
    made = bill("lambda-url", BOOK, {"memory_mb": 1024}, usage(input_tokens=3_000, output_tokens=400))

    assert made.layer_usd(CostLayer.SHARED) == Decimal("0.005")


def test_a_bill_is_the_sum_of_its_lines_and_bills_add():
    made = bill("lambda-url", BOOK, {}, usage())

    assert made.total_usd == sum(line.amount_usd for line in made.lines)
    assert (made + made).total_usd == 2 * made.total_usd


def test_what_is_not_in_the_book_is_an_error_never_a_guess():
    with pytest.raises(Refused, match="holds no"):
        BOOK.price("moon_dust")
    with pytest.raises(Refused, match="no price book"):
        read_book("aws-1999")
    with pytest.raises(Refused, match="no billing model"):
        bill("barter", BOOK, {}, usage())


def runtime(model, book, parameters, **changes):
    """Dollars of the runtime layer, to the cent, without and with the month's free tiers."""
    free = changes.pop("free", False)
    return cents(bill(model, book, parameters, usage(**changes), free=free).layer_usd(CostLayer.RUNTIME))


def test_a_price_changes_at_its_tiers():
    """7 billion GB-s: 6 billion at 0.0000166667 = 100,000.20 and 1 billion at 0.000015 = 15,000.00."""
    lines = bill("lambda-url", BOOK, {"memory_mb": 1024}, usage(requests=0, billed_ms=7 * 10**12)).lines
    compute = [line for line in lines if line.price_key == "lambda_gb_second"]

    assert [(line.label, cents(line.amount_usd)) for line in compute] == [
        ("Compute, billed duration", Decimal("100000.20")),
        ("Compute, billed duration, tier 2", Decimal("15000.00")),
    ]


def test_what_is_free_a_month_is_taken_off_first():
    """A million requests and 400,000 of the 4,000,000 GB-s are free: 3,600,000 x 0.0000166667 = 60.00, logs 0.20."""
    assert runtime("lambda-url", BOOK, {"memory_mb": 1024}, free=True) == Decimal("60.20")
    assert runtime("lambda-url", BOOK, {"memory_mb": 1024}, requests=1000, billed_ms=1000, free=True) == 0


def test_a_gateway_in_front_of_lambda():
    """HTTP API 1.00 a million up to 512 KB, 2.00 above; REST: 333 million at 3.50 and 67 million at 2.80 = 1,353.10."""
    plain = runtime("lambda-url", BOOK, {"memory_mb": 1024})

    assert runtime("lambda-http-api", BOOK, {"memory_mb": 1024}, response_bytes=4000 * 10**6) - plain == Decimal("1.00")
    assert runtime("lambda-http-api", BOOK, {"memory_mb": 1024}, response_bytes=600_000 * 10**6) - plain == Decimal(
        "2.00"
    )
    rest = bill("lambda-rest-api", BOOK, {}, usage(requests=400_000_000, billed_ms=0))
    assert sum(cents(x.amount_usd) for x in rest.lines if x.price_key == "rest_api_request") == Decimal("1353.10")


@pytest.mark.parametrize(("gb", "usd"), [(10, "5.84"), (2000, "16.00")])
def test_a_load_balancer_takes_a_unit_for_each_gigabyte_an_hour_at_least(gb, usd):
    """One is declared: 730 h x 0.008 = 5.84; 2,000 GB in a month are 2,000 of its hours."""
    made = bill("fargate-alb", BOOK, {}, usage(response_bytes=gb * 10**9))

    assert [cents(x.amount_usd) for x in made.lines if x.price_key == "alb_lcu_hour"] == [Decimal(usd)]


def test_a_nat_gateway_is_a_line_of_its_own():
    """730 h x 0.045 = 32.85, and 10 GB x 0.045 = 0.45."""
    made = bill("fargate-alb", BOOK, {"nat_gateways": 1}, usage(response_bytes=10**10))

    assert [cents(x.amount_usd) for x in made.lines if x.label.startswith("NAT")] == [Decimal("32.85"), Decimal("0.45")]


def test_lambda_on_arm64():
    """4,000,000 GB-s x 0.0000133334 = 53.33, requests 0.20, logs 0.20; one GB kept 730 x 3,600 x 0.0000033334 = 8.76."""
    assert runtime("lambda-url", BOOK, {"memory_mb": 1024, "arm64": 1}) == Decimal("53.73")
    idle = {"memory_mb": 1024, "arm64": 1, "provisioned": 1}
    assert runtime("lambda-url", BOOK, idle, requests=0, billed_ms=0) == Decimal("8.76")


def test_lambdas_scratch_space_and_long_streams():
    """4,000,000 s x 1.5 GB x 0.0000000309 = 0.19; a million answers of 8 MiB stream 2 MiB each beyond 6: 2,097.15 GB x 0.008 = 16.78."""
    made = bill("lambda-url", BOOK, {"memory_mb": 1024, "ephemeral_gb": 2}, usage(response_bytes=8 * 1024**2 * 10**6))
    amounts = {line.label: cents(line.amount_usd) for line in made.lines}

    assert amounts["Ephemeral storage"] == Decimal("0.19")
    assert amounts["Response streaming"] == Decimal("16.78")
    assert "Response streaming" not in {
        x.label for x in bill("lambda-url", BOOK, {}, usage(response_bytes=10**9)).lines
    }


def test_lambda_managed_instances_cost_the_instance_and_a_fee():
    """2 x 730 x 0.096 = 140.16, 15 % of it 21.02, requests 0.20, logs 0.20; the duration costs nothing."""
    assert runtime("lambda-managed", BOOK, {"m5_large": 2}) == Decimal("161.58")


def test_fargate_on_arm64_with_scratch_space():
    """2 x 730 x (0.03238 + 2 x 0.00356) = 57.67; 10 GB beyond 20 x 1,460 h x 0.000111 = 1.62; IPv4 7.30; ALB 29.57; logs 0.20."""
    size = {"vcpu": 1, "memory_gb": 2, "tasks": 2, "arm64": 1, "ephemeral_gb": 30}

    assert runtime("fargate-alb", BOOK, size) == Decimal("96.36")


def test_a_cluster_bills_its_nodes_whole():
    """3 x 730 x 0.0832 = 182.21, control plane 73.00, 100 GB x 0.08 = 8.00, ALB 29.57 with its addresses, logs 0.20."""
    assert runtime("eks", BOOK, {"t3_large": 3, "ebs_gb": 100}) == Decimal("292.97")
    assert runtime("eks", BOOK, {"m5_xlarge": 1, "t3_medium": 1}, requests=0) == Decimal("273.09")


def test_googles_cluster():
    """2 x 730 x 0.067006 = 97.83, control plane 73.00, 100 GB x 0.10 = 10.00, balancer 18.25 and 10 GB x 0.008, logs 0.20."""
    size = {"e2_standard_2": 2, "disk_gb": 100}
    assert runtime("gke", read_book("gcp-2026-11"), size, response_bytes=10**10) == Decimal("199.36")


def test_azures_cluster_with_and_without_what_its_free_tier_leaves_out():
    """2 x 730 x 0.096 = 140.16, 73.00, 256 GB x 0.075 = 19.20, balancer 18.25 and 10 GB x 0.005, logs 0.4 GB x 2.30."""
    book, size = read_book("azure-2026-11"), {"d2s_v5": 2, "disk_gb": 256}
    assert runtime("aks", book, size, response_bytes=10**10) == Decimal("251.58")
    free = {**size, "control_plane": 0, "load_balancer": 0}
    assert runtime("aks", book, free, response_bytes=10**10) == Decimal("160.28")


def test_sagemaker_serverless():
    """4,000,000 s x 2 GB x 0.00002 = 160.00; 10 GB x 0.016 = 0.16."""
    assert runtime("sagemaker-serverless", BOOK, {"memory_mb": 2048}, response_bytes=10**10) == Decimal("160.16")


def test_a_vector_store_that_never_sleeps_is_a_shared_line():
    """Two half units redundant are 1 OCU at least: 730 x 0.24 = 175.20, asked or not."""
    made = bill("lambda-url", BOOK, {"ocus": 1}, usage(requests=0, billed_ms=0))

    assert cents(made.layer_usd(CostLayer.SHARED)) == Decimal("175.20")


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        (None, "5000.00"),
        ("haiku_3_5", "4000.00"),
        ("haiku_3", "1250.00"),
        ("nova_micro", "161.00"),
        ("nova_lite", "276.00"),
        ("nova_pro", "3680.00"),
        ("nova_2_lite", "1900.00"),
    ],
)
def test_tokens_of_each_model(model, usd):
    """3,000 tokens in and 400 out, a million times: 3,000 and 400 times the prices per million."""
    spent = usage(billed_ms=0, input_tokens=3_000_000_000, output_tokens=400_000_000)
    made = bill("lambda-url", BOOK, {model: 1} if model else {}, spent)

    assert cents(made.layer_usd(CostLayer.SHARED)) == Decimal(usd)


def test_the_references_ratio_of_tokens_to_runtime():
    """Haiku 4.5 with 3,000 in and 400 out is 0.0050 a request, 1 GB for 4 s behind an HTTP API 0.0000679: about 74 times."""
    spent = usage(input_tokens=3_000_000_000, output_tokens=400_000_000)
    made = bill("lambda-http-api", BOOK, {"memory_mb": 1024}, spent)
    without_logs = made.layer_usd(CostLayer.RUNTIME) - sum(x.amount_usd for x in made.lines if x.price_key == "log_gb")

    assert cents(without_logs) == Decimal("67.87")
    assert made.layer_usd(CostLayer.SHARED) / without_logs == pytest.approx(Decimal("73.7"), abs=Decimal("0.1"))


GOOGLE, AZURE = read_book("gcp-2026-11"), read_book("azure-2026-11")


def test_cloud_run_shares_an_instance_between_the_requests_that_it_serves_at_once():
    """A million requests of 4 s on 1 vCPU and 0.5 GiB: alone 96 + 5 + 0.40 = 101.40; forty at once 2.40 + 0.125 + 0.40."""
    size = {"vcpu": 1, "memory_gib": 0.5}

    assert runtime("cloud-run", GOOGLE, size, instance_s=4_000_000) == Decimal("101.40")
    assert runtime("cloud-run", GOOGLE, size, instance_s=100_000) == Decimal("2.92")


def test_cloud_runs_free_tier():
    """(4,000,000 - 180,000) x 0.000024 = 91.68; (2,000,000 - 360,000) x 0.0000025 = 4.10; two million requests are free."""
    assert runtime("cloud-run", GOOGLE, {"vcpu": 1, "memory_gib": 0.5}, instance_s=4_000_000, free=True) == Decimal(
        "95.78"
    )


def test_cloud_run_by_instance_is_billed_while_it_lives():
    """2,628,000 s x (0.000018 + 2 x 0.000002) = 57.82."""
    size = {"vcpu": 1, "memory_gib": 2}

    assert runtime("cloud-run-instances", GOOGLE, size, instance_s=1_000_000, idle_s=1_628_000) == Decimal("57.82")


def test_container_apps_bill_idle_replicas_at_their_own_price():
    """2.40 + 0.90 + 0.15 + 0.40 = 3.85; a private endpoint adds 730 x 0.10 = 73.00."""
    size = {"vcpu": 1, "memory_gib": 2}
    made = {"instance_s": 100_000, "idle_s": 50_000}

    assert runtime("container-apps", AZURE, size, **made) == Decimal("3.85")
    assert runtime("container-apps", AZURE, {**size, "private_endpoints": 1}, **made) == Decimal("76.85")


def test_functions_flex_on_demand_and_always_ready():
    """2,000,000 GB-s: on demand 52.00; always ready 21.02 for the baseline and 32.00 busy; 0.40 for executions."""
    million = {"instance_s": 10**6}

    assert runtime("functions-flex", AZURE, {"memory_mb": 2048}, **million) == Decimal("52.40")
    assert runtime("functions-flex", AZURE, {"memory_mb": 2048, "always_ready": 1}, **million) == Decimal("53.42")


def test_executions_that_met_no_ready_instance_have_the_price_on_demand():
    """0.40; 21.02 for the baseline; 1,500,000 of 2,000,000 GB-s at 0.000016 = 24.00, the rest at 0.000026 = 13.00."""
    size = {"memory_mb": 2048, "always_ready": 1, "ready_share": 0.75}

    assert runtime("functions-flex", AZURE, size, instance_s=10**6) == Decimal("58.42")


def test_functions_on_the_classic_plan_count_memory_in_steps():
    """1,500 MB is billed as 1,536: 4,000,000 s x 1.5 GB x 0.000016 = 96.00 and 0.20 for executions."""
    assert runtime("functions-consumption", AZURE, {"memory_mb": 1500}) == Decimal("96.20")


@pytest.mark.parametrize("name", book_names())
def test_every_book_is_dated_and_says_where_each_price_is_from(name):
    book = read_book(name)

    assert book.date.year == 2026
    assert all(price.source and price.unit and price.usd > 0 for price in book.prices)


def stated(usd):
    return {"usd": usd, "source": "we"}


def test_every_model_bills_with_some_book():
    for billing in registry.billings():
        assert any(_bills(billing, read_book(name)) for name in book_names()), billing.model


def _bills(billing, book):
    machines = dict.fromkeys(list(machine_types(billing, book))[:1], 2)
    try:
        return (
            bill(
                billing.model, book, machines | GIVEN.get(billing.model, {}), usage(instance_s=10, idle_s=10)
            ).total_usd
            > 0
        )
    except Refused:
        return False


@pytest.mark.parametrize("model", [b.model for b in registry.billings() if b.told is ToldBy.INSTANCES])
def test_a_platform_whose_instance_time_is_not_known_has_no_cost_and_never_a_small_one(model):
    prices = PriceModel("gcp-2026-11", "us-central1", model)
    target = Target("t", Path(), Dialect.RAG_CHAT, External(), prices=prices)
    _, gap = spend.priced(target, [spend.BlockUsage(100, 100, 100, usage())] * 3)

    assert "instance time was not collected" in said(gap.reason)


BOOKS = {"gke": "gcp-2026-11", "aks": "azure-2026-11"}
NOT_BILLED = ("autoscale", "concurrency")  # of sizing and of sharing, which a bill of one hour has not
SMALL = {"provisioned": 1, "always_ready": 1, "ephemeral_gb": 50}  # so that what depends on them is seen
GIVEN = {
    "custom": {"per_hour": stated(1), "per_gb_second": stated(1), "memory_mb": 512}
}  # without which nothing is billed


def written(name, value):
    """A parameter's value as a file has it: a number, or a price with who says it."""
    if name == "tokens":
        return {"input_usd_per_million": value, "output_usd_per_million": value, "source": "we"}
    if name == "discount":
        return {"share": value / 400, "kind": "reserved", "source": "we", "lines": ["custom.per_hour"]}
    return stated(value) if name.startswith("per_") else value


@pytest.mark.parametrize("billing", registry.billings(), ids=lambda b: b.model)
def test_every_parameter_that_a_target_may_name_changes_its_bill(billing):
    book = AnyBook(read_book(BOOKS.get(billing.model, "aws-2026-11")))
    machines = dict.fromkeys(list(machine_types(billing, book.book))[:1], 2)
    used = usage(instance_s=10, idle_s=1, response_bytes=10**9, input_tokens=10, output_tokens=10)
    for name in billing.terms.model_fields:
        if name == "machines" or name in NOT_BILLED:
            continue
        small = SMALL | GIVEN.get(billing.model, {})
        base = {**machines, **{k: v for k, v in small.items() if k in billing.terms.model_fields and k != name}}
        made = {lines(billing, book, {**base, name: written(name, v)}, used) for v in (0, 0.25, 1, 300)} - {None}
        assert len(made) > 1, name


def lines(billing, book, parameters, used):
    terms, problems = terms_of(billing, parameters, book)
    if problems:
        return None  # a size of 0, a share above 1
    return repr(Pricing(billing, terms, book).bill(used).lines)


@dataclass(frozen=True)
class AnyBook:
    """Every price there is."""

    book: Book

    @property
    def prices(self):
        return self.book.prices

    @property
    def name(self):
        return self.book.name

    @property
    def date(self):
        return self.book.date

    def price(self, key):
        return replace(self.book.prices[0], key=key)
