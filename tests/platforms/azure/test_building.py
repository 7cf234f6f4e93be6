"""Images and code on Azure: who builds them, when they are built again, and what a failure says."""

from contextlib import suppress

import pytest

from harness.errors import PilotError, Refused
from harness.platforms.shared.azure_deploy.hints import hint_of
from tests.peers.arm import Azure
from tests.peers.cuts import Cut
from tests.platforms.azure.rig import whole
from tests.platforms.doubles import Heard


def test_a_function_app_with_a_model_of_ones_own_needs_no_image(made):
    azure = Azure()
    given = {"providerUrl": "https://llm.example.com", "providerKey": "a-key-of-the-endpoint-of-ours"}
    made(azure, "azure_functions", settings=given).deploy(Heard())

    assert azure.builds == 0
    assert azure.code["ragchat"]["status"] == 4


def test_without_a_builder_here_the_registry_builds_and_a_build_that_runs_is_followed(made):
    azure = Azure()
    made(azure, here=False, builder="acr").deploy(Heard())
    assert (whole(azure), len(azure.runs)) == (True, 1)

    azure = Azure()
    with suppress(Cut):
        cut = next(k for k, (m, _, p) in enumerate(trace(made, Azure()), 1) if p.endswith("/scheduleRun"))
        azure.cut_at, azure.after = cut, True
        made(azure, here=False).deploy(Heard())
    azure.cut_at = None
    made(azure, here=False).deploy(Heard())
    assert (whole(azure), len(azure.runs)) == (True, 1)


def trace(made, azure):
    made(azure, here=False).deploy(Heard())
    return azure.asked


def test_a_build_that_fails_says_what_it_said_last(made):
    azure = Azure()
    azure.fails = {"build": "Failed"}
    with pytest.raises(PilotError, match="no space left on device") as error:
        made(azure, here=False).deploy(Heard())
    assert "ended as Failed" in str(error.value)


def test_another_clouds_builder_is_refused(made):
    with pytest.raises(Refused, match="codebuild does not build on Azure"):
        made(Azure(), builder="codebuild").deploy(Heard())


def test_code_is_published_again_once_it_changes_and_when_its_storage_opens_late(made, root):
    azure, heard = Azure(), Heard()
    azure.role_late = 1
    made(azure).deploy(heard)
    path = root / "targets" / "azure_functions" / "function_app.py"
    before, text = azure.code["ragchat"]["id"], path.read_text()
    path.write_text(text + "# changed\n")
    done = made(azure).deploy(Heard())
    path.write_text(text)

    assert any("storage is not open" in words for words in heard.said)
    assert {step.name: step.did for step in done.steps}["code of ragchat"] == "updated"
    assert azure.code["ragchat"]["id"] != before


def test_code_that_does_not_build_says_why(made):
    azure = Azure()
    azure.fails = {"code": 3}
    with pytest.raises(PilotError, match="ModuleNotFoundError"):
        made(azure).deploy(Heard())


@pytest.mark.parametrize(
    ("cause", "hint"),
    [
        ("SkuNotAvailable: The requested size is currently not available in location 'eastus'", "another location"),
        ("LocationNotAvailableForResourceType: 'x' is not available for resource type 'y'", "another location"),
        ("StorageAccountAlreadyTaken: The storage account named ragchat is already taken", "unique in the world"),
        ("QuotaExceeded: the quota of cores is used up", "raise the quota"),
    ],
)
def test_a_refusal_is_answered_by_what_fixes_it(cause, hint):
    assert hint in hint_of(cause)
