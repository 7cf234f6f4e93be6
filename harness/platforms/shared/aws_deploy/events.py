"""What CloudFormation and ECS say of an operation: how far it is, and where it failed what failed first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.domain.identities import without_identity
from harness.domain.shown import MOST_SHOWN, visible
from harness.errors import PilotError
from harness.platforms.shared.aws_deploy.api import Api, AwsError, asked, every

if TYPE_CHECKING:
    from harness.platforms.shared.aws_deploy.stacks import Wanted

CANCELLED = re.compile(r"cancell?ed", re.IGNORECASE)
STACK = "AWS::CloudFormation::Stack"
BEGINS = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"})
MOST_FURTHER = 4
HINTS: tuple[tuple[str, str], ...] = (  # by what is in the cause
    (r"service.linked role", "the role was just made: the same command again"),
    (
        r"limit|quota|exceeded the maximum",
        "raise the quota that is named, pilot doctor has the command, then try again",
    ),
    (r"already exists", "another stack or a person made it: give this deployment another name, or remove that one"),
    (r"not authorized|AccessDenied|denied", "the role that deploys needs this permission"),
    (r"image .*(not exist|not found|manifest)|CannotPull|unable to pull", "the image must be there, for this platform"),
    (r"circuit breaker|did not stabilize|unhealthy", "the tasks start and do not stay healthy: their log says why"),
    (r"\bin use\b|dependent|dependency", "something outside the stack still uses it: remove that first"),
)


@dataclass(frozen=True)
class Operation:
    """The events of the latest create, update or delete of one stack, oldest first."""

    events: tuple[Mapping[str, Any], ...]

    @property
    def seconds(self) -> float:
        """From its beginning to its last event."""
        if not self.events:
            return 0.0
        return float((self.events[-1]["Timestamp"] - self.events[0]["Timestamp"]).total_seconds())

    @property
    def complete(self) -> int:
        """Resources that are done."""
        return sum(str(status).endswith("_COMPLETE") for status in self._latest().values())

    @property
    def busy(self) -> list[str]:
        return [name for name, status in self._latest().items() if str(status).endswith("_IN_PROGRESS")]

    def _latest(self) -> dict[str, str]:
        rows = [e for e in self.events if e.get("ResourceType") != STACK]
        return {e["LogicalResourceId"]: e["ResourceStatus"] for e in rows}

    @property
    def failed(self) -> list[str]:
        """In words, the cause first: what failed because of another only says that it was cancelled."""
        rows = [e for e in self.events if str(e["ResourceStatus"]).endswith("_FAILED")]
        own = [e for e in rows if e.get("ResourceType") != STACK and not CANCELLED.search(_reason(e))]
        return [_words(e) for e in (own or rows)]

    @property
    def cause(self) -> str | None:
        return next(iter(self.failed), None)

    def failure(self, name: str, status: str, tasks: Sequence[str]) -> PilotError:
        """The error of a stack that ended as ``status``."""
        first, *further = self.failed or ["no event says why"]
        lines = [f"stack {name} ended as {status}", f"  cause: {first}"]
        lines += [f"  tasks: {words}" for words in tasks]
        lines += [f"  then:  {words}" for words in further[:MOST_FURTHER]]
        said = " ".join((first, *tasks))
        hint = next((hint for pattern, hint in HINTS if re.search(pattern, said, re.IGNORECASE)), None)
        return PilotError("\n".join(lines), hint or "fix what the cause names, then the same command again")


def last_operation(api: Api, stack: str) -> Operation:
    """Over a client of CloudFormation; raises AwsError."""
    what = f"events of {stack}"
    rows = every(what, api.describe_stack_events, "StackEvents", "NextToken", "NextToken", StackName=stack)
    mine: list[Mapping[str, Any]] = []
    for event in rows:  # the newest first
        mine.append(event)
        if event.get("ResourceType") == STACK and event["ResourceStatus"] in BEGINS:
            break
    return Operation(tuple(reversed(mine)))


class Events:
    """Of stacks, and of the services that they wait for."""

    def __init__(self, api: Api, ecs: Api) -> None:
        self._api, self._ecs = api, ecs

    def last(self, stack: str) -> Operation:
        """Nothing where they cannot be read: an event is no reason to fail."""
        try:
            return last_operation(self._api, stack)
        except AwsError:
            return Operation(())

    def tasks(self, want: Wanted) -> list[str]:
        """Why tasks of its service stopped, and what the service says last; empty where nobody knows."""
        if want.service is None or want.cluster is None:
            return []
        where = {"cluster": want.cluster}
        try:
            arns = asked(
                "tasks",
                self._ecs.list_tasks,
                **where,
                serviceName=want.service,
                desiredStatus="STOPPED",
            ).get("taskArns", [])
            stopped = asked("tasks", self._ecs.describe_tasks, **where, tasks=arns[:10])["tasks"] if arns else []
            services = asked("service", self._ecs.describe_services, **where, services=[want.service])["services"]
        except AwsError:
            return []
        said = [str(task.get("stoppedReason")) for task in stopped if task.get("stoppedReason")]
        said += [str(c["reason"]) for task in stopped for c in task.get("containers", ()) if c.get("reason")]
        said += [str(e["message"]) for s in services for e in s.get("events", ())[:1]] if not said else []
        return [visible(without_identity(words), MOST_SHOWN) for words in dict.fromkeys(said)][:MOST_FURTHER]


def _reason(event: Mapping[str, Any]) -> str:
    return str(event.get("ResourceStatusReason") or "")


def _words(event: Mapping[str, Any]) -> str:
    kind = event.get("ResourceType", "")
    why = visible(without_identity(_reason(event)), MOST_SHOWN) or "no reason given"
    return f"{event['LogicalResourceId']} ({kind}) {event['ResourceStatus']}: {why}"
