"""Credentials that are made: signatures against the published algorithm, tokens against their servers' wire formats."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from harness.domain.target import Auth
from harness.errors import PilotError
from harness.platforms.shared.auth import authoriser_of
from harness.platforms.shared.auth.google import expiry_of
from harness.platforms.shared.origins import google
from tests.guarded import sigv4

KEYS = {"AKIDEXAMPLE": ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None)}
NOW_S = 4_000_000_000.0  # of 2096: some libraries read the real clock


@pytest.fixture
def aws(monkeypatch, tmp_path):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS["AKIDEXAMPLE"][0])
    return monkeypatch


def signed(body=b'{"a": 1}', url="https://abc.lambda-url.eu-west-1.on.aws/v1/chat", **options):
    auth = Auth("aws-sigv4", {"region": "eu-west-1", "service": "lambda", **options})
    authoriser = authoriser_of(auth, url)
    authoriser.renew()
    parts = urlsplit(url)
    headers = {"content-type": "application/json", "host": parts.netloc}
    headers |= {
        name.lower(): value for name, value in authoriser.headers("POST", url, body, "application/json").items()
    }
    return parts, headers


def refusal(parts, headers, body=b'{"a": 1}', keys=KEYS):
    return sigv4.refuses(keys, "eu-west-1", "lambda", "POST", parts.path, parts.query, headers, body)


def test_the_checker_itself_knows_the_published_example():
    """AWS's own test suite for Signature Version 4, case get-vanilla."""
    headers = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"}
    scope = "20150830/us-east-1/service/aws4_request"
    made = sigv4.signature(KEYS["AKIDEXAMPLE"][0], scope, "GET", "/", "", headers, "host;x-amz-date", b"")

    assert made == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"


def test_a_signed_request_is_taken_and_a_changed_one_is_not(aws):
    parts, headers = signed()

    assert refusal(parts, headers) is None
    assert refusal(parts, headers, b'{"a": 2}') == "the signature does not match"
    assert "no SigV4" in refusal(parts, {**headers, "authorization": "Bearer x"})


def test_a_path_with_a_stage_is_signed_as_it_is_sent(aws):
    parts, headers = signed(url="https://abc.execute-api.eu-west-1.amazonaws.com/prod/v1/chat")

    assert refusal(parts, headers) is None


def test_a_session_token_travels_with_the_signature(aws):
    aws.setenv("AWS_SESSION_TOKEN", "session-token")
    parts, headers = signed()
    keys = {"AKIDEXAMPLE": (KEYS["AKIDEXAMPLE"][0], "session-token")}

    assert refusal(parts, headers, keys=keys) is None
    assert refusal(parts, headers) == "wrong session token"


def test_without_credentials_there_is_one_clear_error(aws):
    aws.delenv("AWS_ACCESS_KEY_ID")

    with pytest.raises(PilotError, match="no AWS credentials") as error:
        signed()
    assert "AWS_PROFILE" in error.value.hint


class Peer:
    """A server on loopback that answers as ``answer(path, query, headers)`` says and keeps what it was asked."""

    def __init__(self, answer):
        asked = self.asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked.append((parts.path, parse_qs(parts.query), headers))
                status, kind, body = answer(parts.path, parse_qs(parts.query), headers)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Metadata-Flavor", "Google")
                self.end_headers()
                self.wfile.write(body.encode())

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.do_GET()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def web_token(**claims) -> str:
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {"exp": NOW_S, **claims}
    return f"{part({'alg': 'RS256'})}.{part(claims)}.{hashlib.sha256(b'').hexdigest()}"


def test_the_expiry_of_a_token_that_is_none_is_not_known():
    assert expiry_of(web_token()) == NOW_S
    assert expiry_of("no.token") is None


def test_a_google_id_token_comes_from_the_metadata_server_for_the_services_own_url(monkeypatch):
    pytest.importorskip("google.auth")
    token = web_token()

    def answer(path, query, headers):
        if path.endswith("/identity"):
            return 200, "text/plain", token
        account = {"email": "planted@project.iam.gserviceaccount.com", "aliases": ["default"], "scopes": []}
        return 200, "application/json", json.dumps(account)

    with Peer(answer) as peer:
        for name in ("GCE_METADATA_HOST", "GCE_METADATA_IP", "GCE_METADATA_ROOT"):
            monkeypatch.setenv(name, peer.host)
        monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
        from google.auth.compute_engine import _metadata

        monkeypatch.setattr(_metadata, "_GCE_METADATA_HOST", peer.host, raising=False)
        monkeypatch.setattr(_metadata, "_METADATA_ROOT", f"http://{peer.host}/computeMetadata/v1/", raising=False)
        monkeypatch.setattr(_metadata, "_METADATA_IP_ROOT", f"http://{peer.host}", raising=False)
        authoriser = authoriser_of(Auth("google-id-token", {}), "https://chat-abc-uc.a.run.app/base")
        authoriser.renew()
        asked = [(q, h) for path, q, h in peer.asked if path.endswith("/identity")]

    assert authoriser.headers("POST", "", b"", None) == {"Authorization": f"Bearer {token}"}
    assert asked[0][0]["audience"] == ["https://chat-abc-uc.a.run.app"]
    assert asked[0][1]["metadata-flavor"] == "Google"


def test_a_persons_login_gets_the_id_token_of_an_account_that_it_may_impersonate(monkeypatch, tmp_path):
    """IAM Credentials' own wire format; google-auth finds the login where gcloud leaves it."""
    pytest.importorskip("google.auth")
    from google.auth import iam

    token, asked = web_token(), []

    def answer(path, query, headers):
        asked.append((path, headers.get("authorization")))
        if path == "/token":
            return 200, "application/json", json.dumps({"access_token": "mine", "expires_in": 3600})
        return 200, "application/json", json.dumps({"token": token})

    with Peer(answer) as peer:
        login = {"type": "authorized_user", "client_id": "c", "client_secret": "planted", "refresh_token": "planted"}
        (tmp_path / "login.json").write_text(json.dumps(login | {"token_uri": f"http://{peer.host}/token"}))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "login.json"))
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
        monkeypatch.setattr(iam, "_IAM_IDTOKEN_ENDPOINT", f"http://{peer.host}/v1/{{}}:generateIdToken")
        monkeypatch.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"http://{peer.host}/token")
        auth = Auth("google-id-token", {"impersonate": "sender@p.iam.gserviceaccount.com"})
        authoriser = authoriser_of(auth, "https://chat-abc-uc.a.run.app/base")
        authoriser.renew()

    assert authoriser.headers("POST", "", b"", None) == {"Authorization": f"Bearer {token}"}
    assert ("/v1/sender@p.iam.gserviceaccount.com:generateIdToken", "Bearer mine") in asked


@pytest.mark.parametrize(("asked_for", "quota"), [(None, "of-the-login"), ("of-the-target", "of-the-target")])
def test_a_persons_login_is_billed_to_a_project_in_every_call(monkeypatch, tmp_path, asked_for, quota):
    """Google's own libraries send it by themselves; without, Resource Manager and others answer a person with 403."""
    pytest.importorskip("google.auth")
    seen = []

    def answer(path, query, headers):
        if path == "/token":
            return 200, "application/json", json.dumps({"access_token": "mine", "expires_in": 3600})
        seen.append({name: headers.get(name) for name in ("authorization", "x-goog-user-project")})
        return 200, "application/json", "{}"

    with Peer(answer) as peer:
        login = {"type": "authorized_user", "client_id": "c", "client_secret": "planted", "refresh_token": "planted"}
        login |= {"token_uri": f"http://{peer.host}/token", "quota_project_id": "of-the-login"}
        (tmp_path / "login.json").write_text(json.dumps(login))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "login.json"))
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
        monkeypatch.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"http://{peer.host}/token")
        google(f"http://{peer.host}", asked_for).get("/v1/projects/p")

    assert seen == [{"authorization": "Bearer mine", "x-goog-user-project": quota}]


def test_an_azure_token_comes_from_the_managed_identity_and_is_kept_while_it_lasts(monkeypatch):
    pytest.importorskip("azure.identity")

    def answer(path, query, headers):
        assert headers["x-identity-header"] == "planted"
        said = {"access_token": "entra-token", "expires_on": str(int(NOW_S)), "token_type": "Bearer", "resource": "r"}
        return 200, "application/json", json.dumps(said)

    with Peer(answer) as peer:
        for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://{peer.host}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "planted")
        authoriser = authoriser_of(Auth("azure-token", {"scope": "api://chat/.default"}), "https://chat.example")
        authoriser.renew()
        asked = len(peer.asked)
        authoriser.renew()

    assert authoriser.headers("POST", "", b"", None) == {"Authorization": "Bearer entra-token"}
    assert peer.asked[0][1]["resource"] == ["api://chat"]
    assert len(peer.asked) == asked
