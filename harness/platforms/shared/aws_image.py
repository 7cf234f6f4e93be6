"""What an image in ECR was built for: of a manifest its configuration says it, of an index its list.

Verified: spec only; requests and answers are held to botocore's service model in the tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.platforms.examining import Reach, calling
from harness.platforms.shared.answer import NoAnswer, answer_of, parsed

NAME = re.compile(
    r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<name>[^@:]+)(?:@(?P<digest>sha256:[0-9a-f]{64})|:(?P<tag>[\w.-]+))?$"
)
KINDS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
DOCKER = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}  # as its --platform names them
SAME = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}


@dataclass(frozen=True)
class ImagePlatform:
    """``architectures`` as runtimes name them; ``index``: one name for several images."""

    architectures: tuple[str, ...]
    index: bool


def platform_of_image(reach: Reach, image: str) -> ImagePlatform:
    """Raises NoAnswer for an image elsewhere, and for one that may not be read."""
    found = NAME.match(image)
    if found is None:
        raise NoAnswer("its image lies in no ECR, and says nothing of itself here")
    region = found["region"]
    wanted = {"imageDigest": found["digest"]} if found["digest"] else {"imageTag": found["tag"] or "latest"}
    where = {"registryId": found["account"], "repositoryName": found["name"]}
    request = {**where, "imageIds": [wanted], "acceptedMediaTypes": list(KINDS)}
    said = answer_of(calling(reach, "ecr", region, "batch_get_image"), request)
    images = said["images"].rows()
    if not images:
        why = "; ".join(f["failureReason"].text() for f in said["failures"].rows() if f["failureReason"].given)
        raise NoAnswer(f"its image is not there: {why or 'no such image'}")
    manifest = parsed(images[0]["imageManifest"].text())
    if manifest["manifests"].given:
        platforms = [one["platform"]["architecture"].text() for one in manifest["manifests"].rows()]
        return ImagePlatform(tuple(dict.fromkeys(SAME.get(p, p) for p in platforms if p != "unknown")), index=True)
    digest = manifest["config"]["digest"].text()
    layer = answer_of(calling(reach, "ecr", region, "get_download_url_for_layer"), {**where, "layerDigest": digest})
    config = parsed(reach.fetch(layer["downloadUrl"].text()).decode())
    one = config["architecture"].text()
    return ImagePlatform((SAME.get(one, one),), index=False)
