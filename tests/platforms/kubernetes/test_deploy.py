"""Deploying into a cluster, cut at every call that it makes: the next one ends right, and destroying leaves nothing."""

import random
from contextlib import suppress

import pytest

from harness.errors import PilotError
from tests.peers.cuts import Cut
from tests.peers.kube import Kube
from tests.platforms.doubles import Heard
from tests.platforms.kubernetes.rigs import IMAGE, NAMESPACE, REGISTRY, container, key, whole


def test_an_empty_cluster_gets_everything_and_a_second_call_changes_nothing(made):
    cluster = Kube()
    done = made(cluster).deploy(Heard())
    before = len(cluster.changes), cluster.clock
    again = made(cluster).deploy(Heard())

    assert whole(cluster)
    assert {step.name: step.did for step in done.steps} == {
        "namespace rag-pilot": "created",
        "provider key": "created",
        "image": "kept",
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


def every(calls):
    return calls


def drawn(calls):
    """As many as there is time for, the same ones each time."""
    return sorted(random.Random(23).sample(calls, 6))


AFTER = pytest.mark.parametrize("after", [False, True], ids=["before it is carried out", "after it"])
CUTS = pytest.mark.parametrize("cuts", [drawn, pytest.param(every, marks=pytest.mark.slow)])


@AFTER
@CUTS
def test_a_deployment_cut_at_any_call_is_finished_by_the_next(made, after, cuts):
    first = Kube()
    made(first, settings=REGISTRY, image=None).deploy(Heard())
    for k in cuts(range(1, first.calls + 1)):
        cluster = Kube(k, after=after)
        with suppress(Cut):
            made(cluster, settings=REGISTRY, image=None).deploy(Heard())
        made(cluster, settings=REGISTRY, image=None).deploy(Heard())
        assert whole(cluster), k
        assert container(cluster)["image"].startswith("registry.example.com/team/rag-chat@sha256:")
    assert first.calls > 40


@AFTER
@CUTS
def test_a_removal_cut_at_any_call_is_finished_by_the_next(made, after, cuts):
    first = Kube()
    made(first).deploy(Heard())
    deployed = first.calls
    made(first).destroy(Heard())
    for k in cuts(range(deployed + 1, first.calls + 1)):
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
    assert [(step.name, step.did, step.target) for step in gone.steps] == [
        ("namespace rag-pilot", "removed", "kubernetes")
    ]


def test_a_namespace_of_a_teams_own_stays_with_what_is_not_the_pilots(made):
    cluster = Kube()
    cluster.put("v1", "Namespace", NAMESPACE, None, {"metadata": {"labels": {"team": "search"}}})
    cluster.put("v1", "Service", "search", NAMESPACE, {"spec": {"ports": [{"port": 80}]}})
    cluster.put("v1", "PersistentVolume", "disk", None, {"spec": {"claimRef": {"namespace": NAMESPACE}}})
    done = made(cluster).deploy(Heard())
    labels = cluster.one("Namespace", NAMESPACE).labels
    gone = made(cluster).destroy(Heard())

    assert any("was there before" in note for note in done.notes)
    assert labels == {"team": "search"}, "it would be removed with a label of the pilot's"
    assert cluster.names() == ["Namespace rag-pilot", "PersistentVolume disk", "Service search"]
    assert (gone.left, gone.unseen) == ((), ())


def test_what_is_there_under_its_name_and_is_not_the_pilots_is_not_touched(made):
    cluster = Kube()
    cluster.put("v1", "Namespace", NAMESPACE, None, {"metadata": {"labels": {"team": "search"}}})
    cluster.put("v1", "Service", "rag-chat", NAMESPACE, {"spec": {"ports": [{"port": 81}]}})
    with pytest.raises(
        PilotError, match="Service rag-chat is in rag-pilot already and does not carry the label pilot=rag-k8s"
    ):
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

    assert any("used by other" in note for note in notes)
    assert {"Namespace rag-pilot", "Deployment rag-provider", "Secret rag-provider-key"} <= set(cluster.names())
    assert "Deployment rag-chat" not in cluster.names()


def test_another_target_keeps_the_provider_that_this_one_no_longer_asks(made):
    cluster = Kube()
    made(cluster).deploy(Heard())
    cluster.put("apps/v1", "Deployment", "other", NAMESPACE, {"metadata": {"labels": {"pilot": "rag-other"}}})
    made(cluster, settings={"ProviderUrl": "https://models.example.com"}).deploy(Heard())

    assert {"Deployment rag-provider", "Service rag-provider"} <= set(cluster.names())
