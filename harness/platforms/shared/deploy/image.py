"""The image of a deployment, by its digest: in a registry under the tag of its content, built where it is not there yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.errors import PilotError
from harness.platforms.deploying import Heard
from harness.platforms.shared.deploy.builders import Builder
from harness.platforms.shared.deploy.content import Content


@dataclass(frozen=True)
class Image:
    """By digest, as every runtime takes it; ``built``: it was not there before."""

    uri: str
    built: bool


class Registry(Protocol):
    """Where images are kept. Each raises PilotError."""

    def ensure(self) -> str:
        """The name that images have there, without a tag; made where it is missing."""
        ...

    def digest(self, tag: str) -> str | None:
        """Of the image with this tag; None where there is none."""
        ...

    def login(self) -> str:
        """Base64 of USER:PASSWORD."""
        ...


def image_of(registry: Registry, content: Content, builder: Callable[[], Builder], heard: Heard) -> Image:
    """As the content has it; a content that was pushed before is not built again."""
    uri, tag = registry.ensure(), content.tag
    if (digest := registry.digest(tag)) is not None:
        return Image(f"{uri}@{digest}", built=False)
    by = builder()
    heard.say(f"building the image with {by.name}: {uri}:{tag}")
    try:
        by.push(content, f"{uri}:{tag}", registry.login(), heard)
    except PilotError:
        if registry.digest(tag) is None:  # an immutable tag that is there by now is the same content
            raise
    digest = registry.digest(tag)
    if digest is None:
        raise PilotError(f"{by.name} ended well, and {uri}:{tag} is not there", "the same command again")
    return Image(f"{uri}@{digest}", built=True)
