"""``pilot deploy`` and ``pilot destroy`` of a cluster: over HTTP, to the evidence."""

import shutil

import pytest

from harness.domain.address import NOWHERE
from harness.errors import PilotError, Refused
from harness.evidence.store import Store
from harness.load.hosts import may_drive
from harness.platforms import credentials
from harness.platforms.kubernetes import deploy
from harness.platforms.shared.deploy.pace import Pace
from harness.run.deploy import Deploys, Wishes
from harness.workspace import open_workspace, trust, wants
from tests.builders import Pilot
from tests.peers.kube import Kube
from tests.peers.kube_http import served
from tests.platforms.doubles import Heard
from tests.platforms.kubernetes.rigs import IMAGE, NAMESPACE, workspace


def whats(folder):
    return [entry["what"] for entry in Store(folder / "evidence").deployments()]


@pytest.fixture
def deploys(tmp_path, monkeypatch):
    """Of one target, on a cluster that answers over HTTP."""
    cluster, hands = Kube(), deploy.Hands(pace=Pace(poll_s=0.01))
    monkeypatch.setattr(deploy, "Hands", lambda: hands)
    Pilot(tmp_path, blocks=2).write()
    with served(cluster) as url:
        workspace(tmp_path, api=f'"{url}"')
        trust.add(tmp_path, wants.of_target(open_workspace(tmp_path), "kubernetes"))
        yield (
            cluster,
            lambda *names, **more: Deploys(
                open_workspace(tmp_path), names or ["kubernetes"], Wishes(image=IMAGE, **more)
            ),
        )


def test_without_an_address_it_is_deployed_and_noted_all_the_same(deploys, tmp_path):
    cluster, made = deploys
    [done] = made().deploy(Heard())
    [gone] = made().destroy(Heard())
    noted = Store(tmp_path / "evidence").deployments()

    assert done.values == {}
    assert [(entry["what"], entry["targets"]) for entry in noted] == [
        ("begun", ["kubernetes"]),
        ("deploy", ["kubernetes"]),
        ("destroy", ["kubernetes"]),
    ]
    assert [s["name"] for s in noted[1]["steps"]] == [
        f"namespace {NAMESPACE}",
        "provider key",
        "image",
        "model provider",
        "rag-chat",
    ]
    assert (cluster.names(), gone.left) == ([], ())


def test_each_removal_is_noted_for_its_own_targets(deploys, tmp_path):
    _, made = deploys
    folder = tmp_path / "targets" / "other"
    shutil.copytree(folder.parent / "kubernetes", folder)
    for path in folder.glob("*.*"):
        path.write_text(path.read_text().replace("rag-pilot", "rag-other"))
    made("kubernetes", "other").deploy(Heard())
    made("kubernetes", "other").destroy(Heard())
    noted = Store(tmp_path / "evidence").deployments()

    assert [(entry["what"], entry["targets"]) for entry in noted] == [
        *(("begun", ["kubernetes"]), ("deploy", ["kubernetes"]), ("begun", ["other"]), ("deploy", ["other"])),
        *(("destroy", ["kubernetes"]), ("destroy", ["other"])),
    ], "if the second had failed, the first would have counted it as gone"


def test_a_removal_that_was_cut_before_it_was_noted_is_noted_by_the_next(deploys, tmp_path, monkeypatch):
    _, made = deploys
    made().deploy(Heard())
    with monkeypatch.context() as cut:
        cut.setattr(Deploys, "_noted", lambda *_: None)
        made().destroy(Heard())
    made().destroy(Heard())
    made().destroy(Heard())

    assert whats(tmp_path) == ["begun", "deploy", "destroy"]


def test_one_that_fails_on_the_way_is_noted_as_begun_until_it_is_done_or_gone(deploys, tmp_path):
    cluster, made = deploys
    cluster.denied = {"PATCH /apis/apps/v1/namespaces/rag-pilot/deployments/rag-chat"}
    heard = Heard()
    for _ in range(2):
        with pytest.raises(PilotError, match="cannot PATCH"):
            made().deploy(heard)
    failed = whats(tmp_path)
    made().destroy(heard)
    with pytest.raises(PilotError, match="cannot PATCH"):
        made().deploy(heard)
    cluster.denied = set()
    made().deploy(heard)

    assert failed == ["begun"], "what it had made by then is billed"
    assert sum(words.startswith("kubernetes: not finished") for words in heard.said) == 3
    assert whats(tmp_path) == ["begun", "destroy", "begun", "deploy"]


def test_one_that_is_refused_before_it_sends_anything_is_noted_so(deploys, tmp_path):
    _, made = deploys
    with pytest.raises(Refused, match="there is no such choice"):
        made(settings={"Scaler": "none of these"}).deploy(Heard())

    assert whats(tmp_path) == ["begun", "refused"]


def test_one_that_is_refused_on_the_way_is_begun(deploys, tmp_path):
    cluster, made = deploys
    cluster.knows = set(cluster.knows) - {"autoscaling/v2"}
    with pytest.raises(Refused, match="this cluster knows no HorizontalPodAutoscaler"):
        made().deploy(Heard())

    assert cluster.names()
    assert whats(tmp_path) == ["begun"], "its provider is there already"


def test_an_address_is_written_where_target_toml_reads_it_and_asked(deploys, tmp_path, monkeypatch):
    cluster, made = deploys
    asked = []
    monkeypatch.setattr("harness.run.deploy.wait_ready", lambda target, url, timeout_s: asked.append(url))
    [done] = made(settings={"Front": "balancer"}, source="203.0.113.7").deploy(Heard())

    assert asked == [f"http://{cluster.address}"]
    assert 'RAG_K8S_URL = "http://203.0.113.9"' in (tmp_path / "targets" / "kubernetes" / "deployed.toml").read_text()
    assert done.steps[-1].name == "ready kubernetes"


def test_a_setting_that_target_toml_contradicts_is_said_in_the_plan_and_by_the_deployment(deploys, tmp_path):
    _, made = deploys
    path = tmp_path / "targets" / "kubernetes" / "target.toml"
    path.write_text(
        path.read_text().replace('kind      = "kubernetes"\n', 'kind = "kubernetes"\nreplicas = 2\ncpu = "1"\n')
    )
    trust.add(tmp_path, wants.of_target(open_workspace(tmp_path), "kubernetes"))
    settings = {"Cpu": "3", "Replicas": "2.0", "Memory": "4Gi"}
    [intent] = made(settings=settings).intents(destroy=False)
    [done] = made(settings={"CPU": "3"}).deploy(Heard())
    [again] = made().deploy(Heard())

    said = [
        [note for note in one.notes if "--set" in note and "target.toml says" in note] for one in (intent, done, again)
    ]
    assert [len(notes) for notes in said] == [1, 1, 0]
    assert said[0][0].startswith("kubernetes: --set Cpu=3 holds for this deployment alone: target.toml says 1,")


@pytest.mark.parametrize("taken_away", ["by a deployment without it", "by a destruction"])
def test_an_address_that_was_given_back_leads_nowhere(deploys, tmp_path, monkeypatch, taken_away):
    _, made = deploys
    monkeypatch.setattr("harness.run.deploy.wait_ready", lambda *_: None)
    monkeypatch.setenv("RAG_PROMETHEUS_URL", "http://127.0.0.1:9")
    made(settings={"Front": "balancer"}, source="203.0.113.7").deploy(Heard())
    made(only_source=True, source="203.0.113.8").deploy(Heard())
    renewed = open_workspace(tmp_path).target("kubernetes").base_url
    if taken_away == "by a destruction":
        made().destroy(Heard())
    else:
        made(settings={"Front": "none"}).deploy(Heard())
    workspace = open_workspace(tmp_path)
    target = workspace.target("kubernetes")

    assert renewed == "http://203.0.113.9"
    assert target.base_url == NOWHERE, "read for a decision, which asks nobody"
    assert workspace.prospect("kubernetes").unset == ("RAG_K8S_URL",)
    assert not [want for want in wants.of_target(workspace, "kubernetes") if NOWHERE in want.what]
    with pytest.raises(Refused, match="kubernetes: no address: pilot destroy removed it"):
        credentials.require_ready([target])
    with pytest.raises(Refused, match="not deployed any more"):
        may_drive(NOWHERE, workspace, vouched=False)
