"""Objects of the API server in memory: who owns which of their fields, and which are chosen by their labels."""

import re


def flat(value, at=()):
    """Leaves by their path; elements of a list are told apart by their names, and a list without names is one leaf."""
    if isinstance(value, dict) and value:
        return {k: v for name, inner in value.items() for k, v in flat(inner, (*at, name)).items()}
    if isinstance(value, list) and value and all(isinstance(v, dict) and "name" in v for v in value):
        return {k: v for inner in value for k, v in flat(inner, (*at, ("#", inner["name"]))).items()}
    return {at: value}


def nested(leaves):
    out = {}
    for path, value in leaves.items():
        node = out
        for key in path[:-1]:
            node = node.setdefault(key, {})
        node[path[-1]] = value

    def listed(node):
        if not isinstance(node, dict) or not node:
            return node
        inner = {k: listed(v) for k, v in node.items()}
        return list(inner.values()) if all(isinstance(k, tuple) for k in inner) else inner

    return listed(out)


class Object:
    """Its leaves, who owns each, and its status; ``looks`` since its last change."""

    def __init__(self, api, kind, name, namespace):
        self.api, self.kind, self.name, self.namespace = api, kind, name, namespace
        self.leaves, self.owners, self.status = {}, {}, {}
        self.version = self.generation = self.looks = 0
        self.finalizers, self.deleting = [], False
        self.meta, self.revision, self.template = {}, 0, None

    def body(self):
        said = nested(self.leaves)
        meta = {**said.pop("metadata", {}), **self.meta, "name": self.name, "resourceVersion": str(self.version)}
        meta |= {"namespace": self.namespace} if self.namespace else {}
        meta |= {"uid": f"uid-{self.kind}-{self.name}", "generation": self.generation}
        meta |= {"finalizers": self.finalizers} if self.finalizers else {}
        meta |= {"deletionTimestamp": "2026-11-27T12:00:00Z"} if self.deleting else {}
        return {
            "apiVersion": self.api,
            "kind": self.kind,
            "metadata": meta,
            **said,
            **({"status": self.status} if self.status else {}),
        }

    @property
    def labels(self):
        return self.body()["metadata"].get("labels") or {}


def selected(text):
    """Whether labels are chosen by a selector, as far as selectors are used."""
    rules = [rule.strip() for rule in re.findall(r"[^,(]+(?:\([^)]*\))?", text)]
    return lambda labels: all(_holds(rule, labels) for rule in rules)


def _holds(rule, labels):
    if found := re.fullmatch(r"(\S+) in \(([^)]*)\)", rule):
        return labels.get(found[1]) in found[2].split(",")
    key, is_value, value = rule.partition("=")
    return labels.get(key) == value if is_value else key in labels
