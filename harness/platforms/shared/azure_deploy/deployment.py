"""One Azure deployment: in this order, each step a question first, so that a call after a cut finds what there is and goes on.

subscription → resource providers → resource group → registry → image → provider's key → what all share → each target's
template → the code of function apps
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from harness.errors import Refused
from harness.platforms.deploying import Asked, Deployed, Destroyed, Heard, Intent
from harness.platforms.shared.azure_deploy import account
from harness.platforms.shared.azure_deploy.arm import Arm, reached
from harness.platforms.shared.azure_deploy.intent import intent_of
from harness.platforms.shared.azure_deploy.key import Key
from harness.platforms.shared.azure_deploy.parameters import known_in, parameters_of, value_of
from harness.platforms.shared.azure_deploy.part import (
    APP,
    BASE,
    BASE_FOLDER,
    BASE_MINUTES,
    PROVIDER,
    SITE,
    TEMPLATE,
    VERSIONS,
    Part,
    Resource,
    tag_of,
)
from harness.platforms.shared.azure_deploy.publish import Lay, Package, Publishing, laid_out, python_of
from harness.platforms.shared.azure_deploy.registry import Registry
from harness.platforms.shared.azure_deploy.removal import Removal, removed
from harness.platforms.shared.azure_deploy.tasks import Tasks
from harness.platforms.shared.azure_deploy.templates import Done, Templates, Wanted
from harness.platforms.shared.azure_subscription import SHARED
from harness.platforms.shared.deploy.address import own_range, source_of
from harness.platforms.shared.deploy.builders import Builder, local_builder
from harness.platforms.shared.deploy.content import IMAGE, Content, content_of
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.deploy.part import Tag, distinct, own_file
from harness.platforms.shared.deploy.steps import Steps

OURS = {  # parameters that something else of the command or target.toml says
    "name": "name of the app in target.toml",
    "generatorCidr": "--from",
    "image": "--image",
}
HERE = "acr"  # the builder in the registry
NONE = "none"
BILLED = "what [prices] and [runtime] of target.toml say is what is deployed"


@dataclass(frozen=True)
class Hands:
    """What reaches out of this process, apart so that tests can give their own."""

    make: Callable[[Pace], Arm] = reached
    pace: Pace = field(default_factory=Pace)
    builder: Callable[[str, str], Builder | None] = local_builder
    own_range: Callable[[], str] = own_range
    lay: Lay = laid_out


class AzureDeployment:
    """Of targets in one resource group, on one environment, registry and identity."""

    def __init__(self, parts: Sequence[Part], asked: Asked, hands: Hands | None = None) -> None:
        self.parts, self._hands = tuple(parts), hands or Hands()
        self.pace = self._hands.pace
        self.subscription = parts[0].subscription
        self.base = asked.settings.get("base", BASE)
        self.base_template = asked.root / "targets" / BASE_FOLDER / TEMPLATE
        self.dockerfile = asked.root / IMAGE
        self._checked(asked)
        self.asked = asked.of(self.known)
        self._settings_checked()

    def _checked(self, asked: Asked) -> None:
        """Raises Refused for a template that is missing, targets that are the same runtime, and what --set may not say."""
        if not self.base_template.is_file():
            raise Refused(f"there is no {self.base_template}", "pilot init copies it beside a target of Azure")
        distinct({part.target.name: part.app for part in self.parts})
        if self.base in [part.app for part in self.parts]:
            raise Refused(f"an app has the name of what all share, {self.base}", "give it another one in target.toml")
        if said := sorted(set(asked.settings) & set(OURS)):
            raise Refused(f"--set {said[0]} is said by {OURS[said[0]]}", "leave it out of --set")

    @property
    def _templates(self) -> list[Path]:
        return [self.base_template, *(part.template for part in self.parts)]

    @cached_property
    def known(self) -> dict[str, str]:
        """Every parameter of its templates that nothing else of the command says."""
        return {name: name for name in {*known_in(self._templates), "base"} - set(OURS)}

    def _settings_checked(self) -> None:
        """Each is of the template's type; raises Refused."""
        for path in self._templates:
            for name, said in parameters_of(path).items():
                if name in self.asked.settings:
                    value_of(name, said, self.asked.settings[name])
        for part in self.parts:
            for name, text in {**part.settings, "name": part.app}.items():
                value_of(f"{part.target.name}: {name}", parameters_of(part.template).get(name, {}), text, BILLED)

    @cached_property
    def arm(self) -> Arm:
        return self._hands.make(self.pace)

    @cached_property
    def base_tag(self) -> Tag:
        return tag_of(self.base_template)

    @cached_property
    def group(self) -> account.Group:
        return account.Group(self.arm, self.subscription, self.parts[0].group, self.base_tag)

    @cached_property
    def providers(self) -> account.Providers:
        return account.Providers(self.arm, self.subscription)

    @property
    def wanted_providers(self) -> list[str]:
        return list(dict.fromkeys([*SHARED, *(name for part in self.parts for name in part.providers)]))

    @cached_property
    def templates(self) -> Templates:
        return Templates(self.arm, self.group.path)

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.arm, self.group.path, self.base_tag, self.asked.settings.get("registry"))

    @cached_property
    def key(self) -> Key:
        return Key(self.arm, self.group.path, [PROVIDER, *(part.keeps[0] for part in self.parts)])

    def path(self, resource: Resource) -> str:
        return f"{self.group.path}/providers/{resource.path}"

    @cached_property
    def before(self) -> dict[str, str]:
        """Settings that the shared template and the targets' have when it is first asked, as texts; secret ones are not returned."""
        said = [self.templates.parameters(name) for name in (*(part.app for part in self.parts), self.base)]
        return {
            name: _text(one["value"])
            for parameters in said
            for name, one in parameters.items()
            if isinstance(one, Mapping) and one.get("value") is not None
        }

    @property
    def own_model(self) -> bool:
        """Whether the mock is deployed: as ownModel says, else as before, and not where providerUrl is given."""
        said = self.asked.settings
        if "ownModel" in said or "providerUrl" in said:
            return said.get("ownModel", "false").lower() in ("true", "1")
        return self.before.get("ownModel", "true") == "true"

    @property
    def wants_image(self) -> bool:
        """A function app has none: its code is published. The mock is of the image too."""
        return self.own_model or any(part.keeps[0].kind == APP for part in self.parts)

    def content(self) -> Content:
        """What the image is built from; clients of another store are in it where one is asked."""
        store = {**self.before, **self.asked.settings}.get("store", "sqlite")
        return content_of(self.asked.root, self.dockerfile, "backends" if store != "sqlite" else None)

    def package(self, part: Part) -> Package | None:
        """What is published to a function app; None for any other. Raises Refused where nothing here lays it out."""
        if part.package is None:
            return None
        program = own_file(part.target, part.package)
        beside = [path for path in part.target.folder.iterdir() if path.is_file() and path.suffix in (".py", ".txt")]
        service = content_of(self.asked.root, self.dockerfile)
        shared = [service.root / name for name in service.files]
        files = {*beside, part.target.folder / "host.json", *shared}
        python = python_of(part.template)
        return Package(self.asked.root, program, tuple(sorted(files)), self.timeout_s or 30, python)

    @property
    def timeout_s(self) -> int | None:
        """How long a request may take: as long as clients wait."""
        return max(1, int(self.asked.deadline_s)) if self.asked.deadline_s else None

    def location(self) -> str | None:
        """Of a group that is still to be made: as --set says, else the region that target.toml bills."""
        if "location" in self.asked.settings:
            return self.asked.settings["location"]
        return next(
            (str(p.target.prices.region) for p in self.parts if p.target.prices and p.target.prices.region), None
        )

    def intent(self, *, destroy: bool) -> Intent:
        return intent_of(self, destroy=destroy)

    def deploy(self, heard: Heard) -> Deployed:
        """Raises PilotError with the cause first."""
        steps, notes = Steps(self.pace, heard), list[str]()
        account.subscription(self.arm, self.subscription)
        if self.asked.only_source:
            return self._renewed(heard, steps, notes)
        source, _ = self._source(notes), self.own_model or self._other_model()  # refused before anything is made
        with steps.timed("resource providers") as step:
            step.did = "created" if self.providers.ensure(self.wanted_providers, heard) else "kept"
        with steps.timed(f"resource group {self.group.name}") as step:
            where, made = self.group.ensure(self.location(), heard)
            step.did = "created" if made else "kept"
        self._settled(heard)
        with steps.timed("registry") as step:
            registry, made = self.registry.ensure(where)
            step.did = "created" if made else "kept"
        given = {"base": self.base, "registry": registry, "location": self._stays(where), **self.asked.settings}
        given["image"], given["ownModel"] = self._image(heard, steps), _text(self.own_model)
        with steps.timed("provider key") as step:
            given["providerKey"], made = self.key.ensure(self.asked.settings.get("providerKey"))
            step.did = "created" if made else "kept"
        base = self.templates.put(self._wanted_base(given), heard)
        steps.add(self.base, base)
        self._without_model(steps)
        given["providerUrl"] = self._provider_url(base)
        given["generatorCidr"] = source
        values = {part.target.name: self._one(part, given, heard, steps) for part in self.parts}
        return Deployed(tuple(steps.done), values, {}, (*notes, *self._moved(given["location"])))

    def _stays(self, where: str) -> str:
        """Where the apps are: they cannot move, so the location they were made in stays."""
        return self.asked.settings.get("location") or self.before.get("location") or where

    def _settled(self, heard: Heard) -> None:
        """What a cut left running is waited for: its apps hold the key that was made for them."""
        for name in (self.base, *(part.app for part in self.parts)):
            self.templates.settled(name, heard)

    def _one(self, part: Part, given: Mapping[str, str], heard: Heard, steps: Steps) -> Mapping[str, str]:
        publishing, package = self.publishing(part), self.package(part)
        was = publishing.published() if package else None
        done = self.templates.put(self._wanted(part, given), heard)
        steps.add(part.app, done, part.target.name)
        if package is not None:
            with steps.timed(f"code of {part.app}", part.target.name) as step:
                step.did = publishing.put(package, was, heard)
        return {
            **part.says,
            **{name: done.outputs[key].rstrip("/") for name, key in part.gives.items() if key in done.outputs},
        }

    def publishing(self, part: Part) -> Publishing:
        return Publishing(self.arm, self.path(part.keeps[0]), part.app, self._hands.lay)

    def _image(self, heard: Heard, steps: Steps) -> str:
        """As it is given, else of the content; where nothing runs an image, none is built."""
        if self.asked.image is not None:
            return self.asked.image
        if not self.wants_image:
            return NONE
        with steps.timed("image") as step:
            made = self.registry.image(self.content(), self._builder, heard)
            step.did = "created" if made.built else "kept"
        return made.uri

    def _builder(self, registry: str) -> Builder:
        """A tool of this machine where one works, else the registry."""
        wanted = self.asked.builder
        if wanted not in ("auto", HERE, "docker", "podman", "buildah"):
            raise Refused(f"--builder {wanted} does not build on Azure", f"--builder {HERE} builds in the registry")
        here = self._hands.builder(wanted, HERE)
        return here or Tasks(self.arm, self.registry.path(registry), self.registry.has)

    def _without_model(self, steps: Steps) -> None:
        """Resource Manager leaves alone what a condition turns off, and its replica would go on being billed."""
        if self.own_model:
            return
        with steps.timed(PROVIDER.name) as step:
            gone = removed(self.arm, self.path(PROVIDER), VERSIONS[APP], self.base_tag)
            step.did = "removed" if gone else "kept"

    def _provider_url(self, base: Done) -> str:
        """The endpoint that is given, else the mock's, else the one that was given before."""
        made = base.outputs.get("providerUrl", NONE)
        return self._other_model() if "providerUrl" in self.asked.settings or made == NONE else made

    def _other_model(self) -> str:
        """The endpoint that is given, or was before; raises Refused where there is none."""
        said = self.asked.settings.get("providerUrl") or self.before.get("providerUrl", NONE)
        if said == NONE:
            raise Refused("ownModel=false, and nothing says which model to ask", "--set providerUrl=https://HOST")
        return said

    def _renewed(self, heard: Heard, steps: Steps, notes: list[str]) -> Deployed:
        """The address range of who sends load, and nothing else."""
        for part in self.parts:
            if self.templates.settled(part.app, heard) is None:
                raise Refused(f"there is no app {part.app} yet", "pilot deploy without --address makes it")
        key, source, where = self.key.there(), self._source(notes), self.before.get("location")
        same = {**({"providerKey": key} if key else {}), **({"location": where} if where else {})}
        for part in self.parts:
            was = self.publishing(part).published() if part.package else None
            minutes = self.asked.minutes(part.app, part.minutes)
            wanted = Wanted(part.app, part.template, {**same, "generatorCidr": source}, part.tag, minutes)
            steps.add(part.app, self.templates.put(wanted, heard), part.target.name)
            if was is not None:
                self.publishing(part).keep(was)
        return Deployed(tuple(steps.done), {}, {}, tuple(notes))

    def _source(self, notes: list[str]) -> str:
        return source_of(self.asked.source, lambda: self.before.get("generatorCidr"), self._hands.own_range, notes)

    def _moved(self, where: str) -> Iterator[str]:
        """Targets that run in one region and are billed as in another."""
        for part in self.parts:
            said = part.target.prices.region if part.target.prices else None
            if said is not None and str(said) != where:
                yield f"{part.target.name}: it is in {where}, and region under [prices] bills {said}"

    def _wanted_base(self, given: Mapping[str, str]) -> Wanted:
        known = {**given, "name": self.base}
        return Wanted(self.base, self.base_template, known, self.base_tag, self.asked.minutes(self.base, BASE_MINUTES))

    def _wanted(self, part: Part, given: Mapping[str, str]) -> Wanted:
        deadline = {"timeoutS": str(self.timeout_s)} if self.timeout_s else {}
        known = {**deadline, **part.settings, **given, "name": part.app}
        return Wanted(part.app, part.template, known, part.tag, self.asked.minutes(part.app, part.minutes))

    def others(self) -> list[str]:
        """Apps of the group that use what all share and are not of these targets."""
        mine = {PROVIDER.name, *(part.app for part in self.parts)}
        identity, environment = f"/{self.base}".lower(), f"managedenvironments/{self.base}".lower()
        out = []
        for kind in (APP, SITE):
            for row in self.arm.every("apps", f"{self.group.path}/providers/{kind}", VERSIONS[kind]):
                said = row.get("properties") or {}
                who = [name.lower() for name in (row.get("identity") or {}).get("userAssignedIdentities") or ()]
                runs_on = str(said.get("environmentId") or said.get("managedEnvironmentId") or "").lower()
                pulls = [str(one.get("server")) for one in (said.get("configuration") or {}).get("registries") or ()]
                uses = any(name.endswith(identity) for name in who) or runs_on.endswith(environment)
                if row["name"] not in mine and (uses or self._server in pulls):
                    out.append(str(row["name"]))
        return sorted(out)

    @cached_property
    def _server(self) -> str | None:
        there = self.registry.now()
        return str(there["properties"]["loginServer"]) if there else None

    def destroy(self, heard: Heard) -> Destroyed:
        """Raises PilotError where a resource stays."""
        account.subscription(self.arm, self.subscription)
        return Removal(self).run(heard)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def deployments(parts: Sequence[Part], asked: Asked, hands: Hands | None = None) -> list[AzureDeployment]:
    """One a subscription and resource group."""
    groups: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        groups.setdefault((part.subscription, part.group.lower()), []).append(part)
    return [AzureDeployment(group, asked, hands) for group in groups.values()]
