"""Whether a bill can be told apart by its tag: Cost Explorer is on, and the tag is a cost allocation tag that is active.

Verified: spec only; requests and answers are held to botocore's service model in the tests. What one must know: only
usage after the activation carries the tag in a bill, unless a backfill was asked for; a tag can be activated up to 24
hours after a first resource has it, and takes up to 24 hours more; each question costs 0.01 USD.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Protocol

from harness.domain.finding import Finding, State
from harness.domain.target import Target
from harness.platforms.examining import Reach, calling, guarded, listed
from harness.platforms.shared.answer import NoAnswer, answer_of
from harness.platforms.shared.aws_permissions import POLICIES

HOME = "us-east-1"  # where Cost Explorer answers, whatever region is meant
OFF = ("not enabled for cost explorer", "DataUnavailable")


class TagApi(Protocol):
    """The one call of a Cost Explorer client that is used."""

    def list_cost_allocation_tags(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: ANN401


@dataclass(frozen=True)
class TagState:
    """``active``: None where no resource was ever seen with it; ``since``: the UTC day of its last change."""

    active: bool | None
    since: date | None = None

    def bills(self, day: date) -> bool:
        """Whether usage of this day carries the tag in a bill; where nobody dates the activation, whether it is active."""
        return bool(self.active) and (self.since is None or self.since <= day)


def tag_state(api: TagApi, tag: str) -> TagState:
    """Raises NoAnswer."""
    request = {"TagKeys": [tag], "Type": "UserDefined"}
    said = answer_of(api.list_cost_allocation_tags, request)
    mine = [one for one in listed(said["CostAllocationTags"]) if one["TagKey"].text() == tag]
    if not mine:
        return TagState(None)
    changed = mine[0]["LastUpdatedDate"]
    since = datetime.fromtimestamp(changed.moment(), UTC).date() if changed.given else None
    return TagState(mine[0]["Status"].text() == "Active", since)


def activate(tag: str) -> str:
    """The command."""
    return f"aws ce update-cost-allocation-tags-status --cost-allocation-tags-status TagKey={tag},Status=Active"


def examine(target: Target, reach: Reach) -> list[Finding]:
    """Of the tags that the target's bills are asked by, each once."""
    out: list[Finding] = []
    for tag in dict.fromkeys(str(s.options["tag"]) for s in target.sources if s.bills and "tag" in s.options):
        out += reach.once(("cost tag", tag), partial(_examined, tag, reach))
    return out


def _examined(tag: str, reach: Reach) -> list[Finding]:
    name = f"cost allocation tag {tag}"

    def look() -> Finding:
        try:
            found = tag_state(_Once(reach), tag)
        except NoAnswer as error:
            if any(words.lower() in str(error).lower() for words in OFF):
                words = "Cost Explorer is off in this account, and takes up to 24 hours once it is on"
                return Finding("Cost Explorer", State.WRONG, words, "open Cost Explorer once in the account's console")
            raise
        if found.active is None:
            words = "no resource has it yet; it can be activated up to 24 hours after the first one does"
            return Finding(name, State.LATER, words, f"pilot deploy activates it then, or: {activate(tag)}")
        if not found.active:
            words = "it is not active: bills are empty until it is, and earlier days need a backfill"
            return Finding(name, State.WRONG, words, f"pilot deploy does both, or: {activate(tag)}")
        return Finding(name, State.GOOD, f"active since {found.since}" if found.since else "active")

    return guarded(name, look, f"allow ce:ListCostAllocationTags: {POLICIES}")


@dataclass(frozen=True)
class _Once:
    reach: Reach

    def list_cost_allocation_tags(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401
        return calling(self.reach, "ce", HOME, "list_cost_allocation_tags")(**request)
