"""CloudFormation stacks, each brought to what its template says or taken away; whatever was in progress is waited for first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import PilotError
from harness.platforms.deploying import Heard
from harness.platforms.shared.aws_deploy.api import Api, asked, found
from harness.platforms.shared.aws_deploy.events import Events, Operation
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.deploy.part import Tag
from harness.tables.text import text_of

NOT_THERE = ("does not exist",)
# nothing can be updated from here: these are removed and made again
DEAD = frozenset(
    [
        "CREATE_FAILED",
        "ROLLBACK_COMPLETE",
        "ROLLBACK_FAILED",
        "DELETE_FAILED",
        "REVIEW_IN_PROGRESS",
        "IMPORT_ROLLBACK_COMPLETE",
    ]
)
GOOD = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
RESOURCE = re.compile(r"(?m)^ {4}Type: (AWS::\S+)")
PARAMETER = re.compile(r"(?m)^  ([A-Za-z0-9]+):(.*\n(?: {4}.*\n|\n)*)")
CAPABILITIES = ["CAPABILITY_IAM"]
SAID_EVERY_S = 60.0
TRIES = 3


@dataclass(frozen=True)
class Wanted:
    """One stack as it should be; parameters that its template does not have are left out."""

    name: str
    template: Path
    parameters: Mapping[str, str]
    tag: Tag
    minutes: float
    cluster: str | None = None  # and service of ECS, which know why tasks do not start
    service: str | None = None
    kept: frozenset[str] | None = (
        None  # of what is at work: these values and its template stay, for a new one would replace it
    )

    @property
    def text(self) -> str:
        return template_text(self.template)


@dataclass(frozen=True)
class Done:
    """How a stack was brought there: ``created``, ``updated``, ``kept`` or ``removed``, by CloudFormation's own clock."""

    did: str
    seconds: float
    outputs: Mapping[str, str]


def template_text(path: Path) -> str:
    """As it is sent; raises BadFile."""
    return text_of(path).replace("\r\n", "\n")


def parameters_of(text: str) -> dict[str, bool]:
    """Parameters of a template, each with whether it must be given."""
    body = re.search(r"(?m)^Parameters:\n((?:[ ].*\n|\n)*)", text)
    found_in = PARAMETER.findall(body.group(1)) if body else []
    return {name: not re.search(r"(?m)(?:^ {4}|[{,] ?)Default:", rest) for name, rest in found_in}


class Stacks:
    """Over ``api``, a client of CloudFormation; ``ecs`` says why a service does not come up."""

    def __init__(self, api: Api, ecs: Api, pace: Pace) -> None:
        self._api, self._pace = api, pace
        self._events = Events(api, ecs)

    def now(self, name: str) -> dict[str, Any] | None:
        """As CloudFormation describes it; None where there is none."""
        said = found(f"stack {name}", self._api.describe_stacks, *NOT_THERE, StackName=name)
        rows = [s for s in (said or {}).get("Stacks", ()) if s["StackStatus"] != "DELETE_COMPLETE"]
        return rows[0] if rows else None

    def importers(self, export: str) -> list[str]:
        """Stacks that import it."""
        none = ("is not imported by any stack",)
        said = found(f"export {export}", self._api.list_imports, *none, ExportName=export)
        return [str(name) for name in (said or {}).get("Imports", ())]

    def put(self, want: Wanted, heard: Heard) -> Done:
        """Create it, or update it where anything differs; raises PilotError with the cause first."""
        for _ in range(TRIES):
            there = self._settled(want.name, want, heard)
            if there is not None and there["StackStatus"] in DEAD:
                self._tell_failure(want.name, there, heard)
                self.remove(want.name, want.tag, heard)
                there = None
            if there is not None and there["StackStatus"] == "UPDATE_ROLLBACK_FAILED":
                asked(f"stack {want.name}", self._api.continue_update_rollback, StackName=want.name)
                there = self._settled(want.name, want, heard)
            if (began := self._begun(want, there)) is not None:
                return self._ended(want, began, heard)
        raise PilotError(
            f"stack {want.name}: somebody else changes it at the same time", "wait until they are done, then try again"
        )

    def _begun(self, want: Wanted, there: Mapping[str, Any] | None) -> str | None:
        """``created``, ``updated`` or ``kept``; None where it is there by now, and is looked at again."""
        request = {
            "StackName": want.name,
            **({"UsePreviousTemplate": True} if there and want.kept is not None else {"TemplateBody": want.text}),
            "Parameters": self._parameters(want, there),
            "Capabilities": CAPABILITIES,
            "Tags": _tags(want.tag, there),
        }
        if there is None:
            made = found(f"stack {want.name}", self._api.create_stack, "AlreadyExistsException", **request)
            return None if made is None else "created"
        none = ("No updates are to be performed",)
        return "kept" if found(f"stack {want.name}", self._api.update_stack, *none, **request) is None else "updated"

    def _parameters(self, want: Wanted, there: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """What is given, and as it was what is not: a setting that a sweep left stays."""
        known = {p["ParameterKey"] for p in (there or {}).get("Parameters", ())}
        wanted = dict.fromkeys(known, False) if there and want.kept is not None else parameters_of(want.text)
        out: list[dict[str, Any]] = []
        for name, required in wanted.items():
            if name in want.parameters and not (name in known and name in (want.kept or ())):
                out.append({"ParameterKey": name, "ParameterValue": want.parameters[name]})
            elif name in known:
                out.append({"ParameterKey": name, "UsePreviousValue": True})
            elif required:
                raise PilotError(
                    f"stack {want.name}: its template wants {name}, which has no default",
                    f"--set {name}=VALUE; {want.template} says what it is",
                )
        return out

    def _ended(self, want: Wanted, did: str, heard: Heard) -> Done:
        there = self._settled(want.name, want, heard)
        stands = GOOD if did != "kept" else GOOD | {"UPDATE_ROLLBACK_COMPLETE"}
        if there is None or there["StackStatus"] not in stands:
            operation = self._events.last(want.name)
            raise operation.failure(want.name, (there or {}).get("StackStatus", "gone"), self._events.tasks(want))
        return Done(did, self._events.last(want.name).seconds, outputs_of(there))

    def remove(self, name: str, tag: Tag, heard: Heard) -> Done | None:
        """None where there is none; raises PilotError where it stays, or is not of this deployment."""
        status = ""
        for again in range(TRIES):
            there = self._settled(name, None, heard)
            if there is None:
                return Done("removed", 0.0, {}) if again else None
            ours(there, tag)
            asked(f"stack {name}", self._api.delete_stack, StackName=there["StackId"])
            self._waited(there["StackId"], None, heard)
            left = self.now(there["StackId"])
            if left is None:
                return Done("removed", self._events.last(there["StackId"]).seconds, {})
            operation, status = self._events.last(there["StackId"]), str(left["StackStatus"])
            heard.say(f"{name}: {status}: {operation.cause or 'no reason given'}")
            self._pace.sleep(self._pace.settle_s)  # addresses and tasks that are let go of take a moment
        raise operation.failure(name, status, ())

    def _settled(self, name: str, want: Wanted | None, heard: Heard) -> dict[str, Any] | None:
        """Once nothing is in progress."""
        there = self.now(name)
        if there is None or not _in_progress(there):
            return there
        self._waited(str(there["StackId"]), want, heard)
        return self.now(name)

    def _waited(self, stack_id: str, want: Wanted | None, heard: Heard) -> None:
        name = stack_id.rpartition(":stack/")[2].partition("/")[0] or stack_id
        began = said_at = self._pace.clock()
        resources = len(RESOURCE.findall(want.text)) if want else 0

        def ended() -> bool:
            nonlocal said_at
            there = self.now(stack_id)
            if there is None or not _in_progress(there):
                return True
            now = self._pace.clock()
            line = _line(name, self._events.last(stack_id), resources, now - began, want.minutes if want else 0)
            heard.work(line)
            if now - said_at >= SAID_EVERY_S:
                said_at = now
                heard.say(line)
                for words in self._events.tasks(want) if want else ():
                    heard.say(f"  {words}")
            return False

        self._pace.until(f"stack {name}", ended, self._pace.stack_s)

    def _tell_failure(self, name: str, there: Mapping[str, Any], heard: Heard) -> None:
        cause = self._events.last(str(there["StackId"])).cause
        heard.say(f"{name}: an earlier try ended as {there['StackStatus']}{f': {cause}' if cause else ''}; made again")


def _in_progress(there: Mapping[str, Any]) -> bool:
    status = str(there["StackStatus"])
    return status.endswith("_IN_PROGRESS") and status not in DEAD


def _tags(tag: Tag, there: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """All of them, always: an update without one would take it away, and with it the bill."""
    kept = {t["Key"]: t["Value"] for t in (there or {}).get("Tags", ())}
    return [{"Key": key, "Value": value} for key, value in {**kept, tag.key: tag.value}.items()]


def ours(there: Mapping[str, Any], tag: Tag) -> None:
    """Raises PilotError for a stack without the tag."""
    tags = {t["Key"]: t["Value"] for t in there.get("Tags", ())}
    if tags.get(tag.key) != tag.value:
        raise PilotError(
            f"stack {there['StackName']} does not carry the tag {tag.key}={tag.value}, so somebody else may own it",
            "delete it by hand if it is yours, or give this one another name",
        )


def outputs_of(there: Mapping[str, Any]) -> dict[str, str]:
    """Of a stack as it is described."""
    return {o["OutputKey"]: o["OutputValue"] for o in there.get("Outputs", ())}


def _line(name: str, operation: Operation, of: int, took_s: float, minutes: float) -> str:
    """How far it is; how long it still takes by a rough figure, until that is over."""
    done, busy = operation.complete, ", ".join(operation.busy[:3])
    left = minutes - took_s / 60
    eta = f", about {left:.0f} min left" if left >= 1 else ""
    whole = f"{done} of {of} resources" if of else f"{done} resources"
    return f"{name}: {whole}, {took_s / 60:.0f} min{eta}{f': {busy}' if busy else ''}"


def settings_known(templates: Sequence[Path]) -> set[str]:
    """Every parameter that any of them has."""
    return {name for path in templates for name in parameters_of(template_text(path))}
