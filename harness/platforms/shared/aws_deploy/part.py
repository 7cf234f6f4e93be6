"""What a target of AWS is in a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.domain.target import Target
from harness.errors import Refused
from harness.platforms.shared.deploy.part import Tag, own_file

BASE_STACK = "rag-pilot"
BASE_FOLDER = "aws_base"
BASE_TAG = "rag-base"
TAG_KEY = "pilot"
TEMPLATE = "template.yaml"
BASE_MINUTES = 6.0  # roughly, for the stack that all share


@dataclass(frozen=True)
class Part:
    """One target's own stack; ``gives``: by the field of target.toml, the outputs that may hold it, of its own stack or the base's."""

    target: Target
    stack: str
    region: str
    settings: Mapping[str, str]
    gives: Mapping[str, tuple[str, ...]]
    minutes: float
    base: str | None = None  # None: whatever the others are on
    logs: tuple[str, ...] = ()  # groups that could come back after their stack
    service: str | None = None  # of ECS, on the base's cluster: its events say what CloudFormation does not
    roles: tuple[str, ...] = field(default=())  # services whose linked role it needs

    @property
    def template(self) -> Path:
        """Raises Refused where there is none."""
        return own_file(self.target, TEMPLATE)

    @property
    def tag(self) -> Tag:
        """As its bills are asked for; raises Refused where target.toml names none."""
        for source in self.target.sources:
            if source.bills and source.options.get("values"):
                return Tag(str(source.options.get("tag", TAG_KEY)), str(source.options["values"][0]))
        raise Refused(
            f"{self.target.name}: no source names the cost tag that its resources would carry",
            'add [[sources]] with kind = "cost-explorer" and values to its target.toml',
        )
