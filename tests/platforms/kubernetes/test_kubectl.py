"""The real kubectl: its proxy carries a deployment, and it knows what came of it. Against a server in memory, or one that is named."""

import os
import shutil
import subprocess
import time

import httpx
import pytest

from harness.errors import Refused
from harness.platforms.deploying import Asked
from harness.platforms.kubernetes import cluster as clusters
from harness.platforms.kubernetes.deploy import Hands, KubernetesDeployment
from harness.platforms.kubernetes.part import part
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.origins import cluster as origin
from harness.workspace.target_toml import read_target
from tests.peers.kube import Kube
from tests.peers.kube_http import kubeconfig, served
from tests.platforms.doubles import Heard
from tests.platforms.kubernetes.rigs import IMAGE

SERVER = "PILOT_KUBE_API"  # of a cluster without anything in it, reached without credentials: pods need not run there
MERGE = {"content-type": "application/merge-patch+json"}


@pytest.fixture(params=["in memory", pytest.param("named", marks=pytest.mark.slow)])
def api(request, tmp_path, monkeypatch):
    """Where an API server answers; kubectl's current context leads there."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed")
    url = os.environ.get(SERVER)
    if request.param == "named" and not url:
        pytest.skip(f"{SERVER} names no API server")
    with served(Kube()) as own:
        at = url if request.param == "named" else own
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", at)))
        yield at


def made(root, url):
    """A deployment that finds no proxy running, with kubelets' part done by hand where nobody else does it."""

    def reached(config, make):
        return clusters.reached(config, make, lambda: False)

    def sleep(seconds):
        if url == os.environ.get(SERVER):
            as_a_kubelet(url)
        time.sleep(min(seconds, 0.1))

    hands = Hands(make=origin, reached=reached, pace=Pace(poll_s=0.1, settle_s=0.1, sleep=sleep))
    target = read_target(root / "targets" / "kubernetes", {}, deploying=True)
    return KubernetesDeployment([part(target)], Asked(root, image=IMAGE), hands)


def as_a_kubelet(url):
    """Says that as many pods are ready as are wanted, and two of the target, as its autoscaler would have it."""
    every = f"{url}/apis/apps/v1/namespaces/rag-pilot/deployments"
    for one in httpx.get(every).json().get("items", ()):
        name, wanted = one["metadata"]["name"], one["spec"]["replicas"]
        if name == "rag-chat" and wanted < 2:
            scaled = {"spec": {"replicas": 2}}
            httpx.patch(f"{every}/{name}", params={"fieldManager": "autoscaler"}, json=scaled, headers=MERGE)
            continue
        counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), wanted)
        status = {**counts, "observedGeneration": one["metadata"]["generation"]}
        httpx.patch(f"{every}/{name}/status", json={"status": status}, headers=MERGE)


def kubectl(*words):
    return subprocess.run(["kubectl", *words], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.slow  # 10 s: kubectl starts six times
def test_kubectls_own_context_carries_a_deployment_and_its_removal(api, root):
    planned = made(root, api).intent(destroy=False)
    done = made(root, api).deploy(Heard())
    again = made(root, api).deploy(Heard())
    seen = kubectl("--namespace", "rag-pilot", "rollout", "status", "deployment/rag-chat", "--timeout=30s")
    gone = made(root, api).destroy(Heard())

    assert "kubectl, context pilot" in planned.where
    assert "created" in {step.did for step in done.steps}
    assert {step.did for step in again.steps} == {"kept"}
    assert "successfully rolled out" in seen.stdout, seen.stderr
    assert (gone.left, gone.unseen) == ((), ())
    assert "NotFound" in kubectl("get", "namespace", "rag-pilot").stderr


def test_no_proxy_stays_behind(api):
    with clusters.own_proxy() as (url, context):
        assert httpx.get(f"{url}/version").json()["gitVersion"]
        assert context == "pilot"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/version")


def test_without_a_context_it_says_what_to_do(tmp_path, monkeypatch):
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(Refused, match="kubectl has no current context") as error, clusters.own_proxy():
        pass
    assert "use-context" in error.value.hint
