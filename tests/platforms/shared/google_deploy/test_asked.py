"""What Google is asked: over a wire, as its discovery documents have it, and as the page on deploying says."""

from contextlib import suppress

import pytest

from harness.errors import PilotError
from harness.platforms.cloud_run.examine import COLD, DEPLOY
from tests.peers import google_published
from tests.peers.google import PROJECT, Google, over_a_wire
from tests.platforms.doubles import Heard
from tests.platforms.shared.google_deploy.rig import ROOT, whole


def test_a_build_that_fails_says_why_by_its_log(made):
    google = Google()
    google.fails = {"build": "Step 5/9 : RUN pip install\nERROR: No matching distribution found for ragchatt\n"}
    with pytest.raises(PilotError) as error:
        made(google, local=False).deploy(Heard())

    assert str(error.value).startswith("the build ended as FAILURE:\n  Build step failure")
    assert "No matching distribution" in str(error.value)


def test_it_goes_over_the_wire_as_it_is(made):
    google = Google()
    make = over_a_wire(google)
    google.fails = {"build": "ERROR: no room\n"}
    with pytest.raises(PilotError, match="ERROR: no room"):
        made(google, local=False, make=make).deploy(Heard())
    google.fails = {}
    made(google, local=False, make=make).deploy(Heard())
    [zipped] = [said for (_, name), said in google.objects.items() if name.endswith(".zip")]

    assert whole(google)
    assert google.quotas == {PROJECT}
    assert zipped[:2] == b"PK"
    assert made(google, make=make).destroy(Heard()).left == ()
    assert google.empty


@pytest.fixture(scope="module")
def published():
    return google_published.Published()


def test_every_call_and_every_answer_is_what_google_publishes(made, published):
    google = Google(held=published)
    vertex = {"PROVIDER_URL": "https://x/openapi", "PROVIDER_AUTH": "google"}
    made(google, local=False).deploy(Heard())
    google.refused = {"run.googleapis.com/invoker-iam-disabled"}
    made(google, settings=vertex).deploy(Heard())
    made(google).destroy(Heard())
    google.fails = {"rag-chat": ("HealthCheckContainerError", "no")}
    with suppress(PilotError):
        made(google).deploy(Heard())
    google.fails = {"build": "no room"}
    with suppress(PilotError):
        made(google, local=False, settings={"STORE": "pgvector", "STORE_URL": "postgresql://db"}).deploy(Heard())

    known = {f"{call['id']}" for _, call in published._calls}
    assert known - published.held == set(), "every call that is published here is made"


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        (("POST", "secretmanager", f"/v1/projects/{PROJECT}/secrets", {}, {"lables": {}}), "no field .lables"),
        (("POST", "secretmanager", f"/v1/projects/{PROJECT}/secrets", {"secret_id": "x"}, {}), "no query parameter"),
        (("POST", "secretmanager", f"/v1/projects/{PROJECT}/secrets", {}, {"labels": {"pilot": 1}}), "is not string"),
        (("POST", "secretmanager", f"/v1/projects/{PROJECT}/secrets", {}, {"createTime": "now"}), "Google's to write"),
        (("PUT", "secretmanager", f"/v1/projects/{PROJECT}/secrets", {}, {}), "has no PUT"),
        (("POST", "storage", "/storage/v1/b", {"project": PROJECT}, {"lifecycle": {"rule": {}}}), "is not a list"),
    ],
)
def test_a_call_that_google_does_not_have_is_found(published, call, wrong):
    method, host, path, params, body = call
    with pytest.raises(AssertionError, match=wrong):
        published(method, f"https://{host}.googleapis.com", path, params, body)


@pytest.mark.slow
def test_the_file_of_calls_is_what_the_package_carries():
    where = google_published.folder()
    if where is None:
        pytest.skip("google-api-python-client is not installed: pip install --no-deps google-api-python-client")
    assert google_published.written(google_published.published(where)) == google_published.FILE.read_text()


def test_the_page_on_deploying_has_every_permission_that_doctor_asks_for():
    page = (ROOT / "docs" / "deploy.md").read_text().partition("## Google Cloud")[2]
    assert [name for name in (*DEPLOY, *COLD) if f"`{name}`" not in page] == []
