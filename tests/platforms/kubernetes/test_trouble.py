"""What goes wrong in a cluster, with its cause first."""

import pytest

from harness.errors import PilotError
from tests.peers.kube import Kube
from tests.platforms.doubles import Heard
from tests.platforms.kubernetes.rigs import (
    IMAGE,
    NAMESPACE,
    whole,
)

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
    with pytest.raises(
        PilotError, match=r"Deployment rag-chat does not become ready\n  cause: pod rag-chat-h1-x"
    ) as error:
        one.deploy(Heard())
    cluster.waiting.clear()

    assert cause in str(error.value).replace("Traceback\n    | ", "")
    assert f"event: Failed: Error: {waiting['reason']}" in str(error.value)
    assert hint in error.value.hint
    assert one.pace.clock() < 240, "it would not have come right by waiting"
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
    labels = {"app": "rag-chat", "pod-template-hash": "h1"}
    old = cluster._child("v1", "Pod", "rag-chat-h1-y", NAMESPACE, labels)
    old.status = {"containerStatuses": [{"name": "chat", "state": {"waiting": WAITING}}]}
    heard = Heard()
    made(cluster, image=IMAGE.replace("7", "8")).deploy(heard)

    assert not any("ImagePullBackOff" in words for words in heard.worked)


def test_a_namespace_that_does_not_go_says_what_holds_it(made):
    cluster = Kube()
    made(cluster).deploy(Heard())
    cluster.stuck = "Some content in the namespace has finalizers remaining: example.com/held in 1 resource instances"
    with pytest.raises(PilotError, match=r"example\.com/held") as error:
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
    with pytest.raises(PilotError, match=r"Namespace rag-pilot of deployment\.yaml: HTTP 403") as error:
        made(cluster).deploy(Heard())
    assert "permission" in error.value.hint
