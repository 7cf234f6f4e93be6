"""Where the images of a Google deployment are: a repository of Artifact Registry with immutable tags."""

from __future__ import annotations

import base64
from collections.abc import Callable

from harness.errors import PilotError
from harness.platforms.shared.auth.google import GoogleAccess
from harness.platforms.shared.google_deploy.access import Resource
from harness.platforms.shared.google_deploy.api import NOT_THERE, REGISTRY, THERE, Cloud
from harness.platforms.shared.google_deploy.part import BASE_LABEL, IMAGE, LABEL, REPOSITORY
from harness.platforms.shared.google_deploy.secret import labelled

USER = "oauth2accesstoken"


def access_token() -> str:
    """Of who deploys; raises Refused without google-auth, PilotError without credentials."""
    made = GoogleAccess()
    made.renew()
    return made.headers("GET", "", b"", None)["Authorization"].partition(" ")[2]


class Repository:
    """One repository in one region; ``token`` logs a builder of this machine in."""

    def __init__(self, cloud: Cloud, region: str, token: Callable[[], str]) -> None:
        self._cloud, self._token, self.name = cloud, token, REPOSITORY
        self._all = f"/v1/projects/{cloud.project}/locations/{region}/repositories"
        self._path = f"{self._all}/{REPOSITORY}"
        self.uri = f"{region}-docker.pkg.dev/{cloud.project.replace(':', '/')}/{REPOSITORY}/{IMAGE}"

    def holds(self, image: str) -> bool:
        """Whether an image, however it is named, goes with this repository."""
        return image.startswith(self.uri.removesuffix(IMAGE))

    @property
    def resource(self) -> Resource:
        return Resource(f"repository {self.name}", REGISTRY, self._path)

    def there(self) -> dict[str, object] | None:
        return self._cloud.found(f"repository {self.name}", "get", REGISTRY, self._path)

    def ensure(self) -> str:
        """What its images are called; made where it is missing."""
        doing = f"repository {self.name}"
        if self.there() is None:
            body = {"format": "DOCKER", "labels": {LABEL: BASE_LABEL}, "dockerConfig": {"immutableTags": True}}
            params = {"repositoryId": self.name}
            made = self._cloud.found(doing, "post", REGISTRY, self._all, none=(THERE,), params=params, body=body)
            if made is not None:
                self._cloud.ended(doing, REGISTRY, made, self._cloud.pace.build_s)
            self._cloud.pace.until(doing, lambda: self.there() is not None, self._cloud.pace.settle_s)
        return self.uri

    def digest(self, tag: str) -> str | None:
        """Of the image with this tag; None where there is none."""
        path = f"{self._path}/packages/{IMAGE}/tags/{tag}"
        said = self._cloud.found(f"image {IMAGE}:{tag}", "get", REGISTRY, path)
        if said is None:
            return None
        digest = str(said.get("version", "")).rpartition("/")[2]
        if not digest.startswith("sha256:"):
            raise PilotError(f"image {IMAGE}:{tag} has no digest", "--image URI names one by its digest")
        return digest

    def login(self) -> str:
        return base64.b64encode(f"{USER}:{self._token()}".encode()).decode()

    def remove(self) -> bool | None:
        """With its images; None where there is none, False where it does not carry the label: that one stays."""
        there = self.there()
        if there is None:
            return None
        if not labelled(there):
            return False
        doing = f"repository {self.name}"
        gone = self._cloud.found(doing, "delete", REGISTRY, self._path, none=(NOT_THERE,))
        if gone is not None:
            self._cloud.ended(doing, REGISTRY, gone, self._cloud.pace.build_s)
        return True
