"""A Kubernetes API server in memory, with the controllers that a deployment waits for; every call is counted, and one can be the last.

Objects are held to the API's schemas. Server-side apply keeps who owns which field and refuses what another one has set
otherwise. Controllers work a little each time that somebody looks, as a cluster takes a few looks to get there.
"""

import base64
import json
import re
from functools import cache

import httpx
import kubernetes_validate
import yaml

from harness.platforms.shared.call_policy import CallPolicy
from harness.platforms.shared.rest import Rest
from tests.peers.cuts import Calls
from tests.peers.kube_fields import Object, flat, nested, selected

KNATIVE = "serving.knative.dev/v1"
KINDS = {
    "v1": {
        "Namespace": ("namespaces", False),
        "Node": ("nodes", False),
        "PersistentVolume": ("persistentvolumes", False),
        "Pod": ("pods", True),
        "Service": ("services", True),
        "ServiceAccount": ("serviceaccounts", True),
        "Secret": ("secrets", True),
        "ConfigMap": ("configmaps", True),
        "Event": ("events", True),
        "PersistentVolumeClaim": ("persistentvolumeclaims", True),
    },
    "apps/v1": {
        "Deployment": ("deployments", True),
        "ReplicaSet": ("replicasets", True),
        "StatefulSet": ("statefulsets", True),
    },
    "batch/v1": {"Job": ("jobs", True)},
    "autoscaling/v2": {"HorizontalPodAutoscaler": ("horizontalpodautoscalers", True)},
    "policy/v1": {"PodDisruptionBudget": ("poddisruptionbudgets", True)},
    "networking.k8s.io/v1": {"Ingress": ("ingresses", True)},
    KNATIVE: {"Service": ("services", True)},
    "keda.sh/v1alpha1": {"ScaledObject": ("scaledobjects", True)},
}
CUSTOM = (KNATIVE, "keda.sh/v1alpha1")
REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
REASONS = {403: "Forbidden", 404: "NotFound", 409: "Conflict"}
CONTROLLER = "kube-controller-manager"


class Refusal(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


@cache
def valid(text):
    """By the API's own schemas; custom resources, which have none there, are taken as they are."""
    said = json.loads(text)
    if said["apiVersion"] not in CUSTOM:
        kubernetes_validate.validate(said, "1.31", strict=True)


def _read(content):
    try:
        return yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise Refusal(400, f"error decoding YAML: {error}") from None


class Kube(Calls):
    """An API server that ``knows`` these groups."""

    def __init__(self, cut_at=None, *, after=False, knows=tuple(KINDS)):
        super().__init__(cut_at, after=after)
        self.knows, self.asked, self.objects = knows, [], {}
        self.denied, self.waiting, self.unscheduled, self.stuck, self.logs = set(), {}, set(), None, {}
        self.autoscaler, self.address, self.pushes, self.clock = True, "203.0.113.9", [], 0
        for k in range(2):
            node = self.put("v1", "Node", f"node-{k}", None, {"metadata": {"labels": {"kubernetes.io/arch": "arm64"}}})
            node.status = {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}}

    # -- from outside

    def rest(self, *_):
        return Rest("http://cluster", transport=httpx.MockTransport(self._answer), policy=CallPolicy(tries=1))

    def put(self, api, kind, name, namespace, body, manager="kubectl-create"):
        """As somebody else makes it."""
        made = self.objects.setdefault((api, kind, namespace, name), Object(api, kind, name, namespace))
        self._set(made, manager, body, force=True)
        return made

    def one(self, kind, name):
        found = [o for (_, k, _, n), o in self.objects.items() if (k, n) == (kind, name)]
        return found[0] if found else None

    def names(self):
        """Of what a deployment makes."""
        made = (o for o in self.objects.values() if o.kind not in ("Node", "Pod", "ReplicaSet", "Event"))
        return sorted(f"{o.kind} {o.name}" for o in made)

    @property
    def changes(self):
        return [
            call for call in self.asked if call[0] != "GET" and "dryRun" not in call[2] and "selfsubject" not in call[1]
        ]

    # -- requests

    def _answer(self, request):
        return self.step(lambda: self._said(request))

    def _said(self, request):
        path, params = request.url.path, dict(request.url.params)
        self.asked.append((request.method, path, params))
        try:
            self._allowed(f"{request.method} {path}")
            said = self._routed(request.method, path, params, request)
        except Refusal as error:
            body = {
                "kind": "Status",
                "apiVersion": "v1",
                "reason": REASONS.get(error.status, ""),
                "status": "Failure",
                "message": str(error),
                "code": error.status,
            }
            return httpx.Response(error.status, json=body)
        return httpx.Response(200, text=said) if isinstance(said, str) else httpx.Response(200, json=said)

    def _allowed(self, call):
        if any(word in call for word in self.denied):
            raise Refusal(403, f'User "jo" cannot {call}')

    def _routed(self, method, path, params, request):
        if (known := self._known(path)) is not None:
            return known
        found = re.fullmatch(
            r"/(?:api|apis)/((?:[\w.-]+/)?v\d\w*)(?:/namespaces/([\w-]+)(?=/\w))?(?:/(\w+)(?:/([\w.-]+))?)?(/log)?",
            path.removesuffix("/status"),  # which the controllers here write themselves
        )
        assert found, path
        api, namespace, plural, name, log = found.groups()
        if api not in self.knows:
            raise Refusal(404, "the server could not find the requested resource")
        if plural is None:
            rows = [{"kind": k, "name": p, "namespaced": n} for k, (p, n) in KINDS[api].items()]
            rows.append({"kind": "Scale", "name": "deployments/scale", "namespaced": True})
            verbs = {"singularName": "", "verbs": ["create", "delete", "get", "list", "patch"]}
            whole = [{**row, **verbs} for row in rows]
            return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api, "resources": whole}
        if log:
            return self.logs.get(name.rpartition("-")[0], "")
        kind = next(k for k, (p, _) in KINDS[api].items() if p == plural)
        if method == "DELETE":
            return self._delete(api, kind, namespace, name) if name else self._clear(api, kind, namespace, params)
        if method != "GET":
            return self._changed(method, (api, kind, namespace, name), params, request)
        return self._get(api, kind, namespace, name) if name else self._list(api, kind, namespace, params)

    def _known(self, path):
        """What is of no group."""
        said = {
            "/version": {"gitVersion": "v1.36.0"},
            REVIEW: {"status": {"userInfo": {"username": "jo"}}},
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
        }
        return self._groups() if path == "/apis" else said.get(path)

    def _groups(self):
        names = {
            api.partition("/")[0]: {"groupVersion": api, "version": api.partition("/")[2]}
            for api in self.knows
            if "/" in api
        }
        groups = [{"name": n, "versions": [v], "preferredVersion": v} for n, v in names.items()]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}

    def _get(self, api, kind, namespace, name):
        self._look(self.objects.get((api, kind, namespace, name)))
        return self._there(api, kind, namespace, name).body()

    def _there(self, api, kind, namespace, name):
        found = self.objects.get((api, kind, namespace, name))
        if found is None:
            raise Refusal(404, f'{kind} "{name}" not found')
        return found

    def _list(self, api, kind, namespace, params):
        chosen = selected(params.get("labelSelector", ""))
        for one in list(self.objects.values()):
            if one.deleting:
                self._look(one)
        if kind == "Event":
            return {"kind": "EventList", "apiVersion": "v1", "items": self._events(namespace)}
        rows = [o for (a, k, n, _), o in self.objects.items() if (a, k) == (api, kind) and namespace in (None, n)]
        items = [o.body() for o in rows if chosen(o.labels)]
        return {
            "kind": f"{kind}List",
            "apiVersion": api,
            "metadata": {"resourceVersion": str(self.clock)},
            "items": items,
        }

    def _changed(self, method, key, params, request):
        api, kind, namespace, name = key
        self._alive(namespace)
        dry = params.get("dryRun") == "All"
        if method == "POST":
            body = json.loads(request.content)
            key = (api, kind, namespace, body["metadata"]["name"])
            if key in self.objects:
                raise Refusal(409, f'{kind} "{key[3]}" already exists')
        else:
            applies = request.headers["content-type"] == "application/apply-patch+yaml"
            body = _read(request.content) if applies else json.loads(request.content)
            if not applies:
                there = self._there(*key)
                self._set(there, params.get("fieldManager", "unknown"), body, force=True, merge=True)
                return there.body()
            assert params["fieldValidation"] == "Strict"
            assert (body["metadata"]["name"], body["metadata"].get("namespace"), body["kind"]) == (
                name,
                namespace,
                kind,
            )
        try:
            valid(json.dumps(body, sort_keys=True))
        except kubernetes_validate.ValidationError as error:
            raise Refusal(422, f'{kind} "{key[3]}" is invalid: {error.message}') from None
        target = self.objects.get(key)
        if dry:
            copy = Object(api, kind, key[3], namespace)
            if target is not None:
                copy.leaves, copy.owners = dict(target.leaves), {m: set(p) for m, p in target.owners.items()}
                copy.version, copy.generation, copy.meta = target.version, target.generation, target.meta
            now = self.clock
            self._set(copy, params["fieldManager"], body, force=params.get("force") == "true")
            self.clock = now
            return copy.body()
        target = target or Object(*key[:2], key[3], namespace)
        self._set(target, params["fieldManager"], body, force=method == "POST" or params.get("force") == "true")
        self.objects[key] = target
        return target.body()

    def _alive(self, namespace):
        if namespace is None:
            return
        space = self._there("v1", "Namespace", None, namespace)
        if space.deleting:
            raise Refusal(403, f"namespace {namespace} is being terminated")

    def _delete(self, api, kind, namespace, name):
        found = self._there(api, kind, namespace, name)
        found.deleting, found.looks = True, 0
        if kind == "Namespace":
            found.status = {"phase": "Terminating"}
        return found.body()

    def _clear(self, api, kind, namespace, params):
        """Every one that the labels choose, with what it owns."""
        chosen = selected(params["labelSelector"])
        gone = [k for k, o in self.objects.items() if k[:3] == (api, kind, namespace) and chosen(o.labels)]
        names = {k[3] for k in gone}
        self.objects = {
            k: o for k, o in self.objects.items() if k not in gone and not (k[1] == "Secret" and k[3] in names)
        }
        return {"kind": f"{kind}List", "apiVersion": api, "items": []}

    # -- what is in it

    def _set(self, one, manager, body, *, force, merge=False):
        """Of a server-side apply, or of an update that takes what it sets."""
        body = json.loads(json.dumps(body))
        if "stringData" in body:
            data = {k: base64.b64encode(v.encode()).decode() for k, v in body.pop("stringData").items()}
            body["data"] = {**body.get("data", {}), **data}
        meta = {k: v for k, v in (body.get("metadata") or {}).items() if k in ("labels", "annotations")}
        wanted = flat(
            {
                **{k: v for k, v in body.items() if k not in ("apiVersion", "kind", "metadata", "status")},
                **({"metadata": meta} if meta else {}),
            }
        )
        wanted.pop((), None)
        others = [
            (m, p)
            for m, paths in one.owners.items()
            if m != manager
            for p in paths
            if p in wanted and one.leaves.get(p) != wanted[p]
        ]
        if others and not force:
            fields = ", ".join(f'conflict with "{m}": .{".".join(map(str, p))}' for m, p in others)
            raise Refusal(409, f"Apply failed with {len(others)} conflicts: {fields}")
        for m, p in others:
            one.owners[m].discard(p)
        before = dict(one.leaves)
        if not merge:
            kept = {p for m, paths in one.owners.items() if m != manager for p in paths}
            for p in one.owners.get(manager, set()) - set(wanted) - kept:
                one.leaves.pop(p, None)
            one.owners[manager] = set()
        for p, v in wanted.items():
            if v is None:
                one.leaves.pop(p, None)
            else:
                one.leaves[p] = v
                one.owners.setdefault(manager, set()).add(p)
        if one.kind == "Deployment":
            one.leaves.setdefault(("spec", "replicas"), 1)
        if one.leaves != before:
            self.clock += 1
            one.version, one.looks = self.clock, 0
            one.generation += any(one.leaves.get(p) != before.get(p) for p in {*one.leaves, *before} if p[0] == "spec")
            self._templated(one)

    def _templated(self, one):
        template = {p: v for p, v in one.leaves.items() if p[:2] == ("spec", "template")}
        if template and template != one.template:
            one.template, one.revision = template, one.revision + 1

    # -- controllers

    def _look(self, one):
        if one is None:
            return
        one.looks += 1
        if one.deleting:
            self._ends(one)
        elif one.kind == "Deployment":
            self._rolls(one)
        elif one.api == KNATIVE:
            done = one.looks > 2
            condition = {"type": "Ready", "status": "True" if done else "Unknown", "reason": "Deploying"}
            if one.name in self.waiting:
                condition = {
                    "type": "Ready",
                    "status": "False",
                    "reason": "RevisionFailed",
                    "message": self.waiting[one.name]["message"],
                }
            one.status = {
                "observedGeneration": one.generation,
                "conditions": [condition],
                "latestCreatedRevisionName": f"{one.name}-00001",
            }
            one.status |= {"url": f"http://{one.name}.{one.namespace}.example.com"} if done else {}
        for service in self.objects.values():
            if service.leaves.get(("spec", "type")) == "LoadBalancer" and self.address:
                service.looks += 1
                if service.looks > 2:
                    service.status = {"loadBalancer": {"ingress": [{"ip": self.address}]}}

    def _rolls(self, one):
        scaler = self.one("HorizontalPodAutoscaler", one.name)
        least = scaler.leaves[("spec", "minReplicas")] if scaler and self.autoscaler else 0
        if one.looks >= 5 and one.leaves[("spec", "replicas")] < least:
            self._set(one, CONTROLLER, {"spec": {"replicas": least}}, force=True, merge=True)
            one.looks = 2
        wanted = one.leaves[("spec", "replicas")]
        one.meta["annotations"] = {"deployment.kubernetes.io/revision": str(one.revision)}
        body = one.body()
        one.meta["annotations"] |= (nested(one.leaves).get("metadata") or {}).get("annotations") or {}
        ready = wanted if one.looks > 3 and one.name not in self.waiting and one.name not in self.unscheduled else 0
        one.status = {
            "observedGeneration": one.generation if one.looks > 1 else one.generation - 1,
            "replicas": wanted,
            "updatedReplicas": min(wanted, one.looks - 1),
            "availableReplicas": ready,
        }
        hash_ = f"h{one.revision}"
        labels = {**body["spec"]["template"]["metadata"]["labels"], "pod-template-hash": hash_}
        number = {"deployment.kubernetes.io/revision": str(one.revision)}
        self._child("apps/v1", "ReplicaSet", f"{one.name}-{hash_}", one.namespace, labels).meta = {
            "annotations": number
        }
        pod = self._child("v1", "Pod", f"{one.name}-{hash_}-x", one.namespace, labels)
        name = body["spec"]["template"]["spec"]["containers"][0]["name"]
        pod.status = {"conditions": [{"type": "PodScheduled", "status": "True"}]}
        if one.name in self.unscheduled:
            said = {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": "0/2 nodes are available: 2 Insufficient cpu.",
            }
            pod.status = {"conditions": [said]}
        elif (waiting := self.waiting.get(one.name)) is not None:
            states = {"name": name, "state": {"waiting": {k: v for k, v in waiting.items() if k != "ended"}}}
            states |= {"lastState": {"terminated": waiting["ended"]}} if "ended" in waiting else {}
            pod.status |= {"containerStatuses": [states]}

    def _child(self, api, kind, name, namespace, labels):
        key = (api, kind, namespace, name)
        self.objects.setdefault(key, Object(api, kind, name, namespace))
        self.objects[key].leaves = flat({"metadata": {"labels": labels}})
        return self.objects[key]

    def _events(self, namespace):
        return [
            {
                "type": "Warning",
                "reason": "Failed",
                "message": f"Error: {said['reason']}",
                "lastTimestamp": "2026-11-27T12:00:00Z",
                "involvedObject": {"name": f"{name}-h1-x", "namespace": namespace},
            }
            for name, said in self.waiting.items()
        ]

    def _ends(self, one):
        """After a look or two, unless something holds it."""
        if one.finalizers or one.looks < 2:
            return
        if one.kind == "Namespace":
            held = [o for (_, _, n, _), o in self.objects.items() if n == one.name and o.finalizers]
            if self.stuck or held:
                words = self.stuck or f"Some content in the namespace has finalizers remaining: {held[0].finalizers[0]}"
                one.status["conditions"] = [
                    {"type": "NamespaceFinalizersRemaining", "status": "True", "message": words}
                ]
                return
            self.objects = {k: o for k, o in self.objects.items() if k[2] != one.name}
        self.objects = {k: o for k, o in self.objects.items() if o is not one and not self._of(o, one)}

    def _of(self, child, owner):
        """What a Deployment leaves to the garbage collector."""
        return (
            child.kind in ("ReplicaSet", "Pod")
            and child.namespace == owner.namespace
            and owner.kind == "Deployment"
            and child.name.startswith(f"{owner.name}-h")
        )


class Pushing:
    """A builder whose registry is one that the cluster reads."""

    name = "docker"

    def __init__(self, cluster):
        self._cluster = cluster

    def publish(self, content, image, heard):
        self._cluster.step(lambda: self._cluster.pushes.append((image, content.platform, content.target)))
        return f"sha256:{content.tag.removeprefix('content-'):0<64}"
