"""How each platform says that it grows: declared figures, or assumptions with a range and where they stand."""

import math
from pathlib import Path

import pytest

from harness.domain.quota import Need, QuotaConfig
from harness.domain.target import Dialect, PriceModel, Target
from harness.platforms import registry
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.cloud_run.config import CloudRun
from harness.platforms.kubernetes.config import Kubernetes
from harness.platforms.local_container.config import LocalContainer
from harness.platforms.local_function.config import LocalFunction
from harness.platforms.scaling import Basis, Grows, Stated, assumed, declared
from tests.builders import external

LAMBDA = AwsLambda("rag", "us-east-1")


def target(runtime, model=None, quotas=(), **parameters):
    prices = PriceModel("aws-2026-11", "us-east-1", model, parameters) if model else None
    return Target("one", Path(), Dialect.RAG_CHAT, runtime, prices=prices, quotas=quotas)


def scaling(of, facts=None):
    return registry.scaling_of(of, facts or {})


def test_every_platform_that_runs_something_says_how_it_grows():
    """A router hands everything on: its sides grow."""
    silent = {k for k, p in registry.runtimes().items() if p.scaling is None and not p.config.names_targets}

    assert silent == {registry.uncontrolled()}


@pytest.mark.parametrize(
    "of",
    [
        target(LAMBDA),
        target(CloudRun("p", "r", "s")),
        target(Kubernetes("n", "d")),
        target(Kubernetes("n", "d", knative=True)),
        target(LocalFunction(command=("true",))),
    ],
    ids=["lambda", "cloud-run", "deployment", "knative", "function"],
)
def test_an_assumption_has_a_range_and_a_source(of):
    for name, said in scaling(of).assumptions():
        assert said.low <= said.value <= said.high, name
        assert len(said.source) > 10, name


def test_the_control_plane_wins_over_the_default():
    facts = {"concurrency": 40, "minInstances": 2, "maxInstances": 12}
    found = scaling(target(CloudRun("p", "r", "s")), facts)

    assert [(f.value, f.basis) for f in (found.at_once, found.least, found.most)] == [
        (40, Basis.DECLARED),
        (2, Basis.DECLARED),
        (12, Basis.DECLARED),
    ]


def test_a_limit_is_reserved_or_a_quota_or_an_assumption():
    quota = QuotaConfig("Lambda concurrency", Need.CONCURRENCY, 50)
    facts = {"reserved": {"ReservedConcurrentExecutions": 5}}

    assert scaling(target(LAMBDA, quotas=(quota,)), facts).most == declared(5, "the control plane")
    assert scaling(target(LAMBDA, quotas=(quota,))).most.value == 50
    assert scaling(target(LAMBDA)).most.basis is Basis.ASSUMED
    assert scaling(target(LAMBDA)).most.low == 10  # of a new account


def test_memory_is_processors_where_a_platform_sells_them_so():
    assert scaling(target(LAMBDA, "lambda-url", memory_mb=3538)).vcpus.value == pytest.approx(2)


def test_what_is_billed_as_something_grows_like_it_where_the_runtime_does_not_say():
    found = scaling(external("http://127.0.0.1:1", prices=PriceModel("aws-2026-11", "r", "fargate-alb", {"tasks": 3})))

    assert (found.grows, found.least.value, found.most.value) == (Grows.FIXED, 3, 3)
    assert scaling(external("http://127.0.0.1:1")) is None


def test_the_embedded_function_grows_as_its_table_says():
    config = LocalFunction(
        command=("true",), concurrency=7, provisioned=2, scaling_tokens=5, scaling_per_s=1, idle_s=60
    )
    found = scaling(target(config))

    assert (found.grows, found.at_once.value, found.least.value, found.most.value) == (Grows.ON_DEMAND, 1, 2, 7)
    assert (found.starts_at_once.value, found.starts_per_s.value) == (5, 1)
    assert (found.idle_s.low, found.idle_s.high) == (pytest.approx(54), pytest.approx(66))


def test_the_embedded_service_is_fixed_until_it_may_have_more():
    fixed = scaling(target(LocalContainer(command=("true",), workers=2, queue=3, queue_timeout_s=4)))
    scaled = scaling(target(LocalContainer(command=("true",), workers=0, max_workers=6, queue_rule="cloud-run")))

    assert (fixed.grows, fixed.most.value, fixed.scaler) == (Grows.FIXED, 2, None)
    assert (fixed.waiting.places.value, fixed.waiting.most_s.value) == (3, 4)
    assert (scaled.grows, scaled.most.value, scaled.waiting.starts) == (Grows.AUTOSCALER, 6, 3.5)
    assert math.isinf(scaled.waiting.places.value)


def test_a_range_that_does_not_hold_its_value_is_no_range():
    with pytest.raises(ValueError, match="does not lie between"):
        assumed(5, 6, 7, "x")
    assert isinstance(assumed(6, 5, 7, "x"), Stated)
