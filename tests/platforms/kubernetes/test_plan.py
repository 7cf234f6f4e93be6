"""What a deployment would do, and what is refused before anything is asked."""

import pytest

from harness.errors import BadFile, PilotError, Refused
from harness.platforms.deploying import refuse_unknown
from harness.platforms.kubernetes.manifests import manifests_of
from tests.peers.kube import KINDS, Kube
from tests.platforms.doubles import Heard
from tests.platforms.kubernetes.rigs import (
    NAMESPACE,
    ROOT,
    deployment,
    workspace,
)


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
    cluster.denied = {"/statefulsets"}
    notes = made(cluster).intent(destroy=True).notes
    assert any("StatefulSets: HTTP 403" in note for note in notes), "what may not be listed does not stop a removal"
    assert "Namespace rag-pilot" in cluster.names()


def test_minutes_are_those_that_were_measured_here(made):
    steps = made(Kube(), took_s={"rag-chat": 90.0}).intent(destroy=False).steps
    said = {step.name: (step.minutes, step.measured) for step in steps}

    assert said["rag-chat"] == (1.5, True)
    assert said["model provider"][1] is False


# -- before anything is asked


def test_an_unknown_setting_is_refused_with_those_there_are(made):
    with pytest.raises(Refused, match="Cpus: did you mean Cpu") as error:
        refuse_unknown([made(Kube())], {"Cpus": "1"})
    assert "ProviderUrl" in error.value.hint


def test_a_name_without_a_value_is_in_the_way_before_there_is_a_namespace(tmp_path):
    root, cluster = workspace(tmp_path), Kube()
    path = root / "targets" / "kubernetes" / "deployment.yaml"
    path.write_text(path.read_text().replace("${WORKERS:-1}", "${WORKERS}"))
    with pytest.raises(Refused, match=r"deployment\.yaml: Workers has no value"):
        deployment(root, cluster).intent(destroy=False)


def test_a_kind_that_the_cluster_lacks_is_refused_before_there_is_a_namespace(made):
    cluster = Kube(knows=[api for api in KINDS if api != "keda.sh/v1alpha1"])
    with pytest.raises(Refused, match=r"knows no ScaledObject of keda\.sh/v1alpha1"):
        made(cluster, settings={"Scaler": "keda"}).intent(destroy=False)


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "deployment.yaml"
    path.write_bytes(b"apiVersion: \xff\n")
    with pytest.raises(BadFile, match="not UTF-8"):
        manifests_of(path)


@pytest.mark.parametrize("name", ["ProviderKey", "PROVIDER_URL", "Registry"])
def test_a_setting_without_a_value_is_refused(made, name):
    with pytest.raises(Refused, match=f"--set {name}= has no value"):
        made(Kube(), settings={name: " "})


def test_a_value_that_would_end_its_quotes_is_refused(made):
    with pytest.raises(Refused, match="Model has a quote"):
        made(Kube(), settings={"Model": 'x", "y'}).deploy(Heard())


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        ("${MOST_REPLICAS:-10}", "many", r"HTTP 422: .*rag-chat.* is invalid: 'many' is not"),
        ("minAvailable: 1", "minAvailable: [1", "HTTP 400: error decoding YAML"),
    ],
    ids=["value", "YAML"],
)
def test_what_the_cluster_would_refuse_is_in_the_plan_in_its_words(tmp_path, was, now, words):
    root, cluster = workspace(tmp_path), Kube()
    deployment(root, cluster).deploy(Heard())
    path = root / "targets" / "kubernetes" / "deployment.yaml"
    path.write_text(path.read_text().replace(was, now))
    with pytest.raises(PilotError, match=f"a dry run is refused: .* of deployment.yaml: {words}"):
        deployment(root, cluster).intent(destroy=False)


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


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_every_shipped_manifest_is_read_as_it_is(tmp_path, ends):
    found = []
    for path in sorted((ROOT / "targets" / "kubernetes").glob("*.yaml")):
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes().replace(b"\n", ends))
        found += manifests_of(copy)

    assert len(found) == 11
    assert {m.namespace for m in found if m.kind != "Namespace"} == {NAMESPACE}
    assert all(m.label in ("rag-k8s", "rag-provider") for m in found)
