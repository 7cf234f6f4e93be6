"""``pilot deploy`` and ``pilot destroy`` of a Cloud Run target, from its files to its first answer and into the evidence."""

import http.server
import threading
from pathlib import Path

import pytest

from harness.evidence.store import Store
from harness.platforms.shared.deploy.pace import Pace
from harness.platforms.shared.google_deploy import deployment
from harness.platforms.shared.google_deploy.deployment import GoogleDeployment, Hands
from harness.run.deploy import Deploys, Wishes
from harness.workspace import deployed
from tests.builders import Pilot
from tests.peers import google_run
from tests.peers.google import PROJECT, Google, Pushing
from tests.platforms.doubles import Heard, Hours

TARGETS = Path(__file__).parent.parent.parent / "targets"
assert google_run


class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, *words):
        pass


@pytest.fixture
def url():
    """Of a service that says that it is well."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def google(monkeypatch, url):
    """A project whose services answer at that address."""
    made = Google()
    made.url = url
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", PROJECT)

    def deployments(parts, asked):
        hours = Hours()
        hands = Hands(made.make, Pace(clock=hours, sleep=hours.sleep), lambda _: Pushing(made), lambda: "ya29.token")
        return [GoogleDeployment(parts, asked, hands)]

    monkeypatch.setattr(deployment, "deployments", deployments)
    return made


@pytest.fixture
def workspace(tmp_path):
    """A pilot with the target as it comes, but that it asks for no identity: the server here has none."""
    folder = tmp_path / "targets" / "cloud_run"
    folder.mkdir(parents=True)
    for name in ("target.toml", "service.yaml", "provider.yaml"):
        (folder / name).write_text((TARGETS / "cloud_run" / name).read_text())
    text = (folder / "target.toml").read_text()
    (folder / "target.toml").write_text(text.replace('[auth]\nkind = "google-id-token"\n', ""))
    (tmp_path / "targets" / "aws_base").mkdir()
    (tmp_path / "targets" / "aws_base" / "Dockerfile").write_text("FROM scratch\n")
    return Pilot(tmp_path).workspace()


def test_it_ends_at_an_answer_and_its_times_are_in_the_evidence(workspace, google, url):
    [done] = Deploys(workspace, ["cloud_run"], Wishes()).deploy(Heard())
    folder = workspace.root / "targets" / "cloud_run"
    [_, kept] = Store(workspace.evidence).deployments()

    assert deployed.values(folder) == {"RAG_RUN_URL": url}
    assert workspace.target("cloud_run").base_url == url
    assert [step.name for step in done.steps][-2:] == ["rag-chat", "ready cloud_run"]
    assert [step["name"] for step in kept["steps"] if step["target"] == "cloud_run"] == ["rag-chat", "ready cloud_run"]
    timed = [entry for entry in Store(workspace.evidence).journal() if entry["event"] == "timed"]
    assert [(entry["target"], entry["step"]) for entry in timed] == [("cloud_run", "deploy")]

    [intent] = Deploys(workspace, ["cloud_run"], Wishes())._all[0:1]
    said = {step.name: step.measured for step in intent.intent(destroy=False).steps}
    assert said["service rag-chat"], "as long as it took here"
    google.denied.add("cloudasset")
    [gone] = Deploys(workspace, ["cloud_run"], Wishes()).destroy(Heard())
    assert Store(workspace.evidence).deployments()[-1]["unseen"] == list(gone.unseen), "its cost counts on"
    google.denied.clear()
    [gone] = Deploys(workspace, ["cloud_run"], Wishes()).destroy(Heard())
    assert (gone.left, gone.unseen) == ((), ())
    assert google.empty
    assert [entry["what"] for entry in Store(workspace.evidence).deployments()] == [
        "begun",
        "deploy",
        "destroy",
        "destroy",
    ]
