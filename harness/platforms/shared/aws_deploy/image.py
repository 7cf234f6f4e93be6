"""The image of a deployment, by its digest: in the registry under the tag of its content, built where it is not there yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import PilotError
from harness.platforms.deploying import Heard
from harness.platforms.shared.aws_deploy.api import Api, asked, found
from harness.platforms.shared.aws_deploy.builders import Builder
from harness.platforms.shared.aws_deploy.content import Content
from harness.platforms.shared.aws_deploy.part import Tag

INDEXES = ("manifest.list", "image.index")
NO_IMAGE = ("ImageNotFoundException", "RepositoryNotFoundException")


@dataclass(frozen=True)
class Image:
    """By digest, as both runtimes take it; ``built``: it was not there before."""

    uri: str
    built: bool


class Repository:
    """One repository with immutable tags, over ``api``, a client of ECR."""

    def __init__(self, api: Api, name: str, tag: Tag) -> None:
        self._api, self.name, self._tag = api, name, tag

    def uri(self) -> str | None:
        """None where there is no such repository."""
        said = found(
            f"repository {self.name}",
            self._api.describe_repositories,
            "RepositoryNotFoundException",
            repositoryNames=[self.name],
        )
        return str(said["repositories"][0]["repositoryUri"]) if said else None

    def ensure(self) -> str:
        """Its URI; made where it is missing."""
        if (there := self.uri()) is not None:
            return there
        found(
            f"repository {self.name}",
            self._api.create_repository,
            "RepositoryAlreadyExistsException",
            repositoryName=self.name,
            imageTagMutability="IMMUTABLE",
            tags=[{"Key": self._tag.key, "Value": self._tag.value}],
        )
        uri = self.uri()
        if uri is None:
            raise PilotError(f"repository {self.name} was made and is not there", "the same command again")
        return uri

    def digest(self, tag: str) -> str | None:
        """Of the image with this tag; None where there is none. Raises PilotError for an index of several platforms."""
        said = found(
            f"image {self.name}:{tag}",
            self._api.describe_images,
            *NO_IMAGE,
            repositoryName=self.name,
            imageIds=[{"imageTag": tag}],
        )
        rows = (said or {}).get("imageDetails") or []
        if not rows:
            return None
        if any(word in str(rows[0].get("imageManifestMediaType")) for word in INDEXES):
            raise PilotError(
                f"image {self.name}:{tag} is an index over several platforms, which Lambda does not take",
                "build it for one platform without attestations: docker build --platform linux/amd64 --provenance=false",
            )
        return str(rows[0]["imageDigest"])

    def image(self, content: Content, builder: Callable[[], Builder], heard: Heard) -> Image:
        """As the content has it; a content that was pushed before is not built again."""
        uri, tag = self.ensure(), content.tag
        if (digest := self.digest(tag)) is not None:
            return Image(f"{uri}@{digest}", built=False)
        by = builder()
        heard.say(f"building the image with {by.name}: {uri}:{tag}")
        token = asked("ECR login", self._api.get_authorization_token)["authorizationData"][0]["authorizationToken"]
        try:
            by.push(content, f"{uri}:{tag}", str(token), heard)
        except PilotError:
            if self.digest(tag) is None:  # an immutable tag that is there by now is the same content
                raise
        digest = self.digest(tag)
        if digest is None:
            raise PilotError(f"{by.name} ended well, and {uri}:{tag} is not there", "the same command again")
        return Image(f"{uri}@{digest}", built=True)

    def remove(self) -> bool:
        """With its images; False where there is none."""
        gone = found(
            f"repository {self.name}",
            self._api.delete_repository,
            "RepositoryNotFoundException",
            repositoryName=self.name,
            force=True,
        )
        return gone is not None
