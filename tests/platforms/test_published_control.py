"""What the recorded control planes answer, and what is sent to them, is what their providers publish."""

import json

import kubernetes_validate
import pytest
from google.protobuf.json_format import ParseError

from tests.platforms.test_control import CloudRunRig, ContainerAppRig, FunctionAppRig, KubernetesRig
from tests.published import held_to_google, unknown


@pytest.fixture(scope="module")
def run_v2():
    """Imported where it is used: each of these packages takes a third of a second in every worker."""
    from google.cloud import run_v2

    return run_v2


@pytest.fixture(scope="module")
def apps():
    from azure.mgmt.appcontainers import models

    return models


@pytest.fixture(scope="module")
def web():
    from azure.mgmt.web import models

    return models


@pytest.mark.parametrize("settled", [True, False])
def test_cloud_runs_service_is_googles_message(run_v2, settled):
    held_to_google(run_v2.Service, CloudRunRig("http://x").said(settled))


def test_what_is_sent_to_cloud_run_is_a_part_of_that_message(run_v2):
    rig = CloudRunRig("http://x")
    rig.cold()
    rig.runtime.make_cold()
    [body] = [content for method, _, content in rig.asked if method == "PATCH"]

    held_to_google(run_v2.Service, json.loads(body))
    assert json.loads(body)["template"]["containers"][0]["env"][1] == {"name": "PILOT_COLD", "value": "5"}


def test_a_field_that_google_does_not_have_is_found(run_v2):
    with pytest.raises(ParseError, match="latestReadyRevsion"):
        held_to_google(run_v2.Service, {"latestReadyRevsion": "chat-1"})


def test_azures_container_app_and_its_revision_are_azures_models(apps):
    rig = ContainerAppRig("http://x")

    assert unknown(apps.ContainerApp, rig.said()) == []
    for settled in (True, False):
        assert unknown(apps.Revision, rig.revision(settled)) == []
        state = rig.revision(settled)["properties"]["runningState"]
        assert state in {member.value for member in apps.RevisionRunningState}


@pytest.mark.parametrize("settled", [True, False])
def test_azures_function_app_is_azures_model(web, settled):
    assert unknown(web.Site, FunctionAppRig("http://x").said(settled)) == []


def test_a_field_that_azure_does_not_have_is_found(apps):
    assert unknown(apps.Revision, {"properties": {"runingState": "Running"}}) == ["properties[0].runingState"]


@pytest.mark.parametrize("settled", [True, False])
def test_kubernetes_deployment_keeps_to_its_schema(settled):
    kubernetes_validate.validate(KubernetesRig("http://x").said(settled), "1.31", strict=True)
