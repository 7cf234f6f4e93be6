"""One AWS deployment: in this order, each step a question first, so that a call after a cut finds what there is and goes on.

identity, region → linked roles → image → provider's key, certificate → the shared stack → a stack a target → cost tag
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from harness.errors import Refused
from harness.platforms.deploying import Asked, Deployed, Destroyed, Heard, Intent
from harness.platforms.platform import MakeClient
from harness.platforms.shared import cost_tags
from harness.platforms.shared.aws import client
from harness.platforms.shared.aws_deploy import account
from harness.platforms.shared.aws_deploy.api import Api
from harness.platforms.shared.aws_deploy.certificate import Certificates, Sign, self_signed
from harness.platforms.shared.aws_deploy.codebuild import CodeBuild
from harness.platforms.shared.aws_deploy.image import Repository
from harness.platforms.shared.aws_deploy.intent import intent_of
from harness.platforms.shared.aws_deploy.part import (
    BASE_FOLDER,
    BASE_MINUTES,
    BASE_STACK,
    BASE_TAG,
    TEMPLATE,
    Part,
)
from harness.platforms.shared.aws_deploy.removal import Removal
from harness.platforms.shared.aws_deploy.stacks import (
    DEAD,
    Stacks,
    Wanted,
    parameters_of,
    settings_known,
    template_text,
)
from harness.platforms.shared.deploy.address import own_range, source_of
from harness.platforms.shared.deploy.builders import Builder, local_builder
from harness.platforms.shared.deploy.content import IMAGE, Content, content_of
from harness.platforms.shared.deploy.image import image_of
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.deploy.part import Tag, distinct
from harness.platforms.shared.deploy.steps import Step, Steps

ROLES = ("ecs.amazonaws.com", "elasticloadbalancing.amazonaws.com")
ARM, OWN = "arm64", "own"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")  # of a stack; and a function's has no more letters
ROLE_S = 10.0  # until other services see a role


@dataclass(frozen=True)
class Hands:
    """What reaches out of this process, apart so that tests can give their own."""

    make: MakeClient = client
    pace: Pace = field(default_factory=Pace)
    sign: Sign = self_signed
    builder: Callable[[str], Builder | None] = local_builder
    own_range: Callable[[], str] = own_range


@dataclass
class Clients:
    """Each made once."""

    make: MakeClient
    region: str
    _made: dict[tuple[str, str], Api] = field(default_factory=dict)

    def __call__(self, service: str, region: str | None = None) -> Api:
        key = (service, region or self.region)
        if key not in self._made:
            self._made[key] = self.make(*key)
        return self._made[key]


class AwsDeployment:
    """Of targets in one region, on one shared stack."""

    def __init__(self, parts: Sequence[Part], asked: Asked, hands: Hands | None = None) -> None:
        self.parts, self._hands = tuple(parts), hands or Hands()
        self.pace = self._hands.pace
        self.region = parts[0].region
        self.base = next((part.base for part in parts if part.base), asked.settings.get("Base", BASE_STACK))
        self.clients = Clients(self._hands.make, self.region)
        self.base_tag = Tag(parts[0].tag.key, BASE_TAG)
        self.base_template = asked.root / "targets" / BASE_FOLDER / TEMPLATE
        self.dockerfile = asked.root / IMAGE
        self._checked()
        self.asked = asked.of(self.known)

    def _checked(self) -> None:
        """Raises Refused for a template that is missing, and for targets that are the same runtime."""
        if not self.base_template.is_file():
            raise Refused(f"there is no {self.base_template}", "pilot init copies it beside a target of AWS")
        distinct({part.target.name: part.stack for part in self.parts})
        for name in (self.base, *(part.stack for part in self.parts)):
            if not NAME.fullmatch(name):
                raise Refused(
                    f"{name[:140]}: a stack has the name of its function, service or cluster, and cannot have this one",
                    "letters, digits and hyphens, a letter first; no more than 64 in [runtime] of target.toml",
                )

    @cached_property
    def known(self) -> dict[str, str]:
        """Every parameter of its templates."""
        names = settings_known([self.base_template, *(part.template for part in self.parts)])
        return {name: name for name in names}

    @cached_property
    def stacks(self) -> Stacks:
        return Stacks(self.clients("cloudformation"), self.clients("ecs"), self.pace)

    @cached_property
    def repository(self) -> Repository:
        return Repository(self.clients("ecr"), self.base.lower(), self.base_tag)  # which has no capital letters

    @cached_property
    def key(self) -> account.Key:
        return account.Key(self.clients("ssm"), f"/{self.base}/provider-key", self.base_tag)

    @cached_property
    def certificates(self) -> Certificates:
        return Certificates(self.clients("acm"), self.region, self.base_tag, self._hands.sign)

    @cached_property
    def codebuild(self) -> CodeBuild:
        clients = (self.clients("codebuild"), self.clients("s3"), self.clients("logs"))
        return CodeBuild(self.stacks, f"{self.base}-build", self.base_tag, clients, self.pace)

    @property
    def wants_certificate(self) -> bool:
        """The shared template has no way without TLS, and nobody names a certificate, nor did before."""
        required = parameters_of(template_text(self.base_template)).get("CertificateArn", False)
        if not required or "CertificateArn" in self.asked.settings:
            return False
        return self.before().get("CertificateArn") in (None, self.certificates.there())

    def before(self) -> dict[str, str]:
        """Parameters that the shared stack has now."""
        there = self.stacks.now(self.base) or {}
        if there.get("StackStatus") in DEAD:
            return {}
        return {p["ParameterKey"]: str(p.get("ParameterValue", "")) for p in there.get("Parameters", ())}

    @property
    def said(self) -> dict[str, str]:
        """Settings of the shared stack: as asked, else as before."""
        return {**self.before(), **self.asked.settings}

    @property
    def own_model(self) -> bool:
        """Whether the provider beside the targets is deployed, with its balancer."""
        return self.said.get("ModelBackend", OWN) == OWN

    def content(self) -> Content:
        """What the image is built from; clients of other models and stores are in it where those are asked."""
        said = self.said
        others = (
            said.get("ModelBackend") == "bedrock"
            or said.get("Store", "sqlite") != "sqlite"
            or said.get("Embedding", "").startswith("bedrock")
        )
        return content_of(self.asked.root, self.dockerfile, "backends" if others else None)

    def identity(self) -> tuple[str, str]:
        return account.identity(self.clients("sts"), self.clients("ec2"), self.region)

    def intent(self, *, destroy: bool) -> Intent:
        if not destroy:
            self._as_billed()
        return intent_of(self, destroy=destroy)

    def _as_billed(self) -> None:
        """Raises Refused for another processor in [prices] than the image is built for; who names both deploys what they say."""
        billed = [p.target for p in self.parts if p.target.prices and float(p.target.prices.parameters.get(ARM, 0))]
        said = "Architecture" in self.asked.settings and self.asked.image is not None
        if billed and not said and not self.asked.only_source:
            raise Refused(
                f"{', '.join(target.name for target in billed)}: [prices] bills {ARM}, and pilot deploy builds an image "
                "for x86 processors, which the model provider runs too",
                f"take {ARM} out of [prices]; or, with a model of your own, --image of such an image and --set Architecture=…",
            )

    def deploy(self, heard: Heard) -> Deployed:
        """Raises PilotError with the cause first."""
        steps = Steps(self.pace, heard)
        notes: list[str] = []
        self._as_billed()
        self.identity()
        if self.asked.only_source:
            return self._renewed(heard, steps, notes)
        self._linked_roles(heard)
        parameters = dict(self.asked.settings)
        with steps.timed("image") as step:
            parameters["Image"] = self.asked.image or self._image(heard, step)
        with steps.timed("provider key") as step:
            parameters["ProviderKey"], made = self.key.ensure(self.asked.settings.get("ProviderKey"))
            parameters["KeyVersion"] = self.key.version
            step.did = "created" if made else "kept"
        pem = None
        if self.wants_certificate:
            with steps.timed("certificate") as step:
                held = self.certificates.ensure()
                parameters |= {"CertificateArn": held.arn, "Certificate": held.der_base64}
                pem, step.did = held.pem, "created" if held.made else "kept"
        parameters["GeneratorCidr"] = self._source(notes)
        base = self.stacks.put(self._wanted_base(parameters), heard)
        steps.add(self.base, base)
        values: dict[str, Mapping[str, str]] = {}
        files: dict[str, Mapping[str, str]] = {}
        for part in self.parts:
            done = self.stacks.put(self._wanted(part, parameters), heard)
            steps.add(part.stack, done, part.target.name)
            values[part.target.name] = _values(part, {**base.outputs, **done.outputs})
            files[part.target.name] = {"ca_file": pem} if pem and part.service else {}
        notes.append(account.cost_tag(self.clients("ce", cost_tags.HOME), self.base_tag))
        return Deployed(tuple(steps.done), values, files, tuple(notes))

    def _linked_roles(self, heard: Heard) -> None:
        wanted = dict.fromkeys([*ROLES, *(role for part in self.parts for role in part.roles)])
        made = [service for service in wanted if account.linked_role(self.clients("iam"), service)]
        if made:
            heard.say(f"made the roles that a new account lacks: {', '.join(made)}")
            self.pace.sleep(ROLE_S)

    def _renewed(self, heard: Heard, steps: Steps, notes: list[str]) -> Deployed:
        """The address range of who sends load, and nothing else."""
        if self.stacks.now(self.base) is None:
            raise Refused(f"there is no stack {self.base} yet", "pilot deploy without --address makes it")
        source = self._source(notes)
        only = replace(self._wanted_base({"GeneratorCidr": source}), kept=frozenset())  # its template stays, too
        steps.add(self.base, self.stacks.put(only, heard))
        return Deployed(tuple(steps.done), {}, {}, tuple(notes))

    def _image(self, heard: Heard, step: Step) -> str:
        made = image_of(self.repository, self.content(), self._builder, heard)
        step.did = "created" if made.built else "kept"
        return made.uri

    def _builder(self) -> Builder:
        return self._hands.builder(self.asked.builder) or self.codebuild

    def _source(self, notes: list[str]) -> str:
        return source_of(self.asked.source, lambda: self.before().get("GeneratorCidr"), self._hands.own_range, notes)

    def _wanted_base(self, parameters: Mapping[str, str]) -> Wanted:
        minutes, template = self.asked.minutes(self.base, BASE_MINUTES), self.base_template
        return Wanted(self.base, template, parameters, self.base_tag, minutes)

    def _wanted(self, part: Part, parameters: Mapping[str, str]) -> Wanted:
        deadline = {"TimeoutS": str(max(1, int(self.asked.deadline_s)))} if self.asked.deadline_s else {}
        of_part = {"Base": self.base, "TagKey": part.tag.key, "Tag": part.tag.value}
        mine = {**deadline, **part.settings, **parameters, **of_part}
        minutes, service = self.asked.minutes(part.stack, part.minutes), part.service
        return Wanted(part.stack, part.template, mine, part.tag, minutes, self.base if service else None, service)

    def others(self) -> list[str]:
        """Stacks that use the shared one and are not of these targets."""
        there = self.stacks.now(self.base)
        mine = {part.stack for part in self.parts}
        names: list[str] = []
        for name in (o["ExportName"] for o in (there or {}).get("Outputs", ()) if "ExportName" in o):
            names += self.stacks.importers(name)
        return sorted(set(names) - mine)

    def destroy(self, heard: Heard) -> Destroyed:
        """Raises PilotError where a stack stays."""
        self.identity()
        return Removal(self).run(heard)


def _values(part: Part, outputs: Mapping[str, str]) -> dict[str, str]:
    out = {}
    for name, keys in part.gives.items():
        if (value := next((outputs[key] for key in keys if key in outputs), None)) is not None:
            out[name] = value.rstrip("/")
    return out


def deployments(parts: Sequence[Part], asked: Asked, hands: Hands | None = None) -> list[AwsDeployment]:
    """One a region and shared stack."""
    bases = {(p.region, p.base) for p in parts if p.base}
    groups: dict[tuple[str, str | None], list[Part]] = {}
    for part in parts:
        base = part.base or next((b for region, b in sorted(bases) if region == part.region), None)
        groups.setdefault((part.region, base), []).append(part)
    return [AwsDeployment(group, asked, hands) for group in groups.values()]
