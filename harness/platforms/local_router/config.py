"""``kind = "local-router"``: a reverse proxy before two declared targets, and the rules by which it chooses."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from harness.domain.routing import RoutingRule, When
from harness.domain.target import RuntimeConfig
from harness.tables.value import value
from harness.tables.values import AnswerSeconds, Count, Name, Share, distinct

Side = Literal["primary", "secondary"]
TenantNames = Annotated[tuple[Name, ...], Field(max_length=200), AfterValidator(distinct)]


@value
class Overflow:
    """The primary until it has so many requests in hand, then the secondary."""

    in_flight: Count


@value
class Length:
    """A question longer than this goes to one side."""

    over_characters: Count
    side: Side = "secondary"


@value
class Tenants:
    """Tenants that always go to one side."""

    primary: TenantNames = ()
    secondary: TenantNames = ()

    @model_validator(mode="after")
    def _each_once(self) -> Tenants:
        if not self.primary and not self.secondary:
            raise ValueError("want the names of tenants under primary, secondary, or both")
        if both := sorted({*self.primary} & {*self.secondary}):
            raise ValueError(f"{', '.join(both)}: under primary and secondary")
        return self


@value
class Canary:
    """A share of the keys goes to the secondary; a key stays there while the share grows."""

    share: Share = 0.0
    key: Literal["request", "tenant"] = "request"


@value
class Fallback:
    """A refusal by one side is asked of the other, once, before anything of it was passed on."""

    statuses: Annotated[tuple[Literal[429, 503], ...], AfterValidator(distinct)] = (429, 503)
    connect: bool = True  # the same for a side that can't be connected to

    @model_validator(mode="after")
    def _of_something(self) -> Fallback:
        if not self.statuses and not self.connect:
            raise ValueError("want statuses, connect, or both")
        return self


@value
class LocalRouter(RuntimeConfig):
    """Tenants first, then length, canary and overflow: the first rule that says a side decides; none: the primary."""

    kind: ClassVar[str] = "local-router"
    embedded: ClassVar[bool] = True
    splits: ClassVar[bool] = True
    own_sources: ClassVar[tuple[str, ...]] = ("local-logs",)
    names_targets: ClassVar[tuple[str, ...]] = ("primary", "secondary")

    primary: Name
    secondary: Name
    tenants: Tenants | None = None
    length: Length | None = None
    canary: Canary | None = None
    overflow: Overflow | None = None
    fallback: Fallback | None = None
    timeout_s: AnswerSeconds = 30.0
    port: Annotated[int, Field(ge=0, le=65535)] = 0

    @model_validator(mode="after")
    def _two_sides_and_a_rule(self) -> LocalRouter:
        problems = []
        if self.primary == self.secondary:
            problems.append("primary and secondary are the same target")
        if not any((self.tenants, self.length, self.canary, self.overflow, self.fallback)):
            problems.append("no rule: want a table tenants, length, canary, overflow or fallback under [runtime]")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def behind(self) -> tuple[str, ...]:
        return self.primary, self.secondary

    @property
    def routing(self) -> tuple[RoutingRule, ...]:
        names = {"primary": self.primary, "secondary": self.secondary}
        out: list[RoutingRule] = []
        if (tenants := self.tenants) is not None:
            pinned = ((self.primary, tenants.primary), (self.secondary, tenants.secondary))
            out += [RoutingRule(When.TENANT, to, names=who) for to, who in pinned if who]
        if self.length is not None:
            out.append(RoutingRule(When.LENGTH, names[self.length.side], self.length.over_characters))
        if self.canary is not None:
            out.append(RoutingRule(When.CANARY, self.secondary, self.canary.share, (self.canary.key,)))
        if self.overflow is not None:
            out.append(RoutingRule(When.OVERFLOW, self.secondary, self.overflow.in_flight))
        out.append(RoutingRule(When.OTHERWISE, self.primary))
        if (fallback := self.fallback) is not None:
            causes = (*map(str, fallback.statuses), *(("no connection",) if fallback.connect else ()))
            out.append(RoutingRule(When.REFUSED, None, names=causes))
        return tuple(out)
