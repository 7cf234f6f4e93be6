"""What a deployment is filled with: what somebody says, what is there already, the image and the address."""

import shutil

import pytest

from harness.errors import PilotError, Refused
from tests.peers.kube import KNATIVE, Kube
from tests.platforms.doubles import Heard
from tests.platforms.kubernetes.rigs import (
    IMAGE,
    NAMESPACE,
    REGISTRY,
    container,
    deployment,
    key,
    variables,
    workspace,
)


def test_what_a_sweep_set_stays_and_what_somebody_names_is_changed(made):
    cluster = Kube()
    made(cluster).deploy(Heard())
    resources = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}
    swept = {"name": "chat", "env": [{"name": "WEB_CONCURRENCY", "value": "2"}], "resources": resources}
    body = {"spec": {"template": {"spec": {"containers": [swept]}}}}
    cluster._set(cluster.one("Deployment", "rag-chat"), "kubectl-set", body, force=True, merge=True)
    made(cluster).deploy(Heard())
    kept = container(cluster)["resources"], variables(cluster)["WEB_CONCURRENCY"]
    with pytest.raises(PilotError, match=r'conflict with "kubectl-set"') as error:
        made(cluster, settings={"Cpu": "2"}).deploy(Heard())
    made(cluster).deploy(Heard())  # what was asked for in vain is not asked for again
    made(cluster, settings={"Cpu": "2", "Takeover": "yes"}).deploy(Heard())

    assert kept == (resources, "2")
    assert "Takeover=yes" in error.value.hint
    assert container(cluster)["resources"]["requests"] == {"cpu": "2", "memory": "1Gi"}


def test_what_was_said_once_stays_without_being_named_again(made):
    cluster = Kube()
    given = {"ProviderUrl": "https://models.example.com", "MODEL": "m-1", "TimeScale": "0.5"}
    made(cluster).deploy(Heard())
    made(cluster, settings=given).deploy(Heard())
    made(cluster).deploy(Heard())

    assert (variables(cluster)["RAG_MODEL"], variables(cluster)["RAG_PROVIDER_URL"]) == ("m-1", given["ProviderUrl"])
    assert "Deployment rag-provider" not in cluster.names(), "a model of the team's own needs none beside it"
    assert cluster.one("ConfigMap", "pilot-deploy").body()["data"]["TIME_SCALE"] == "0.5"


def test_another_key_makes_other_pods_and_the_same_one_none(made):
    cluster = Kube()
    made(cluster).deploy(Heard())
    first = cluster.one("Deployment", "rag-chat").revision
    made(cluster, settings={"ProviderKey": "a-key-of-the-endpoint-of-ours"}).deploy(Heard())
    made(cluster).deploy(Heard())

    assert key(cluster) == "a-key-of-the-endpoint-of-ours"
    assert cluster.one("Deployment", "rag-chat").revision == first + 1
    assert cluster.one("ConfigMap", "pilot-deploy") is None, "a key is not kept in clear"


def test_target_toml_says_replicas_and_what_a_pod_gets(tmp_path):
    cluster, root = Kube(), workspace(tmp_path, replicas=3, cpu='"2"', memory='"4Gi"')
    deployment(root, cluster, deadline_s=25.0).deploy(Heard())

    assert container(cluster)["resources"]["requests"] == {"cpu": "2", "memory": "4Gi"}
    assert cluster.one("Deployment", "rag-chat").status["availableReplicas"] == 3
    assert variables(cluster)["RAG_UPSTREAM_TIMEOUT_S"] == "25", "no longer than clients wait"


def test_a_scaled_deployment_is_not_scaled_back(made):
    cluster = Kube()
    made(cluster).deploy(Heard())
    deployed = cluster.one("Deployment", "rag-chat")
    cluster._set(deployed, "kube-controller-manager", {"spec": {"replicas": 5}}, force=True, merge=True)
    made(cluster).deploy(Heard())

    assert deployed.leaves[("spec", "replicas")] == 5


def test_keda_takes_the_place_of_the_autoscaler(made):
    cluster = Kube()
    made(cluster).deploy(Heard())
    made(cluster, settings={"Scaler": "keda"}).deploy(Heard())

    assert "ScaledObject rag-chat" in cluster.names()
    assert "HorizontalPodAutoscaler rag-chat" not in cluster.names(), "the two would fight"
    scaled = {"spec": {"replicas": 0}}
    cluster._set(cluster.one("Deployment", "rag-chat"), "keda-operator", scaled, force=True, merge=True)
    one = made(cluster, settings={"Model": "m-1"})
    one.deploy(Heard())
    assert one.pace.clock() < 60, "scaled to zero there is no pod to wait for"


# -- images


def test_an_image_is_built_once_a_content_and_for_the_nodes_processors(made):
    cluster = Kube()
    made(cluster, settings=REGISTRY, image=None).deploy(Heard())
    made(cluster, image=None).deploy(Heard())
    [(image, platform, target)] = cluster.pushes
    made(cluster, image=None, settings={"Store": "pgvector", "StoreUrl": "postgresql://db"}).deploy(Heard())

    assert image.startswith("registry.example.com/team/rag-chat:content-")
    assert (platform, target) == ("linux/arm64", None)
    assert cluster.pushes[-1][2] == "backends"


def test_which_image_must_be_said_before_anything_is_made(made):
    cluster = Kube()
    with pytest.raises(Refused, match="which image") as error:
        made(cluster, image=None).deploy(Heard())

    assert "--set Registry" in error.value.hint
    assert cluster.changes == []


def test_an_image_that_runs_stays_where_nobody_names_another(made):
    cluster = Kube()
    made(cluster).deploy(Heard())
    made(cluster, image=None).deploy(Heard())

    assert container(cluster)["image"] == IMAGE


# -- addresses


def test_a_balancer_is_waited_for_and_only_the_loads_address_reaches_it(made):
    cluster = Kube()
    done = made(cluster, settings={"Front": "balancer"}).deploy(Heard())
    spec = cluster.one("Service", "rag-chat-front").body()["spec"]

    assert done.values == {"kubernetes": {"base_url": "http://203.0.113.9"}}
    assert spec["loadBalancerSourceRanges"] == ["198.51.100.9/32"]
    made(cluster, source="203.0.113.0/24").deploy(Heard())
    made(cluster).deploy(Heard())
    spec = cluster.one("Service", "rag-chat-front").body()["spec"]
    assert spec["loadBalancerSourceRanges"] == ["203.0.113.0/24"], "a range that somebody widened stays"
    made(cluster, only_source=True, source="192.0.2.7").deploy(Heard())
    spec = cluster.one("Service", "rag-chat-front").body()["spec"]
    assert spec["loadBalancerSourceRanges"] == ["192.0.2.7/32"]


def test_without_an_address_it_says_what_is_left_to_do(made):
    done = made(Kube()).deploy(Heard())

    assert done.values == {}
    assert any("port-forward service/rag-chat 8080:80" in note for note in done.notes)


def test_an_ingress_that_leads_to_its_service_is_the_address(made):
    cluster = Kube()
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "rag-chat", "port": {"number": 80}}}}
    spec = {
        "rules": [{"host": "chat.example.com", "http": {"paths": [path]}}],
        "tls": [{"hosts": ["chat.example.com"]}],
    }
    made(cluster).deploy(Heard())
    front = cluster.put("networking.k8s.io/v1", "Ingress", "front", NAMESPACE, {"spec": spec})
    assert made(cluster).deploy(Heard()).values == {}, "it has no address yet"
    front.status = {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}

    assert made(cluster).deploy(Heard()).values == {"kubernetes": {"base_url": "https://chat.example.com"}}


def test_what_a_cut_deployment_was_asked_for_is_what_the_next_one_does(made):
    cluster = Kube()
    made(cluster).deploy(Heard())
    cluster.denied = {"PATCH /apis/apps/v1"}
    with pytest.raises(PilotError):
        made(cluster, settings={"Model": "ours-1", "Cpu": "3"}).deploy(Heard())
    cluster.denied = set()
    made(cluster).deploy(Heard())
    env = variables(cluster)["RAG_MODEL"]
    found = container(cluster)["resources"]["requests"]["cpu"]

    assert (env, found) == ("ours-1", "3")
    assert "pilot-unfinished" not in (
        cluster.one("ConfigMap", "pilot-deploy").body()["metadata"].get("annotations") or {}
    )


@pytest.mark.parametrize("asked", [{"Scaler": "none of these"}, {"Model": 'a"b'}])
def test_a_value_that_means_nothing_is_refused_before_anything_is_made_or_kept(made, asked):
    cluster = Kube()
    with pytest.raises(Refused):
        made(cluster, settings=asked).deploy(Heard())

    assert cluster.names() == []


def test_two_targets_with_one_label_in_a_namespace_are_refused(made, root, tmp_path):
    with pytest.raises(
        Refused, match="kubernetes and knative have the same label pilot=rag-k8s in namespace rag-pilot"
    ):
        made(Kube(), "kubernetes", "knative")
    shutil.copytree(root, tmp_path, dirs_exist_ok=True)
    for path in (tmp_path / "targets" / "kubernetes").iterdir():
        path.write_text(path.read_text().replace("rag-chat\n", "rag-other\n").replace('"rag-chat"', '"rag-other"'))
    cluster = Kube()
    made(cluster).deploy(Heard())
    before = cluster.names()
    other = deployment(tmp_path, cluster, "kubernetes")
    for go in (lambda: other.intent(destroy=False), lambda: other.deploy(Heard())):
        with pytest.raises(Refused, match="Deployment rag-chat in namespace rag-pilot has a label of these targets"):
            go()

    assert cluster.names() == before
    assert "with the same label, and removed too: Deployment rag-chat" in other.intent(destroy=True).notes


def test_a_knative_service_has_its_own_address(made):
    cluster = Kube()
    done = made(cluster, "knative", deadline_s=25.0).deploy(Heard())
    spec = cluster.one("Service", "rag-chat").body()["spec"]["template"]["spec"]

    assert cluster.one("Service", "rag-chat").api == KNATIVE
    assert done.values == {"knative": {"base_url": "http://rag-chat.rag-pilot.example.com"}}
    assert spec["timeoutSeconds"] == 25
    made(cluster, "knative").destroy(Heard())
    assert cluster.names() == []


def test_a_cluster_without_knative_says_so(made):
    cluster = Kube(knows=("v1", "apps/v1"))
    with pytest.raises(Refused, match=r"this cluster knows no Service of serving\.knative\.dev/v1"):
        made(cluster, "knative").deploy(Heard())
