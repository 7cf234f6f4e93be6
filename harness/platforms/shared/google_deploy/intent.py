"""What a Google deployment would make or remove, what that costs while idle, and how long it takes; asks, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.platforms.deploying import Intent, Standing, Step
from harness.platforms.shared.book import Book
from harness.platforms.shared.deploy.standing import book_of, priced
from harness.platforms.shared.google_deploy import account
from harness.platforms.shared.google_deploy.cloudbuild import CLOUD
from harness.platforms.shared.google_deploy.part import Part, container_of, name_of
from harness.platforms.shared.google_deploy.removal import staying

if TYPE_CHECKING:
    from harness.platforms.shared.google_deploy.deployment import GoogleDeployment

BUILD_MINUTES, CLOUD_MINUTES, API_MINUTES, PROVIDER_MINUTES, GONE_MINUTES = 4.0, 6.0, 1.0, 1.0, 1.0
HOUR_S = 3600
LEAST = "autoscaling.knative.dev/minScale"
THROTTLED = "run.googleapis.com/cpu-throttling"
UNITS = {
    "Ki": Decimal(1) / 1024**2,
    "Mi": Decimal(1) / 1024,
    "Gi": Decimal(1),
    "M": Decimal(10**6) / 1024**3,
    "G": Decimal(10**9) / 1024**3,
}


def intent_of(made: GoogleDeployment, *, destroy: bool) -> Intent:
    """Raises PilotError where the project does not answer."""
    if destroy:
        made.looked()
    who = made.caller() if destroy else made.identity()
    where = f"project {made.project}, {made.region}" + (f", as {who.partition(':')[2]}" if who else "")
    steps = _removed(made) if destroy else _steps(made, who)
    files = () if destroy else tuple(_files(made))
    return Intent(where, tuple(steps), tuple(_notes(made, who, destroy=destroy)), files)


def _files(made: GoogleDeployment) -> Iterator[Path]:
    yield from (one.path for one in made.manifests)
    if made.asked.image is None:
        content = made.content()
        yield from (content.root / name for name in content.files)


def _steps(made: GoogleDeployment, who: str | None) -> Iterator[Step]:
    off = account.apis_off(made.cloud, made.apis())
    yield _step(made, "APIs", f"turn on {', '.join(off)}" if off else "keep", API_MINUTES if off else 0)
    lacking = [one.partition("@")[0] for one in made.made_accounts if made.accounts.there(one) is None]
    yield Step("accounts", f"create {', '.join(lacking)}" if lacking else "keep", 0)
    for secret in made.secrets:
        yield Step("provider key", f"{'keep' if secret.there() else 'create'} secret {secret.name}", 0)
    yield Step("access", f"give what is missing: {', '.join(_rights(made, who))}", 0)
    if made.asked.image is None:
        content = made.content()
        there = made.repository.digest(content.tag)
        rough = CLOUD_MINUTES if made.asked.builder == CLOUD else BUILD_MINUTES
        does = f"keep {made.repository.name}:{content.tag}" if there else f"build and push {content.tag}"
        yield _step(made, "image", does, 0 if there else rough)
    if made.wants_provider and made.provider is not None:
        standing = _provider(made, made.provider.data)
        yield _service(made, name_of(made.provider), PROVIDER_MINUTES, tuple(standing))
    for part in made.parts:
        yield replace(_service(made, part.service, part.minutes, tuple(_own(part))), target=part.target.name)


def _rights(made: GoogleDeployment, who: str | None) -> Iterator[str]:
    if made.secrets:
        yield "services read the key"
    if made.by_vertex:
        yield "services ask Vertex AI"
    yield from (f"you act as {sender.partition('@')[0]}" for sender in made.acting(who))
    if made.senders:
        yield "the sender invokes each service"


def _step(made: GoogleDeployment, name: str, does: str, rough: float) -> Step:
    return Step(name, does, made.asked.minutes(name, rough) if rough else 0, measured=name in made.asked.took_s)


def _service(made: GoogleDeployment, name: str, minutes: float, standing: tuple[Standing, ...]) -> Step:
    there = made.services.now(name)
    does = "look at it, replace what differs" if there else "create"
    takes = 1 if there else made.asked.minutes(name, minutes)
    return Step(f"service {name}", does, takes, name in made.asked.took_s, standing)


def _removed(made: GoogleDeployment) -> Iterator[Step]:
    alone = not made.others()
    shared = [name_of(made.provider)] if made.provider is not None and alone else []
    for name in [*(part.service for part in made.parts), *shared]:
        if made.services.now(name) is not None:
            yield Step(f"service {name}", "remove", GONE_MINUTES)
    if alone:
        yield Step("image, key, accounts, bucket of the build", "remove", GONE_MINUTES)


def _notes(made: GoogleDeployment, who: str | None, *, destroy: bool) -> Iterator[str]:
    if destroy:
        yield "logs and metrics stay in the project as long as it keeps them; pilot collect reads them before"
        if others := made.others():
            yield staying(others)
        return
    yield "idle dollars: list prices of the targets' price books; requests, transfer, logs and stored images come on top"
    yield "minutes without a mark were measured here, ~ is a rough figure"
    yield from made.notes(who)
    if made.provider is not None and not made.wants_provider and made.services.now(name_of(made.provider)):
        yield f"{name_of(made.provider)} is still there and billed, and no target here asks it: pilot destroy removes it"


def _provider(made: GoogleDeployment, manifest: Mapping[str, Any]) -> Iterator[Standing]:
    """As its manifest has it: its instances live all the time."""
    book = book_of([part.target for part in made.parts])
    if (line := _kept_warm("Model provider", manifest, book, {})) is not None:
        yield line


def _own(part: Part) -> Iterator[Standing]:
    """Nothing while its least number of instances is 0."""
    line = _kept_warm("Its least instances", part.manifest.data, book_of([part.target]), part.declared)
    if line is not None:
        yield line


def _kept_warm(
    what: str, manifest: Mapping[str, Any], book: Book | None, sizes: Mapping[str, float]
) -> Standing | None:
    """An hour of the instances that are always there; None where there are none."""
    template = manifest.get("spec", {}).get("template", {})
    annotations = template.get("metadata", {}).get("annotations") or {}
    least = Decimal(str(annotations.get(LEAST, "0")))
    if not least:
        return None
    limits = (container_of(manifest).get("resources") or {}).get("limits") or {}
    cpus = Decimal(str(sizes.get("vcpu", _cpus(str(limits.get("cpu", "1"))))))
    gib = Decimal(str(sizes.get("memory_gib", _gib(str(limits.get("memory", "512Mi"))))))
    throttled = annotations.get(THROTTLED, "true") == "true"
    keys = (
        ("run_idle_vcpu_second", "run_gib_second")
        if throttled
        else ("run_instance_vcpu_second", "run_instance_gib_second")
    )
    amounts = tuple((least * HOUR_S * amount, key) for amount, key in zip((cpus, gib), keys, strict=True))
    return priced(f"{what}, {cpus.normalize():f} vCPU and {round(gib, 2).normalize():f} GiB", book, amounts)


def _cpus(said: str) -> Decimal:
    return Decimal(said[:-1]) / 1000 if said.endswith("m") else Decimal(said)


def _gib(said: str) -> Decimal:
    for unit, factor in UNITS.items():
        if said.endswith(unit):
            return Decimal(said.removesuffix(unit)) * factor
    return Decimal(said) / 1024**3
