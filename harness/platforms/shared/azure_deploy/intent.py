"""What an Azure deployment would make or remove, what that costs while idle, and how long it takes; asks, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from harness.platforms.deploying import Intent, Standing, Step
from harness.platforms.shared.azure_deploy import account
from harness.platforms.shared.azure_deploy.part import BASE_MINUTES, PROVIDER, template_of
from harness.platforms.shared.deploy.standing import book_of, priced, standing_of
from harness.words.numbers import counted

if TYPE_CHECKING:
    from harness.platforms.shared.azure_deploy.deployment import AzureDeployment
    from harness.platforms.shared.azure_deploy.part import Part

BUILD_MINUTES, CLOUD_MINUTES, CODE_MINUTES, REGISTER_MINUTES, GONE_SHARE = 4.0, 5.0, 3.0, 3.0, 0.8
HOUR_S, DAY_HOURS = Decimal(3600), Decimal(24)
MODEL = ((HOUR_S, "aca_vcpu_second"), (HOUR_S * 2, "aca_gib_second"))  # one replica of 1 vCPU and 2 GiB
REGISTRY = ((1 / DAY_HOURS, "acr_basic_day"),)


def intent_of(made: AzureDeployment, *, destroy: bool) -> Intent:
    """Raises PilotError where the subscription does not answer."""
    name, there = account.subscription(made.arm, made.subscription), made.group.now()
    at = str(there["location"]) if there else made.location() or "a location that nothing names"
    where = f"subscription {name}, resource group {made.group.name} in {at}"
    if made.asked.only_source and not destroy:
        renew = [Step(f"deployment {part.app}", "renew where load comes from", 1) for part in made.parts]
        return Intent(where, tuple(renew), (), tuple(part.template for part in made.parts))
    steps = tuple(_removed(made) if destroy else _steps(made))
    files = () if destroy else tuple(_files(made))
    return Intent(where, steps, tuple(_notes(made, destroy=destroy)), files)


def _files(made: AzureDeployment) -> Iterator[Path]:
    yield made.base_template
    yield from (part.template for part in made.parts)
    packages = [package for part in made.parts if (package := made.package(part)) is not None]
    image = [made.content()] if made.asked.image is None and made.wants_image else []
    names = {content.root / name for content in image for name in content.files}
    yield from sorted(names | {path for package in packages for path in (package.program, *package.files)})


def _steps(made: AzureDeployment) -> Iterator[Step]:
    if missing := made.providers.missing(made.wanted_providers):
        yield Step("resource providers", f"register {', '.join(missing)}", REGISTER_MINUTES)
    there = made.group.now()
    yield Step(f"resource group {made.group.name}", "keep" if there else "create", 0)
    book = book_of([part.target for part in made.parts])
    registry = made.registry.now()
    does, minutes = (f"keep {registry['name']}", 0) if registry else ("create", 1)
    yield Step("registry", does, minutes, standing=(priced("Registry, Basic", book, REGISTRY),))
    if made.asked.image is None and made.wants_image:
        yield _image(made, str(registry["properties"]["loginServer"]) if registry else None)
    yield Step("provider key", "keep" if made.key.there() else "make", 0)
    model = (priced("Model provider, 1 vCPU and 2 GiB, at most", book, MODEL),) if made.own_model else ()
    yield _template(made, made.base, made.base_template, BASE_MINUTES, model)
    for part in made.parts:
        own = tuple(standing_of(part.target, "Its runtime"))
        yield replace(_template(made, part.app, part.template, part.minutes, own), target=part.target.name)
        if (package := made.package(part)) is not None:
            yield _code(made, part, package.tag)


def _image(made: AzureDeployment, server: str | None) -> Step:
    tag = made.content().tag
    there = made.registry.digest(server, tag) if server else None
    rough = CLOUD_MINUTES if made.asked.builder == "acr" else BUILD_MINUTES
    if there:
        return Step("image", f"keep {tag}", 0)
    return Step("image", f"build and push {tag}", made.asked.minutes("image", rough), "image" in made.asked.took_s)


def _template(made: AzureDeployment, name: str, template: Path, rough: float, standing: tuple[Standing, ...]) -> Step:
    of, there = len(template_of(template)["resources"]), made.templates.now(name)
    resources, measured = counted(of, "resource"), not there and name in made.asked.took_s
    does = f"look at its {resources}, update what differs" if there else f"create {resources}"
    return Step(f"deployment {name}", does, 1 if there else made.asked.minutes(name, rough), measured, standing)


def _code(made: AzureDeployment, part: Part, tag: str) -> Step:
    name = f"code of {part.app}"
    if made.publishing(part).published() == tag:
        return Step(name, f"keep {tag}", 0)
    return Step(name, f"publish {tag}", made.asked.minutes(name, CODE_MINUTES), name in made.asked.took_s)


def _removed(made: AzureDeployment) -> Iterator[Step]:
    there = made.group.now()
    if there is None:
        return
    names = [(part.app, part.keeps, part.minutes) for part in made.parts]
    for name, keeps, rough in names:
        yield Step(f"deployment {name}", f"remove with its {counted(len(keeps), 'resource')}", rough * GONE_SHARE)
    if not made.others():
        yield Step(
            f"deployment {made.base}",
            "remove with what all targets share, registry and images",
            BASE_MINUTES * GONE_SHARE,
        )
        if made.group.ours(there):
            yield Step(f"resource group {made.group.name}", "remove, if nothing else is in it", 1)


def _notes(made: AzureDeployment, *, destroy: bool) -> Iterator[str]:
    if destroy:
        yield "its logs go too: run pilot collect first, what was not collected is lost"
        if others := made.others():
            yield f"what all targets share stays: used by {', '.join(others)}"
        return
    yield (
        "model provider, at most: as if it were always busy; an idle replica is billed less"
        if made.own_model
        else (f"{PROVIDER.name} is removed if it is there: the targets ask another endpoint")
    )
    yield "idle dollars: list prices of the targets' price books; requests, transfer and logs come on top"
    yield "minutes without a mark were measured here, ~ is a rough figure"
