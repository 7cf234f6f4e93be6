"""Deployments of the Cloud Run target, as it comes, on a project of Google Cloud in memory."""

import pytest

from harness.platforms.cloud_run import deploy as cloud_run
from harness.platforms.deploying import Asked
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.google_deploy.deployment import GoogleDeployment, Hands
from harness.workspace.target_toml import read_target
from tests.peers import google_run
from tests.peers.google import PROJECT, Pushing
from tests.platforms.doubles import Hours
from tests.platforms.shared.google_deploy.rig import ROOT

assert google_run


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A workspace whose image is of one small file; its manifests are the real ones."""
    folder = tmp_path_factory.mktemp("workspace")
    base = folder / "targets" / "aws_base"
    base.mkdir(parents=True)
    (base / "Dockerfile").write_text("FROM scratch\nCOPY targets/aws_base/app.py ./\n")
    (base / "app.py").write_text("1\n")
    mine = folder / "targets" / "cloud_run"
    mine.mkdir()
    for name in ("target.toml", "service.yaml", "provider.yaml"):
        (mine / name).write_text((ROOT / "targets" / "cloud_run" / name).read_text())
    text = (mine / "target.toml").read_text()
    (mine / "target.toml").write_text(text.replace("# impersonate", "impersonate"))
    return folder


@pytest.fixture
def target(root, monkeypatch):
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", PROJECT)
    return read_target(root / "targets" / "cloud_run", {}, deploying=True)


@pytest.fixture
def made(target, root):
    """A deployment on a project; ``local``: a builder works on this machine."""

    part = cloud_run.part(target)

    def deployment(google, *, local=True, of=None, make=None, **asked):
        hours = Hours()
        hands = Hands(
            make or google.make,
            Pace(clock=hours, sleep=hours.sleep),
            lambda wanted: Pushing(google) if local else None,
            lambda: "ya29.token",
        )
        parts = [part] if of is None else [cloud_run.part(one) for one in of]
        return GoogleDeployment(parts, Asked(root, **asked), hands)

    return deployment
