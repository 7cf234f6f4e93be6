"""How the service reaches its model: over TLS by a certificate of one's own, by an identity, and never with a key in clear."""

import asyncio
import base64
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ragchat.bearer import bearer_of, stays_inside
from ragchat.contract import ContractError
from ragchat.model import Generation, Provider

NAME = "rag-pr-1v2x3-1234567890.us-east-1.elb.amazonaws.com"  # as AWS names a balancer
STREAM = (
    b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}\n\n'
    b"data: [DONE]\n\n"
)


class Model(BaseHTTPRequestHandler):
    """Answers whatever it is asked with one token, and keeps what it was asked with."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers.get("Authorization"), self.headers["Host"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(STREAM)

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        body = json.dumps(self.server.token()).encode()
        self.send_response(200 if body != b"null" else 400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(context=None):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    server.asked, server.token = [], lambda: None
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


@pytest.fixture
def server():
    made = serve()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """What targets/aws_base/README.md makes, by the same command."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    command = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "90", "-subj", "/CN=rag-pilot", "-addext", "subjectAltName=DNS:*.us-east-1.elb.amazonaws.com"),
        *("-keyout", "key.pem", "-out", "ca.pem"),
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def balancer(certificate, monkeypatch):
    """A server of that certificate, which the name of a balancer leads to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "ca.pem", certificate / "key.pem")
    made = serve(context)
    known = socket.getaddrinfo

    def resolved(host, *args, **more):
        return known("127.0.0.1" if host == NAME else host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    yield made
    made.shutdown()
    made.server_close()


def asked(provider):
    async def all_of_it():
        return [text async for text in provider.stream([], 5, "r1", Generation())]

    return asyncio.run(all_of_it())


def test_a_balancer_is_trusted_by_the_certificate_that_the_readme_makes(balancer, certificate, monkeypatch):
    monkeypatch.setenv("RAG_PROVIDER_KEY", "k" * 24)
    pem = (certificate / "ca.pem").read_text()
    der = base64.b64encode(ssl.PEM_cert_to_DER_cert(pem)).decode()

    assert asked(Provider(f"https://{NAME}:{balancer.server_port}", "m", 5, ca=der)) == ["hi"]
    assert balancer.asked == [("/v1/chat/completions", "Bearer " + "k" * 24, f"{NAME}:{balancer.server_port}")]
    assert 100 <= len(der) <= 1000, "template.yaml takes no other"


def test_without_it_nothing_is_sent_there(balancer, monkeypatch):
    monkeypatch.setenv("RAG_PROVIDER_KEY", "k" * 24)
    with pytest.raises(ContractError, match="SSLCertVerificationError"):
        asked(Provider(f"https://{NAME}:{balancer.server_port}", "m", 5))

    assert balancer.asked == []


@pytest.mark.parametrize("url", ["http://rag.us-east-1.elb.amazonaws.com", "http://203.0.114.9:8081"])
def test_a_key_is_not_sent_in_clear_over_a_network(url, monkeypatch):
    monkeypatch.setenv("RAG_PROVIDER_KEY", "k" * 24)
    with pytest.raises(ValueError, match="in clear, want https"):
        Provider(url, "m", 5)


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        *(("127.0.0.1", True), ("10.0.0.7", True), ("provider", True), ("rag-provider.rag-pilot.svc", True)),
        *(("rag-provider.internal", True), ("8.8.8.8", False), ("example.com", False)),
    ],
)
def test_a_private_network_needs_no_tls(host, inside):
    assert stays_inside(host) is inside


def test_another_path_is_asked_for_as_vertex_has_it(server, monkeypatch):
    monkeypatch.delenv("RAG_PROVIDER_KEY", raising=False)
    url = f"http://127.0.0.1:{server.server_port}/v1/projects/p/locations/l/endpoints/openapi"

    assert asked(Provider(url, "google/gemini", 5, "/chat/completions")) == ["hi"]
    assert server.asked[0][0] == "/v1/projects/p/locations/l/endpoints/openapi/chat/completions"


def test_googles_identity_is_asked_for_as_its_metadata_server_wants_and_kept(server, monkeypatch):
    monkeypatch.setenv("GCE_METADATA_HOST", f"127.0.0.1:{server.server_port}")
    server.token = lambda: {"access_token": "t1", "expires_in": 3599, "token_type": "Bearer"}
    bearer = bearer_of("google")

    async def twice():
        return await bearer.token(), await bearer.token()

    assert asyncio.run(twice()) == ("t1", "t1")
    [(path, headers)] = server.asked
    assert path.startswith("/computeMetadata/v1/instance/service-accounts/default/token?scopes=")
    assert headers["Metadata-Flavor"] == "Google"


def test_azures_identity_is_asked_for_as_app_service_wants(server, monkeypatch):
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "secret")
    monkeypatch.setenv("AZURE_CLIENT_ID", "c1")
    server.token = lambda: {"access_token": "t1", "expires_on": str(int(time.time()) + 200), "token_type": "Bearer"}
    bearer = bearer_of("azure")

    async def twice():
        return await bearer.token(), await bearer.token()

    assert asyncio.run(twice()) == ("t1", "t1")
    path, headers = server.asked[0]
    assert "resource=https%3A%2F%2Fcognitiveservices.azure.com" in path
    assert "client_id=c1" in path
    assert headers["X-IDENTITY-HEADER"] == "secret"
    assert len(server.asked) == 2, "200 s are less than the 300 s before its end at which a token is renewed"


def test_a_platform_that_gives_no_token_is_an_error_of_the_model(server, monkeypatch):
    monkeypatch.setenv("GCE_METADATA_HOST", f"127.0.0.1:{server.server_port}")
    provider = Provider(f"http://127.0.0.1:{server.server_port}", "m", 5, bearer=bearer_of("google"))

    with pytest.raises(ContractError, match=r"the model failed"):
        asked(provider)


def test_an_identity_is_only_wanted_where_there_is_one(monkeypatch):
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    with pytest.raises(ValueError, match="this app has no identity"):
        bearer_of("azure")
    with pytest.raises(ValueError, match="want key, google or azure"):
        bearer_of("aws")
