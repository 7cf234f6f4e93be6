"""Taking an AWS deployment away, and looking whether anything of it is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.platforms.deploying import Destroyed, Heard, Took
from harness.platforms.shared.aws_deploy.api import AwsError, found
from harness.platforms.shared.aws_deploy.proof import Names, Proving, log_group
from harness.platforms.shared.aws_deploy.stacks import Done
from harness.platforms.shared.deploy.proof import Proof, proved

if TYPE_CHECKING:
    from harness.platforms.shared.aws_deploy.deployment import AwsDeployment

NOT_LOOKED = "other regions; what carries neither the tag nor one of the names; what was billed until now"


class Removal:
    """Targets first; what they share goes with the last of them."""

    def __init__(self, made: AwsDeployment) -> None:
        self._made = made
        self._done: list[Took] = []

    def run(self, heard: Heard) -> Destroyed:
        """Raises PilotError where a stack stays."""
        made = self._made
        for part in made.parts:
            self._note(part.stack, part.target.name, made.stacks.remove(part.stack, part.tag, heard))
        alone = not made.others()
        if alone:
            self._note(made.base, None, made.stacks.remove(made.base, made.base_tag, heard))
            began = made.pace.clock()
            each = {
                "build project": made.codebuild.remove(heard) or None,
                "image repository": made.repository.remove(),
                "provider key": made.key.remove(),
                "certificate": made.certificates.remove() or None,
            }
            for name in (name for name, was in each.items() if was is False):
                heard.say(f"{name} stays: it does not carry the tag {made.base_tag.key}={made.base_tag.value}")
            if gone := [name for name, was in each.items() if was]:
                self._done.append(Took(", ".join(gone), "removed", round(made.pace.clock() - began, 1)))
        self._log_groups(heard, alone=alone)
        proof = self._proved(heard, alone=alone)
        return Destroyed(tuple(self._done), tuple(proof.looked), tuple(proof.left), tuple(proof.unseen), NOT_LOOKED)

    def _note(self, name: str, target: str | None, done: Done | None) -> None:
        if done is not None:
            self._done.append(Took(name, "removed", round(done.seconds, 1), target))

    def _log_groups(self, heard: Heard, *, alone: bool) -> None:
        """Those that no stack owns, and those that a last line brought back after their stack."""
        api = self._made.clients("logs")
        for name in self._logs(alone=alone):
            try:
                if log_group(api, name):
                    found("log group", api.delete_log_group, "ResourceNotFoundException", logGroupName=name)
            except AwsError as error:
                heard.say(f"log group {name}: {error}")

    def _logs(self, *, alone: bool) -> tuple[str, ...]:
        made = self._made
        own = [name for part in made.parts for name in part.logs]
        insights = f"/aws/ecs/containerinsights/{made.base}/performance"
        shared = [f"/ecs/{made.base}-provider", insights, f"/aws/codebuild/{made.base}-build"]
        return tuple(own + (shared if alone else []))

    def _proved(self, heard: Heard, *, alone: bool) -> Proof:
        """Once more after a moment where something is left: what was just removed is listed for a while."""
        made = self._made
        tags = list(dict.fromkeys([*(part.tag for part in made.parts), *([made.base_tag] if alone else [])]))
        stacks = [part.stack for part in made.parts]
        names = Names(
            (*stacks, *((made.base, f"{made.base}-build") if alone else ())),
            self._logs(alone=alone),
            made.base if alone else None,
            made.repository if alone else None,
            made.key if alone else None,
        )
        proving = Proving(made.clients, made.region, tags, names)
        return proved(proving.proof, made.pace, heard)
