"""What a target of Azure is in a deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from harness.domain.target import Target
from harness.errors import BadFile, Problem
from harness.platforms.shared.deploy.part import Tag, own_file
from harness.tables.text import text_of

BASE, BASE_FOLDER, TEMPLATE = "rag-pilot", "azure_base", "template.json"
BASE_MINUTES = 5.0  # roughly, for what all targets of a group share
APP, ENVIRONMENT = "Microsoft.App/containerApps", "Microsoft.App/managedEnvironments"
SITE, PLAN = "Microsoft.Web/sites", "Microsoft.Web/serverfarms"
STORAGE, WORKSPACE = "Microsoft.Storage/storageAccounts", "Microsoft.OperationalInsights/workspaces"
IDENTITY, REGISTRY = "Microsoft.ManagedIdentity/userAssignedIdentities", "Microsoft.ContainerRegistry/registries"
VERSIONS = {  # of the API, by kind of resource
    APP: "2024-03-01",
    ENVIRONMENT: "2024-03-01",
    SITE: "2023-12-01",
    PLAN: "2023-12-01",
    STORAGE: "2023-05-01",
    WORKSPACE: "2022-10-01",
    IDENTITY: "2023-01-31",
    REGISTRY: "2023-07-01",
}
KINDS = {kind.lower(): version for kind, version in VERSIONS.items()}  # Resource Manager changes their case


class Resource(NamedTuple):
    """One that a template makes."""

    kind: str
    name: str

    @property
    def path(self) -> str:
        """Below the providers of its group."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True)
class Part:
    """One target's own template; ``gives``: by the field of target.toml, the template's output that it holds.

    ``keeps``: resources that it makes, in the order in which they are removed; the first is the app itself.
    """

    target: Target
    subscription: str
    group: str
    app: str
    settings: Mapping[str, str]  # by parameter of the template
    gives: Mapping[str, str]
    keeps: tuple[Resource, ...]
    minutes: float
    providers: tuple[str, ...]
    says: Mapping[str, str] = field(default_factory=dict)  # fields of target.toml that are known before
    package: str | None = None  # program beside the template that lays out what is published to the app

    @property
    def template(self) -> Path:
        """Raises Refused where there is none."""
        return own_file(self.target, TEMPLATE)

    @property
    def tag(self) -> Tag:
        """As its template has it."""
        return tag_of(self.template)


def template_of(path: Path) -> dict[str, Any]:
    """A template's tables; raises BadFile."""
    try:
        made = json.loads(text_of(path))
    except ValueError as error:
        raise BadFile(path, [Problem("", f"is not valid JSON: {error}")]) from None
    if not isinstance(made, dict):
        raise BadFile(path, [Problem("", "want an ARM template, which is one JSON object")])
    wrong = [name for name, kind in (("parameters", dict), ("resources", list)) if not isinstance(made.get(name), kind)]
    if wrong:
        raise BadFile(path, [Problem(name, "is missing: want an ARM template") for name in wrong])
    return dict(made)


def carries(there: Mapping[str, Any], tag: Tag) -> bool:
    """Whether it is of this deployment."""
    return bool((there.get("tags") or {}).get(tag.key) == tag.value)


def tag_of(path: Path) -> Tag:
    """The one that its resources carry; raises BadFile where they carry none, or several."""
    rows = [r for r in template_of(path)["resources"] if isinstance(r, dict)]
    made = {tuple((key, str(said)) for key, said in r["tags"].items()) for r in rows if isinstance(r.get("tags"), dict)}
    if len(made) != 1 or len(pairs := next(iter(made))) != 1:
        words = 'want one tag, the same on every resource, as "tags": {"pilot": "NAME"}: costs are allocated by it'
        raise BadFile(path, [Problem("resources", words)])
    return Tag(*pairs[0])


PROVIDER = Resource(APP, "rag-provider")  # the model of one's own, as the shared template calls it
