"""One policy for every SDK: what is tried again, how often, after which wait, and when a call is given up."""

import json
import re
from pathlib import Path

import pytest

import harness.platforms
from harness.domain.reading import Absent, Window
from harness.errors import PilotError
from harness.platforms.shared.answer import NoAnswer, answer_of
from harness.platforms.shared.auth.azure_token import AzureToken
from harness.platforms.shared.auth.google import GoogleAccess
from harness.platforms.shared.aws import client
from harness.platforms.shared.call_policy import CallPolicy
from harness.platforms.shared.prometheus import Prometheus
from harness.platforms.shared.prometheus_sets import Query
from harness.platforms.shared.rest import Rest, RestError
from tests.peers.start import free_port
from tests.platforms.shared.peer import DRIP, HANG, Peer, said

QUICK = CallPolicy(tries=3, first_wait_s=0.01, most_wait_s=0.05, connect_s=5.0, read_s=0.5, call_s=20.0)
PATIENT = CallPolicy(tries=3)
OK = said(200, '{"is": "well"}')


def rest(peer, waits=None, policy=QUICK):
    return Rest(peer.url, policy=policy, sleep=(lambda _: None) if waits is None else waits.append)


class TestRest:
    """httpx, over which Google, Azure, Kubernetes and Prometheus are asked."""

    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
    def test_a_question_that_fails_for_now_is_asked_again(self, status):
        waits = []
        with Peer(said(status), said(status), OK) as peer:
            assert rest(peer, waits, PATIENT).get("/x") == {"is": "well"}

        assert waits == [1.0, 2.0]
        assert len(peer.asked) == 3

    def test_it_waits_as_long_as_the_answer_asks_for_and_no_longer_than_the_policy(self):
        waits = []
        with Peer(said(429, Retry_After="7"), said(503, Retry_After="500"), OK) as peer:
            rest(peer, waits, PATIENT).get("/x")

        assert waits == [7.0, 30.0]

    def test_after_the_last_try_the_services_own_words_are_the_reason(self):
        with Peer(said(429, '{"error": {"status": "RESOURCE_EXHAUSTED", "message": "slow down"}}')) as peer:
            with pytest.raises(RestError, match="HTTP 429: RESOURCE_EXHAUSTED slow down"):
                rest(peer).get("/x")
            assert len(peer.asked) == 3

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
    def test_what_is_refused_for_good_is_asked_once(self, status):
        with Peer(said(status)) as peer:
            with pytest.raises(RestError, match=f"HTTP {status}"):
                rest(peer).get("/x")
            assert len(peer.asked) == 1

    @pytest.mark.parametrize(("status", "asked"), [(500, 1), (502, 1), (504, 1), (429, 2), (503, 2)])
    def test_a_change_is_asked_for_again_only_where_it_was_not_begun(self, status, asked):
        with Peer(said(status), OK) as peer:
            try:
                rest(peer).post("/restart")
            except RestError:
                assert asked == 1
            assert len(peer.asked) == asked

    def test_a_change_that_gets_no_answer_may_have_been_made_and_is_not_asked_for_again(self):
        with Peer(HANG, OK) as peer:
            with pytest.raises(RestError, match="ReadTimeout"):
                rest(peer).patch("/x", body={})
            assert len(peer.asked) == 1

    def test_a_server_that_hangs_is_asked_again_and_given_up(self):
        with Peer(HANG, HANG, OK) as peer:
            assert rest(peer).get("/x") == {"is": "well"}
        with Peer(HANG) as peer:
            with pytest.raises(RestError, match="ReadTimeout"):
                rest(peer).get("/x")
            assert len(peer.asked) == 3

    def test_a_body_that_drips_is_cut_when_the_calls_time_is_over(self):
        with Peer(DRIP) as peer:
            with pytest.raises(RestError, match="ReadTimeout: the answer did not end in time"):
                rest(peer, policy=CallPolicy(call_s=0.5)).get("/x")
            assert len(peer.asked) == 1

    def test_nobody_waits_beyond_the_calls_time(self):
        with Peer(said(503, Retry_After="20")) as peer:
            with pytest.raises(RestError, match="HTTP 503"):
                rest(peer, policy=CallPolicy(call_s=10.0)).get("/x")
            assert len(peer.asked) == 1

    def test_nobody_there_is_tried_again(self):
        waits = []
        with pytest.raises(RestError, match="ConnectError"):
            Rest(f"http://127.0.0.1:{free_port()}", policy=PATIENT, sleep=waits.append).post("/x")
        assert waits == [1.0, 2.0]

    def test_prometheus_asks_by_post_and_is_asked_again_all_the_same(self):
        with Peer(said(500, "{}"), said(200, '{"status": "success", "data": {"resultType": "matrix"}}')) as peer:
            [found] = Prometheus(peer.url, {"up": Query("up", "count")}, sleep=lambda _: None).read(Window(0, 60))
            assert isinstance(found, Absent)
            assert not found.failed
            assert len(peer.asked) == 2


@pytest.fixture
def logs(monkeypatch):
    """A client of CloudWatch Logs, at a peer."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted")

    def made(peer):
        monkeypatch.setenv("AWS_ENDPOINT_URL", peer.url)
        return client("logs", "us-east-1", CallPolicy(tries=2, connect_s=5.0, read_s=0.5)).filter_log_events

    return made


THROTTLED = said(400, '{"__type": "ThrottlingException", "message": "Rate exceeded"}')


class TestAws:
    """boto3, whose standard mode tries again."""

    @pytest.mark.parametrize("first", [THROTTLED, said(500), said(503), HANG], ids=["throttled", "500", "503", "hangs"])
    def test_what_fails_for_now_is_asked_again(self, logs, first):
        with Peer(first, said(200, '{"events": []}')) as peer:
            assert answer_of(logs(peer), {"logGroupName": "g"})["events"].rows() == []
            assert len(peer.asked) == 2

    @pytest.mark.parametrize(("first", "words"), [(THROTTLED, "Rate exceeded"), (HANG, "Read timeout")])
    def test_after_the_last_try_the_reason_is_said(self, logs, first, words):
        with Peer(first) as peer:
            with pytest.raises(NoAnswer, match=words):
                answer_of(logs(peer), {"logGroupName": "g"})
            assert len(peer.asked) == 2

    def test_what_is_refused_for_good_is_asked_once(self, logs):
        with Peer(said(400, '{"__type": "AccessDeniedException", "message": "no"}')) as peer:
            with pytest.raises(NoAnswer, match="AccessDeniedException"):
                answer_of(logs(peer), {"logGroupName": "g"})
            assert len(peer.asked) == 1


@pytest.fixture
def google(monkeypatch, tmp_path):
    """Credentials of a service account whose token's server is a peer."""
    pytest.importorskip("google.auth")
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    def made(peer):
        file = tmp_path / "key.json"
        account = {"type": "service_account", "client_email": "a@b.example", "private_key": key.decode()}
        file.write_text(json.dumps({**account, "token_uri": f"{peer.url}/token"}))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
        return GoogleAccess(policy=QUICK)

    return made


class TestGoogle:
    """google-auth, for tokens."""

    def test_a_busy_tokens_server_is_asked_again(self, google):
        with Peer(said(503), said(200, '{"access_token": "t", "expires_in": 3600}')) as peer:
            token = google(peer)
            token.renew()

        assert token.headers("GET", "", b"", None) == {"Authorization": "Bearer t"}

    def test_one_that_hangs_is_given_up(self, google):
        with Peer(HANG) as peer, pytest.raises(PilotError, match=r"no Google credentials: .*timed out"):
            google(peer).renew()


@pytest.fixture
def azure(monkeypatch):
    """A managed identity whose server is a peer."""
    pytest.importorskip("azure.identity")

    def made(peer):
        for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{peer.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "planted")
        return AzureToken("api://chat/.default", policy=QUICK)

    return made


class TestAzure:
    """azure-identity, for tokens."""

    def test_a_busy_tokens_server_is_asked_again(self, azure):
        token = '{"access_token": "t", "expires_on": "4000000000", "token_type": "Bearer", "resource": "r"}'
        with Peer(said(429), said(503), said(200, token)) as peer:
            azure(peer).renew()
            assert len(peer.asked) == 3

    @pytest.mark.parametrize("first", [said(503), HANG], ids=["503", "hangs"])
    def test_one_that_stays_so_is_given_up(self, azure, first):
        with Peer(first) as peer:
            with pytest.raises(PilotError, match="no token for api://chat"):
                azure(peer).renew()
            assert len(peer.asked) == 3


MAKERS = {
    r"boto3\.client\(|boto3\.Session\(|\bSession\(\)": "shared/aws.py",
    r"httpx\.(Client|get|post|request|stream)\b": "shared/http_client.py",
    r"DefaultAzureCredential\(": "shared/auth/azure_token.py",
    r"\.Request\(\)": "shared/auth/google.py",
}


@pytest.mark.parametrize("made", MAKERS)
def test_every_client_is_made_in_the_one_place_that_holds_it_to_the_policy(made):
    """But for the question whether a target is up yet: it is a poll, and no platform's API."""
    root = Path(harness.platforms.__file__).parent
    found = [
        path.relative_to(root).as_posix()
        for path in sorted(root.rglob("*.py"))
        if re.search(made, path.read_text()) and path.name != "ready.py"
    ]

    assert found == [MAKERS[made]]
