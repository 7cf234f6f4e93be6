"""Every platform there is: the folders of this package, and what other packages bring through an entry point.

An entry point of ``GROUP`` is a Platform. One of ``SOURCES`` takes a [[sources]] table's
fields as a mapping and returns a MetricSource.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from harness import platforms as here
from harness.domain.reading import MetricSource
from harness.domain.reasons.doubt import Figures
from harness.domain.target import SourceConfig, Target
from harness.errors import PilotError, Refused
from harness.platforms.billing import Billing
from harness.platforms.elsewhere import ElsewhereKind
from harness.platforms.generator import GeneratorKind
from harness.platforms.platform import MIB_IN_MB, Part, Platform, Signal, SourceKind, Subject
from harness.platforms.scaling import Scaling
from harness.platforms.shared import on_aws
from harness.platforms.shared.generators import hosts
from harness.platforms.shared.sources import SHARED

GROUP, SOURCES = "runtime_pilot.platforms", "runtime_pilot.sources"
NO_ROOM = ("shared",)  # folders beside the platforms'


@lru_cache(maxsize=1)
def platforms() -> tuple[Platform, ...]:
    """Ours in the order of their folders, then others'; raises PilotError for a package whose platform does not load."""
    folders = [m.name for m in pkgutil.iter_modules(here.__path__) if m.ispkg and m.name not in NO_ROOM]
    own: list[Platform] = [import_module(f"{here.__name__}.{name}").PLATFORM for name in sorted(folders)]
    found = own + [_brought(one) for one in _announced(GROUP)]
    _distinct("platform", [p.kind for p in found])
    _distinct("billing model", [b.model for p in found for b in p.billings])
    _distinct("kind of generator", [g.kind for g in (hosts.KIND, *(g for p in found for g in p.generators))])
    _distinct("kind of source", [s.kind for s in (*SHARED, *(s for p in found for s in p.sources))])
    return tuple(found)


def _distinct(what: str, names: Sequence[str]) -> None:
    """Nothing that a package brings takes the place of another's in silence."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise PilotError(f"two packages bring the {what} {', '.join(twice)}", "remove one of them")


def _announced(group: str) -> list[EntryPoint]:
    """Of installed packages, by name; what lies in the current folder is a stranger's until it is installed."""
    return sorted((one for one in entry_points(group=group) if _installed(one)), key=lambda one: one.name)


def _installed(one: EntryPoint) -> bool:
    """Python may look in the current folder too (``python -m``), where a workspace could announce its own code."""
    if one.dist is None:
        return False
    at, current = Path(str(one.dist.locate_file(""))).resolve(), Path.cwd().resolve()
    return not at.is_relative_to(current) or at.is_relative_to(Path(sys.prefix).resolve())


def _brought(found: EntryPoint) -> Platform:
    try:
        made = found.load()
    except Exception as error:
        raise PilotError(
            f"the platform {found.name} of another package does not load: {type(error).__name__}: {error}",
            f"repair or remove the package that announces {found.value}",
        ) from error
    if not isinstance(made, Platform):
        raise PilotError(f"{found.value} is not a Platform", "docs/platforms.md says what a package brings")
    return made


def platform_of(target: Target) -> Platform:
    """That of its runtime."""
    return runtimes()[target.runtime.kind]


def runtimes() -> dict[str, Platform]:
    """By ``runtime.kind``."""
    return {p.kind: p for p in platforms() if p.config is not None}


def uncontrolled() -> str:
    """The ``runtime.kind`` of a URL of which nothing else is known."""
    return next(p.kind for p in platforms() if p.config is not None and not p.config.controlled)


def billings() -> tuple[Billing, ...]:
    """Every value of ``prices.model``."""
    return tuple(b for p in platforms() for b in p.billings)


def billing(model: str, parameters: Mapping[str, Any] | None = None) -> Billing:
    """As these parameters make it; raises Refused with the known ones."""
    for one in billings():
        if one.model == model:
            return one.as_given(parameters or {}) if one.as_given else one
    raise Refused(f"no billing model {model!r}", f"known: {', '.join(b.model for b in billings())}")


def billing_of(target: Target) -> Billing | None:
    """None without [prices]."""
    return billing(target.prices.model, target.prices.parameters) if target.prices else None


def scaling_of(target: Target, facts: Mapping[str, Any]) -> Scaling | None:
    """By its runtime, else by what it is billed as; None where neither says how it grows."""
    own = platform_of(target).scaling
    if own is None and target.prices is not None:
        own = next((p.scaling for p in platforms() for b in p.billings if b.model == target.prices.model), None)
    return own(target, facts) if own else None


def memory_of(target: Target) -> float | None:
    """Memory that an instance is declared to have, in 10^6 bytes; None where target.toml does not say."""
    said = getattr(target.runtime, "memory_mb", None)
    if said is None and target.prices is not None:
        said = target.prices.parameters.get("memory_mb")
        gigabytes = target.prices.parameters.get("memory_gb")
        said = float(gigabytes) * 1024 if said is None and gigabytes is not None else said
    return None if said is None else float(said) * MIB_IN_MB


def generators() -> dict[str, GeneratorKind]:
    """By ``generator.kind``, without this machine itself."""
    return {g.kind: g for g in (hosts.KIND, *(g for p in platforms() for g in p.generators))}


def elsewheres() -> dict[str, ElsewhereKind]:
    """Where a campaign can be run in this machine's place, by the name that ``pilot run --on`` takes."""
    return {on_aws.KIND.kind: on_aws.KIND}


def source_kinds() -> dict[str, SourceKind]:
    """By ``sources.kind``, without those that other packages bring as sources alone."""
    return {s.kind: s for s in (*SHARED, *(s for p in platforms() for s in p.sources))}


def other_sources() -> list[str]:
    """Kinds of sources that other packages bring."""
    return [found.name for found in _announced(SOURCES)]


def source_of(config: SourceConfig) -> MetricSource:
    """The source of one [[sources]] table; raises Refused for a kind that nobody brings."""
    if known := source_kinds().get(config.kind):
        made: MetricSource = known.build(config.options)
        return made
    for found in _announced(SOURCES):
        if found.name == config.kind:
            brought: MetricSource = found.load()(config.options)
            return brought
    kinds = sorted({*(k for k, s in source_kinds().items() if not s.bills), *other_sources()})
    raise Refused(f"no metric source of kind {config.kind!r}", f"known: {', '.join(kinds)}")


def bills_of(config: SourceConfig) -> Any:  # noqa: ANN401 - a source of bills, whose days collect keeps
    """The source of a target's bills."""
    return source_kinds()[config.kind].build(config.options)


def feeds(kind: str) -> Figures:
    """What a report cannot say, or says with less, where this source was not collected."""
    known = source_kinds().get(kind)
    return known.feeds if known else Figures.OWN


def parts_of(target: Target) -> tuple[Part, ...]:
    """Stores and fronts that it says it uses, and those that its sources are asked about."""
    kinds = source_kinds()
    asked = ((s, kinds[s.kind].parts) for s in target.sources if s.kind in kinds)
    found = [part for s, parts in asked for option, part in parts.items() if s.options.get(option)]
    known = {part.name: part for kind in kinds.values() for part in kind.parts.values()}
    return tuple(dict.fromkeys([*found, *(known.get(name, Part(name)) for name in target.uses)]))


def subjects(source: str) -> tuple[Subject, ...]:
    """What this kind of source may be asked about: of each platform, and of none."""
    every = (*(s for p in platforms() for s in p.subjects), *(s for k in source_kinds().values() for s in k.subjects))
    return tuple(s for s in every if s.source == source)


def asked_of(source: str, options: Mapping[str, Any]) -> list[tuple[tuple[Signal, ...], Any]]:
    """What a table of this kind asks for: series, and where they are found."""
    return [(subject.signals, at) for subject in subjects(source) for at in subject.at(options)]


def declared() -> tuple[Signal, ...]:
    """Every series that is worth showing: those of platforms first."""
    own = (s for p in platforms() for s in p.signals)
    shared = (s for kind in source_kinds() for subject in subjects(kind) for s in subject.signals)
    return tuple(dict.fromkeys((*own, *shared)))


def signals_of(target: Target) -> tuple[Signal, ...]:
    """Those of the sources that the target has."""
    named = {*target.runtime.own_sources, *(s.kind for s in target.sources)}
    return tuple(s for s in declared() if s.source in named)


def traced(target: Target) -> bool:
    """Whether somebody collects its spans: requests then carry a trace context."""
    known = source_kinds()
    return any(s.kind in known and known[s.kind].spans for s in target.sources)


def expected_of(target: Target) -> frozenset[str]:
    """Of these series, those that its own platform has: a source of many kinds may be asked for less than it knows."""
    return frozenset(s.metric for s in platform_of(target).signals)


def meaning_of(source: str) -> str:
    """What a series is that this kind of source has and nothing declares; empty where it doesn't say."""
    known = source_kinds().get(source)
    return known.others if known else ""
