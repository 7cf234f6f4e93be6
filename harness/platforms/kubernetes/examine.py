"""A Deployment or a Knative Service before money: the cluster, what the caller may do in it, its nodes, and what is deployed.

Verified: spec only; the tests hold requests to the API's documented paths with recorded answers.
"""

from __future__ import annotations

from decimal import Decimal

from harness.domain.finding import Finding, State
from harness.domain.target import Target
from harness.platforms.examining import Reach, guarded, listed, refused_as
from harness.platforms.kubernetes.config import Kubernetes
from harness.platforms.kubernetes.room import GIB, Asks, asks_of, exceeded, free_by_node, quantity
from harness.platforms.shared.answer import Answer, NoAnswer, answer_of
from harness.platforms.shared.provider_url import provider_url_in, variables_of
from harness.words.numbers import counted

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
PROXY = "kubectl proxy must run, or api and token_env of [runtime] say where the cluster is"
ARCHITECTURE = "kubernetes.io/arch"
METRICS = "/apis/metrics.k8s.io/v1beta1"
DEPLOYS = (
    *(("", "services"), ("", "secrets"), ("", "configmaps"), ("", "serviceaccounts")),
    *(("autoscaling", "horizontalpodautoscalers"), ("policy", "poddisruptionbudgets")),
)
CPUS, MEMORIES = ("cpu", "requests.cpu"), ("memory", "requests.memory", "limits.memory")


def examine(target: Target, reach: Reach) -> list[Finding]:
    """The cluster first, then the workload where there is one."""
    config = target.runtime
    assert isinstance(config, Kubernetes)
    name = f"the cluster of {target.name}"
    version = guarded(name, lambda: _version(name, config, reach), PROXY)
    if version[0].state is not State.GOOD:
        return version
    workload, found = _workload(target, config, reach)
    out = [*version, *_allowed(target, config, reach, deployed=workload is not None)]
    if not any(one.state is State.GOOD for one in found):
        out += _may_deploy(target, config, reach)
    nodes, room = f"nodes of {target.name}", f"room for {target.name}"
    out += guarded(nodes, lambda: _nodes(nodes, config, workload, reach), "allow listing nodes")
    out += guarded(room, lambda: _room(room, config, workload, reach), "allow listing nodes and pods of all namespaces")
    quotas = f"quotas of {config.namespace}"
    out += guarded(
        quotas, lambda: _quotas(quotas, config, workload, reach), f"allow listing resourcequotas in {config.namespace}"
    )
    if not config.knative:
        metrics = f"metrics for the autoscaler of {target.name}"
        out += guarded(metrics, lambda: _metrics(metrics, config, reach), "allow reading /apis/metrics.k8s.io")
    if workload is not None:
        found += provider_url_in(target, lambda: variables_of(workload["template"]["spec"]["containers"]))
    return out + found


def _api(config: Kubernetes, reach: Reach):  # type: ignore[no-untyped-def] # noqa: ANN202 - a Rest
    key = (config.api, config.token_env, config.ca_file)
    return reach.once(("cluster", key), lambda: reach.cluster(*key))


def _version(name: str, config: Kubernetes, reach: Reach) -> Finding:
    return Finding(name, State.GOOD, answer_of(_api(config, reach).get, {"path": "/version"})["gitVersion"].text())


def _allowed(target: Target, config: Kubernetes, reach: Reach, *, deployed: bool) -> list[Finding]:
    group, resource = ("serving.knative.dev", "services") if config.knative else ("apps", "deployments")
    name = f"permissions for {target.name}"
    verbs = ("get", "patch") if deployed else ("get", "patch", "create", "delete")

    def look() -> Finding:
        lacking = [verb for verb in verbs if not _may(config, reach, group, resource, verb)]
        if lacking:
            words = f"may not {', '.join(lacking)} {resource} in {config.namespace}"
            fix = f"kubectl create rolebinding pilot --clusterrole=edit --user=USER --namespace={config.namespace}"
            return Finding(name, State.WRONG, words, fix)
        return Finding(name, State.GOOD, ", ".join(verbs))

    return guarded(name, look, "allow selfsubjectaccessreviews, which every user may by default")


def _may(config: Kubernetes, reach: Reach, group: str, resource: str, verb: str, *, everywhere: bool = False) -> bool:
    """Asked of the cluster, which knows every rule that counts; ``everywhere``: of no namespace. Raises NoAnswer."""
    asked = {"group": group, "resource": resource, "verb": verb}
    asked |= {} if everywhere else {"namespace": config.namespace}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    request = {"path": REVIEWS, "body": {**body, "spec": {"resourceAttributes": asked}}}
    allowed = answer_of(_api(config, reach).post, request)["status"]["allowed"]
    if not isinstance(allowed.value, bool):
        raise allowed.unlike("true or false")
    return allowed.value


def _may_deploy(target: Target, config: Kubernetes, reach: Reach) -> list[Finding]:
    """What pilot deploy and pilot destroy would ask for; a namespace that is there already needs nobody to make it."""
    name = f"permissions to deploy {target.name}"

    def look() -> Finding:
        kinds = [*DEPLOYS, ("serving.knative.dev", "services") if config.knative else ("apps", "deployments")]
        lacking = [
            f"{v} {r}" for g, r in kinds for v in ("create", "patch", "delete") if not _may(config, reach, g, r, v)
        ]
        if lacking:
            words = f"may not {', '.join(lacking)} in {config.namespace}"
            fix = f"kubectl create rolebinding pilot --clusterrole=admin --user=USER --namespace={config.namespace}"
            return Finding(name, State.WRONG, words, f"{fix}; docs/deploy.md has all that is needed")
        if not _has_namespace(config, reach) and not _may(config, reach, "", "namespaces", "create", everywhere=True):
            words = f"there is no namespace {config.namespace}, and you may not create one"
            return Finding(name, State.WRONG, words, f"ask an admin: kubectl create namespace {config.namespace}")
        return Finding(name, State.GOOD, "create, patch, delete")

    return guarded(name, look, "allow selfsubjectaccessreviews, which every user may by default")


def _has_namespace(config: Kubernetes, reach: Reach) -> bool:
    """Raises NoAnswer where the cluster does not say."""
    try:
        answer_of(_api(config, reach).get, {"path": f"/api/v1/namespaces/{config.namespace}"})
    except NoAnswer as error:
        if refused_as(error, "HTTP 404"):
            return False
        raise
    return True


def _asks(config: Kubernetes, workload: Answer | None) -> tuple[Asks, int]:
    """Of one pod, and how many more are to come: a rollout's one, or all."""
    if workload is None:
        asks = Asks(quantity(config.cpu or "1"), quantity(config.memory or "2Gi"))
        return asks, max(1, config.replicas or 2)
    rows = workload["template"]["spec"]["containers"].rows()
    every = [asks_of(one["resources"]["requests"]) for one in rows]
    return sum(every, Asks(Decimal(0), Decimal(0))), 1


def _room(name: str, config: Kubernetes, workload: Answer | None, reach: Reach) -> Finding:
    """By what nodes have and pods ask for; how many more the cluster's own autoscaler would add is not known here."""
    nodes, pods = (
        listed(answer_of(_api(config, reach).get, {"path": p})["items"]) for p in ("/api/v1/nodes", "/api/v1/pods")
    )
    one, wanted = _asks(config, workload)
    if one == Asks(Decimal(0), Decimal(0)):
        return Finding(
            name, State.WRONG, "its pods ask for nothing: any node will take too many of them", "resources.requests"
        )
    fit = sum(node.holds(one) for node in free_by_node(nodes, pods))
    each = f"{one.cpu:f} CPU and {one.memory / GIB:.1f} GiB each"
    words = f"room for {counted(fit, 'more pod')}, of {each}, on {counted(len(nodes), 'node')}"
    if fit < wanted:
        return Finding(
            name, State.WRONG, f"{words}; {wanted} are to come", "add nodes, or let the cluster's autoscaler do it"
        )
    return Finding(name, State.GOOD, words)


def _quotas(name: str, config: Kubernetes, workload: Answer | None, reach: Reach) -> Finding:
    """The namespace's own limits, which no cloud's quota knows."""
    path = f"/api/v1/namespaces/{config.namespace}/resourcequotas"
    rows = listed(answer_of(_api(config, reach).get, {"path": path})["items"])
    one, more = _asks(config, workload)
    wanted = {
        "pods": Decimal(more),
        **dict.fromkeys(CPUS, one.cpu * more),
        **dict.fromkeys(MEMORIES, one.memory * more),
    }
    found = [w for r in rows for w in exceeded(r["status"]["hard"].fields(), r["status"]["used"].fields(), wanted)]
    if found:
        return Finding(
            name, State.WRONG, "; ".join(found), f"kubectl --namespace {config.namespace} edit resourcequota"
        )
    return Finding(name, State.GOOD, f"room in {counted(len(rows), 'ResourceQuota')}" if rows else "no ResourceQuota")


def _metrics(name: str, config: Kubernetes, reach: Reach) -> Finding:
    """Without it an autoscaler by CPU stays at its least."""
    try:
        said = answer_of(_api(config, reach).get, {"path": METRICS})["resources"]
    except NoAnswer as error:
        if refused_as(error, "HTTP 404"):
            words = "the cluster has no metrics API: an autoscaler by CPU cannot scale"
            return Finding(name, State.WRONG, words, "install metrics-server")
        raise
    return Finding(name, State.GOOD, f"metrics of {counted(len(listed(said)), 'kind')}")


def _workload(target: Target, config: Kubernetes, reach: Reach) -> tuple[Answer | None, list[Finding]]:
    name = f"the workload of {target.name}"
    group = "/apis/serving.knative.dev/v1" if config.knative else "/apis/apps/v1"
    path = f"{group}/namespaces/{config.namespace}/{'services' if config.knative else 'deployments'}/{config.name}"
    kept: list[Answer] = []

    def look() -> Finding:
        try:
            said = answer_of(_api(config, reach).get, {"path": path})
        except NoAnswer as error:
            if refused_as(error, "HTTP 404"):
                return Finding(name, State.LATER, f"no {config.name} in {config.namespace} yet")
            raise
        spec = said["spec"]
        if not spec.given:
            raise spec.unlike("an object")
        kept.append(spec)
        wanted, ready = spec["replicas"].value, said["status"]["readyReplicas"].value
        if not config.knative and wanted and (ready or 0) < wanted:
            words = f"{ready or 0} of {wanted} replicas are ready"
            return Finding(name, State.WRONG, words, f"kubectl describe deployment {config.name} -n {config.namespace}")
        return Finding(name, State.GOOD, f"{ready or 0} replicas are ready")

    made = guarded(name, look, f"allow get in {config.namespace}")
    return (kept[0] if kept else None), made


def _nodes(name: str, config: Kubernetes, workload: Answer | None, reach: Reach) -> Finding:
    """Of one kind of processor, or the workload says which: an image for another one ends in exec format error."""
    rows = answer_of(_api(config, reach).get, {"path": "/api/v1/nodes"})["items"]
    if not rows.given:
        raise rows.unlike("a list")
    kinds = sorted({str(one["metadata"]["labels"][ARCHITECTURE].value) for one in rows.rows()} - {"None"})
    selected = workload["template"]["spec"]["nodeSelector"][ARCHITECTURE].value if workload is not None else None
    if not kinds:
        return Finding(name, State.WRONG, "the cluster has no node", "add one, or let its autoscaler begin")
    if selected is not None and selected not in kinds:
        return Finding(
            name, State.WRONG, f"none is {selected}, which the pods ask for: {', '.join(kinds)}", "nodeSelector"
        )
    if len(kinds) > 1 and selected is None:
        words = f"{', '.join(kinds)}, and the pods name none: an image for one of them fails on the others"
        return Finding(name, State.WRONG, words, f"nodeSelector: {{{ARCHITECTURE}: amd64}}")
    return Finding(name, State.GOOD, selected or kinds[0])
