"""What a deployment wrote down fills target.toml in: after the environment, and only once somebody confirmed it."""

from pathlib import Path

import pytest

from harness.domain.address import NOWHERE
from harness.domain.lines import lines_of
from harness.errors import BadFile, Refused
from harness.platforms.shared.deploy.content import IMAGE
from harness.workspace import deployed, open_workspace, trust, wants
from harness.workspace.target_toml import read_prospect, read_target
from tests.builders import Pilot

TARGET = """
base_url = "${THEIR_URL}"
[runtime]
kind = "external"
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "targets" / "theirs"
    made.mkdir(parents=True)
    (made / "target.toml").write_text(TARGET)
    return made


def test_a_target_reads_what_was_written_down(folder):
    deployed.write(folder, {"THEIR_URL": "https://one.example"})

    assert read_target(folder, {}).base_url == "https://one.example"
    assert deployed.variables_of({"base_url": "${THEIR_URL}", "title": "x"}) == {"base_url": "THEIR_URL"}


def test_the_environment_wins(folder, monkeypatch):
    deployed.write(folder, {"THEIR_URL": "https://one.example"})
    monkeypatch.setenv("THEIR_URL", "https://two.example")

    assert read_target(folder, {}).base_url == "https://two.example"


def test_a_variant_reads_what_was_written_beside_the_target_that_it_varies(folder):
    deployed.write(folder, {"THEIR_URL": "https://one.example"})
    variant = folder.parent / "variant"
    variant.mkdir()
    (variant / "target.toml").write_text('variant_of = "theirs"\ntitle = "V"\n')

    assert read_target(variant, {}).base_url == "https://one.example"


def test_before_its_deployment_a_target_is_read_without_what_that_sets(folder):
    with pytest.raises(BadFile, match="THEIR_URL is not set"):
        read_target(folder, {})
    assert read_target(folder, {}, deploying=True).base_url == NOWHERE


def test_what_a_deployment_does_not_set_must_be_there_before_it(folder):
    named = (folder / "target.toml").read_text() + 'facts = { region = "${THEIR_REGION}" }\n'
    (folder / "target.toml").write_text(named)

    with pytest.raises(BadFile, match="THEIR_REGION is not set"):
        read_target(folder, {}, deploying=True)


def test_a_broken_file_of_an_earlier_deployment_stops_no_new_one(folder):
    (folder / deployed.FILE).write_text('[variables]\nTHEIR_URL = "no url"\n')
    with pytest.raises(BadFile):
        read_target(folder, {})
    assert read_target(folder, {}, deploying=True).base_url == NOWHERE


def test_the_same_values_leave_the_file_as_it_is(folder):
    path = deployed.write(folder, {"THEIR_URL": "https://one.example"})
    before = path.read_text()
    path.write_text(before.replace("# 20", "# 19"))
    deployed.write(folder, {"THEIR_URL": "https://one.example"})

    assert path.read_text() == before.replace("# 20", "# 19")
    assert lines_of(before)[0].startswith("# Written by pilot deploy")


def test_where_requests_would_go_is_confirmed_by_a_person(tmp_path, folder, monkeypatch):
    monkeypatch.delenv("PILOT_TRUST")
    Pilot(tmp_path).write()
    workspace = open_workspace(tmp_path)
    trust.add(workspace.root, wants.of_target(workspace, "theirs"))
    trust.for_work(workspace, ["theirs"])
    deployed.write(folder, {"THEIR_URL": "https://somebody.example"})

    with pytest.raises(
        Refused, match=r"fills in https://somebody.example as THEIR_URL \(targets/theirs/deployed.toml\)"
    ):
        trust.for_work(workspace, ["theirs"])


def test_a_template_that_did_not_come_with_this_package_is_confirmed(tmp_path, folder):
    Pilot(tmp_path).write()
    template = folder / "template.yaml"
    template.write_text("Resources: {}\n")
    workspace = open_workspace(tmp_path)

    [want] = wants.of_files(workspace, [template])
    assert str(want).startswith("deploys targets/theirs/template.yaml with this machine's credentials")
    assert want in wants.everything(workspace)


def test_all_that_a_deployment_asks_for_is_what_pilot_trust_confirms(tmp_path, folder, monkeypatch):
    monkeypatch.delenv("PILOT_TRUST")
    Pilot(tmp_path).write()
    image = tmp_path / IMAGE
    image.parent.mkdir(parents=True)
    image.write_text("FROM base\nCOPY app.txt targets/theirs/own ./\n")
    places = [image, tmp_path / "app.txt", folder / "template.yaml", folder / "own" / "inner.txt"]
    (folder / "own").mkdir()
    for path in places[1:]:
        path.write_text("anything\n")
    workspace = open_workspace(tmp_path)
    with pytest.raises(Refused, match="is not trusted with this"):
        trust.require(workspace, wants.of_files(workspace, places))
    trust.replace(workspace.root, wants.everything(workspace))

    trust.require(workspace, wants.of_files(workspace, places))
    places[2].write_text("changed\n")
    with pytest.raises(Refused, match=r"template.yaml .*changed since it was confirmed|confirmed was"):
        trust.require(workspace, wants.of_files(workspace, places))


def test_a_source_without_its_address_asks_nobody_before_the_deployment(folder):
    """Prometheus' address is no cluster's to know: a cluster is deployed before anybody has looked it up."""
    more = '\n[[sources]]\nkind = "prometheus"\nurl = "${THEIR_PROMETHEUS}"\nsets = ["opencost"]\nnamespace = "n"\n'
    (folder / "target.toml").write_text((folder / "target.toml").read_text() + more)

    assert read_target(folder, {}, deploying=True).sources == ()
    assert read_prospect(folder, {}).unset == ("THEIR_URL", "THEIR_PROMETHEUS")


def test_what_a_deployment_wrote_names_its_runtime_the_next_time(folder, monkeypatch):
    theirs = Path(__file__).parents[2] / "targets" / "azure_functions" / "target.toml"
    (folder / "target.toml").write_text(theirs.read_text())
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", "sub")
    monkeypatch.delenv("RAG_AZFN_NAME", raising=False)
    with pytest.raises(BadFile, match="RAG_AZFN_NAME is not set"):
        read_target(folder, {}, deploying=True)
    deployed.write(folder, {"RAG_AZFN_URL": "https://one.example", "RAG_AZFN_NAME": "chat7"})
    made = read_target(folder, {}, deploying=True)

    assert (made.runtime.app, made.base_url) == ("chat7", NOWHERE)
