"""A ``docker`` that builds nothing and pushes a manifest to the registry that the AWS of this test has: a peer of `pilot deploy`."""

import json
import sys
from pathlib import Path

import boto3


def main(words):
    if words[0] == "login":
        sys.stdin.read()
    if words[0] == "build":
        assert "--provenance=false" in words, "Lambda takes no image index"
        assert words[words.index("--platform") + 1] == "linux/amd64"
        assert Path(words[words.index("-f") + 1]).is_file()
    if words[0] == "push":
        repository, _, tag = words[-1].rpartition(":")
        layer = {
            "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
            "size": 1,
            "digest": "sha256:" + "0" * 64,
        }
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        manifest = {"schemaVersion": 2, "mediaType": kind, "config": {**layer, "tag": tag}, "layers": [layer]}
        boto3.client("ecr", region_name="us-east-1").put_image(
            repositoryName=repository.partition("/")[2],
            imageManifest=json.dumps(manifest),
            imageManifestMediaType=kind,
            imageTag=tag,
        )
    print(f"{words[0]} done")


if __name__ == "__main__":
    main(sys.argv[1:])
