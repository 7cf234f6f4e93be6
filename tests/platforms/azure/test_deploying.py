"""Deploying on Azure: what a call makes, keeps, changes and refuses."""

import re
from dataclasses import replace

import pytest

from harness.errors import PilotError, Refused
from harness.platforms.deploying import Asked, refuse_unknown
from harness.platforms.shared.azure_deploy.deployment import deployments
from harness.platforms.shared.azure_deploy.part import tag_of
from tests.peers.arm import Azure
from tests.platforms.azure.rig import DEPLOYMENTS, GROUP, PART, keys, parameters, resource, whole
from tests.platforms.doubles import Heard
from tests.targets.test_others import models


def test_a_new_subscription_gets_everything_and_a_second_call_changes_nothing(made):
    azure = Azure(models=models())
    done = made(azure).deploy(Heard())
    before = len(azure.asked)
    again = made(azure).deploy(Heard())

    assert whole(azure)
    assert {step.did for step in done.steps} == {"created"}
    assert {step.did for step in again.steps} == {"kept"}
    assert done.values == again.values
    assert done.values["azure_container_apps"]["base_url"] == "https://rag-chat.happyhill.eastus.azurecontainerapps.io"
    assert done.values["azure_functions"] == {
        "base_url": "https://ragchat.azurewebsites.net",
        "function_app": "ragchat",
    }
    changing = {(m, p) for m, _, p in azure.asked[before:] if m in ("PUT", "PATCH", "DELETE")}
    assert changing == set()


def test_a_group_that_was_there_in_a_subscription_that_never_used_its_providers_is_planned_and_deployed(made):
    """Resource Manager refuses even questions about what an unregistered provider could have."""
    azure = Azure()
    azure.groups["rag-pilot"] = {
        "name": "rag-pilot",
        "location": "eastus",
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    }
    steps = [step.name for step in made(azure).intent(destroy=False).steps]
    made(azure).deploy(Heard())

    assert steps[0] == "resource providers"
    assert whole(azure)


def test_a_name_that_no_container_app_may_have_is_refused_before_anything_is_made(made, targets, monkeypatch):
    one = targets["azure_container_apps"]
    monkeypatch.setitem(targets, "azure_container_apps", replace(one, runtime=replace(one.runtime, app="c" * 33)))
    with pytest.raises(Refused, match=r"name: .* is too long: at most 32 characters"):
        made(Azure())


def test_the_cause_of_a_failure_comes_first_and_what_is_over_is_said(made):
    azure = Azure()
    azure.fails = {"rag-provider": ("ManagedEnvironmentConsumptionCoresExceeded", "the quota of cores is used up")}
    with pytest.raises(PilotError) as error:
        made(azure).deploy(Heard())
    azure.fails = {}
    made(azure).deploy(Heard())

    first, cause = str(error.value).split("\n")[:2]
    assert first == "deployment rag-pilot ended as Failed"
    assert cause.startswith(
        "  cause: Microsoft.App/containerApps rag-provider: ManagedEnvironmentConsumptionCoresExceeded"
    )
    assert "quota" in error.value.hint
    assert whole(azure)


def test_a_template_that_is_refused_before_it_is_deployed_says_why(made):
    azure = Azure()
    with pytest.raises(PilotError, match="httpConcurrency"):
        made(azure, settings={"httpConcurrency": "many"})
    azure.denied = ("/registries/",)
    with pytest.raises(PilotError, match="AuthorizationFailed") as error:
        made(azure).deploy(Heard())
    assert "permission" in error.value.hint
    azure = Azure()
    azure.taken = {"ragpilot"}
    with pytest.raises(PilotError, match="AlreadyInUse") as error:
        made(azure).deploy(Heard())
    assert "--set registry=NAME" in error.value.hint


def test_every_resource_and_deployment_carries_the_tag_also_after_an_update(made):
    azure = Azure()
    made(azure).deploy(Heard())
    made(azure, settings={"maxReplicas": "3"}).deploy(Heard())

    tags = {
        r["name"]: (r.get("tags") or {}).get("pilot") for r in azure.resources.values() if r["type"].count("/") == 1
    }
    assert set(tags.values()) == {"rag-base", "rag-aca", "rag-azfn"}
    assert {r["name"]: r["tags"]["pilot"] for r in azure.records.values()} == dict(
        zip(DEPLOYMENTS, ("rag-base", "rag-aca", "rag-azfn"), strict=True)
    )
    assert azure.groups["rag-pilot"]["tags"] == {"pilot": "rag-base"}


def test_a_parameter_that_nobody_names_stays_as_it_was(made):
    azure = Azure()
    made(azure, settings={"maxReplicas": "3"}).deploy(Heard())
    again = made(azure).deploy(Heard())

    assert parameters(azure, "rag-chat")["maxReplicas"] == 3
    assert {step.did for step in again.steps} == {"kept"}


def test_parameters_are_what_the_target_is_billed_by_and_no_longer_than_clients_wait(made):
    azure = Azure()
    sizes = {"parameters": {"vcpu": 0.5, "memory_gib": 1.0, "concurrency": 20}}
    made(azure, "azure_container_apps", deadline_s=25.0, billed=sizes).deploy(Heard())
    memory = {"parameters": {"memory_mb": 4096, "always_ready": 1}}
    made(azure, "azure_functions", deadline_s=25.0, billed=memory).deploy(Heard())

    app = resource(azure, "Microsoft.App/containerApps", "rag-chat")["properties"]["template"]
    [container] = app["containers"]
    assert container["resources"] == {"cpu": 0.5, "memory": "1Gi"}
    assert app["scale"]["rules"][0]["http"]["metadata"]["concurrentRequests"] == "20"
    assert {"name": "RAG_UPSTREAM_TIMEOUT_S", "value": "25"} in container["env"]
    site = resource(azure, "Microsoft.Web/sites", "ragchat")
    scale = site["properties"]["functionAppConfig"]["scaleAndConcurrency"]
    assert (scale["instanceMemoryMB"], scale["alwaysReady"][0]["instanceCount"]) == (4096, 1)
    assert site["settings"]["RAG_UPSTREAM_TIMEOUT_S"] == "25"


def test_only_the_range_that_is_asked_for_gets_in(made):
    azure = Azure()
    made(azure).deploy(Heard())

    ingress = resource(azure, "Microsoft.App/containerApps", "rag-chat")["properties"]["configuration"]["ingress"]
    site = resource(azure, "Microsoft.Web/sites", "ragchat")["properties"]["siteConfig"]
    assert [r["ipAddressRange"] for r in ingress["ipSecurityRestrictions"]] == ["203.0.113.7/32"]
    assert [r["ipAddress"] for r in site["ipSecurityRestrictions"]] == ["203.0.113.7/32"]


def test_the_address_alone_is_renewed(made):
    azure = Azure()
    made(azure, settings={"maxReplicas": "3"}).deploy(Heard())
    [key], code = keys(azure), azure.code["ragchat"]["id"]
    done = made(azure, source=None, only_source=True).deploy(Heard())
    after = made(azure, source=None).deploy(Heard())

    assert [(step.name, step.did) for step in done.steps] == [("rag-chat", "updated"), ("ragchat", "updated")]
    assert parameters(azure, "rag-chat")["generatorCidr"] == "198.51.100.9/32"
    assert parameters(azure, "rag-chat")["maxReplicas"] == 3
    assert done.notes == ("load may now come from 198.51.100.9/32; before from 203.0.113.7/32",)
    assert keys(azure) == {key}
    assert azure.code["ragchat"]["id"] == code, "its code was not published again"
    assert {step.did for step in after.steps} == {"kept"}


def test_a_range_that_somebody_widened_stays_and_an_address_needs_a_deployment(made):
    azure = Azure()
    with pytest.raises(Refused, match="no app rag-chat yet"):
        made(azure, only_source=True).deploy(Heard())
    made(azure, source="203.0.113.0/24").deploy(Heard())
    made(azure, source=None).deploy(Heard())
    assert parameters(azure, "ragchat")["generatorCidr"] == "203.0.113.0/24"


def test_a_model_of_ones_own_takes_the_place_of_the_mock_and_stays(made):
    azure = Azure()
    made(azure).deploy(Heard())
    given = {
        "providerUrl": "https://llm.example.com",
        "providerKey": "a-key-of-the-endpoint-of-ours",
        "model": "ours-1",
    }
    made(azure, settings=given).deploy(Heard())
    again = made(azure).deploy(Heard())

    assert f"{GROUP}/Microsoft.App/containerApps/rag-provider".lower() not in azure.resources, "or it is billed on"
    assert (
        parameters(azure, "rag-chat")["providerUrl"]
        == parameters(azure, "ragchat")["providerUrl"]
        == given["providerUrl"]
    )
    assert resource(azure, "Microsoft.Web/sites", "ragchat")["settings"]["RAG_PROVIDER_KEY"] == given["providerKey"]
    assert {step.did for step in again.steps} == {"kept"}


def test_without_any_model_it_is_refused_before_anything_is_made(made):
    azure = Azure()
    with pytest.raises(Refused, match="which model to ask"):
        made(azure, settings={"ownModel": "false"}).deploy(Heard())

    assert (azure.resources, azure.groups) == ({}, {})


def test_what_somebody_removed_by_hand_is_made_again(made):
    azure = Azure()
    made(azure).deploy(Heard())
    azure.ghosts = [azure.resources.pop(f"{GROUP}/Microsoft.App/containerApps/rag-chat".lower())]
    done = made(azure).deploy(Heard())

    assert {s.name: s.did for s in done.steps if s.did != "kept"} == {"rag-chat": "updated"}


def test_a_role_that_is_seen_late_stops_no_first_deployment(made):
    azure, heard = Azure(), Heard()
    azure.pull_late = 2
    made(azure).deploy(heard)

    assert whole(azure)
    assert sum("a role that was just assigned is not seen yet" in words for words in heard.said) == 2


def test_a_location_that_was_said_once_holds_although_the_group_is_elsewhere(made):
    azure = Azure()
    azure.groups["rag-pilot"] = {"location": "westeurope", "properties": {"provisioningState": "Succeeded"}}
    made(azure, "azure_container_apps", settings={"location": "eastus"}).deploy(Heard())
    again = made(azure, "azure_container_apps").deploy(Heard())

    assert resource(azure, "Microsoft.App/containerApps", "rag-chat")["location"] == "eastus"
    assert {step.did for step in again.steps} == {"kept"}
    assert again.notes == (), "it is where it is billed"


def test_what_is_kept_has_the_seconds_that_it_took(made):
    azure = Azure()
    made(azure).deploy(Heard())
    again = made(azure).deploy(Heard())

    assert {s.name: (s.did, s.seconds) for s in again.steps if s.name in DEPLOYMENTS} == dict.fromkeys(
        DEPLOYMENTS, ("kept", 62.5)
    )


def test_a_deployment_without_a_duration_is_timed_here(made):
    azure = Azure()
    azure.duration = None
    done = made(azure).deploy(Heard())

    assert all(step.seconds > 0 for step in done.steps if step.name in DEPLOYMENTS)


def test_somebody_elses_deployment_that_comes_first_is_waited_for(made):
    azure = Azure()
    azure.busy = {"rag-chat": True}
    made(azure).deploy(Heard())

    assert whole(azure)


def test_an_unknown_setting_is_refused_with_those_there_are(made):
    with pytest.raises(Refused, match="maxReplica") as error:
        refuse_unknown([made(Azure())], {"maxReplica": "1"})
    assert "maxReplicas" in error.value.hint
    with pytest.raises(Refused, match="--from"):
        made(Azure(), settings={"generatorCidr": "0.0.0.0/0"})
    with pytest.raises(Refused, match="512, 2048, 4096"):
        made(Azure(), settings={"instanceMemoryMB": "1024"})
    with pytest.raises(Refused, match="1536 is not one of"):
        made(Azure(), billed={"parameters": {"memory_mb": 1536}})


def test_the_plan_asks_and_changes_nothing(made):
    azure = Azure()
    one = made(azure).intent(destroy=False)

    assert {m for m, _, p in azure.asked if not p.endswith("/listSecrets") and not p.endswith("/list")} == {"GET"}
    names = [step.name for step in one.steps]
    assert names == [
        *("resource providers", "resource group rag-pilot", "registry", "image", "provider key"),
        *("deployment rag-pilot", "deployment rag-chat", "deployment ragchat", "code of ragchat"),
    ]
    assert float(one.usd_per_hour) == pytest.approx(0.1666 / 24 + 0.1080, abs=1e-4)
    assert any(not s.confirmed for step in one.steps for s in step.standing)
    assert one.where == "subscription Pilots, resource group rag-pilot in eastus"
    assert {"template.json", "make_package.py", "app.py"} <= {path.name for path in one.files}


def test_a_plan_of_what_stands_keeps_it_and_minutes_are_those_that_were_measured_here(made):
    azure = Azure()
    measured = made(azure, took_s={"rag-pilot": 240.0}).intent(destroy=False)
    made(azure).deploy(Heard())
    before = len(azure.asked)
    one = made(azure, took_s={"rag-pilot": 240.0}).intent(destroy=False)
    looked = next(step for step in one.steps if step.name == "deployment rag-pilot")
    again = {step.name: step.does.partition(" ")[0] for step in one.steps}

    assert {s.name: (s.minutes, s.measured) for s in measured.steps}["deployment rag-pilot"] == (4.0, True)
    assert (looked.minutes, looked.measured) == (1, False), "how long it took to make is not how long a look takes"
    assert again["image"] == again["registry"] == again["provider key"] == again["code of ragchat"] == "keep"
    assert {m for m, _, p in azure.asked[before:] if "oauth2" not in p} <= {"GET", "HEAD", "POST"}
    assert all(re.search(r"list|oauth2", p) for m, _, p in azure.asked[before:] if m == "POST")


def test_the_tags_are_those_of_the_templates(root, tmp_path):
    assert tag_of(root / "targets" / "azure_base" / "template.json") == ("pilot", "rag-base")
    path = tmp_path / "template.json"
    path.write_text('{"parameters": {}, "resources": [{"type": "a/b"}]}')
    with pytest.raises(PilotError, match="costs are allocated by it"):
        tag_of(path)


def test_targets_of_two_groups_are_two_deployments(targets, root):
    parts = [PART[name](replace(targets[name], folder=root / "targets" / name)) for name in PART]
    assert len(deployments(parts, Asked(root))) == 1
    assert len(deployments([parts[0], replace(parts[1], group="other")], Asked(root))) == 2


def test_a_disabled_subscription_is_refused(made):
    azure = Azure()
    azure.state = "Disabled"
    with pytest.raises(Refused, match="Disabled"):
        made(azure).deploy(Heard())
