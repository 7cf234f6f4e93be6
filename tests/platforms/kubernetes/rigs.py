"""What tests of deploying on a cluster share: a workspace with a small image, and a deployment against a peer."""

import base64
import shutil
from contextlib import contextmanager
from pathlib import Path

from harness.platforms.deploying import Asked
from harness.platforms.kubernetes.cluster import Cluster
from harness.platforms.kubernetes.deploy import Hands, deployments
from harness.platforms.kubernetes.part import part
from harness.platforms.shared.deploy.pace import Pace
from harness.workspace.target_toml import read_target
from tests.peers.kube import Pushing
from tests.platforms.rigs import Clock

ROOT = Path(__file__).parent.parent.parent.parent
IMAGE = "registry.example.com/rag-chat@sha256:" + "7" * 64
NAMESPACE = "rag-pilot"
REGISTRY = {"Registry": "registry.example.com/team"}
OWN = [
    *("ConfigMap pilot-deploy", "Deployment rag-chat", "Deployment rag-provider", "HorizontalPodAutoscaler rag-chat"),
    *("Namespace rag-pilot", "PodDisruptionBudget rag-chat", "Secret rag-provider-key", "Service rag-chat"),
    *("Service rag-provider", "ServiceAccount rag-chat"),
]


def workspace(folder, name="kubernetes", **runtime):
    """One whose image is of one small file; its manifests are the real ones. ``runtime``: more of its [runtime]."""
    base, target = folder / "targets" / "aws_base", folder / "targets" / name
    if not base.is_dir():
        base.mkdir(parents=True)
        (base / "Dockerfile").write_text(
            "FROM scratch AS lean\nCOPY targets/aws_base/app.py ./\nFROM lean AS backends\n"
        )
        (base / "app.py").write_text("1\n")
    shutil.copytree(ROOT / "targets" / "kubernetes", target)
    more = "".join(f"{key} = {value}\n" for key, value in runtime.items())
    toml = target / "target.toml"
    toml.write_text(
        toml.read_text().replace('namespace = "rag-pilot"\nname ', f'namespace = "rag-pilot"\n{more}name ', 1)
    )
    return folder


def deployment(folder, cluster, *names, **asked):
    """Of the targets of these names; on a cluster whose time passes only by waiting."""
    clock = Clock()

    @contextmanager
    def reached(config, make):
        yield Cluster(cluster.rest(), "a cluster in memory")

    hands = Hands(
        reached=reached,
        pace=Pace(poll_s=10.0, clock=clock, sleep=clock.sleep),
        builder=lambda wanted: Pushing(cluster),
        own_range=lambda: "198.51.100.9/32",
    )
    parts = [part(read_target(folder / "targets" / n, {}, deploying=True)) for n in names or ("kubernetes",)]
    given = {"image": IMAGE, **asked}
    [made] = deployments(parts, Asked(folder, **given), hands)
    return made


def container(cluster, name="rag-chat", kind="Deployment"):
    return cluster.one(kind, name).body()["spec"]["template"]["spec"]["containers"][0]


def variables(cluster):
    return {v["name"]: v.get("value") for v in container(cluster)["env"]}


def key(cluster):
    return base64.b64decode(cluster.one("Secret", "rag-provider-key").body()["data"]["key"]).decode()


def whole(cluster):
    return [n for n in cluster.names() if n != "ConfigMap pilot-deploy"] == OWN[1:] and (
        cluster.one("Deployment", "rag-chat").status["availableReplicas"] == 2
    )
