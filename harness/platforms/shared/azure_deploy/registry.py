"""The registry of a deployment, and the image in it by its digest: built where it is not there yet."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import PilotError
from harness.platforms.deploying import Heard
from harness.platforms.shared.azure_deploy.arm import Arm, ArmError
from harness.platforms.shared.azure_deploy.part import REGISTRY, VERSIONS, carries
from harness.platforms.shared.deploy.builders import Builder
from harness.platforms.shared.deploy.content import Content
from harness.platforms.shared.deploy.image import Image, image_of
from harness.platforms.shared.deploy.part import Tag
from harness.secrecy import KNOWN

IMAGE = "rag-chat"
SKU = "Basic"
NOBODY = "00000000-0000-0000-0000-000000000000"  # the user that a registry expects with a token of Entra
OCI, DOCKER = "application/vnd.oci.image", "application/vnd.docker.distribution.manifest"
KINDS = f"{OCI}.manifest.v1+json, {OCI}.index.v1+json, {DOCKER}.v2+json, {DOCKER}.list.v2+json"


class Registry:
    """The one that is named, else the one that carries the tag, else one whose name follows from subscription and group."""

    def __init__(self, arm: Arm, group: str, tag: Tag, named: str | None = None) -> None:
        self._arm, self._group, self._tag, self.named = arm, group, tag, named
        self._version = VERSIONS[REGISTRY]

    @property
    def usual(self) -> str:
        """The same on every machine, and nobody else's in the world."""
        return "ragpilot" + hashlib.sha256(self._group.lower().encode()).hexdigest()[:16]

    def now(self) -> Mapping[str, Any] | None:
        """None where there is none."""
        if self.named is not None:
            return self._arm.found(f"registry {self.named}", self.path(self.named), self._version)
        rows = self._arm.every("registries", f"{self._group}/providers/{REGISTRY}", self._version)
        mine = [row for row in rows if carries(row, self._tag)]
        return mine[0] if mine else None

    def path(self, name: str) -> str:
        return f"{self._group}/providers/{REGISTRY}/{name}"

    def ensure(self, location: str) -> tuple[str, bool]:
        """Its name, and whether it was made."""
        there = self.now()
        name = str(there["name"]) if there is not None else self.named or self.usual
        doing = f"registry {name}"
        if there is None or _state(there) == "Failed":
            body = {
                "location": location,
                "sku": {"name": SKU},
                "tags": {self._tag.key: self._tag.value},
                "properties": {"adminUserEnabled": False},
            }
            said = self._arm.ask(doing, "PUT", self.path(name), self._version, body=body)
            self._arm.ended(doing, said, self._arm.pace.stack_s)

        def over() -> tuple[bool, float]:
            row = self._arm.found(doing, self.path(name), self._version)
            return row is not None and _state(row) == "Succeeded", 0.0

        if not over()[0]:
            self._arm.wait(doing, over, self._arm.pace.stack_s)
        return name, there is None

    def image(self, content: Content, builder: Callable[[str], Builder], heard: Heard) -> Image:
        """As the content has it; a content that was pushed before is not built again. The registry must be there."""
        there = self.now()
        if there is None:
            raise PilotError("the registry was made and is not there", "the same command again")
        images = Images(self, str(there["properties"]["loginServer"]))
        return image_of(images, content, lambda: builder(str(there["name"])), heard)

    def has(self, tag: str) -> bool:
        """Whether an image with this tag is in it."""
        there = self.now()
        return there is not None and self.digest(str(there["properties"]["loginServer"]), tag) is not None

    def digest(self, server: str, tag: str) -> str | None:
        """Of the image with this tag; None where there is none."""
        doing, scope = f"image {IMAGE}:{tag}", f"repository:{IMAGE}:pull"
        form = {
            "grant_type": "refresh_token",
            "service": server,
            "scope": scope,
            "refresh_token": self._refresh(server),
        }
        token = self._arm.send(doing, "POST", f"https://{server}/oauth2/token", signed=False, data=form).body
        headers = {"Authorization": f"Bearer {_learnt(token.get('access_token'))}", "Accept": KINDS}
        url = f"https://{server}/v2/{IMAGE}/manifests/{tag}"
        try:
            said = self._arm.send(doing, "HEAD", url, signed=False, headers=headers)
        except ArmError as error:
            if error.status == 404:
                return None
            raise
        return said.headers.get("docker-content-digest")

    def login(self, server: str) -> str:
        """Base64 of USER:PASSWORD."""
        return base64.b64encode(f"{NOBODY}:{self._refresh(server)}".encode()).decode()

    def _refresh(self, server: str) -> str:
        """What the registry gives for a token of Resource Manager."""
        self._arm.token.renew()
        bearer = self._arm.token.headers("POST", server, b"", None)["Authorization"].partition(" ")[2]
        form = {"grant_type": "access_token", "service": server, "access_token": bearer}
        doing = f"login of {server}"
        said = self._arm.send(doing, "POST", f"https://{server}/oauth2/exchange", signed=False, data=form).body
        return _learnt(said.get("refresh_token"))


@dataclass(frozen=True)
class Images:
    """The images of a registry that is there, which ``server`` answers for."""

    registry: Registry
    server: str

    def ensure(self) -> str:
        return f"{self.server}/{IMAGE}"

    def digest(self, tag: str) -> str | None:
        return self.registry.digest(self.server, tag)

    def login(self) -> str:
        return self.registry.login(self.server)


def _state(there: Mapping[str, Any]) -> str:
    return str((there.get("properties") or {}).get("provisioningState", "Succeeded"))


def _learnt(token: object) -> str:
    KNOWN.learn("registry token", str(token or ""))
    return str(token or "")
