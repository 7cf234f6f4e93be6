"""Manifests of a target's folder: what they make, the names that they want filled, and the text that is sent as it stands.

The cluster reads YAML itself. Only what its address needs is read here: of a document its version, kind, name, namespace
and the ``pilot`` label, each on a line of its own as the shipped ones have them. ``fill.py`` beside the templates fills
the same names in the same way for whoever types ``kubectl apply``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.domain.lines import lines_of
from harness.errors import BadFile, Problem, Refused
from harness.tables.text import text_of

WANTED = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}")
BREAKS = re.compile(r'["\\\n\r]')
IN_VARIABLE = re.compile(r'name: "?([A-Z][A-Z0-9_]*)"?, value: "?\$\{([A-Z][A-Z0-9_]*)')
DOCUMENT = re.compile(r"(?m)^---[ \t\r]*$")
LABEL = "pilot"
NAMESPACE = "Namespace"
WORKLOADS = ("Deployment", "Service")  # of apps, and of Knative
KNATIVE = "serving.knative.dev/v1"


@dataclass(frozen=True)
class Manifest:
    """One document of a file, not filled yet."""

    path: Path
    api: str
    kind: str
    name: str
    namespace: str | None
    label: str | None
    text: str

    @property
    def is_workload(self) -> bool:
        """Pods come of it, and are waited for."""
        return (self.api, self.kind) in (("apps/v1", "Deployment"), (KNATIVE, "Service"))

    @property
    def said(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def variables(self) -> dict[str, str]:
        """Variables of its containers whose whole value is a name that is filled: the one by the other."""
        return {name: variable for variable, name in IN_VARIABLE.findall(self.text)}

    def filled(self, values: Mapping[str, str]) -> str:
        """Raises Refused for every name without a value and every value that would end its quotes."""
        wanted = dict(WANTED.findall(self.text))
        known = {name: values.get(name) or default for name, default in wanted.items()}
        problems = [f"{setting_of(name)} has no value" for name, value in known.items() if not value]
        problems += [
            f"{setting_of(n)} has a quote, a backslash or a line break" for n, v in known.items() if BREAKS.search(v)
        ]
        if problems:
            raise Refused(f"{self.path.name}: {'; '.join(problems)}", "--set NAME=VALUE sets it")
        return WANTED.sub(lambda found: known[found.group(1)], self.text)


def manifests_of(path: Path) -> list[Manifest]:
    """Raises Refused where there is no such file, BadFile for documents that pilot destroy could not find again."""
    if not path.is_file():
        raise Refused(f"there is no {path}", "pilot init copies it beside a target of Kubernetes")
    found, problems = [], []
    for number, text in enumerate(DOCUMENT.split(text_of(path)), 1):
        fields = _head(text)
        if not fields and not _content(text):
            continue
        where = f"document {number}"
        lacking = [name for name in ("apiVersion", "kind", "metadata.name") if not fields.get(name)]
        if lacking:
            problems.append(
                Problem(
                    where, f"want {', '.join(lacking)}, each on a line of its own, indented by two spaces in metadata"
                )
            )
            continue
        if fields["kind"] != NAMESPACE and not fields.get("metadata.namespace"):
            problems.append(Problem(where, "want metadata.namespace: without it the object is not found again"))
        if not fields.get("label"):
            problems.append(
                Problem(where, "want metadata.labels with pilot: pilot destroy finds by it what is its own")
            )
        found.append(
            Manifest(
                path,
                fields["apiVersion"],
                fields["kind"],
                fields["metadata.name"],
                fields.get("metadata.namespace"),
                fields.get("label"),
                text.strip("\n") + "\n",
            )
        )
    if problems:
        raise BadFile(path, problems)
    return found


def _content(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in lines_of(text))


def _head(text: str) -> dict[str, str]:
    """The few fields, by their place; a flow mapping of labels is read too."""
    out: dict[str, str] = {}
    outer = inner = ""
    for line in lines_of(text):
        bare = re.sub(r"(^|\s)#.*$", "", line).rstrip()
        if not bare:
            continue
        indent, (key, _, value) = len(bare) - len(bare.lstrip()), bare.strip().partition(":")
        value = value.strip().strip("\"'")
        if indent == 0:
            outer, inner = key, ""
            if key in ("apiVersion", "kind"):
                out[key] = value
        elif outer == "metadata" and indent == 2:
            inner = key
            if key in ("name", "namespace"):
                out[f"metadata.{key}"] = value
            elif key == "labels" and (said := re.search(rf"[{{,]\s*{LABEL}:\s*([\w.-]+)", value)):
                out["label"] = said.group(1)
        elif outer == "metadata" and inner == "labels" and indent == 4 and key == LABEL:
            out["label"] = value
    return out


def setting_of(name: str) -> str:
    """``PROVIDER_URL`` as ``--set`` may have it too: ``ProviderUrl``."""
    return "".join(word.capitalize() for word in name.split("_"))


def names_in(manifests: Iterable[Manifest]) -> set[str]:
    """What they want filled."""
    return {name for one in manifests for name, _ in WANTED.findall(one.text)}


def settings_given(given: Mapping[str, str], known: Iterable[str]) -> dict[str, str]:
    """Values by the manifests' own names, of which ``known`` has all; raises Refused for empty ones."""
    names = {spelling: name for name in known for spelling in (name, setting_of(name))}
    if empty := sorted(setting for setting, value in given.items() if not value.strip()):
        raise Refused(f"--set {empty[0]}= has no value", "what nobody names stays as it is")
    return {names[setting]: value for setting, value in given.items()}
