"""Series worth showing that are no one platform's: gateways and balancers, the model's provider, stores, clusters."""

from __future__ import annotations

from harness.platforms.platform import Figure, Part, Per, Signal

CW, PROM = "cloudwatch", "prometheus"
ALB, REST, BEDROCK_NS = "AWS/ApplicationELB", "AWS/ApiGateway", "AWS/Bedrock"
FRONTS = (
    Signal(
        f"{ALB} RequestCount Sum", CW, Figure.REQUESTS, "count", "requests at the load balancer", Part.FRONT, Per.SUM
    ),
    Signal(
        f"{ALB} TargetResponseTime p95", CW, Figure.DURATION, "s", "until the answer's head, p95", Part.FRONT, Per.MOST
    ),
    Signal(
        f"{ALB} RejectedConnectionCount Sum", CW, Figure.REFUSALS, "count", "connections refused", Part.FRONT, Per.SUM
    ),
    Signal(f"{ALB} HTTPCode_Target_5XX_Count Sum", CW, Figure.ERRORS, "count", "errors of the targets", per=Per.SUM),
    Signal(f"{ALB} HTTPCode_ELB_503_Count Sum", CW, Figure.ERRORS, "count", "no healthy target", Part.FRONT, Per.SUM),
    Signal(f"{ALB} HTTPCode_ELB_504_Count Sum", CW, Figure.TIMEOUTS, "count", "targets too slow", Part.FRONT, Per.SUM),
    Signal(f"{ALB} ConsumedLCUs Sum", CW, Figure.BILLED, "LCU", "load balancer capacity used", Part.FRONT, Per.SUM),
    Signal(f"{REST} Count Sum", CW, Figure.REQUESTS, "count", "requests at the gateway", Part.FRONT, Per.SUM),
    Signal(f"{REST} Latency p95", CW, Figure.DURATION, "ms", "whole time at the gateway, p95", Part.FRONT, Per.MOST),
    Signal(f"{REST} 5XXError Sum", CW, Figure.ERRORS, "count", "errors at the gateway", Part.FRONT, Per.SUM),
    Signal(f"{REST} 5xx Sum", CW, Figure.ERRORS, "count", "errors at the gateway", Part.FRONT, Per.SUM),
)
BEDROCK = (
    Signal(
        f"{BEDROCK_NS} InvocationThrottles Sum", CW, Figure.REFUSALS, "count", "calls refused", Part.PROVIDER, Per.SUM
    ),
    Signal(
        f"{BEDROCK_NS} InvocationLatency p95",
        CW,
        Figure.DURATION,
        "ms",
        "the model's answer, p95",
        Part.PROVIDER,
        Per.MOST,
    ),
    Signal(f"{BEDROCK_NS} Invocations Sum", CW, Figure.REQUESTS, "count", "calls of the model", Part.PROVIDER, Per.SUM),
)
STORE = (
    Signal(
        "AWS/AOSS SearchOCU Maximum", CW, Figure.INSTANCES, "OCU", "units of the vector store", Part.STORE, Per.MOST
    ),
    Signal("AWS/AOSS IndexingOCU Maximum", CW, Figure.INSTANCES, "OCU", "units for its index", Part.STORE, Per.MOST),
)
CLUSTER = (
    Signal("kubernetes.replicas_available", PROM, Figure.INSTANCES, "count", "replicas that are ready", per=Per.MOST),
    Signal("kubernetes.throttled_share", PROM, Figure.CPU, "share", "periods in which processors were withheld"),
    Signal("kubernetes.used_cores", PROM, Figure.CPU, "cores", "processors used"),
    Signal("kubernetes.used_memory_bytes", PROM, Figure.MEMORY, "bytes", "memory used", per=Per.MOST),
    Signal("kubernetes.restarts", PROM, Figure.STARTS, "count", "restarts of containers", per=Per.GROWTH),
    Signal("knative.queue_depth", PROM, Figure.QUEUED, "count", "requests that wait for a place", Part.FRONT, Per.MOST),
    Signal("knative.concurrency", PROM, Figure.CONCURRENCY, "count", "requests at once", per=Per.MOST),
    Signal("opencost.idle_usd_per_hour", PROM, Figure.IDLE_COST, "USD/h", "what nothing uses of the nodes"),
)
