"""Destroying on Google Cloud, cut at every call that it makes: the next one leaves nothing, and says what somebody else made."""

import copy
from contextlib import suppress

import pytest

from harness.errors import PilotError
from tests.peers.cuts import Cut
from tests.peers.google import PROJECT, REGION, Google
from tests.platforms.doubles import Heard
from tests.platforms.shared.google_deploy.rig import SENDER


def test_all_of_it_is_destroyed_and_every_api_is_asked(made):
    google = Google()
    made(google).deploy(Heard())
    gone = made(google).destroy(Heard())

    assert google.empty
    assert (gone.left, gone.unseen) == ((), ())
    assert {"services", "image repositories", "secrets", "accounts", "everything that carries the label"} <= set(
        gone.looked
    )
    assert [step.name for step in gone.steps][:2] == ["rag-chat", "rag-provider"]
    assert made(google).destroy(Heard()).left == ()


@pytest.mark.parametrize("after", [False, True], ids=["before it is carried out", "after it"])
def test_a_destruction_cut_at_any_call_is_finished_by_the_next(made, after):
    google = Google()
    made(google, local=False).deploy(Heard())
    last = copy.deepcopy(google)
    made(last).destroy(Heard())
    for k in range(1, last.calls - google.calls + 1):
        cut = copy.deepcopy(google)
        cut.cut_at, cut.after = cut.calls + k, after
        with suppress(Cut):
            made(cut).destroy(Heard())
        gone = made(cut).destroy(Heard())
        assert cut.empty, k
        assert gone.left == (), k
    assert k > 30


def test_a_deployment_cut_at_any_call_can_be_destroyed_as_it_is(made):
    google = Google()
    made(google, local=False).deploy(Heard())
    for k in range(1, google.calls + 1, 3):
        cut = Google(k, after=True)
        with suppress(Cut):
            made(cut, local=False).deploy(Heard())
        for _ in range(3):  # what is still being made is seen, and goes with the next
            if not made(cut).destroy(Heard()).left:
                break
        assert cut.empty, k


def test_what_other_services_still_use_stays(made):
    google = Google()
    made(google).deploy(Heard())
    jobs = copy.deepcopy(google.services["rag-chat"])
    jobs["metadata"] |= {"name": "rag-jobs", "labels": {"pilot": "rag-run"}}  # as jobs_front.yaml has it
    google.services["rag-jobs"] = jobs
    one = made(google)
    notes = one.intent(destroy=True).notes
    heard = Heard()
    gone = one.destroy(heard)

    line = "provider, image, key and accounts stay: in use by rag-jobs"
    assert line in notes
    assert line in heard.said
    assert set(google.services) == {"rag-jobs", "rag-provider"}
    assert google.secrets
    assert (gone.left, "secrets" in gone.looked) == ((), False)


def test_images_stay_where_a_service_runs_from_any_of_them(made):
    google = Google()
    made(google).deploy(Heard())
    jobs = copy.deepcopy(google.services["rag-chat"])
    jobs["metadata"] |= {"name": "rag-jobs", "labels": {}}
    [container] = jobs["spec"]["template"]["spec"]["containers"]
    container |= {"image": f"{REGION}-docker.pkg.dev/{PROJECT}/rag/jobs:v1", "env": []}
    google.services["rag-jobs"] = jobs
    made(google).destroy(Heard())

    assert set(google.repositories) == {"rag"}


def test_a_service_of_somebody_else_is_not_touched(made):
    google = Google()
    made(google).deploy(Heard())
    google.services["rag-chat"]["metadata"]["labels"]["pilot"] = "another"
    for doing in (lambda: made(google).destroy(Heard()), lambda: made(google).deploy(Heard())):
        with pytest.raises(PilotError, match="does not carry the label pilot=rag-run"):
            doing()
    assert "rag-chat" in google.services


def test_what_somebody_else_made_under_its_name_stays_and_is_said(made):
    google, heard = Google(), Heard()
    made(google).deploy(Heard())
    google.secrets["rag-provider-key"]["labels"] = {}
    google.accounts[SENDER]["said"]["description"] = "of the team"
    gone = made(google).destroy(heard)

    assert gone.left == ("secret rag-provider-key",), "it is billed, whoever made it"
    assert "account rag-sender stays: pilot deploy did not make it" in heard.said
    assert set(google.accounts) == {SENDER}


def test_an_account_of_the_team_keeps_its_rights(made):
    google = Google()
    mine = f"rag-chat@{PROJECT}.iam.gserviceaccount.com"
    made(google, settings={"PROVIDER_URL": "https://x/openapi", "PROVIDER_AUTH": "google"}).deploy(Heard())
    google.accounts[mine]["said"]["description"] = "of the team"
    made(google).destroy(Heard())

    assert set(google.accounts) == {mine}
    assert google.members("project", "roles/aiplatform.user") == {f"serviceAccount:{mine}"}


def test_an_api_that_refuses_to_say_is_named(made):
    google = Google()
    made(google).deploy(Heard())
    google.denied = {"cloudasset", f"GET /v2/projects/{PROJECT}/locations/{REGION}/jobs"}
    gone = made(google).destroy(Heard())

    assert [words.partition(":")[0] for words in gone.unseen] == ["jobs", "everything that carries the label"]
    assert gone.left == ()


def test_what_the_label_still_shows_counts_where_nothing_else_can_be_asked(made):
    google = Google()
    made(google).deploy(Heard())
    google.leftover = [("redis.googleapis.com/Instance", "cache")]
    assert made(google).destroy(Heard()).left == ("redis.googleapis.com/Instance cache",)
