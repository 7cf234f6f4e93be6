"""Taking a Google deployment away, and looking whether anything of it is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from harness.platforms.deploying import Destroyed, Heard, Took
from harness.platforms.shared.deploy.proof import proved
from harness.platforms.shared.google_deploy.access import ASKS_MODEL, project_policy, unbind
from harness.platforms.shared.google_deploy.account import member
from harness.platforms.shared.google_deploy.api import GoogleError
from harness.platforms.shared.google_deploy.part import BASE_LABEL, LABEL, label_of, name_of
from harness.platforms.shared.google_deploy.proof import Names, Proving

if TYPE_CHECKING:
    from harness.platforms.shared.google_deploy.deployment import GoogleDeployment

NOT_LOOKED = (
    "other regions and projects; what carries neither the label nor one of the names; what was billed until now"
)


def staying(others: Sequence[str]) -> str:
    """What these services keep, in a line."""
    return f"provider, image, key and accounts stay: in use by {', '.join(others)}"


class Removal:
    """Targets first; what they share goes with the last of them."""

    def __init__(self, made: GoogleDeployment) -> None:
        self._made = made
        self._done: list[Took] = []

    def run(self, heard: Heard) -> Destroyed:
        """Raises PilotError where a service stays."""
        made = self._made
        for part in made.parts:
            label = (LABEL, label_of(part.manifest))
            self._timed(part.service, part.target.name, partial(made.services.remove, part.service, label, heard))
        others = made.others()
        if others:
            heard.say(staying(others))
        else:
            self._shared(heard)
        proof = proved(Proving(made.cloud, made.region, self._names(others)).proof, made.pace, heard)
        return Destroyed(tuple(self._done), tuple(proof.looked), tuple(proof.left), tuple(proof.unseen), NOT_LOOKED)

    def _timed(self, name: str, target: str | None, remove: Callable[[], bool]) -> None:
        began = self._made.pace.clock()
        if remove():
            self._done.append(Took(name, "removed", round(self._made.pace.clock() - began, 1), target))

    def _shared(self, heard: Heard) -> None:
        """But for what somebody else made: that stays, and a line says so."""
        made = self._made
        if made.provider is not None:
            name, label = name_of(made.provider), (LABEL, label_of(made.provider))
            self._timed(name, None, partial(made.services.remove, name, label, heard))
        began = made.pace.clock()
        each: dict[str, bool | None] = {f"secret {one.name}": one.remove() for one in made.secrets}
        each["image repository"] = made.repository.remove()
        each["bucket of the build"] = made.build.remove()
        self._rights_taken(heard)
        for address in (*made.made_accounts, made.build.account):
            each[f"account {address.partition('@')[0]}"] = made.accounts.remove(address)
        for name, was in each.items():
            if was is False:
                heard.say(f"{name} stays: pilot deploy did not make it")
        if gone := [name for name, was in each.items() if was]:
            self._done.append(Took(", ".join(gone), "removed", round(made.pace.clock() - began, 1)))

    def _rights_taken(self, heard: Heard) -> None:
        """Rights on the project would stay there under the name of an account that is gone; one that stays keeps its own."""
        made = self._made
        for address in made.own:
            try:
                if made.accounts.mine(address) and made.accounts.ours(address):
                    unbind(made.cloud, project_policy(made.project), ASKS_MODEL, member(address))
            except GoogleError as error:
                heard.say(f"rights on the project: {error}")

    def _names(self, others: Sequence[str]) -> Names:
        made = self._made
        labels = [label_of(part.manifest) for part in made.parts]
        services = [part.service for part in made.parts]
        if others:
            return Names(tuple(services), tuple(labels), others=tuple(others))
        if made.provider is not None:
            labels.append(label_of(made.provider))
            services.append(name_of(made.provider))
        return Names(
            tuple(services),
            (*labels, BASE_LABEL),
            made.repository.name,
            tuple(secret.name for secret in made.secrets),
            made.build.bucket,
            (*made.made_accounts, made.build.account),
        )
