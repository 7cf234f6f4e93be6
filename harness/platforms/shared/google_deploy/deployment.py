"""One Google deployment: in this order, each step a question first, so that a call after a cut finds what there is and goes on.

project, who asks → APIs → accounts → provider's key → who reads it → image → provider → a service a target → who may ask it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from harness.errors import Refused
from harness.platforms.deploying import Asked, Deployed, Destroyed, Heard, Intent
from harness.platforms.shared.deploy.builders import Builder, local_builder
from harness.platforms.shared.deploy.content import IMAGE, Content, content_of
from harness.platforms.shared.deploy.image import image_of
from harness.platforms.shared.deploy.manifest import Manifest
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.deploy.part import distinct
from harness.platforms.shared.deploy.steps import Step, Steps
from harness.platforms.shared.google_deploy import account
from harness.platforms.shared.google_deploy.access import ASKS_MODEL, INVOKES, Resource, bind, project_policy
from harness.platforms.shared.google_deploy.api import ACCOUNTS, Cloud, Make, over_http
from harness.platforms.shared.google_deploy.body import Wanted, values_in
from harness.platforms.shared.google_deploy.cloudbuild import APIS as BUILD_APIS
from harness.platforms.shared.google_deploy.cloudbuild import CLOUD, CloudBuild
from harness.platforms.shared.google_deploy.image import Repository, access_token
from harness.platforms.shared.google_deploy.intent import intent_of
from harness.platforms.shared.google_deploy.part import (
    CONCURRENCY,
    LABEL,
    Part,
    label_of,
    mail,
    name_of,
    secret_of,
    spec_of,
)
from harness.platforms.shared.google_deploy.removal import Removal
from harness.platforms.shared.google_deploy.secret import Secret
from harness.platforms.shared.google_deploy.services import Services

PROJECT, IMAGE_URI, URL, AUTH = "GOOGLE_CLOUD_PROJECT", "IMAGE", "PROVIDER_URL", "PROVIDER_AUTH"
KEY, CALLER = "PROVIDER_KEY", "CALLER"  # settings that no manifest has
MEMBERS = ("user:", "serviceAccount:", "group:")
READS = "roles/secretmanager.secretAccessor"
ACTS = "roles/iam.serviceAccountOpenIdTokenCreator"
MODEL_API = "aiplatform"
OPEN = "run.googleapis.com/invoker-iam-disabled"


def here(wanted: str) -> Builder | None:
    """A builder of this machine; None where the account builds."""
    return local_builder(wanted, CLOUD)


@dataclass(frozen=True)
class Hands:
    """What reaches out of this process, apart so that tests can give their own."""

    make: Make = over_http
    pace: Pace = field(default_factory=Pace)
    builder: Callable[[str], Builder | None] = here
    token: Callable[[], str] = access_token


class GoogleDeployment:
    """Of targets in one region of one project, with one provider beside them."""

    def __init__(self, parts: Sequence[Part], asked: Asked, hands: Hands | None = None) -> None:
        self.parts, self._hands = tuple(parts), hands or Hands()
        self.dockerfile = asked.root / IMAGE
        self.asked = asked.of(self.known)
        self.pace, self.project, self.region = self._hands.pace, parts[0].project, parts[0].region
        self.cloud = Cloud(self.project, self._hands.make, self.pace)
        self._checked()

    def _checked(self) -> None:
        """Raises Refused for targets that are the same runtime, and for options and settings that mean nothing here."""
        if self.asked.only_source:
            raise Refused(
                "--address means nothing on Google Cloud: an identity may ask the service, whatever its address",
                "pilot deploy without --address; name the targets of other clouds to renew theirs",
            )
        distinct({part.target.name: part.service for part in self.parts})
        said = self.asked.settings.get(CALLER, "user:")
        if not said.startswith(MEMBERS):
            raise Refused(
                f"--set {CALLER}={said[:60]} is not a member that an IAM policy can name",
                f"as {CALLER}=user:you@example.com",
            )
        if not self.asked.settings.get(KEY, "kept").strip():
            raise Refused(f"--set {KEY}= has no value", "leave it out: the key that is there stays")
        at_once = self.asked.settings.get(CONCURRENCY, "1")
        if not at_once.isdecimal() or int(at_once) == 0:
            raise Refused(f"--set {CONCURRENCY}={at_once[:60]} is not a whole number from 1", f"as {CONCURRENCY}=40")
        for one in self.manifests:
            label_of(one)

    @cached_property
    def known(self) -> dict[str, str]:
        """Variables of its manifests, and what those do not have."""
        names = {KEY, CALLER, CONCURRENCY, *(name for one in self.manifests for name in one.variables)}
        return {name: name for name in names - {PROJECT, IMAGE_URI}}

    @cached_property
    def manifests(self) -> tuple[Manifest, ...]:
        return (*(part.manifest for part in self.parts), *([self.provider] if self.provider else ()))

    @cached_property
    def provider(self) -> Manifest | None:
        """The first that a target brings: they share it."""
        return next((part.provider for part in self.parts if part.provider is not None), None)

    @cached_property
    def services(self) -> Services:
        return Services(self.cloud, self.region)

    @cached_property
    def repository(self) -> Repository:
        return Repository(self.cloud, self.region, self._hands.token)

    @cached_property
    def accounts(self) -> account.Accounts:
        return account.Accounts(self.cloud)

    @cached_property
    def build(self) -> CloudBuild:
        return CloudBuild(self.cloud, self.region, self.repository)

    @cached_property
    def secrets(self) -> tuple[Secret, ...]:
        names = dict.fromkeys(name for one in self.manifests if (name := secret_of(one)))
        return tuple(Secret(self.cloud, name) for name in names)

    @cached_property
    def own(self) -> tuple[str, ...]:
        """The accounts that services run as."""
        given = {PROJECT: self.project}
        said = (str(spec_of(one.data).get("serviceAccountName") or "") for one in self.manifests)
        return tuple(dict.fromkeys(name.replace(f"${{{PROJECT}}}", given[PROJECT]) for name in said if name))

    @cached_property
    def senders(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.sender for part in self.parts if part.by_identity))

    @property
    def made_accounts(self) -> tuple[str, ...]:
        """Those that live in this project: another one's are not made here."""
        return tuple(one for one in dict.fromkeys([*self.own, *self.senders]) if self.accounts.mine(one))

    def before(self, part: Part) -> dict[str, str]:
        """Variables of its manifest as its service has them now."""
        return values_in(part.manifest, self.services.now(part.service) or {})

    def settled(self, part: Part) -> dict[str, str]:
        """As asked, else as before."""
        return {**self.before(part), **self.asked.settings}

    @property
    def wants_provider(self) -> bool:
        """Nobody names a model's address, nor did before."""
        if self.provider is None or URL in self.asked.settings:
            return False
        return any(self._asks_provider(part) for part in self.parts)

    def _asks_provider(self, part: Part) -> bool:
        """Whether the provider beside it is its model: no earlier call gave it another."""
        return self.provider is not None and _is_of(name_of(self.provider), self.before(part).get(URL))

    @property
    def by_vertex(self) -> bool:
        """A model asks for the service's own account."""
        return any(self.settled(part).get(AUTH) == "google" for part in self.parts)

    def apis(self) -> tuple[str, ...]:
        return (*account.APIS, *([MODEL_API] if self.by_vertex else ()))

    def content(self) -> Content:
        """What the image is built from; clients of other stores are in it where one is asked."""
        others = any(self.settled(part).get("STORE", "sqlite") != "sqlite" for part in self.parts)
        return content_of(self.asked.root, self.dockerfile, "backends" if others else None)

    def caller(self) -> str | None:
        """As a policy names who asks; None where nobody knows."""
        return self.asked.settings.get(CALLER) or account.caller(self.cloud)

    def identity(self) -> str | None:
        """Who deploys; raises PilotError where the project cannot be used, Refused for a login that could invoke no service."""
        account.project_of(self.cloud)
        who = self.caller()
        without = [part.target.name for part in self.parts if part.by_identity and not part.impersonates]
        if without and who is not None and who.startswith("user:"):
            raise Refused(
                f"{', '.join(without)}: your own login has no ID token for a service, and load would get 403",
                f'set impersonate = "{mail("rag-sender", f"${{{PROJECT}}}")}" in [auth] of target.toml: '
                "pilot deploy makes that account and lets you act as it",
            )
        self._fillable()
        return who

    def _fillable(self) -> None:
        """Raises Refused for a manifest with a variable that nothing gives a value; the last one is no later than the first."""
        found = dict.fromkeys((PROJECT, IMAGE_URI), "found")
        for part in self.parts:
            more = {URL: "made"} if self.wants_provider and self._asks_provider(part) else {}
            part.manifest.filled({**self.settled(part), **found, **more})
        if self.provider is not None and self.wants_provider:
            there = values_in(self.provider, self.services.now(name_of(self.provider)) or {})
            self.provider.filled({**there, **self.asked.settings, **found})

    def intent(self, *, destroy: bool) -> Intent:
        return intent_of(self, destroy=destroy)

    def deploy(self, heard: Heard) -> Deployed:
        """Raises PilotError with the cause first."""
        steps, who = Steps(self.pace, heard), self.identity()
        notes = self.notes(who)
        with steps.timed("APIs") as step:
            self._turned_on(step)
        with steps.timed("accounts") as step:
            made = [one for one in self.made_accounts if self.accounts.ensure(one)]
            step.did = "created" if made else "kept"
        with steps.timed("provider key") as step:
            given = self.asked.settings.get(KEY)
            step.did = "created" if [one for one in self.secrets if one.ensure(given)] else "kept"
        with steps.timed("access") as step:
            self._given(step, who)
        with steps.timed("image") as step:
            uri = self.asked.image or self._image(heard, step)
        given_all = {**self.asked.settings, PROJECT: self.project, IMAGE_URI: uri}
        provided = {URL: self._provided(given_all, steps, heard)} if self.wants_provider else {}
        values: dict[str, Mapping[str, str]] = {}
        for part in self.parts:
            more = provided if self._asks_provider(part) else {}
            done = self.services.put(self._wanted(part, {**given_all, **more}), heard)
            self._invokers(part, who)
            steps.add(part.service, done, part.target.name)
            values[part.target.name] = {"base_url": done.url}
            notes += self._kept(part)
        self._acting(who, values)
        return Deployed(tuple(steps.done), values, {}, tuple(notes))

    def notes(self, who: str | None) -> list[str]:
        """What a person must know who asked for this."""
        made = []
        if self.asked.source is not None:
            made.append("--from means nothing on Google Cloud: an identity may ask the service, whatever its address")
        if who is None and self.senders:
            made.append(
                "the credentials do not say who deploys, so nobody new may invoke the service: --set CALLER=user:you@example.com"
            )
        return made

    def _turned_on(self, step: Step) -> None:
        if off := account.apis_off(self.cloud, self.apis()):
            account.turn_on(self.cloud, off, self.pace.build_s)
            step.did = "created"

    def _given(self, step: Step, who: str | None) -> None:
        """Services read the key, and ask Vertex AI where that is their model; who deploys may impersonate the sender."""
        members = [account.member(one) for one in self.own]
        given = [bind(self.cloud, secret.resource, READS, members) for secret in self.secrets]
        if self.by_vertex:
            given.append(bind(self.cloud, project_policy(self.project), ASKS_MODEL, members))
        for sender in self.acting(who):
            on = Resource(f"account {sender.partition('@')[0]}", ACCOUNTS, self.accounts.path(sender), "post")
            given.append(bind(self.cloud, on, ACTS, [str(who)]))
        step.did = "created" if any(given) else "kept"

    def acting(self, who: str | None) -> list[str]:
        """Senders of this project that the caller impersonates."""
        said = dict.fromkeys(part.sender for part in self.parts if part.impersonates)
        return [one for one in said if who is not None and self.accounts.mine(one)]

    def _image(self, heard: Heard, step: Step) -> str:
        made = image_of(self.repository, self.content(), self._builder, heard)
        step.did = "created" if made.built else "kept"
        return made.uri

    def _builder(self) -> Builder:
        return self._hands.builder(self.asked.builder) or self.build

    def _provided(self, given: Mapping[str, str], steps: Steps, heard: Heard) -> str:
        """The address of the provider beside the targets."""
        assert self.provider is not None
        name = name_of(self.provider)
        label, version = (LABEL, label_of(self.provider)), self._version(self.provider)
        want = Wanted(name, self.project, self.provider, label, given, key_version=version)
        done = self.services.put(want, heard)
        steps.add(name, done)
        if OPEN in self.provider.data.get("metadata", {}).get("annotations", {}) and self.services.opened(name):
            heard.say(
                f"{name}: open to everybody by a role, for Cloud Run did not take {OPEN}; it asks for its key itself"
            )
        return done.url

    def _wanted(self, part: Part, given: Mapping[str, str]) -> Wanted:
        label = (LABEL, label_of(part.manifest))
        return Wanted(
            part.service,
            self.project,
            part.manifest,
            label,
            given,
            part.declared,
            (part.counter,),
            self.asked.deadline_s,
            self._version(part.manifest),
        )

    def _version(self, manifest: Manifest) -> str:
        """Of the key that it reads."""
        return next((one.version for one in self.secrets if one.name == secret_of(manifest)), "")

    def _invokers(self, part: Part, who: str | None) -> None:
        """The sender, and a service account that asks as itself."""
        if not part.by_identity:
            return
        members = [account.member(part.sender)]
        if who is not None and not part.impersonates and who not in members:
            members.append(who)
        bind(self.cloud, self.services.resource(part.service), INVOKES, members)

    def _kept(self, part: Part) -> list[str]:
        """What a sweep left that its manifest has otherwise."""
        there = spec_of(self.services.now(part.service) or {}).get("containerConcurrency")
        said = spec_of(part.manifest.data).get("containerConcurrency")
        if there == said or "concurrency" in part.declared or CONCURRENCY in self.asked.settings:
            return []
        return [
            f"{part.service} keeps concurrency {there}; {part.manifest.path.name} has {said}: --set CONCURRENCY={said}"
        ]

    def _acting(self, who: str | None, values: Mapping[str, Mapping[str, str]]) -> None:
        for part in self.parts:
            if part.sender in self.acting(who):
                account.acts_as(self.cloud, part.sender, values[part.target.name]["base_url"])

    def others(self) -> list[str]:
        """Services that use the key or the images and are not of these targets; none where the API is off."""
        if account.apis_off(self.cloud, ["run"]):
            return []
        mine = {part.service for part in self.parts} | ({name_of(self.provider)} if self.provider else set())
        names = {f"/{secret.name}" for secret in self.secrets}
        out = []
        for row in self.services.listed():
            containers = row.get("template", {}).get("containers", ())
            used = [self.repository.holds(str(c.get("image", ""))) for c in containers]
            for one in (e for c in containers for e in c.get("env", ())):
                said = str(((one.get("valueSource") or {}).get("secretKeyRef") or {}).get("secret") or "")
                used.append(f"/{said.rpartition('/')[2]}" in names)
            if any(used):
                out.append(str(row.get("name", "")).rpartition("/")[2])
        return sorted(set(out) - mine)

    def destroy(self, heard: Heard) -> Destroyed:
        """Raises PilotError where a service stays."""
        self.looked()
        return Removal(self).run(heard)

    def looked(self) -> None:
        """Before anything is removed: what is on may still be late to know it. Raises PilotError where nothing can be asked."""
        account.project_of(self.cloud)
        account.apis_off(self.cloud, (*account.APIS, *BUILD_APIS))


def deployments(parts: Sequence[Part], asked: Asked, hands: Hands | None = None) -> list[GoogleDeployment]:
    """One a project and region."""
    groups: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        groups.setdefault((part.project, part.region), []).append(part)
    return [GoogleDeployment(group, asked, hands) for group in groups.values()]


def _is_of(service: str, url: str | None) -> bool:
    """Whether this address is that service's on Cloud Run, or none is said."""
    if not url:
        return True
    host = urlsplit(url).hostname or ""
    return host.startswith(f"{service}-") and host.endswith(".run.app")
