"""Deploying on Google Cloud, cut at every call that it makes: the next one ends right."""

import re
import shutil
from contextlib import suppress
from dataclasses import replace

import pytest

from harness.domain.target import Auth
from harness.errors import PilotError, Refused
from harness.platforms.deploying import Asked, deployments, refuse_unknown
from harness.platforms.shared.google_deploy.deployment import GoogleDeployment, here
from harness.workspace.deployed import variables_of
from harness.workspace.target_toml import tables_of
from tests.peers.cuts import Cut
from tests.peers.google import DIGEST, PROJECT, REGION, USER, Google
from tests.platforms.doubles import Heard
from tests.platforms.shared.google_deploy.rig import SENDER, spec, variables, whole

URL = "https://rag-chat-a1b2c3d4e5-ew.a.run.app"


def test_a_new_project_gets_everything_and_a_second_call_changes_nothing(made):
    google = Google()
    done = made(google).deploy(Heard())
    changes = [call for call in google.asked if call[0] != "GET"]
    again = made(google).deploy(Heard())

    assert whole(google)
    assert {step.did for step in done.steps} == {"created"}
    assert [step.name for step in done.steps] == [
        *("APIs", "accounts", "provider key", "access", "image", "rag-provider", "rag-chat")
    ]
    assert {step.did for step in again.steps} == {"kept"}
    assert done.values == again.values == {"cloud_run": {"base_url": URL}}
    more = [call for call in google.asked if call[0] != "GET"][len(changes) :]
    assert [path for _, _, path, *_ in more if "getIamPolicy" not in path and "generateIdToken" not in path] == []


def test_what_is_deployed_is_what_its_bill_and_its_manifest_say(made):
    google = Google()
    made(google, deadline_s=25.0).deploy(Heard())
    chat, provider = spec(google), spec(google, "rag-provider")
    image = f"{REGION}-docker.pkg.dev/{PROJECT}/rag/chat@{DIGEST}"

    assert chat["containers"][0]["image"] == provider["containers"][0]["image"] == image
    assert chat["containers"][0]["resources"]["limits"] == {"cpu": "1", "memory": "2Gi"}
    assert (chat["timeoutSeconds"], chat["containerConcurrency"]) == (25, 40)
    assert chat["serviceAccountName"] == f"rag-chat@{PROJECT}.iam.gserviceaccount.com"
    assert variables(google)["RAG_PROVIDER_URL"] == "https://rag-provider-a1b2c3d4e5-ew.a.run.app"
    assert provider["timeoutSeconds"] == 60
    labels = {name: row["metadata"]["labels"]["pilot"] for name, row in google.services.items()}
    assert labels == {"rag-chat": "rag-run", "rag-provider": "rag-provider"}
    assert google.repositories["rag"]["said"]["labels"] == google.secrets["rag-provider-key"]["labels"]
    key = google.secrets["rag-provider-key"]["versions"][0]
    assert len(key) == 48
    assert all(key not in str(body) for method, _, path, _, body in google.asked if "addVersion" not in path)


@pytest.mark.parametrize(
    ("after", "local"),
    [(False, True), (True, True), (True, False)],
    ids=["before it is carried out", "after it", "after it, with Cloud Build"],
)
def test_a_deployment_cut_at_any_call_is_finished_by_the_next(made, after, local):
    google = Google()
    made(google, local=local).deploy(Heard())
    for k in range(1, google.calls + 1):
        cut = Google(k, after=after)
        with suppress(Cut):
            made(cut, local=local).deploy(Heard())
        made(cut, local=local).deploy(Heard())
        assert whole(cut), k
        assert len(cut.builds) == (0 if local else 1), k
    assert k > 50


def test_the_cause_of_a_failure_comes_first_and_what_the_log_says(made):
    google = Google()
    google.fails = {"rag-chat": ("HealthCheckContainerError", "The container failed to start and listen on PORT=8080.")}
    google.logs = ["Traceback (most recent call last):", "ModuleNotFoundError: No module named 'ragchat'"]
    with pytest.raises(PilotError) as error:
        made(google).deploy(Heard())

    first, cause, *rest = str(error.value).split("\n")
    assert first == "service rag-chat is not ready"
    assert cause.startswith("  cause: HealthCheckContainerError: The container failed to start")
    assert "ModuleNotFoundError" in rest[1]
    assert "RevisionFailed" in rest[-1]
    assert "log says why" in error.value.hint


def test_what_failed_is_tried_again_in_a_revision_of_its_own(made):
    google = Google()
    google.fails = {"rag-chat": ("HealthCheckContainerError", "no")}
    for _ in range(2):
        with suppress(PilotError):
            made(google).deploy(Heard())
    google.fails = {}
    made(google).deploy(Heard())

    assert whole(google)
    assert google.services["rag-chat"]["metadata"]["generation"] == 3


def test_a_right_that_is_not_known_yet_is_waited_for(made):
    google, heard = Google(), Heard()
    google.late_rights = 2
    google.fails = {"build": "failed to fetch the source: 403 Forbidden\n"}
    made(google, local=False).deploy(heard)

    assert whole(google)
    assert [words.partition(":")[0] for words in heard.said if "not known yet" in words] == [
        *("Cloud Build", "rag-provider", "rag-provider")
    ]


def test_a_right_that_is_never_known_ends_with_that_cause(made):
    google = Google()
    google.late_rights = 99
    with pytest.raises(PilotError, match="cause: SecretsAccessCheckFailed: Permission denied on secret"):
        made(google).deploy(Heard())


def test_a_right_that_nobody_gave_is_an_error_at_once(made):
    google = Google()
    made(google).deploy(Heard())
    google.late_rights = 1
    with pytest.raises(PilotError, match="cause: SecretsAccessCheckFailed: Permission denied on secret"):
        made(google, settings={"MODEL": "another"}).deploy(Heard())


def test_a_provider_that_stays_closed_is_opened_by_a_role(made):
    google, heard = Google(), Heard()
    made(google).deploy(Heard())
    assert google.members("service rag-provider", "roles/run.invoker") == set()
    google = Google()
    google.refused = {"run.googleapis.com/invoker-iam-disabled"}
    made(google).deploy(heard)

    assert google.members("service rag-provider", "roles/run.invoker") == {"allUsers"}
    assert any("open to everybody by a role" in words for words in heard.said)


def test_what_a_sweep_left_and_a_person_added_stays(made):
    google = Google()
    made(google, settings={"MODEL": "ours-1"}).deploy(Heard())
    there = google.services["rag-chat"]
    there["spec"]["template"]["spec"]["containerConcurrency"] = 20
    there["metadata"]["labels"]["team"] = "search"
    counter = next(one for one in spec(google)["containers"][0]["env"] if one["name"] == "PILOT_COLD")
    counter["value"] = "3"
    done = made(google).deploy(Heard())

    assert {step.did for step in done.steps} == {"kept"}
    assert done.notes == ("rag-chat keeps concurrency 20; service.yaml has 40: --set CONCURRENCY=40",)
    made(google, settings={"CONCURRENCY": "40"}).deploy(Heard())
    assert spec(google)["containerConcurrency"] == 40
    assert (variables(google)["PILOT_COLD"], variables(google)["RAG_MODEL"]) == ("3", "ours-1")
    assert google.services["rag-chat"]["metadata"]["labels"]["team"] == "search"


def test_a_target_with_a_model_of_its_own_keeps_it_beside_one_that_has_the_provider(made, target):
    google, ours = Google(), "https://models.example.com"
    made(google, settings={"PROVIDER_URL": ours}).deploy(Heard())
    other = replace(target, name="other", runtime=replace(target.runtime, service="rag-other"))
    made(google, of=[target, other]).deploy(Heard())

    assert variables(google)["RAG_PROVIDER_URL"] == ours
    assert variables(google, "rag-other")["RAG_PROVIDER_URL"].startswith("https://rag-provider-")


def test_what_a_person_took_out_of_the_manifest_goes(made, root, target, tmp_path):
    google = Google()
    made(google).deploy(Heard())
    for name in ("service.yaml", "provider.yaml"):
        text = (root / "targets" / "cloud_run" / name).read_text()
        text = text.replace('        run.googleapis.com/startup-cpu-boost: "false"\n', "")
        (tmp_path / name).write_text(re.sub("    run.googleapis.com/invoker-iam-disabled: .*\n", "", text))
    done = made(google, of=[replace(target, folder=tmp_path)]).deploy(Heard())

    assert {step.name: step.did for step in done.steps if step.name.startswith("rag-")} == {
        "rag-provider": "updated",
        "rag-chat": "updated",
    }
    template = google.services["rag-chat"]["spec"]["template"]
    assert "run.googleapis.com/startup-cpu-boost" not in template["metadata"]["annotations"]
    assert "run.googleapis.com/invoker-iam-disabled" not in google.services["rag-provider"]["metadata"]["annotations"]


def test_a_value_that_nobody_gave_is_asked_for_before_anything_is_made(made, root, target, tmp_path):
    shutil.copytree(root / "targets" / "cloud_run", tmp_path / "cloud_run")
    manifest = tmp_path / "cloud_run" / "service.yaml"
    wants = '          env:\n            - {name: OURS, value: "${OURS}"}\n'
    manifest.write_text(manifest.read_text().replace("          env:\n", wants, 1))
    google = Google()
    one = made(google, of=[replace(target, folder=tmp_path / "cloud_run")])
    with pytest.raises(Refused, match="OURS has no value"):
        one.intent(destroy=False)
    with pytest.raises(Refused, match="OURS has no value"):
        one.deploy(Heard())

    assert google.empty


def test_a_model_of_the_teams_own_has_no_provider_beside_it_and_stays(made):
    google = Google()
    settings = {"PROVIDER_URL": "https://models.example.com", "PROVIDER_KEY": "a-key-of-the-endpoint-of-ours"}
    made(google, settings=settings).deploy(Heard())
    done = made(google).deploy(Heard())

    assert set(google.services) == {"rag-chat"}
    assert {step.did for step in done.steps} == {"kept"}
    assert google.secrets["rag-provider-key"]["versions"] == ["a-key-of-the-endpoint-of-ours"]
    assert variables(google)["RAG_PROVIDER_URL"] == "https://models.example.com"


def test_another_key_is_read_by_new_instances_and_the_same_one_changes_nothing(made):
    google, ours = Google(), "a-key-of-the-endpoint-of-ours"
    made(google).deploy(Heard())
    made(google, settings={"PROVIDER_KEY": ours}).deploy(Heard())
    again = made(google, settings={"PROVIDER_KEY": ours}).deploy(Heard())

    assert google.secrets["rag-provider-key"]["versions"][1:] == [ours]
    assert {name: row["metadata"]["generation"] for name, row in google.services.items()} == {
        "rag-chat": 2,
        "rag-provider": 2,
    }
    assert {step.did for step in again.steps} == {"kept"}


def test_it_waits_until_who_deploys_may_act_as_the_sender(made):
    google = Google()
    google.late_tokens, google.on = 3, {*google.on, "iamcredentials"}
    made(google).deploy(Heard())
    asked = [body for _, _, path, _, body in google.asked if path.endswith(":generateIdToken")]

    assert google.late_tokens == 0
    assert asked == [{"audience": URL, "includeEmail": True}] * 4


def test_vertex_is_asked_by_the_services_own_account_and_that_right_goes_with_it(made):
    google = Google()
    made(google, settings={"PROVIDER_URL": "https://x/openapi", "PROVIDER_AUTH": "google"}).deploy(Heard())
    granted = google.members("project", "roles/aiplatform.user")
    made(google).destroy(Heard())

    assert "aiplatform" in google.on
    assert granted == {f"serviceAccount:rag-chat@{PROJECT}.iam.gserviceaccount.com"}
    assert google.empty


def test_rights_that_others_gave_stay_with_their_conditions(made):
    google = Google()
    made(google).deploy(Heard())
    role = "roles/run.invoker"
    others = {"role": role, "members": ["user:bob@example.com"], "condition": {"title": "until friday"}}
    google.policies["service rag-chat"] |= {"bindings": [others], "version": 3}
    made(google).deploy(Heard())

    assert google.policies["service rag-chat"]["bindings"][0] == others
    assert google.members("service rag-chat", role) == {f"serviceAccount:{SENDER}"}
    assert google.policies["service rag-chat"]["version"] == 3


def test_a_service_account_asks_as_itself(made, root, target):
    itself = replace(target, auth=Auth("google-id-token"))
    google = Google(email=f"ci@{PROJECT}.iam.gserviceaccount.com")
    google.accounts[google.email] = {"said": {"email": google.email}, "young": 0}
    made(google, of=[itself]).deploy(Heard())

    assert google.members("service rag-chat", "roles/run.invoker") == {
        f"serviceAccount:{google.email}",
        f"serviceAccount:{SENDER}",
    }


def test_a_persons_login_is_told_to_impersonate_before_anything_is_made(made, target):
    google = Google()
    google.on |= {"cloudresourcemanager"}
    deployment = made(google, of=[replace(target, auth=Auth("google-id-token"))])
    for doing in (lambda: deployment.intent(destroy=False), lambda: deployment.deploy(Heard())):
        with pytest.raises(Refused, match="your own login has no ID token") as error:
            doing()
        assert 'impersonate = "rag-sender@' in error.value.hint
    assert [call for call in google.asked if call[0] != "GET"] == []


def test_who_is_not_known_is_said_and_may_be_told(made):
    google = Google(email=None)
    assert "--set CALLER=user:you@example.com" in made(google).deploy(Heard()).notes[0]
    assert google.members(f"account {SENDER}", "roles/iam.serviceAccountOpenIdTokenCreator") == set()
    assert made(google, settings={"CALLER": USER}).deploy(Heard()).notes == ()
    assert whole(google)
    with pytest.raises(Refused, match="not a member that an IAM policy can name"):
        made(google, settings={"CALLER": "ann@example.com"})


def test_a_builder_of_another_cloud_is_refused_with_the_one_there_is():
    assert here("cloudbuild") is None
    with pytest.raises(Refused, match="codebuild is not installed") as error:
        here("codebuild")
    assert "--builder cloudbuild" in error.value.hint


def test_an_unknown_setting_is_refused_with_those_there_are(made):
    with pytest.raises(Refused, match="MODELL") as error:
        refuse_unknown([made(Google())], {"MODELL": "1"})
    assert "MODEL" in error.value.hint
    assert "GOOGLE_CLOUD_PROJECT" not in error.value.hint


@pytest.mark.parametrize("at_once", ["many", "0", "2.5", ""])
def test_a_concurrency_that_is_not_a_whole_number_is_refused_before_anything_is_asked(made, at_once):
    with pytest.raises(Refused, match="not a whole number"):
        made(Google(), settings={"CONCURRENCY": at_once})


def test_an_empty_key_is_refused_for_it_would_replace_the_one_there_is(made):
    with pytest.raises(Refused, match="PROVIDER_KEY= has no value"):
        made(Google(), settings={"PROVIDER_KEY": ""})


def test_what_means_nothing_here_is_refused_or_said(made):
    with pytest.raises(Refused, match="--address means nothing"):
        made(Google(), only_source=True)
    google = Google()
    one = made(google, source="203.0.113.7")
    assert any("--from means nothing" in note for note in one.intent(destroy=False).notes)
    assert any("--from means nothing" in note for note in one.deploy(Heard()).notes)


def test_the_plan_asks_and_changes_nothing(made):
    google = Google()
    one = made(google).intent(destroy=False)
    said = {step.name: step for step in one.steps}

    assert [call for call in google.asked if call[0] != "GET"] == []
    assert said["APIs"].does.startswith("turn on run, artifactregistry")
    assert said["service rag-chat"].standing == ()
    [provider] = said["service rag-provider"].standing
    assert provider.what == "Model provider, 1 vCPU and 1 GiB"
    assert float(provider.usd_per_hour) == pytest.approx(3600 * (0.000018 + 0.000002))
    assert not provider.confirmed, "its memory's price has no source"
    assert not any(step.measured for step in one.steps)


def test_a_provider_whose_memory_is_in_megabytes_has_its_price(made, root, target, tmp_path):
    for name in ("service.yaml", "provider.yaml"):
        (tmp_path / name).write_text((root / "targets" / "cloud_run" / name).read_text().replace("1Gi", "512M"))
    one = made(Google(), of=[replace(target, folder=tmp_path)]).intent(destroy=False)
    [provider] = {step.name: step for step in one.steps}["service rag-provider"].standing

    gib = 512e6 / 2**30
    assert provider.what == "Model provider, 1 vCPU and 0.48 GiB"
    assert float(provider.usd_per_hour) == pytest.approx(3600 * (0.000018 + 0.000002 * gib))


def test_minutes_are_those_that_were_measured_here_and_what_is_there_is_said(made):
    google = Google()
    made(google).deploy(Heard())
    one = made(google, took_s={"rag-chat": 240.0}).intent(destroy=False)
    gone = made(google).intent(destroy=True)

    said = {step.name: step.does for step in one.steps}
    assert said["APIs"] == said["accounts"] == "keep"
    assert said["image"].startswith("keep rag:content-")
    assert said["service rag-chat"] == "look at it, replace what differs"
    assert [step.name for step in gone.steps][:2] == ["service rag-chat", "service rag-provider"]


def test_an_image_that_is_there_is_not_built(made):
    google = Google()
    done = made(google, image="elsewhere/chat@sha256:1").deploy(Heard())

    assert google.pushes == 0
    assert "image" in {step.name for step in done.steps}
    assert spec(google)["containers"][0]["image"] == "elsewhere/chat@sha256:1"


def test_a_project_that_is_being_deleted_is_refused(made):
    google = Google()
    google.on |= {"cloudresourcemanager"}
    google.state = "DELETE_REQUESTED"
    with pytest.raises(Refused, match="DELETE_REQUESTED"):
        made(google).deploy(Heard())


def test_the_address_goes_where_target_toml_reads_it(root):
    tables, _ = tables_of(root / "targets" / "cloud_run" / "target.toml")
    assert variables_of(tables)["base_url"] == "RAG_RUN_URL"


def test_a_project_that_nobody_pays_for_is_told_how_to_link_one(made):
    google = Google()
    google.unpaid = True
    with pytest.raises(PilotError, match=r"APIs: HTTP 400: .*Billing must be enabled") as error:
        made(google).deploy(Heard())
    assert "gcloud billing projects link" in error.value.hint


def test_a_cloud_run_target_is_deployed_by_it(target, root):
    [one] = deployments([target], Asked(root))
    assert isinstance(one, GoogleDeployment)
