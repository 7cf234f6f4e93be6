"""From a target's templates to its address and back to nothing, by the platforms that can do it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from harness.domain.target import Target
from harness.errors import Refused
from harness.platforms import registry
from harness.tables.problems import nearest

BUILDERS = (
    "auto",
    "docker",
    "podman",
    "buildah",
    "codebuild",
    "cloudbuild",
    "acr",
)  # the last three build in the account


class Heard(Protocol):
    """Where a long command says how far it is."""

    def say(self, text: str) -> None: ...

    def work(self, text: str) -> None: ...


@dataclass(frozen=True)
class Asked:
    """What a person wants beside the targets; ``took_s``: how long each step took when it was last made here."""

    root: Path
    settings: Mapping[str, str] = field(default_factory=dict)  # parameters of templates
    image: str | None = None  # one that is there already, by its digest
    builder: str = "auto"
    source: str | None = None  # the address range that load comes from; None: this machine's own
    only_source: bool = False  # renew that and nothing else
    took_s: Mapping[str, float] = field(default_factory=dict)
    deadline_s: float | None = None  # for which clients wait: no runtime should work longer

    def of(self, known: Collection[str]) -> Asked:
        """With the settings that one deployment knows; the others are for another one of the same call."""
        return replace(self, settings={name: value for name, value in self.settings.items() if name in known})

    def minutes(self, step: str, rough: float) -> float:
        """As it took here before, else a rough figure."""
        return self.took_s[step] / 60 if step in self.took_s else rough


@dataclass(frozen=True)
class Standing:
    """Something that is billed while nobody asks anything; None: no price is known."""

    what: str
    usd_per_hour: Decimal | None
    confirmed: bool = True


@dataclass(frozen=True)
class Step:
    """One thing that will be made, changed or removed; ``minutes`` are a rough figure until they were ``measured`` here."""

    name: str
    does: str
    minutes: float
    measured: bool = False
    standing: tuple[Standing, ...] = ()
    target: str | None = None  # whose step it is; None: of all

    @property
    def usd_per_hour(self) -> Decimal:
        """Of what has a price."""
        return sum((s.usd_per_hour for s in self.standing if s.usd_per_hour), Decimal(0))


@dataclass(frozen=True)
class Intent:
    """What a deployment would do, before it does anything."""

    where: str
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()  # of the workspace, that it would deploy or build from

    @property
    def minutes(self) -> float:
        return sum(step.minutes for step in self.steps)

    @property
    def usd_per_hour(self) -> Decimal:
        """Of what has a price."""
        return sum((step.usd_per_hour for step in self.steps), Decimal(0))

    @property
    def beside(self) -> dict[str, Decimal]:
        """USD an hour of what is of no one target, by its step."""
        return {step.name: step.usd_per_hour for step in self.steps if step.target is None}


@dataclass(frozen=True)
class Took:
    """One step as it was done; ``seconds`` by the platform's own clock where it has one. ``did`` is ``kept`` if nothing changed."""

    name: str
    did: str
    seconds: float
    target: str | None = None  # whose step it is; None: of all


@dataclass(frozen=True)
class Deployed:
    """What came of it; ``values``: for each target what its target.toml reads, by the field that reads it."""

    steps: tuple[Took, ...]
    values: Mapping[str, Mapping[str, str]]
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by target: the file that a field names
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Destroyed:
    """``left``: what is still there. ``unseen``: what refused to say, with the reason. ``beyond``: what nobody looked at.

    ``notes``: what costs nothing and is still worth knowing.
    """

    steps: tuple[Took, ...]
    looked: tuple[str, ...]
    left: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    beyond: str = ""
    notes: tuple[str, ...] = ()


class Part(Protocol):
    """One target, as its platform deploys it."""

    @property
    def target(self) -> Target: ...

    @property
    def settings(self) -> Mapping[str, str]:
        """What its target.toml says of what is deployed, by the names that ``--set`` has for it."""
        ...


class Deployment(Protocol):
    """Every target that is deployed together. Each method may be cut at any instant: the next call goes on."""

    @property
    def known(self) -> Mapping[str, str]:
        """Each name that ``--set`` may have here, with the spelling that a hint shows."""
        ...

    @property
    def parts(self) -> Sequence[Part]: ...

    def intent(self, *, destroy: bool) -> Intent:
        """Changes nothing."""
        ...

    def deploy(self, heard: Heard) -> Deployed:
        """Return once everything is there; raises PilotError with the cause first."""
        ...

    def destroy(self, heard: Heard) -> Destroyed:
        """Return once it is gone, with what says so."""
        ...


def deployments(targets: Sequence[Target], asked: Asked) -> list[Deployment]:
    """One for all that are deployed together; raises Refused for a target whose platform deploys nothing, or an unknown setting."""
    groups: dict[str, list[Any]] = {}
    without = []
    for target in targets:
        found = registry.platform_of(target).deploying
        if found is None:
            without.append(target.name)
            continue
        groups.setdefault(found.by, []).append(import_module(found.part).part(target))
    if without:
        raise Refused(
            f"pilot deploy does not know how to deploy {', '.join(without)}",
            f"the README beside its target.toml has the commands; deployed here: {', '.join(deployable())}",
        )
    made = [one for by, parts in groups.items() for one in import_module(by).deployments(parts, asked)]
    refuse_unknown(made, asked.settings)
    return made


def refuse_unknown(made: Sequence[Deployment], settings: Mapping[str, str]) -> None:
    """Raises Refused for settings that none of these deployments knows."""
    known = {name for one in made for name in one.known}
    if unknown := sorted(set(settings) - known):
        raise Refused(
            f"no template or manifest has {', '.join(unknown)}{nearest(unknown[0], known)}",
            f"known: {', '.join(sorted({shown for one in made for shown in one.known.values()}))}",
        )


def deployable() -> list[str]:
    """Kinds of runtime that ``pilot deploy`` knows."""
    return [p.kind for p in registry.platforms() if p.deploying is not None]
