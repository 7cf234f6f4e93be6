"""Series worth showing that are no one platform's: gateways and balancers, the model's provider, stores, clusters."""

from __future__ import annotations

from functools import partial

from harness.platforms.platform import Measure, Per, Signal, Tier

CW, PROM = "cloudwatch", "prometheus"
ALB, REST, BEDROCK_NS, AOSS = "AWS/ApplicationELB", "AWS/ApiGateway", "AWS/Bedrock", "AWS/AOSS"
P95 = 0.95
WITHHELD = 0.25  # a quarter of all periods: what waits for processors then is no chance

_front = partial(Signal, tier=Tier.FRONT, per=Per.SUM)
_slow = partial(Signal, per=Per.MOST, quantile=P95)
_model = partial(Signal, tier=Tier.PROVIDER, per=Per.SUM)
_store = partial(Signal, tier=Tier.STORE, per=Per.MOST)
_most = partial(Signal, per=Per.MOST)

FRONTS = (
    _front(f"{ALB} RequestCount Sum", CW, Measure.REQUESTS, "count", "requests at the load balancer"),
    _slow(
        *(f"{ALB} TargetResponseTime p95", CW, Measure.ADDED, "s", "until the head of the answer, p95"),
        tier=Tier.FRONT,
    ),
    _front(f"{ALB} RejectedConnectionCount Sum", CW, Measure.REFUSALS, "count", "connections refused"),
    Signal(f"{ALB} HTTPCode_Target_5XX_Count Sum", CW, Measure.ERRORS, "count", "errors of the targets", per=Per.SUM),
    _front(f"{ALB} HTTPCode_ELB_502_Count Sum", CW, Measure.ERRORS, "count", "targets that closed or answered badly"),
    _front(f"{ALB} HTTPCode_ELB_503_Count Sum", CW, Measure.ERRORS, "count", "no healthy target", telling=0.0),
    _front(f"{ALB} HTTPCode_ELB_504_Count Sum", CW, Measure.TIMEOUTS, "count", "targets too slow"),
    _front(f"{ALB} ProcessedBytes Sum", CW, Measure.TRANSFER, "bytes", "bytes through the load balancer"),
    _front(f"{ALB} ConsumedLCUs Sum", CW, Measure.BILLED, "LCU", "load balancer capacity used"),
    _front(f"{REST} Count Sum", CW, Measure.REQUESTS, "count", "requests at the gateway"),
    _slow(f"{REST} Latency p95", CW, Measure.DURATION, "ms", "whole time at the gateway, p95", tier=Tier.FRONT),
    _slow(f"{REST} IntegrationLatency p95", CW, Measure.ADDED, "ms", "of that, behind the gateway, p95"),
    _front(f"{REST} 4XXError Sum", CW, Measure.ERRORS, "count", "refused or rejected at the gateway"),
    _front(f"{REST} 5XXError Sum", CW, Measure.ERRORS, "count", "errors at the gateway"),
    _front(f"{REST} 4xx Sum", CW, Measure.ERRORS, "count", "refused or rejected at the gateway"),
    _front(f"{REST} 5xx Sum", CW, Measure.ERRORS, "count", "errors at the gateway"),
    _front(f"{REST} DataProcessed Sum", CW, Measure.TRANSFER, "bytes", "bytes through the gateway"),
)
BEDROCK = (
    _model(f"{BEDROCK_NS} Invocations Sum", CW, Measure.REQUESTS, "count", "calls of the model"),
    _model(f"{BEDROCK_NS} InvocationThrottles Sum", CW, Measure.REFUSALS, "count", "calls refused"),
    _model(f"{BEDROCK_NS} InvocationClientErrors Sum", CW, Measure.ERRORS, "count", "calls that were wrong"),
    _model(f"{BEDROCK_NS} InvocationServerErrors Sum", CW, Measure.ERRORS, "count", "calls that the provider failed"),
    _slow(
        f"{BEDROCK_NS} InvocationLatency p95", CW, Measure.DURATION, "ms", "the model's answer, p95", tier=Tier.PROVIDER
    ),
    _slow(
        *(f"{BEDROCK_NS} TimeToFirstToken p95", CW, Measure.DURATION, "ms", "the model's first token, p95"),
        tier=Tier.PROVIDER,
    ),
    _model(f"{BEDROCK_NS} InputTokenCount Sum", CW, Measure.TOKENS, "tokens", "tokens read"),
    _model(f"{BEDROCK_NS} OutputTokenCount Sum", CW, Measure.TOKENS, "tokens", "tokens written"),
    Signal(
        *(f"{BEDROCK_NS} EstimatedTPMQuotaUsage Maximum", CW, Measure.QUOTA_USE, "tokens/min"),
        *("use of the quota of tokens a minute", Tier.PROVIDER, Per.MOST),
    ),
)
STORE = (
    _store(f"{AOSS} SearchOCU Maximum", CW, Measure.INSTANCES, "OCU", "units of the vector store"),
    _store(f"{AOSS} IndexingOCU Maximum", CW, Measure.INSTANCES, "OCU", "units for its index"),
)
USAGE = (
    Signal("AWS/Usage CallCount Sum", CW, Measure.QUOTA_USE, "count", "calls that a quota counts", per=Per.SUM),
    _most("AWS/Usage ResourceCount Maximum", CW, Measure.QUOTA_USE, "count", "resources that a quota counts"),
)
KUBERNETES = (
    _most("kubernetes.replicas_available", PROM, Measure.INSTANCES, "count", "replicas that are ready"),
    _most("kubernetes.pods_running", PROM, Measure.INSTANCES, "count", "pods that run"),
    _most("kubernetes.nodes", PROM, Measure.INSTANCES, "count", "nodes of the cluster"),
    Signal("kubernetes.requested_cores", PROM, Measure.CPU, "cores", "processors that pods reserve"),
    Signal("kubernetes.used_cores", PROM, Measure.CPU, "cores", "processors used"),
    Signal(
        "kubernetes.throttled_share",
        PROM,
        Measure.CPU,
        "share",
        "periods in which processors were withheld",
        telling=WITHHELD,
    ),
    Signal("kubernetes.requested_memory_bytes", PROM, Measure.MEMORY, "bytes", "memory that pods reserve"),
    _most("kubernetes.used_memory_bytes", PROM, Measure.MEMORY, "bytes", "memory used"),
    Signal("kubernetes.restarts", PROM, Measure.STARTS, "count", "restarts of containers", per=Per.GROWTH),
    _most("kubernetes.start_lag_s", PROM, Measure.STARTS, "s", "from a pod's creation until it is ready, longest"),
)
KNATIVE = (
    _most("knative.queue_depth", PROM, Measure.QUEUED, "count", "requests that wait for a place"),
    _most("knative.concurrency", PROM, Measure.CONCURRENCY, "count", "requests at once"),
    Signal("knative.invocations_per_s", PROM, Measure.RATE, "per s", "requests a second"),
    _slow("knative.invocation_p95_s", PROM, Measure.DURATION, "s", "duration, p95"),
)
OPENCOST = (
    Signal("opencost.idle_usd_per_hour", PROM, Measure.IDLE_COST, "USD/h", "what nothing uses of the nodes"),
    Signal(
        "opencost.workload_usd_per_hour", PROM, Measure.BILLED, "USD/h", "what this namespace reserves of the nodes"
    ),
    Signal("opencost.nodes_usd_per_hour", PROM, Measure.BILLED, "USD/h", "all nodes"),
    Signal("opencost.management_usd_per_hour", PROM, Measure.BILLED, "USD/h", "the control plane"),
    Signal("opencost.load_balancer_usd_per_hour", PROM, Measure.BILLED, "USD/h", "load balancers", Tier.FRONT),
    Signal("opencost.allocated_cores", PROM, Measure.CPU, "cores", "processors that the namespace is charged for"),
    Signal(
        "opencost.allocated_memory_bytes", PROM, Measure.MEMORY, "bytes", "memory that the namespace is charged for"
    ),
)
CLUSTER = (*KUBERNETES, *KNATIVE, *OPENCOST)
