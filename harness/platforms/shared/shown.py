"""Series worth showing that are no one platform's: gateways and balancers, the model's provider, stores, clusters."""

from __future__ import annotations

from harness.platforms.platform import Measure, Per, Signal, Tier

CW, PROM = "cloudwatch", "prometheus"
ALB, REST, BEDROCK_NS = "AWS/ApplicationELB", "AWS/ApiGateway", "AWS/Bedrock"
FRONTS = (
    Signal(
        f"{ALB} RequestCount Sum", CW, Measure.REQUESTS, "count", "requests at the load balancer", Tier.FRONT, Per.SUM
    ),
    Signal(
        f"{ALB} TargetResponseTime p95", CW, Measure.DURATION, "s", "until the answer's head, p95", Tier.FRONT, Per.MOST
    ),
    Signal(
        f"{ALB} RejectedConnectionCount Sum", CW, Measure.REFUSALS, "count", "connections refused", Tier.FRONT, Per.SUM
    ),
    Signal(f"{ALB} HTTPCode_Target_5XX_Count Sum", CW, Measure.ERRORS, "count", "errors of the targets", per=Per.SUM),
    Signal(f"{ALB} HTTPCode_ELB_503_Count Sum", CW, Measure.ERRORS, "count", "no healthy target", Tier.FRONT, Per.SUM),
    Signal(f"{ALB} HTTPCode_ELB_504_Count Sum", CW, Measure.TIMEOUTS, "count", "targets too slow", Tier.FRONT, Per.SUM),
    Signal(f"{ALB} ConsumedLCUs Sum", CW, Measure.BILLED, "LCU", "load balancer capacity used", Tier.FRONT, Per.SUM),
    Signal(f"{REST} Count Sum", CW, Measure.REQUESTS, "count", "requests at the gateway", Tier.FRONT, Per.SUM),
    Signal(f"{REST} Latency p95", CW, Measure.DURATION, "ms", "whole time at the gateway, p95", Tier.FRONT, Per.MOST),
    Signal(f"{REST} 5XXError Sum", CW, Measure.ERRORS, "count", "errors at the gateway", Tier.FRONT, Per.SUM),
    Signal(f"{REST} 5xx Sum", CW, Measure.ERRORS, "count", "errors at the gateway", Tier.FRONT, Per.SUM),
)
BEDROCK = (
    Signal(
        f"{BEDROCK_NS} InvocationThrottles Sum", CW, Measure.REFUSALS, "count", "calls refused", Tier.PROVIDER, Per.SUM
    ),
    Signal(
        f"{BEDROCK_NS} InvocationLatency p95",
        CW,
        Measure.DURATION,
        "ms",
        "the model's answer, p95",
        Tier.PROVIDER,
        Per.MOST,
    ),
    Signal(
        f"{BEDROCK_NS} Invocations Sum", CW, Measure.REQUESTS, "count", "calls of the model", Tier.PROVIDER, Per.SUM
    ),
)
STORE = (
    Signal(
        "AWS/AOSS SearchOCU Maximum", CW, Measure.INSTANCES, "OCU", "units of the vector store", Tier.STORE, Per.MOST
    ),
    Signal("AWS/AOSS IndexingOCU Maximum", CW, Measure.INSTANCES, "OCU", "units for its index", Tier.STORE, Per.MOST),
)
CLUSTER = (
    Signal("kubernetes.replicas_available", PROM, Measure.INSTANCES, "count", "replicas that are ready", per=Per.MOST),
    Signal("kubernetes.throttled_share", PROM, Measure.CPU, "share", "periods in which processors were withheld"),
    Signal("kubernetes.used_cores", PROM, Measure.CPU, "cores", "processors used"),
    Signal("kubernetes.used_memory_bytes", PROM, Measure.MEMORY, "bytes", "memory used", per=Per.MOST),
    Signal("kubernetes.restarts", PROM, Measure.STARTS, "count", "restarts of containers", per=Per.GROWTH),
    Signal(
        "knative.queue_depth", PROM, Measure.QUEUED, "count", "requests that wait for a place", Tier.FRONT, Per.MOST
    ),
    Signal("knative.concurrency", PROM, Measure.CONCURRENCY, "count", "requests at once", per=Per.MOST),
    Signal("opencost.idle_usd_per_hour", PROM, Measure.IDLE_COST, "USD/h", "what nothing uses of the nodes"),
)
