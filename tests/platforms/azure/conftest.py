"""A workspace with Azure's targets, and deployments of them in an account in memory."""

from dataclasses import replace

import httpx
import pytest

from harness.platforms.deploying import Asked
from harness.platforms.shared.azure_deploy.arm import IDEMPOTENT, Arm
from harness.platforms.shared.azure_deploy.deployment import AzureDeployment, Hands
from harness.platforms.shared.call_policy import CallPolicy
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.http_client import HttpClient
from harness.workspace.target_toml import read_target
from tests.peers.arm import SUBSCRIPTION, Token
from tests.platforms.azure.rig import PART, ROOT, Pushing, laid
from tests.platforms.doubles import Hours


@pytest.fixture(scope="module")
def targets():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION)
        patch.setenv("RAG_AZFN_NAME", "ragchat")
        return {name: read_target(ROOT / "targets" / name, {}, deploying=True) for name in PART}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A workspace whose image is of one small file; its templates are the real ones."""
    folder = tmp_path_factory.mktemp("workspace")
    for name in ("aws_base", "azure_base", *PART):
        (folder / "targets" / name).mkdir(parents=True)
    for name in ("azure_base", *PART):
        for path in (ROOT / "targets" / name).iterdir():
            if path.suffix in (".json", ".py", ".txt"):
                (folder / "targets" / name / path.name).write_text(path.read_text())
    (folder / "targets" / "aws_base" / "Dockerfile").write_text("FROM scratch\nCOPY targets/aws_base/app.py ./\n")
    (folder / "targets" / "aws_base" / "app.py").write_text("1\n")
    return folder


@pytest.fixture(scope="module")
def made(targets, root):
    """A deployment of both, or of those named, in a subscription."""

    def deployment(azure, *names, here=True, own="198.51.100.9/32", billed=None, **asked):
        hours = Hours()
        pace = Pace(clock=hours, sleep=hours.sleep)
        http = HttpClient(transport=httpx.MockTransport(azure.handle), questions=IDEMPOTENT, policy=CallPolicy(tries=1))
        builder = Pushing(azure) if here else None
        hands = Hands(lambda pace: Arm(http, Token(), pace), pace, lambda wanted, cloud: builder, lambda: own, laid)
        parts = []
        for name in names or PART:
            target = replace(targets[name], folder=root / "targets" / name)
            if billed:
                target = replace(target, prices=replace(target.prices, **billed))
            parts.append(PART[name](target))
        return AzureDeployment(parts, Asked(root, **{"source": "203.0.113.7", **asked}), hands)

    return deployment
