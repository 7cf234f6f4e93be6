"""Destroying on Azure: what is this deployment's goes, what is anybody else's stays, and what is left is said."""

import httpx
import pytest

from harness.errors import PilotError
from harness.platforms.shared.call_policy import CallPolicy
from harness.platforms.shared.http_client import HttpClient
from tests.peers.arm import SUBSCRIPTION, Azure
from tests.platforms.azure.rig import DEPLOYMENTS, GROUP, resource, states
from tests.platforms.doubles import Heard


def test_all_of_it_may_be_destroyed_and_every_kind_of_resource_is_asked_for(made):
    azure = Azure()
    made(azure).deploy(Heard())
    gone = made(azure).destroy(Heard())

    assert azure.empty
    assert (gone.left, gone.unseen) == ((), ())
    assert {"Microsoft.App/containerApps", "Microsoft.Web/sites", "everything that carries the tag"} <= set(gone.looked)
    assert [step.name for step in gone.steps] == ["rag-chat", "ragchat", "rag-pilot", "resource group rag-pilot"]
    assert gone.notes == ("Microsoft.Web/sites/ragchat can be restored for up to 30 days, and costs nothing",)


def test_one_target_goes_and_what_the_other_uses_stays(made):
    azure = Azure()
    made(azure).deploy(Heard())
    one = made(azure, "azure_functions")
    notes = one.intent(destroy=True).notes
    gone = one.destroy(Heard())

    assert "what all targets share stays: used by rag-chat" in notes
    assert [step.name for step in gone.steps] == ["ragchat"]
    assert states(azure) == {"rag-pilot": "Succeeded", "rag-chat": "Succeeded"}
    assert "Microsoft.App/managedEnvironments" not in gone.looked, "nobody looked for what stays"
    made(azure, "azure_container_apps").destroy(Heard())
    assert azure.empty


def test_a_group_of_somebody_else_is_used_and_stays(made):
    azure = Azure()
    azure.groups["rag-pilot"] = {
        "name": "rag-pilot",
        "location": "westeurope",
        "properties": {"provisioningState": "Succeeded"},
    }
    done = made(azure).deploy(Heard())
    gone = made(azure).destroy(Heard())

    assert "it is in westeurope, and region under [prices] bills eastus" in done.notes[0]
    assert list(azure.groups) == ["rag-pilot"]
    assert (azure.resources, azure.roles, azure.records, gone.left) == ({}, {}, {}, ())


def test_a_group_with_something_of_somebody_else_stays_with_it(made):
    azure = Azure()
    made(azure).deploy(Heard())
    theirs = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rag-pilot/providers/Microsoft.Storage/storageAccounts/theirs"
    )
    azure.resources[theirs.lower()] = {
        "id": theirs,
        "name": "theirs",
        "type": "Microsoft.Storage/storageAccounts",
        "properties": {},
    }
    gone = made(azure).destroy(Heard())

    assert "resource group rag-pilot stays: it holds Microsoft.Storage/storageAccounts/theirs" in gone.notes
    assert [row["name"] for row in azure.resources.values()] == ["theirs"]
    assert (list(azure.groups), gone.left) == (["rag-pilot"], ())


def test_an_app_that_only_pulls_from_the_registry_keeps_it(made):
    azure = Azure()
    made(azure).deploy(Heard())
    jobs = {**resource(azure, "Microsoft.App/containerApps", "rag-chat"), "name": "rag-jobs", "identity": {}}
    jobs["properties"] = {**jobs["properties"], "environmentId": "its own"}
    azure.resources[f"{GROUP}/Microsoft.App/containerApps/rag-jobs".lower()] = jobs
    one = made(azure)

    assert one.others() == ["rag-jobs"]
    one.destroy(Heard())
    assert resource(azure, "Microsoft.ContainerRegistry/registries", one.registry.usual)


def test_a_registry_of_somebody_else_stays_and_takes_the_next_deployments_identity(made):
    azure = Azure()
    azure.groups["rag-pilot"] = {"location": "eastus", "properties": {"provisioningState": "Succeeded"}}
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rag-pilot/providers/Microsoft.ContainerRegistry/registries/theirs"
    azure.resources[path.lower()] = {
        "id": path,
        "name": "theirs",
        "type": "Microsoft.ContainerRegistry/registries",
        "properties": {"loginServer": "theirs.azurecr.io", "provisioningState": "Succeeded"},
    }
    settings = {"registry": "theirs"}
    made(azure, settings=settings).deploy(Heard())
    gone = made(azure, settings=settings).destroy(Heard())
    left = [row["name"] for row in azure.resources.values()]
    again = made(azure, settings=settings).deploy(Heard())

    assert (left, gone.left) == (["theirs"], ())
    assert set(again.values) == {"azure_container_apps", "azure_functions"}
    assert azure.builds == 1


@pytest.mark.parametrize(
    ("target", "kind", "app", "tag"),
    [
        ("azure_container_apps", "Microsoft.App/containerApps", "rag-chat", "rag-aca"),
        ("azure_functions", "Microsoft.Web/sites", "ragchat", "rag-azfn"),
    ],
)
def test_an_app_of_somebody_else_is_not_touched_nor_are_its_roles(made, target, kind, app, tag):
    azure = Azure()
    made(azure).deploy(Heard())
    resource(azure, kind, app)["tags"] = {"pilot": "another"}
    roles = dict(azure.roles)
    with pytest.raises(PilotError, match=f"does not carry the tag pilot={tag}"):
        made(azure, target).destroy(Heard())
    assert resource(azure, kind, app)
    assert azure.roles == roles


def test_a_deployment_that_runs_is_stopped_before_it_is_removed(made):
    azure = Azure()
    made(azure).deploy(Heard())
    for record in azure.records.values():
        record["properties"]["provisioningState"], record["looks"] = "Running", 50
    made(azure).destroy(Heard())

    assert sorted(azure.cancelled) == sorted(DEPLOYMENTS)
    assert azure.empty


def test_what_may_not_be_looked_at_is_named(made):
    azure = Azure()
    made(azure).deploy(Heard())
    made(azure).destroy(Heard())
    azure.groups["rag-pilot"] = {"location": "eastus", "properties": {"provisioningState": "Succeeded"}}
    azure.denied = ("/storageAccounts/",)
    with pytest.raises(PilotError, match="AuthorizationFailed"):
        made(azure).destroy(Heard())
    del azure.groups["rag-pilot"]
    gone = made(azure).destroy(Heard())

    assert [words.partition(":")[0] for words in gone.unseen] == ["Microsoft.Storage/storageAccounts"]
    assert gone.left == ()


def test_a_token_goes_to_no_other_address(made):
    azure = Azure()

    def elsewhere(request):
        answer = azure.handle(request)
        if "location" in answer.headers:
            answer.headers["location"] = "https://elsewhere.example/operations/1"
        return answer

    http = HttpClient(transport=httpx.MockTransport(elsewhere), policy=CallPolicy(tries=1))
    made(azure).deploy(Heard())
    one = made(azure)
    one.arm.http = http
    with pytest.raises(PilotError, match="answered elsewhere"):
        one.destroy(Heard())


def test_a_deployment_of_somebody_else_with_that_name_runs_on_and_is_kept(made):
    azure = Azure()
    made(azure).deploy(Heard())
    [theirs] = [record for record in azure.records.values() if record["name"] == "rag-chat"]
    theirs["tags"] = {"pilot": "theirs"}
    theirs["properties"]["provisioningState"], theirs["looks"] = "Running", 50
    gone = made(azure, "azure_container_apps").destroy(Heard())

    assert azure.cancelled == []
    assert theirs in azure.records.values()
    assert "Microsoft.App/containerApps/rag-chat".lower() not in str(list(azure.resources))
    assert gone.left == ()
