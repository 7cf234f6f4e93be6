"""CodeBuild, where no builder works on this machine: a small stack, removed with the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.errors import PilotError
from harness.platforms.deploying import Heard
from harness.platforms.shared.aws_deploy.api import AwsError, asked
from harness.platforms.shared.aws_deploy.bucket import emptied
from harness.platforms.shared.aws_deploy.stacks import Stacks, Wanted, ours
from harness.platforms.shared.deploy.content import Content
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.deploy.part import Tag

TEMPLATE = Path(__file__).parent / "build.yaml"
TAIL = 15
MOST_BUILDS = 20


class CodeBuild:
    """``name`` is the stack's and the project's; the three clients are boto3's."""

    def __init__(self, stacks: Stacks, name: str, tag: Tag, clients: tuple[Any, Any, Any], pace: Pace) -> None:
        self._stacks, self._stack, self._tag, self._pace = stacks, name, tag, pace
        self._builds, self._s3, self._logs = clients
        self.name = "CodeBuild"

    def push(self, content: Content, image: str, token: str, heard: Heard) -> None:
        """A build of the same image that a cut left running is followed, not started again."""
        del token  # its role logs in
        repository = image.partition("/")[2].rpartition(":")[0]
        made = self._stacks.put(Wanted(self._stack, TEMPLATE, {"Repository": repository}, self._tag, 1), heard)
        number = self._running(image)
        if number is None:
            bucket, key = made.outputs["Bucket"], f"{content.tag}.zip"
            asked("source of the build", self._s3.put_object, Bucket=bucket, Key=key, Body=content.zipped())
            variables = {
                "IMAGE": image,
                "PLATFORM": content.platform,
                "DOCKERFILE": content.dockerfile,
                "TARGET": content.target or "",
            }
            number = asked(
                "build",
                self._builds.start_build,
                projectName=self._stack,
                sourceLocationOverride=f"{bucket}/{key}",
                environmentVariablesOverride=[{"name": n, "value": v} for n, v in variables.items()],
            )["build"]["id"]
        self._followed(str(number), heard)

    def _running(self, image: str) -> str | None:
        numbers = asked("builds", self._builds.list_builds_for_project, projectName=self._stack).get("ids", [])
        if not numbers:
            return None
        builds = asked("builds", self._builds.batch_get_builds, ids=numbers[:MOST_BUILDS])["builds"]
        mine = {"name": "IMAGE", "value": image}
        for build in builds:
            said = [
                {k: v.get(k) for k in ("name", "value")}
                for v in build.get("environment", {}).get("environmentVariables", ())
            ]
            if build["buildStatus"] == "IN_PROGRESS" and mine in said:
                return str(build["id"])
        return None

    def _followed(self, number: str, heard: Heard) -> None:
        began, state = self._pace.clock(), {}

        def ended() -> bool:
            nonlocal state
            [state] = asked("build", self._builds.batch_get_builds, ids=[number])["builds"]
            heard.work(f"CodeBuild: {state.get('currentPhase', '')}, {self._pace.clock() - began:.0f} s")
            return bool(state["buildStatus"] != "IN_PROGRESS")

        self._pace.until("the build", ended, self._pace.build_s)
        if state["buildStatus"] != "SUCCEEDED":
            lines = [f"the build ended as {state['buildStatus']}:", *self._said(state)]
            raise PilotError("\n  ".join(lines), "fix what it says; --image names an image that is there already")

    def _said(self, build: dict[str, Any]) -> list[str]:
        """The phase that failed, then the last lines of its log."""
        contexts = [c for p in build.get("phases", ()) for c in p.get("contexts", ()) if c.get("message")]
        words = [str(c["message"]) for c in contexts]
        logs = build.get("logs", {})
        if logs.get("groupName") and logs.get("streamName"):
            try:
                said = asked(
                    "log of the build",
                    self._logs.get_log_events,
                    logGroupName=logs["groupName"],
                    logStreamName=logs["streamName"],
                    limit=TAIL,
                )
                words += [str(e["message"]).rstrip() for e in said.get("events", ())]
            except AwsError:
                pass
        return words

    def remove(self, heard: Heard) -> bool:
        """With what lies in its bucket; False where there is none."""
        there = self._stacks.now(self._stack)
        if there is None:
            return False
        ours(there, self._tag)  # before its bucket is emptied
        bucket = next((o["OutputValue"] for o in there.get("Outputs", ()) if o["OutputKey"] == "Bucket"), None)
        if bucket is not None:
            emptied(self._s3, bucket)
        self._stacks.remove(self._stack, self._tag, heard)
        return True
