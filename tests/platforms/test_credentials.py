"""Credentials that cannot be found are named before anything is sealed or sent, each with what to do."""

import json

import pytest

from harness import pipeline
from harness.errors import Refused
from harness.platforms import credentials
from harness.workspace import open_workspace
from tests.builders import Pilot
from tests.peers.start import free_port

CLOUDWATCH = '[[sources]]\nkind = "cloudwatch"\nfunction = "chat"\nregion = "eu-west-1"\n'
GOOGLE = '[[sources]]\nkind = "cloud-monitoring"\nproject = "p"\nregion = "r"\nservice = "s"\n'
AZURE = '[[sources]]\nkind = "azure-monitor"\nsubscription = "s"\nresource_group = "g"\ncontainer_app = "a"\n'
SIGNED = '[auth]\nkind = "aws-sigv4"\nregion = "eu-west-1"\nservice = "lambda"\n'
ID_TOKEN = '[auth]\nkind = "google-id-token"\n'
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "none"}


@pytest.fixture
def nobody(tmp_path, monkeypatch):
    """A person without any login, on a machine without a metadata service."""
    for name in list(credentials.os.environ):
        if name.startswith(("AWS_", "GOOGLE_", "AZURE_", "CLOUDSDK_", "MSI_", "IDENTITY_", "K_SERVICE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(credentials, "METADATA", ("127.0.0.1", free_port()))
    return monkeypatch


def target(root, more):
    Pilot(root).workspace()
    path = root / "targets" / "beta" / "target.toml"
    path.write_text(path.read_text() + more)
    return open_workspace(root).target("beta")


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (CLOUDWATCH, r"beta: \[\[sources\]\] cloudwatch: no AWS credentials: set AWS_PROFILE"),
        (SIGNED, r"beta: \[auth\] aws-sigv4: no AWS credentials"),
        (GOOGLE, r"cloud-monitoring: no Google credentials: run gcloud auth application-default login"),
        (ID_TOKEN, r"google-id-token: no Google service account"),
        (AZURE, r"azure-monitor: no Azure credentials: run az login"),
        (
            '[auth]\nkind = "header"\nenv = "NOT_SET_ANYWHERE"\n',
            "beta: environment variable NOT_SET_ANYWHERE is not set",
        ),
    ],
)
def test_what_cannot_be_found_is_refused_with_what_to_do(tmp_path, nobody, table, says):
    with pytest.raises(Refused, match=says):
        credentials.require([target(tmp_path, table)])


def test_everything_that_is_missing_is_said_at_once(tmp_path, nobody):
    with pytest.raises(Refused) as refused:
        credentials.require([target(tmp_path, SIGNED + CLOUDWATCH + GOOGLE + AZURE)])
    assert str(refused.value).count("\n  - ") == 3, "one line a cloud, with every table that needs it"
    assert "[auth] aws-sigv4, [[sources]] cloudwatch" in str(refused.value)


def test_keys_in_the_environment_are_found(tmp_path, nobody):
    for name, value in KEYS.items():
        nobody.setenv(name, value)
    credentials.require([target(tmp_path, SIGNED + CLOUDWATCH)])


def test_the_files_of_a_login_are_found(tmp_path, nobody):
    home = tmp_path / "home"
    (home / ".config" / "gcloud").mkdir(parents=True)
    (home / ".config" / "gcloud" / "application_default_credentials.json").write_text("{}")
    (home / ".azure").mkdir()
    (home / ".azure" / "azureProfile.json").write_text(
        json.dumps({"subscriptions": [{"id": "s"}]}), encoding="utf-8-sig"
    )
    credentials.require([target(tmp_path, GOOGLE + AZURE)])


def test_a_key_file_that_is_not_there_is_named(tmp_path, nobody):
    nobody.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "gone.json"))
    with pytest.raises(Refused, match=r"gone\.json"):
        credentials.require([target(tmp_path, GOOGLE)])


def test_a_metadata_service_that_never_answers_is_not_waited_for(tmp_path, nobody):
    nobody.setattr(credentials, "METADATA", ("192.0.2.1", 80))  # TEST-NET-1: nobody is there
    nobody.setattr(credentials, "PROBE_S", 0.05)
    with pytest.raises(Refused, match="no Azure credentials"):
        credentials.require([target(tmp_path, AZURE)])


def test_a_target_that_needs_none_asks_for_none(tmp_path, nobody):
    credentials.require([target(tmp_path, "")])


def test_nothing_is_sealed_that_could_not_be_collected(tmp_path, nobody):
    target(tmp_path, CLOUDWATCH)
    workspace = open_workspace(tmp_path)
    with pytest.raises(Refused, match="no AWS credentials"):
        pipeline.plan(workspace, seal=True)
    assert not (workspace.evidence / "seal.json").exists()
