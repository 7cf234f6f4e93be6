"""``--set``: a target as it would be with other settings, and what of it then nobody has measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from pydantic import ValidationError

from harness.domain.target import Target
from harness.errors import Refused
from harness.platforms.registry import billing_of
from harness.platforms.scaling import SETTINGS, Scaling
from harness.predict.growth import scaling_of
from harness.tables.problems import nearest

SOURCE = "--set"


@dataclass(frozen=True)
class Asked:
    """One change: of one target, or of every target that knows the name."""

    name: str
    value: float
    target: str | None = None

    def __str__(self) -> str:
        return f"{self.target + '.' if self.target else ''}{self.name}={self.value:g}"


@dataclass(frozen=True)
class Variant:
    """A target with the changes laid over it.

    ``speeds``: how many times as fast an instance is with the processors that it now has, least, assumed and most: nobody
    measured how its answers share them, so anything between not at all and in proportion.
    """

    target: Target
    scaling: Scaling | None
    speeds: tuple[float, float, float] = (1.0, 1.0, 1.0)
    changed: tuple[str, ...] = ()


def asked(text: str) -> tuple[Asked, ...]:
    """``memory_mb=2048,cloud_run.min_instances=3``; raises Refused with every part that does not read so."""
    found, wrong = [], []
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, equals, said = part.partition("=")
        target, dot, own = name.strip().rpartition(".")
        try:
            value = float(said)
        except ValueError:
            wrong.append(part)
            continue
        if not equals or not own or not 0 <= value < float("inf"):
            wrong.append(part)
        else:
            found.append(Asked(own, value, target if dot else None))
    if wrong or not found:
        raise Refused(
            f"--set {', '.join(wrong) or repr(text)}: want NAME=NUMBER, a number of at least 0",
            "as --set memory_mb=2048,min_instances=3",
        )
    return tuple(found)


def variants(
    targets: Sequence[Target], facts: Mapping[str, Mapping[str, Any]], changes: Sequence[Asked]
) -> dict[str, Variant]:
    """Every target with what is asked of it; raises Refused for a name that none of them knows, with the nearest."""
    problems = [words for one in changes if (words := _unknown(one, targets))]
    if problems:
        raise Refused("\n  ".join(problems), "a figure of [runtime] or [prices] in target.toml, or of how it scales")
    return {t.name: _variant(t, facts.get(t.name, {}), [c for c in changes if _meant(c, t)]) for t in targets}


def _meant(one: Asked, target: Target) -> bool:
    return one.target in (None, target.name) and one.name in known(target)


def _unknown(one: Asked, targets: Sequence[Target]) -> str:
    names = [t.name for t in targets]
    if one.target is not None and one.target not in names:
        return (
            f"--set {one}: no target {one.target!r}{nearest(one.target, names) or '; these are: ' + ', '.join(names)}"
        )
    of = [t for t in targets if one.target in (None, t.name)]
    if any(one.name in known(t) for t in of):
        return ""
    every = sorted({name for t in of for name in known(t)})
    return f"--set {one}: no setting {one.name!r}{nearest(one.name, every) or '; these are: ' + ', '.join(every)}"


def known(target: Target) -> tuple[str, ...]:
    """Names of its figures: how it scales, its runtime's table, its bill's parameters."""
    scales = SETTINGS if scaling_of(target, {}) is not None else ()
    own = [f.name for f in fields(target.runtime) if _figure(getattr(target.runtime, f.name))]
    billing = billing_of(target)
    billed = list(billing.terms.model_fields) if billing else []
    declared = list(target.prices.parameters) if target.prices else []
    return tuple(dict.fromkeys((*scales, *own, *billed, *declared)))


def _figure(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _variant(target: Target, facts: Mapping[str, Any], changes: Sequence[Asked]) -> Variant:
    before = scaling_of(target, facts)
    made = _laid_over(target, changes)
    after = _rescaled(target, made, before)
    own = {c.name: c.value for c in changes if c.name in SETTINGS}
    if after is not None and own:
        try:
            after = after.changed(own, SOURCE)
        except ValueError as error:
            raise Refused(
                f"--set {', '.join(map(str, changes))}: {target.name}: {error}", "want figures that fit together"
            ) from None
        made = _kept(made, after)
    processors = after.vcpus.value / before.vcpus.value if after is not None and before is not None else 1.0
    speeds = (min(1.0, processors), math.sqrt(processors), max(1.0, processors))
    return Variant(made, after, speeds, tuple(map(str, changes)))


def _kept(target: Target, scaling: Scaling) -> Target:
    """Billed for as many as it now keeps, where they have a price of their own."""
    billing = billing_of(target)
    if target.prices is None or billing is None or billing.kept_as is None:
        return target
    parameters = {**target.prices.parameters, billing.kept_as: scaling.least.value}
    return replace(target, prices=replace(target.prices, parameters=parameters))


def _laid_over(target: Target, changes: Sequence[Asked]) -> Target:
    """With the changed figures of its runtime's table and of its bill's parameters."""
    made = target
    billing = billing_of(target)
    for one in (c for c in changes if c.name not in SETTINGS):
        if _figure(now := getattr(made.runtime, one.name, None)):
            value: float = int(one.value) if isinstance(now, int) and one.value == int(one.value) else one.value
            made = replace(made, runtime=_checked(made, one, value))
        in_bill = billing is not None and one.name in billing.terms.model_fields
        if made.prices is not None and (in_bill or one.name in made.prices.parameters):
            parameters = {**made.prices.parameters, one.name: one.value}
            made = replace(made, prices=replace(made.prices, parameters=parameters))
    return made


def _checked(target: Target, one: Asked, value: float) -> Any:  # noqa: ANN401 - a runtime's own table
    """Raises Refused for a figure that the table does not take."""
    changes: dict[str, Any] = {one.name: value}
    try:
        return replace(target.runtime, **changes)
    except ValidationError as error:
        why = "; ".join(str(e["msg"]).lower() for e in error.errors())
        raise Refused(f"--set {one}: {target.name}: {why}", "docs/reference.md has the bounds of each field") from None


def _rescaled(before: Target, after: Target, scaling: Scaling | None) -> Scaling | None:
    """What the control plane said stands, but for what target.toml now says otherwise."""
    if scaling is None or before == after:
        return scaling
    was, now = scaling_of(before, {}), scaling_of(after, {})
    differ = {f.name: getattr(now, f.name) for f in fields(Scaling) if getattr(now, f.name) != getattr(was, f.name)}
    return replace(scaling, **differ)
