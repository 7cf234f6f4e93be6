"""What Prometheus is asked about a namespace, a Knative service and its cost, a set each, and what the answers mean.

Names: cAdvisor and kube-state-metrics as their documentation has them (unconfirmed here against a cluster), Knative
after its move to OpenTelemetry, OpenCost as its source exports them.
"""

from __future__ import annotations

from harness.platforms.platform import Measure, Per, Tier
from harness.platforms.shared.prometheus_sets import set_of
from harness.platforms.shared.rows import P95, rows

PROM, MOST = "prometheus", Per.MOST
WITHHELD = 0.25  # a quarter of all periods: what waits for processors then is no chance
RUNNING = 'on(namespace,pod) group_left() (kube_pod_status_phase{phase="Running"} == 1)'
CPU_USD, GIB_USD = (
    "on(node) group_left() node_cpu_hourly_cost",
    "1073741824 * on(node) group_left() node_ram_hourly_cost",
)
_pods, _knative, _cost = rows(PROM, "kubernetes."), rows(PROM, "knative."), rows(PROM, "opencost.")

KUBERNETES = (
    _pods("replicas_available", Measure.INSTANCES, "count", "replicas that are ready", per=MOST),
    _pods("pods_running", Measure.INSTANCES, "count", "pods that run", per=MOST),
    _pods("nodes", Measure.INSTANCES, "count", "nodes of the cluster", per=MOST),
    _pods("requested_cores", Measure.CPU, "cores", "processors that pods reserve"),
    _pods("used_cores", Measure.CPU, "cores", "processors used"),
    _pods("throttled_share", Measure.CPU, "share", "periods in which processors were withheld", telling=WITHHELD),
    _pods("requested_memory_bytes", Measure.MEMORY, "bytes", "memory that pods reserve"),
    _pods("used_memory_bytes", Measure.MEMORY, "bytes", "memory used", per=MOST),
    _pods("restarts", Measure.STARTS, "count", "restarts of containers", per=Per.GROWTH),
    _pods("start_lag_s", Measure.STARTS, "s", "from a pod's creation until it is ready, longest", per=MOST),
)
KNATIVE = (
    _knative("queue_depth", Measure.QUEUED, "count", "requests that wait for a place", per=MOST),
    _knative("concurrency", Measure.CONCURRENCY, "count", "requests at once", per=MOST),
    _knative("invocations_per_s", Measure.RATE, "per s", "requests a second"),
    _knative("invocation_p95_s", Measure.DURATION, "s", "duration, p95", per=MOST, quantile=P95),
)
OPENCOST = (
    _cost("idle_usd_per_hour", Measure.IDLE_COST, "USD/h", "what nothing uses of the nodes"),
    _cost("workload_usd_per_hour", Measure.BILLED, "USD/h", "what this namespace reserves of the nodes"),
    _cost("nodes_usd_per_hour", Measure.BILLED, "USD/h", "all nodes"),
    _cost("management_usd_per_hour", Measure.BILLED, "USD/h", "the control plane"),
    _cost("load_balancer_usd_per_hour", Measure.BILLED, "USD/h", "load balancers", tier=Tier.FRONT),
    _cost("allocated_cores", Measure.CPU, "cores", "processors that the namespace is charged for"),
    _cost("allocated_memory_bytes", Measure.MEMORY, "bytes", "memory that the namespace is charged for"),
)
PROMQL = {
    "kubernetes.replicas_available": 'sum(kube_deployment_status_replicas_available{namespace="$namespace"})',
    "kubernetes.pods_running": 'sum(kube_pod_status_phase{namespace="$namespace",phase="Running"})',
    "kubernetes.nodes": "count(kube_node_info)",
    "kubernetes.requested_cores": (
        f'sum(kube_pod_container_resource_requests{{namespace="$namespace",resource="cpu"}} * {RUNNING})'
    ),
    "kubernetes.used_cores": ('sum(rate(container_cpu_usage_seconds_total{namespace="$namespace",container!=""}[2m]))'),
    "kubernetes.throttled_share": (
        'sum(rate(container_cpu_cfs_throttled_periods_total{namespace="$namespace"}[2m]))'
        ' / sum(rate(container_cpu_cfs_periods_total{namespace="$namespace"}[2m]))'
    ),
    "kubernetes.requested_memory_bytes": (
        f'sum(kube_pod_container_resource_requests{{namespace="$namespace",resource="memory"}} * {RUNNING})'
    ),
    "kubernetes.used_memory_bytes": 'sum(container_memory_working_set_bytes{namespace="$namespace",container!=""})',
    "kubernetes.restarts": 'sum(kube_pod_container_status_restarts_total{namespace="$namespace"})',
    "kubernetes.start_lag_s": (
        'max(kube_pod_status_ready_time{namespace="$namespace"} - kube_pod_created{namespace="$namespace"})'
    ),
    "knative.queue_depth": 'sum(kn_serving_queue_depth{kn_service_name="$service",k8s_namespace_name="$namespace"})',
    "knative.concurrency": (
        'sum(kn_revision_request_concurrency{kn_service_name="$service",k8s_namespace_name="$namespace"})'
    ),
    "knative.invocations_per_s": (
        "sum(rate(kn_serving_invocation_duration_seconds_count"
        '{kn_service_name="$service",k8s_namespace_name="$namespace"}[2m]))'
    ),
    "knative.invocation_p95_s": (
        "histogram_quantile(0.95,"
        " sum by (le) (rate(kn_serving_invocation_duration_seconds_bucket"
        '{kn_service_name="$service",k8s_namespace_name="$namespace"}[2m])))'
    ),
    "opencost.idle_usd_per_hour": (
        "sum(node_total_hourly_cost)"
        f" - sum(container_cpu_allocation * {CPU_USD})"
        f" - sum(container_memory_allocation_bytes / {GIB_USD})"
    ),
    "opencost.workload_usd_per_hour": (
        f'sum(container_cpu_allocation{{namespace="$namespace"}} * {CPU_USD})'
        f' + sum(container_memory_allocation_bytes{{namespace="$namespace"}} / {GIB_USD})'
    ),
    "opencost.nodes_usd_per_hour": "sum(node_total_hourly_cost)",
    "opencost.management_usd_per_hour": "sum(kubecost_cluster_management_cost)",
    "opencost.load_balancer_usd_per_hour": "sum(kubecost_load_balancer_cost)",
    "opencost.allocated_cores": 'sum(container_cpu_allocation{namespace="$namespace"})',
    "opencost.allocated_memory_bytes": 'sum(container_memory_allocation_bytes{namespace="$namespace"})',
}
SUBJECTS = (set_of(KUBERNETES, PROMQL), set_of(KNATIVE, PROMQL), set_of(OPENCOST, PROMQL))
