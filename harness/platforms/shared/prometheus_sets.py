"""Ready sets of queries: what a cluster is asked about a namespace, a Knative service, and its cost.

Names: cAdvisor and kube-state-metrics as their documentation has them (unconfirmed
here against a cluster), Knative after its move to OpenTelemetry, OpenCost as its
source exports them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Query:
    """PromQL and the unit of its values."""

    promql: str
    unit: str


RUNNING = 'on(namespace,pod) group_left() (kube_pod_status_phase{phase="Running"} == 1)'

KUBERNETES: Mapping[str, Query] = {
    "requested_cores": Query(
        f'sum(kube_pod_container_resource_requests{{namespace="$namespace",resource="cpu"}} * {RUNNING})', "cores"
    ),
    "requested_memory_bytes": Query(
        f'sum(kube_pod_container_resource_requests{{namespace="$namespace",resource="memory"}} * {RUNNING})', "bytes"
    ),
    "used_cores": Query(
        'sum(rate(container_cpu_usage_seconds_total{namespace="$namespace",container!=""}[2m]))', "cores"
    ),
    "used_memory_bytes": Query(
        'sum(container_memory_working_set_bytes{namespace="$namespace",container!=""})', "bytes"
    ),
    "throttled_share": Query(
        'sum(rate(container_cpu_cfs_throttled_periods_total{namespace="$namespace"}[2m]))'
        ' / sum(rate(container_cpu_cfs_periods_total{namespace="$namespace"}[2m]))',
        "share",
    ),
    "replicas_available": Query('sum(kube_deployment_status_replicas_available{namespace="$namespace"})', "count"),
    "pods_running": Query('sum(kube_pod_status_phase{namespace="$namespace",phase="Running"})', "count"),
    "restarts": Query('sum(kube_pod_container_status_restarts_total{namespace="$namespace"})', "count"),
    "start_lag_s": Query(
        'max(kube_pod_status_ready_time{namespace="$namespace"} - kube_pod_created{namespace="$namespace"})', "s"
    ),
    "nodes": Query("count(kube_node_info)", "count"),
}
KNATIVE: Mapping[str, Query] = {
    "queue_depth": Query(
        'sum(kn_serving_queue_depth{kn_service_name="$service",k8s_namespace_name="$namespace"})', "count"
    ),
    "concurrency": Query(
        'sum(kn_revision_request_concurrency{kn_service_name="$service",k8s_namespace_name="$namespace"})', "count"
    ),
    "invocations_per_s": Query(
        'sum(rate(kn_serving_invocation_duration_seconds_count{kn_service_name="$service"}[2m]))', "per s"
    ),
    "invocation_p95_s": Query(
        "histogram_quantile(0.95,"
        ' sum by (le) (rate(kn_serving_invocation_duration_seconds_bucket{kn_service_name="$service"}[2m])))',
        "s",
    ),
}
OPENCOST: Mapping[str, Query] = {
    "allocated_cores": Query('sum(container_cpu_allocation{namespace="$namespace"})', "cores"),
    "allocated_memory_bytes": Query('sum(container_memory_allocation_bytes{namespace="$namespace"})', "bytes"),
    "workload_usd_per_hour": Query(
        'sum(container_cpu_allocation{namespace="$namespace"} * on(node) group_left() node_cpu_hourly_cost)'
        ' + sum(container_memory_allocation_bytes{namespace="$namespace"} / 1073741824'
        " * on(node) group_left() node_ram_hourly_cost)",
        "USD/h",
    ),
    "nodes_usd_per_hour": Query("sum(node_total_hourly_cost)", "USD/h"),
    "idle_usd_per_hour": Query(
        "sum(node_total_hourly_cost)"
        " - sum(container_cpu_allocation * on(node) group_left() node_cpu_hourly_cost)"
        " - sum(container_memory_allocation_bytes / 1073741824 * on(node) group_left() node_ram_hourly_cost)",
        "USD/h",
    ),
    "load_balancer_usd_per_hour": Query("sum(kubecost_load_balancer_cost)", "USD/h"),
    "management_usd_per_hour": Query("sum(kubecost_cluster_management_cost)", "USD/h"),
}
SETS: Mapping[str, Mapping[str, Query]] = {"kubernetes": KUBERNETES, "knative": KNATIVE, "opencost": OPENCOST}


def queries_of(names: tuple[str, ...], values: Mapping[str, str]) -> dict[str, Query]:
    """The sets' queries with ``$namespace`` and ``$service`` filled in; a name carries its set."""
    out = {}
    for name in names:
        for key, query in SETS[name].items():
            promql = query.promql
            for variable, value in values.items():
                promql = promql.replace(f"${variable}", value)
            out[f"{name}.{key}"] = Query(promql, query.unit)
    return out
