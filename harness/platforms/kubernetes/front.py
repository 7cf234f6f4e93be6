"""Where a workload is reached from outside its cluster: as its Ingress, its load balancer or Knative says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.platforms.kubernetes.cluster import ClusterError, Json
from harness.platforms.kubernetes.manifests import KNATIVE

if TYPE_CHECKING:
    from harness.platforms.kubernetes.cluster import Applied, Cluster

HTTPS = 443
PLAIN = re.compile(r"[\w./~-]*")


def address_of(cluster: Cluster, applied: Applied) -> str | None:
    """None where nothing leads there, or nothing does yet."""
    said = cluster.get(applied.manifest.said, applied.path)
    if applied.manifest.api == KNATIVE:
        url = (said.get("status") or {}).get("url")
        return str(url).rstrip("/") if url else None
    within = f"/namespaces/{applied.manifest.namespace}"
    labels = said["spec"]["template"]["metadata"].get("labels") or {}
    services = [
        one
        for one in cluster.rows("services", f"/api/v1{within}/services")
        if (chosen := one["spec"].get("selector")) and chosen.items() <= labels.items()
    ]
    try:
        ingresses = cluster.rows("ingresses", f"/apis/networking.k8s.io/v1{within}/ingresses")
    except ClusterError:
        ingresses = []  # who may not read them may still read the services
    names = {str(one["metadata"]["name"]) for one in services}
    found = [_of_ingress(one, names) for one in ingresses] + [_of_service(one) for one in services]
    return next((url for url in found if url), None)


def _of_ingress(said: Json, services: set[str]) -> str | None:
    """Its first rule that leads to one of these services: the rule's own host, else the address that it was given."""
    given = _given(said)
    if given is None:
        return None
    secure = bool(said["spec"].get("tls"))
    for rule in said["spec"].get("rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            name = ((path.get("backend") or {}).get("service") or {}).get("name")
            if name in services:
                prefix = str(path.get("path") or "/").rstrip("/")
                prefix = prefix if PLAIN.fullmatch(prefix) else ""  # a pattern of its controller's own
                return f"{'https' if secure else 'http'}://{rule.get('host') or given}{prefix}"
    default = ((said["spec"].get("defaultBackend") or {}).get("service") or {}).get("name")
    return f"{'https' if secure else 'http'}://{given}" if default in services else None


def _of_service(said: Json) -> str | None:
    given = _given(said) if said["spec"].get("type") == "LoadBalancer" else None
    ports = [int(p["port"]) for p in said["spec"].get("ports") or ()]
    if given is None or not ports:
        return None
    port = HTTPS if HTTPS in ports else ports[0]
    scheme = "https" if port == HTTPS else "http"
    return f"{scheme}://{given}" + ("" if port in (80, HTTPS) else f":{port}")


def _given(said: Json) -> str | None:
    for one in ((said.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ():
        if at := one.get("hostname") or one.get("ip"):
            return f"[{at}]" if ":" in str(at) else str(at)
    return None
