"""Deploying into a cluster, cut at every call that it makes: the next one ends right, and destroying leaves nothing."""

import base64
from contextlib import suppress

import pytest

from harness.errors import BadFile, PilotError, Refused
from harness.platforms.kubernetes.manifests import manifests_of
from tests.peers.kube import KNATIVE, Cut, Kube
from tests.platforms.kubernetes_deploys import IMAGE, NAMESPACE, ROOT, Heard, deployment, workspace

OWN = [
    *("ConfigMap pilot-deploy", "Deployment rag-chat", "Deployment rag-provider", "HorizontalPodAutoscaler rag-chat"),
    *("Namespace rag-pilot", "PodDisruptionBudget rag-chat", "Secret rag-provider-key", "Service rag-chat"),
    *("Service rag-provider", "ServiceAccount rag-chat"),
]
REGISTRY = {"Registry": "registry.example.com/team"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    made = workspace(tmp_path_factory.mktemp("workspace"))
    return workspace(made, "knative", knative="true")


@pytest.fixture
def made(root):
    return lambda cluster, *names, **asked: deployment(root, cluster, *names, **asked)


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


def test_an_empty_cluster_gets_everything_and_a_second_call_changes_nothing(made):
    cluster = Kube()
    done = made(cluster).deploy(Heard())
    before = len(cluster.changes), cluster.clock
    again = made(cluster).deploy(Heard())

    assert whole(cluster)
    assert {step.name: step.did for step in done.steps} == {
        "namespace rag-pilot": "created",
        "provider key": "created",
        "image": "updated",
        "model provider": "created",
        "rag-chat": "created",
    }
    assert {step.did for step in again.steps} == {"kept"}
    assert cluster.clock == before[1], "a second call changed something"
    assert container(cluster)["image"] == IMAGE
    assert len(key(cluster)) == 48
    assert {o.labels.get("pilot") for o in cluster.objects.values() if o.kind != "Node"} == {"rag-k8s", "rag-provider"}


def test_a_cluster_keeps_no_key_that_is_written_anywhere_else(made):
    cluster, heard = Kube(), Heard()
    made(cluster).deploy(heard)
    others = [o.body() for o in cluster.objects.values() if o.kind != "Secret"]

    assert key(cluster) not in repr(others)
    assert key(cluster) not in repr(heard.said + heard.worked)


@pytest.mark.parametrize("after", [False, True], ids=["before it is carried out", "after it"])
def test_a_deployment_cut_at_any_call_is_finished_by_the_next(made, after):
    first = Kube()
    made(first, settings=REGISTRY, image=None).deploy(Heard())
    for k in range(1, first.calls + 1):
        cluster = Kube(k, after=after)
        with suppress(Cut):
            made(cluster, settings=REGISTRY, image=None).deploy(Heard())
        made(cluster, settings=REGISTRY, image=None).deploy(Heard())
        assert whole(cluster), k
        assert container(cluster)["image"].startswith("registry.example.com/team/rag-chat@sha256:")
    assert k > 40


@pytest.mark.parametrize("after", [False, True], ids=["before it is carried out", "after it"])
def test_a_removal_cut_at_any_call_is_finished_by_the_next(made, after):
    first = Kube()
    made(first).deploy(Heard())
    deployed = first.calls
    made(first).destroy(Heard())
    for k in range(deployed + 1, first.calls + 1):
        cluster = Kube(k, after=after)
        made(cluster).deploy(Heard())
        with suppress(Cut):
            made(cluster).destroy(Heard())
        gone = made(cluster).destroy(Heard())
        assert (cluster.names(), gone.left, gone.unseen) == ([], (), ()), k
    assert first.calls - deployed > 15


def test_all_of_it_may_be_destroyed_and_what_was_looked_at_is_said(made):
    cluster = Kube()
    made(cluster, settings={"Front": "balancer"}).deploy(Heard())
    gone = made(cluster).destroy(Heard())

    assert cluster.names() == []
    assert (gone.left, gone.unseen) == ((), ())
    assert {"namespace", "load balancers", "volumes"} <= set(gone.looked)
    assert "nodes" in gone.beyond
    assert [(step.name, step.did, step.target) for step in gone.steps] == [("namespace rag-pilot", "removed", "kubernetes")]


def test_a_namespace_of_a_teams_own_stays_with_what_is_not_the_pilots(made):
    cluster = Kube()
    cluster.put("v1", "Namespace", NAMESPACE, None, {"metadata": {"labels": {"team": "search"}}})
    cluster.put("v1", "Service", "search", NAMESPACE, {"spec": {"ports": [{"port": 80}]}})
    done = made(cluster).deploy(Heard())
    labels = cluster.one("Namespace", NAMESPACE).labels
    gone = made(cluster).destroy(Heard())

    assert any("was there before" in note for note in done.notes)
    assert labels == {"team": "search"}, "it would be removed with a label of the pilot's"
    assert cluster.names() == ["Namespace rag-pilot", "Service search"]
    assert (gone.left, gone.unseen) == ((), ())


def test_what_is_there_under_its_name_and_is_not_the_pilots_is_not_touched(made):
    cluster = Kube()
    cluster.put("v1", "Namespace", NAMESPACE, None, {"metadata": {"labels": {"team": "search"}}})
    cluster.put("v1", "Service", "rag-chat", NAMESPACE, {"spec": {"ports": [{"port": 81}]}})
    with pytest.raises(PilotError, match="Service rag-chat is in rag-pilot already and does not carry the label pilot=rag-k8s"):
        made(cluster).deploy(Heard())
    made(cluster).destroy(Heard())

    assert "Service rag-chat" in cluster.names()


def test_another_target_keeps_the_namespace_and_the_provider(made):
    cluster = Kube()
    made(cluster).deploy(Heard())
    cluster.put("apps/v1", "Deployment", "other", NAMESPACE, {"metadata": {"labels": {"pilot": "rag-other"}}})
    one = made(cluster)
    notes = one.intent(destroy=True).notes
    one.destroy(Heard())

    assert any("other still use" in note for note in notes)
    assert {"Namespace rag-pilot", "Deployment rag-provider", "Secret rag-provider-key"} <= set(cluster.names())
    assert "Deployment rag-chat" not in cluster.names()


# -- values


def test_what_a_sweep_set_stays_and_what_somebody_names_is_changed(made):
    cluster = Kube()
    made(cluster).deploy(Heard())
    swept = {"name": "chat", "env": [{"name": "WEB_CONCURRENCY", "value": "2"}], "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}}
    body = {"spec": {"template": {"spec": {"containers": [swept]}}}}
    cluster._set(cluster.one("Deployment", "rag-chat"), "kubectl-set", body, force=True, merge=True)
    made(cluster).deploy(Heard())
    kept = container(cluster)["resources"], variables(cluster)["WEB_CONCURRENCY"]
    with pytest.raises(PilotError, match=r'conflict with "kubectl-set"') as error:
        made(cluster, settings={"Cpu": "2"}).deploy(Heard())
    made(cluster, settings={"Cpu": "2", "Takeover": "yes"}).deploy(Heard())

    assert kept == ({"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}, "2")
    assert "Takeover=yes" in error.value.hint
    assert container(cluster)["resources"]["requests"] == {"cpu": "2", "memory": "1Gi"}


def test_what_was_said_once_stays_without_being_named_again(made):
    cluster = Kube()
    given = {"ProviderUrl": "https://models.example.com", "Model": "m-1", "TimeScale": "0.5"}
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
    assert "PROVIDER_KEY" not in cluster.one("ConfigMap", "pilot-deploy").body().get("data", {})


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
    spec = {"rules": [{"host": "chat.example.com", "http": {"paths": [path]}}], "tls": [{"hosts": ["chat.example.com"]}]}
    made(cluster).deploy(Heard())
    front = cluster.put("networking.k8s.io/v1", "Ingress", "front", NAMESPACE, {"spec": spec})
    assert made(cluster).deploy(Heard()).values == {}, "it has no address yet"
    front.status = {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}

    assert made(cluster).deploy(Heard()).values == {"kubernetes": {"base_url": "https://chat.example.com"}}


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
    cluster = Kube(knows=tuple(a for a in ("v1", "apps/v1")))
    with pytest.raises(Refused, match="this cluster knows no Service of serving.knative.dev/v1"):
        made(cluster, "knative").deploy(Heard())


# -- what goes wrong


WAITING = {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}
CRASHED = {"reason": "CrashLoopBackOff", "message": "back-off 40s", "ended": {"exitCode": 137, "reason": "OOMKilled"}}


@pytest.mark.parametrize(
    ("waiting", "cause", "hint"),
    [
        (WAITING, "ImagePullBackOff: Back-off pulling image", "pull it"),
        (CRASHED, "it ended with 137, OOMKilled\n    | MemoryError", "Memory="),
    ],
    ids=["image", "memory"],
)
def test_pods_that_do_not_start_end_it_with_the_cause_first(made, waiting, cause, hint):
    cluster = Kube()
    cluster.waiting["rag-chat"], cluster.logs["rag-chat-h1"] = waiting, "Traceback\nMemoryError\n"
    one = made(cluster)
    with pytest.raises(PilotError, match=r"Deployment rag-chat does not become ready\n  cause: pod rag-chat-h1-x") as error:
        one.deploy(Heard())
    cluster.waiting.clear()

    assert cause in str(error.value).replace("Traceback\n    | ", "")
    assert f"event: Failed: Error: {waiting['reason']}" in str(error.value)
    assert hint in error.value.hint
    assert one.pace.clock() < 120, "it would not have come right by waiting"
    made(cluster).deploy(Heard())
    assert whole(cluster)


def test_pods_without_a_place_are_waited_for_and_then_named(made):
    cluster = Kube()
    cluster.unscheduled.add("rag-chat")
    one = made(cluster)
    with pytest.raises(PilotError, match=r"(?s)within 15 minutes\n  cause: .*Insufficient cpu") as error:
        one.deploy(Heard())

    assert one.pace.clock() >= 900, "a node may be on its way"
    assert "add one" in error.value.hint


def test_what_an_older_version_suffers_from_does_not_stop_a_newer_one(made):
    cluster = Kube()
    cluster.waiting["rag-chat"] = WAITING
    with pytest.raises(PilotError):
        made(cluster).deploy(Heard())
    cluster.waiting.clear()
    old = cluster.one("Pod", "rag-chat-h1-x")
    old.status = {"containerStatuses": [{"name": "chat", "state": {"waiting": WAITING}}]}
    heard = Heard()
    made(cluster, image=IMAGE.replace("7", "8")).deploy(heard)

    assert not any("ImagePullBackOff" in words for words in heard.worked)


def test_a_namespace_that_does_not_go_says_what_holds_it(made):
    cluster = Kube()
    made(cluster).deploy(Heard())
    cluster.stuck = "Some content in the namespace has finalizers remaining: example.com/held in 1 resource instances"
    with pytest.raises(PilotError, match="example.com/held") as error:
        made(cluster).destroy(Heard())

    assert "controller" in error.value.hint


def test_a_volume_that_outlives_its_namespace_is_left(made):
    cluster = Kube()
    made(cluster).deploy(Heard())
    spec = {"claimRef": {"namespace": NAMESPACE}, "persistentVolumeReclaimPolicy": "Retain"}
    cluster.put("v1", "PersistentVolume", "disk", None, {"spec": spec})
    assert made(cluster).destroy(Heard()).left == ("volume disk (Retain)",)


def test_what_may_not_be_seen_is_said(made):
    cluster = Kube()
    made(cluster).deploy(Heard())
    cluster.denied = {"GET /api/v1/persistentvolumes"}
    gone = made(cluster).destroy(Heard())

    assert [words.partition(":")[0] for words in gone.unseen] == ["volumes"]


def test_a_refused_call_says_what_was_being_done(made):
    cluster = Kube()
    cluster.denied = {"PATCH /api/v1/namespaces/rag-pilot"}
    with pytest.raises(PilotError, match="Namespace rag-pilot of deployment.yaml: HTTP 403") as error:
        made(cluster).deploy(Heard())
    assert "permission" in error.value.hint


# -- the plan


def test_the_plan_asks_and_changes_nothing(made):
    cluster = Kube()
    first = made(cluster).intent(destroy=False)
    made(cluster).deploy(Heard())
    before = cluster.clock
    again = made(cluster, settings={"Cpu": "2"}).intent(destroy=False)

    assert cluster.clock == before
    assert "a cluster in memory, Kubernetes v1.36.0, namespace rag-pilot, as jo" in first.where
    assert first.usd_per_hour > 0
    assert {step.name: step.does for step in again.steps}["rag-chat"] == "update Deployment rag-chat, keep 4 objects"
    assert {step.name: step.does for step in again.steps}["model provider"] == "keep 2 objects"
    assert {path.name for path in first.files} >= {"deployment.yaml", "provider.yaml"}


def test_the_plan_of_a_removal_names_what_goes_with_the_namespace(made):
    cluster = Kube()
    made(cluster).deploy(Heard())
    cluster.put("apps/v1", "StatefulSet", "database", NAMESPACE, {"spec": {"replicas": 1}})
    plan = made(cluster).intent(destroy=True)

    assert [step.name for step in plan.steps] == ["namespace rag-pilot"]
    assert any("StatefulSet database" in note for note in plan.notes)
    assert "Namespace rag-pilot" in cluster.names()


def test_minutes_are_those_that_were_measured_here(made):
    steps = made(Kube(), took_s={"rag-chat": 90.0}).intent(destroy=False).steps
    said = {step.name: (step.minutes, step.measured) for step in steps}

    assert said["rag-chat"] == (1.5, True)
    assert said["model provider"][1] is False


# -- before anything is asked


def test_an_unknown_setting_is_refused_with_those_there_are(made):
    with pytest.raises(Refused, match="CPU: did you mean Cpu") as error:
        made(Kube(), settings={"CPU": "1"})
    assert "ProviderUrl" in error.value.hint


def test_a_value_that_would_end_its_quotes_is_refused(made):
    with pytest.raises(Refused, match="Model has a quote"):
        made(Kube(), settings={"Model": 'x", "y'}).deploy(Heard())


def test_a_manifest_of_another_namespace_is_refused(tmp_path):
    root = workspace(tmp_path)
    path = root / "targets" / "kubernetes" / "provider.yaml"
    path.write_text(path.read_text().replace("namespace: rag-pilot", "namespace: elsewhere"))
    with pytest.raises(Refused, match=r"Deployment rag-provider is in elsewhere, and runtime.namespace is rag-pilot"):
        deployment(root, Kube())


def test_a_document_that_could_not_be_found_again_is_refused(tmp_path):
    path = tmp_path / "deployment.yaml"
    path.write_text("apiVersion: v1\nkind: Service\nmetadata:\n  name: x\n---\nkind: Service\n")
    with pytest.raises(BadFile) as error:
        manifests_of(path)

    assert [p.field for p in error.value.problems] == ["document 1", "document 1", "document 2"]


def test_every_shipped_manifest_is_read_as_it_is():
    folder = ROOT / "targets" / "kubernetes"
    found = [m for path in sorted(folder.glob("*.yaml")) for m in manifests_of(path)]

    assert len(found) == 11
    assert {m.namespace for m in found if m.kind != "Namespace"} == {NAMESPACE}
    assert all(m.label in ("rag-k8s", "rag-provider") for m in found)
