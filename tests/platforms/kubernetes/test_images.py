"""Who builds an image for a cluster and pushes it to a registry that the tool is logged in to."""

import pytest

from harness.errors import PilotError, Refused
from harness.platforms.shared.deploy.builders import Local
from harness.platforms.shared.deploy.content import Content
from tests.peers.kube import Kube
from tests.platforms.doubles import Heard
from tests.platforms.kubernetes.rigs import REGISTRY
from tests.platforms.rigs import tool_on_path

IMAGE = "registry.example.com/team/rag-chat:content-1"
DIGEST = "sha256:" + "5" * 64
DOCKER = f"""echo "$@" >> "$CALLS"
case "$1" in image) echo "other.example.com/x@sha256:{"6" * 64}"; echo "registry.example.com/team/rag-chat@{DIGEST}" ;; esac"""
BUILDAH = f'echo "$@" >> "$CALLS"; [ "$1" = push ] && echo {DIGEST} > "$3"; exit 0'


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """A builder of this name on the path that writes down how it was called."""
    return tool_on_path(tmp_path, monkeypatch)


@pytest.fixture
def content(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return Content(tmp_path, "Dockerfile", ("Dockerfile",), platform="linux/arm64")


@pytest.mark.parametrize(("name", "script"), [("docker", DOCKER), ("buildah", BUILDAH)])
def test_a_registry_that_the_tool_is_logged_in_to_gets_it_and_the_digest_comes_back(tool, content, name, script):
    calls = tool(name, script)
    digest = Local(name).publish(content, IMAGE, Heard())
    said = [line.split()[0] for line in calls.read_text().splitlines()]

    assert digest == DIGEST, "of this repository, and of no other that the tool knows"
    assert said[:2] == ["build", "push"]
    assert "login" not in said, "a team's own login is not this program's to end"
    assert "--platform linux/arm64" in calls.read_text()


def test_a_push_without_a_digest_is_no_image(tool, content):
    tool("docker", "exit 0")
    with pytest.raises(PilotError, match="names no digest"):
        Local("docker").publish(content, IMAGE, Heard())


def test_what_builds_in_another_cloud_builds_for_no_cluster(made):
    cluster = Kube()
    with pytest.raises(Refused, match="a cluster has none") as error:
        made(cluster, settings=REGISTRY, image=None, builder="codebuild").deploy(Heard())
    assert "--image" in error.value.hint
    assert cluster.changes == [], "nothing is made before it is known that it can be finished"
