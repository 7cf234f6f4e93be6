"""Where the images of an AWS deployment are: a repository of ECR."""

from __future__ import annotations

from typing import Any

from harness.errors import PilotError
from harness.platforms.shared.aws_deploy.api import Api, asked, carries, found
from harness.platforms.shared.deploy.part import Tag

INDEXES = ("manifest.list", "image.index")
NO_IMAGE = ("ImageNotFoundException", "RepositoryNotFoundException")


class Repository:
    """One repository with immutable tags, over ``api``, a client of ECR."""

    def __init__(self, api: Api, name: str, tag: Tag) -> None:
        self._api, self.name, self._tag = api, name, tag

    def uri(self) -> str | None:
        """None where there is no such repository."""
        said = self._there()
        return str(said["repositoryUri"]) if said else None

    def _there(self) -> dict[str, Any] | None:
        said = found(
            f"repository {self.name}",
            self._api.describe_repositories,
            "RepositoryNotFoundException",
            repositoryNames=[self.name],
        )
        return dict(said["repositories"][0]) if said else None

    def ours(self) -> bool | None:
        """Whether it carries the tag: one that does not is somebody else's, with their images; None where there is none."""
        there = self._there()
        if there is None:
            return None
        doing, arn = f"tags of repository {self.name}", str(there["repositoryArn"])
        return carries(asked(doing, self._api.list_tags_for_resource, resourceArn=arn)["tags"], self._tag)

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

    def login(self) -> str:
        return str(asked("ECR login", self._api.get_authorization_token)["authorizationData"][0]["authorizationToken"])

    def remove(self) -> bool | None:
        """With its images; None where there is none, False where somebody else made it: that one stays."""
        if not (ours := self.ours()):
            return ours
        gone = found(
            f"repository {self.name}",
            self._api.delete_repository,
            "RepositoryNotFoundException",
            repositoryName=self.name,
            force=True,
        )
        return True if gone is not None else None
