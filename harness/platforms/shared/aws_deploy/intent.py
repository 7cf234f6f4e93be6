"""What an AWS deployment would make or remove, what that costs while idle, and how long it takes; asks, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from harness.platforms.deploying import Intent, Standing, Step
from harness.platforms.shared.aws_deploy.part import BASE_MINUTES
from harness.platforms.shared.aws_deploy.stacks import RESOURCE, template_text
from harness.platforms.shared.book import Book
from harness.platforms.shared.deploy.builders import CLOUD
from harness.platforms.shared.deploy.standing import book_of, priced, standing_of

if TYPE_CHECKING:
    from harness.platforms.shared.aws_deploy.deployment import AwsDeployment

BUILD_MINUTES, CLOUD_MINUTES, GONE_SHARE = 4.0, 7.0, 0.8
BALANCER, GATEWAY = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::EC2::NatGateway"
SERVICE = "AWS::ECS::Service"
BALANCER_ADDRESSES = 2  # one a subnet
PROVIDER = ((Decimal(1), "fargate_vcpu_hour"), (Decimal(2), "fargate_gb_hour"), (Decimal(1), "public_ipv4_hour"))
IDLE = ("alb_lcu_hour",)  # capacity units: a balancer that nobody asks uses none


def intent_of(made: AwsDeployment, *, destroy: bool) -> Intent:
    """Raises PilotError where the account does not answer."""
    number, who = made.identity()
    where = f"account {number}, {made.region}, as {who.rpartition(':')[2]}"
    if made.asked.only_source and not destroy:
        return Intent(where, (Step(f"stack {made.base}", "renew where load comes from, and nothing else", 1),))
    steps = _removed(made) if destroy else _steps(made)
    files = () if destroy else tuple(_files(made))
    return Intent(where, tuple(steps), tuple(_notes(made, destroy=destroy)), files)


def _files(made: AwsDeployment) -> Iterator[Path]:
    yield made.base_template
    yield from (part.template for part in made.parts)
    if made.asked.image is None:
        content = made.content()
        yield from (content.root / name for name in content.files)


def _steps(made: AwsDeployment) -> Iterator[Step]:
    if made.asked.image is None:
        content = made.content()
        there = made.repository.digest(content.tag)
        rough = CLOUD_MINUTES if made.asked.builder == CLOUD else BUILD_MINUTES
        does = f"keep {made.repository.name}:{content.tag}" if there else f"build and push {content.tag}"
        yield _step(made, "image", does, 0 if there else rough)
    yield Step("provider key", "keep" if made.key.there() else "make", 0)
    if made.wants_certificate:
        yield Step("certificate", "keep" if made.certificates.there() else "make, self-signed for the balancers", 0)
    book = book_of([part.target for part in made.parts])
    text = template_text(made.base_template)
    yield _stack(
        made,
        made.base,
        text,
        made.asked.minutes(made.base, BASE_MINUTES),
        tuple(_base_standing(text, book) if made.own_model else ()),
    )
    for part in made.parts:
        text = template_text(part.template)
        own = tuple(standing_of(part.target, "Its runtime", IDLE))
        minutes = made.asked.minutes(part.stack, part.minutes)
        yield replace(_stack(made, part.stack, text, minutes, own), target=part.target.name)


def _step(made: AwsDeployment, name: str, does: str, rough: float) -> Step:
    return Step(name, does, made.asked.minutes(name, rough) if rough else 0, measured=name in made.asked.took_s)


def _stack(made: AwsDeployment, name: str, text: str, minutes: float, standing: tuple[Standing, ...]) -> Step:
    there = made.stacks.now(name)
    kinds = RESOURCE.findall(text)
    does = f"look at its {len(kinds)} resources, update what differs" if there else f"create {len(kinds)} resources"
    measured = not there and name in made.asked.took_s
    return Step(f"stack {name}", does, 1 if there else minutes, measured, standing)


def _removed(made: AwsDeployment) -> Iterator[Step]:
    alone = not made.others()
    for name, rough in [*((p.stack, p.minutes) for p in made.parts), *([(made.base, BASE_MINUTES)] if alone else [])]:
        if (there := made.stacks.now(name)) is not None:
            yield Step(f"stack {name}", f"remove ({there['StackStatus']})", rough * GONE_SHARE)
    if alone:
        yield Step("image, key, certificate, logs", "remove", 1)


def _notes(made: AwsDeployment, *, destroy: bool) -> Iterator[str]:
    if destroy:
        yield "its log groups go too: run pilot collect before, what was not collected is lost"
        if others := made.others():
            yield f"stack {made.base} stays: used by {', '.join(others)}"
        return
    yield "idle dollars: list prices of the targets' price books; requests, transfer and logs come on top"
    yield "minutes without a mark were measured here, ~ is a rough figure"


def _base_standing(text: str, book: Book | None) -> Iterator[Standing]:
    kinds = RESOURCE.findall(text)
    for _ in range(kinds.count(BALANCER)):
        yield priced("Load balancer", book, ((Decimal(1), "alb_hour"),))
        yield priced("Its public addresses", book, ((Decimal(BALANCER_ADDRESSES), "public_ipv4_hour"),))
    for _ in range(kinds.count(SERVICE)):
        yield priced("Model provider, 1 vCPU and 2 GB", book, PROVIDER)
    for _ in range(kinds.count(GATEWAY)):
        yield priced("NAT gateway", book, ((Decimal(1), "nat_hour"), (Decimal(1), "public_ipv4_hour")))
