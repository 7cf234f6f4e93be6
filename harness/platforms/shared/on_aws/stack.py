"""The machine's own CloudFormation stack, brought to what its template says or taken away; what is in progress is waited for first."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from harness.errors import PilotError
from harness.platforms.elsewhere import Say
from harness.platforms.shared.aws_deploy.api import AwsError
from harness.platforms.shared.aws_deploy.events import last_operation
from harness.platforms.shared.call import call, demand

POLL_S, MOST_S = 5.0, 1800.0
DEAD = ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED")
GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
NOTHING_NEW = "No updates are to be performed"


class Stack:
    """Over ``api``, a client of CloudFormation."""

    def __init__(
        self,
        api: Any,  # noqa: ANN401 - boto3 makes its clients at run time
        name: str,
        tags: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._formation, self._name, self._tags, self._clock, self._sleep = api, name, tags, clock, sleep

    def now(self) -> dict[str, Any] | None:
        """As it is described; None where there is none. Raises PilotError where it cannot be asked."""
        said = call(self._formation.describe_stacks, {"StackName": self._name})
        if isinstance(said, str):
            if "does not exist" in said:
                return None
            raise PilotError(f"stack {self._name}: {said}", "credentials that may describe it, and its region")
        found = [s for s in said["Stacks"] if s["StackStatus"] != "DELETE_COMPLETE"]
        return dict(found[0]) if found else None

    def outputs(self) -> dict[str, str]:
        """Of a stack that stands; empty while it is made, and without one."""
        there = self.now()
        if there is None or there["StackStatus"] in DEAD:
            return {}
        return {o["OutputKey"]: o["OutputValue"] for o in there.get("Outputs", ())}

    def put(self, template: str, parameters: Mapping[str, str], once: Mapping[str, str], say: Say) -> bool:
        """Whether anything was made or changed; raises PilotError with the first cause.

        What stands keeps its template and the values of ``once``: a newer image or script would replace a machine at work.
        """
        there = self._settled(say)
        if there is not None and there["StackStatus"] in DEAD:
            say(f"stack {self._name}: an earlier try ended as {there['StackStatus']}, so it is made again")
            self.remove(say)
            there = None
        request: dict[str, Any] = {
            "StackName": self._name,
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
            "Capabilities": ["CAPABILITY_IAM"],
            "Tags": self._all_tags(there),
        }
        doing = f"stack {self._name} could not be {'made' if there is None else 'changed'}"
        if there is None:
            request["Parameters"] += [{"ParameterKey": k, "ParameterValue": v} for k, v in once.items()]
            demand(doing, self._formation.create_stack, **request, TemplateBody=template, OnFailure="ROLLBACK")
        else:
            request["Parameters"] += [{"ParameterKey": k, "UsePreviousValue": True} for k in once]
            request["UsePreviousTemplate"] = True
            said = call(self._formation.update_stack, request)
            if isinstance(said, str):
                if NOTHING_NEW in said:
                    return False
                raise PilotError(f"{doing}: {said}", "pilot doctor says what the account lacks")
        stands = self._settled(say)
        if stands is None or stands["StackStatus"] not in GOOD:
            status = "gone" if stands is None else stands["StackStatus"]
            raise PilotError(f"{doing}: {status}: {self._cause()}", "fix the cause, then the same command again")
        return True

    def remove(self, say: Say) -> bool:
        """Whether it is gone."""
        if (there := self._settled(say)) is None:
            return True
        tags = {t["Key"]: t["Value"] for t in there.get("Tags", ())}
        if not self._tags.items() <= tags.items():
            raise PilotError(
                f"stack {self._name} does not carry this pilot's tags, so somebody else may own it",
                "delete it by hand if it is yours, or choose another on.aws.stack",
            )
        demand(f"stack {self._name} could not be removed", self._formation.delete_stack, StackName=self._name)
        return self._settled(say) is None

    def _settled(self, say: Say) -> dict[str, Any] | None:
        until, status = self._clock() + MOST_S, ""
        while (there := self.now()) is not None and there["StackStatus"].endswith("_IN_PROGRESS"):
            if there["StackStatus"] != status:
                status = there["StackStatus"]
                say(f"stack {self._name}: {status.lower().replace('_', ' ')}")
            if self._clock() > until:
                raise PilotError(
                    f"stack {self._name} is {status} for {MOST_S / 60:g} minutes", "the same command waits on"
                )
            self._sleep(POLL_S)
        return there

    def _all_tags(self, there: Mapping[str, Any] | None) -> list[dict[str, str]]:
        """Always all: an update without one would take it away, and its cost could not be found."""
        kept = {t["Key"]: t["Value"] for t in (there or {}).get("Tags", ())}
        return [{"Key": k, "Value": v} for k, v in (kept | dict(self._tags)).items()]

    def _cause(self) -> str:
        """The first failure of this try that is not the echo of another."""
        try:
            return last_operation(self._formation, self._name).cause or "no event says why"
        except AwsError as error:
            return str(error)
