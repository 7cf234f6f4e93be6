"""From `pilot init` to what target.toml reads and back to nothing, as the command does it."""

from functools import partial

import httpx
import pytest

from harness.campaign.progress import Progress
from harness.errors import BadFile
from harness.evidence.store import Store
from harness.platforms.shared.azure_deploy import deployment
from harness.platforms.shared.azure_deploy.arm import IDEMPOTENT, Arm
from harness.platforms.shared.call_policy import CallPolicy
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.http_client import HttpClient
from harness.run import deploy as run_deploy
from harness.run.deploy import Deploys, Wishes
from harness.scaffold.answers import Answers, Side
from harness.scaffold.write import write
from harness.workspace import open_workspace
from tests.peers.arm import SUBSCRIPTION, Azure, Token
from tests.platforms.azure.rig import PART, laid
from tests.platforms.doubles import Hours


@pytest.fixture
def azure(monkeypatch):
    """A subscription that this process reaches; its apps answer at once."""
    made, hours = Azure(), Hours()
    http = HttpClient(transport=httpx.MockTransport(made.handle), questions=IDEMPOTENT, policy=CallPolicy(tries=1))
    pace = Pace(clock=hours, sleep=hours.sleep)
    hands = partial(
        deployment.Hands,
        lambda _: Arm(http, Token(), pace),
        pace,
        lambda *_: None,
        lambda: "198.51.100.9/32",
        laid,
    )
    monkeypatch.setattr(deployment, "Hands", hands)
    monkeypatch.setattr(run_deploy, "wait_ready", lambda *_: None)
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION)
    monkeypatch.setenv("RAG_AZFN_NAME", "ragchat")
    return made


def test_a_pilot_of_both_is_deployed_read_and_destroyed(tmp_path, azure, monkeypatch):
    folder = tmp_path / "ours"
    write(folder, Answers(Side("azure_container_apps"), Side("azure_functions"), quick=True))
    workspace = open_workspace(folder)
    first = Deploys(workspace, [], Wishes())
    [intent] = first.intents(destroy=False)
    first.deploy(Progress(quiet=True))
    monkeypatch.delenv("RAG_AZFN_NAME")  # another shell: what was written down names the app
    read = {name: open_workspace(folder).target(name) for name in PART}
    again = Deploys(open_workspace(folder), [], Wishes()).deploy(Progress(quiet=True))
    gone = Deploys(open_workspace(folder), [], Wishes()).destroy(Progress(quiet=True))

    assert len(intent.files) > 20
    noted = Store(workspace.evidence).deployments()[0]["beside"]
    assert set(noted) == {"registry", "deployment rag-pilot"}, "what all share is billed, and not of one target"
    assert noted["registry"] == str(intent.beside["registry"])
    assert read["azure_container_apps"].base_url == "https://rag-chat.happyhill.eastus.azurecontainerapps.io"
    assert (read["azure_functions"].base_url, read["azure_functions"].runtime.app) == (
        "https://ragchat.azurewebsites.net",
        "ragchat",
    )
    assert {step.did for one in again for step in one.steps if not step.name.startswith("ready")} == {"kept"}
    assert [one.left for one in gone] == [()]
    assert azure.empty


def test_without_a_name_for_the_function_app_it_is_asked_for(tmp_path, azure, monkeypatch):
    folder = tmp_path / "ours"
    write(folder, Answers(Side("azure_container_apps"), Side("azure_functions"), quick=True))
    monkeypatch.delenv("RAG_AZFN_NAME")
    with pytest.raises(BadFile, match="RAG_AZFN_NAME is not set"):
        Deploys(open_workspace(folder), [], Wishes())
    assert azure.calls == 0


def test_an_address_of_another_machine_is_let_in_and_nothing_else_changes(tmp_path, azure, monkeypatch):
    """As pilot run --on does before that machine's campaign begins."""
    folder = tmp_path / "ours"
    write(folder, Answers(Side("azure_container_apps"), Side("local_container"), quick=True))
    workspace = open_workspace(folder)
    progress = Progress(quiet=True)
    run_deploy.let_in(workspace, progress, "203.0.113.9")
    assert azure.calls == 0, "nothing was deployed"
    made = Deploys(workspace, ["azure_container_apps"], Wishes())
    made.intents(destroy=False)
    made.deploy(progress)
    before = {name: record["given"] for name, record in azure.records.items()}
    (workspace.state.parent / "elsewhere").write_text("aws\n")  # it is away by then, and others may deploy nothing
    run_deploy.let_in(open_workspace(folder), progress, "203.0.113.9")

    changed = {k: (v["given"], before[k]) for k, v in azure.records.items() if v["given"] != before[k]}
    [(now, was)] = changed.values()
    assert now["generatorCidr"] == "203.0.113.9/32"
    assert {k: v for k, v in now.items() if k != "generatorCidr"} == {
        k: v for k, v in was.items() if k != "generatorCidr"
    }
