"""The image that a cluster pulls: one that is named, the one that runs there already, or one that is built and pushed from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from harness.errors import Refused
from harness.platforms.shared.deploy.builders import LOCAL, Local, local_builder

if TYPE_CHECKING:
    from harness.platforms.deploying import Asked, Heard
    from harness.platforms.kubernetes.cluster import Json
    from harness.platforms.shared.deploy.content import Content

NAME, NAMED = "rag-chat", "named"
NAMES = "--image URI names one that is there"
CONTENT = "runtime-pilot/content"  # of a pod: the tag of what its image was built from


class Publisher(Protocol):
    """Builds once and pushes once to a registry that it is logged in to; raises PilotError with the tool's last words."""

    name: str

    def publish(self, content: Content, image: str, heard: Heard) -> str:
        """The digest of ``image``, as REPOSITORY:TAG."""
        ...


Find = Callable[[str], Publisher | None]


def publisher(wanted: str) -> Publisher | None:
    """A tool of this machine; raises Refused where the wanted one does not work."""
    found = local_builder(wanted)
    return found if isinstance(found, Local) else None


@dataclass(frozen=True)
class Image:
    """``content``: the tag of what it was built from, or that somebody named it."""

    uri: str
    content: str
    did: str = "kept"


def running_in(workload: Json | None) -> Image | None:
    """As a workload has it now."""
    if workload is None:
        return None
    template = workload["spec"]["template"]
    said = (template.get("metadata") or {}).get("annotations") or {}
    return Image(str(template["spec"]["containers"][0].get("image", "")), str(said.get(CONTENT, NAMED)))


def planned(
    asked: Asked, content: Callable[[], Content], registry: str | None, running: Image | None
) -> tuple[str, bool]:
    """In words, and whether it would be built; raises Refused where nobody says which image."""
    if asked.image is not None:
        return f"take {asked.image}", False
    if registry is None and running is not None:
        return f"keep {running.uri}", False
    if registry is None:
        raise Refused(
            "which image the cluster is to pull is not known",
            f"{NAMES}, --set Registry=HOST/PATH builds it and pushes it there",
        )
    tag = content().tag
    if running is not None and running.content == tag:
        return f"keep {tag}", False
    return f"build and push {registry}/{NAME}:{tag}", True


def image_of(
    asked: Asked,
    content: Callable[[], Content],
    registry: str | None,
    running: Image | None,
    by: Publisher | None,
    heard: Heard,
) -> Image:
    """``by``: who builds what was planned to be built; its digest is the image's name then. Raises PilotError with the tool's words."""
    if asked.image is not None:
        did = "updated" if running is not None and running.uri != asked.image else "kept"
        return Image(asked.image, NAMED, did)
    if by is None:
        assert running is not None
        return replace(running, did="kept")
    made = content()
    uri = f"{registry}/{NAME}:{made.tag}"
    heard.say(f"building the image with {by.name}: {uri}")
    digest = by.publish(made, uri, heard)
    return Image(f"{registry}/{NAME}@{digest}", made.tag, "created")


def builder(wanted: str, find: Find) -> Publisher:
    """Who builds here; raises Refused where nobody does."""
    hint = f"install and start docker, podman or buildah here; or {NAMES}"
    if wanted not in ("auto", *LOCAL):
        raise Refused(f"--builder {wanted} builds in an account, and a cluster has none", hint)
    try:
        found = find(wanted)
    except Refused as error:
        raise Refused(str(error), hint) from None
    if found is None:
        raise Refused("no builder of images works here", hint)
    return found
