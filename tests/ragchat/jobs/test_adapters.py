"""The clouds' queues, offline: requests as the service models or the client library's names have them, answers as recorded."""

import base64
import json
from types import SimpleNamespace

import pytest
from ragchat.jobs.queues import Message, QueueDown, open_queue, open_sender
from ragchat.jobs.queues.pubsub import Topic
from ragchat.jobs.queues.sqs import Sqs
from ragchat.jobs.queues.storage_queue import StorageQueue
from ragchat.jobs.settings import JobSettings

from tests.peers.serving import Quiet, serving

URL = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"


@pytest.fixture
def sqs():
    boto3 = pytest.importorskip("boto3")
    from botocore.stub import Stubber

    client = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="planted", aws_secret_access_key="planted")
    with Stubber(client) as stub:
        yield Sqs(URL, None, 60.4, client), stub
        stub.assert_no_pending_responses()


def test_sqs_is_asked_as_its_service_model_says(sqs):
    queue, stub = sqs
    stub.add_response("send_message", {"MessageId": "m"}, {"QueueUrl": URL, "MessageBody": "job-1"})
    stub.add_response(
        "receive_message",
        {"Messages": [{"Body": "job-1", "ReceiptHandle": "r", "Attributes": {"ApproximateReceiveCount": "2"}}]},
        {
            "QueueUrl": URL,
            "MaxNumberOfMessages": 10,
            "WaitTimeSeconds": 20,
            "VisibilityTimeout": 60,
            "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
        },
    )
    held = {"QueueUrl": URL, "ReceiptHandle": "r"}
    stub.add_response("change_message_visibility", {}, {**held, "VisibilityTimeout": 43_200})
    stub.add_response("delete_message", {}, held)

    queue.send("job-1")
    assert queue.receive(50, 300) == [Message("job-1", "r", 2)]
    queue.delay("r", 1e6)
    queue.delete("r")


def test_an_empty_sqs_gives_nothing_and_a_refusal_is_said(sqs):
    queue, stub = sqs
    stub.add_response("receive_message", {})
    stub.add_client_error("send_message", "AccessDenied", "no")

    assert queue.receive(1, 0) == []
    with pytest.raises(QueueDown, match=r"send_message.*AccessDenied"):
        queue.send("job-1")


class Azure:
    """A storage queue as its client library shows it: every change gives a message another pop receipt."""

    def __init__(self):
        self.sent, self.pops, self.deleted, self.refuses = [], {}, [], None

    def send_message(self, content):
        if self.refuses:
            raise self.refuses
        self.sent.append(content)

    def receive_messages(self, *, max_messages, visibility_timeout):
        assert (max_messages, visibility_timeout) == (32, 60)
        for number, content in enumerate(self.sent):
            self.pops[str(number)] = "p0"
            yield SimpleNamespace(id=str(number), content=content, pop_receipt="p0", dequeue_count=1)

    def update_message(self, message, *, pop_receipt, visibility_timeout):
        self._mine(message, pop_receipt)
        self.pops[message] = f"p{visibility_timeout}"
        return SimpleNamespace(pop_receipt=self.pops[message])

    def delete_message(self, message, *, pop_receipt):
        self._mine(message, pop_receipt)
        self.deleted.append(message)

    def _mine(self, message, pop_receipt):
        from azure.core.exceptions import ResourceNotFoundError

        if self.pops.get(message) != pop_receipt:
            raise ResourceNotFoundError


def test_a_storage_queues_message_is_held_by_its_latest_receipt():
    pytest.importorskip("azure.core")
    client = Azure()
    queue = StorageQueue("https://a.queue.core.windows.net/jobs", 60, client)
    queue.send("job-1")
    (message,) = queue.receive(100, 0)
    queue.delay(message.receipt, 5)
    queue.delay(message.receipt, 7)
    queue.delete(message.receipt)

    assert (message.job_id, client.deleted) == ("job-1", ["0"])
    queue.delete("0 stale")  # somebody else has it by now


def test_a_storage_queue_that_does_not_answer_is_said():
    exceptions = pytest.importorskip("azure.core.exceptions")
    client = Azure()
    client.refuses = exceptions.ServiceRequestError("no route")
    with pytest.raises(QueueDown, match="no route"):
        StorageQueue("https://a.queue.core.windows.net/jobs", 60, client).send("job-1")


def test_a_topic_is_published_to_with_the_instances_own_token():
    asked = []

    class Google(Quiet):
        def answer(self):
            asked.append((self.path, dict(self.headers), self.body()))
            token = {"access_token": "planted-token", "expires_in": 3599}
            self.send(200, json.dumps(token if "token" in self.path else {"messageIds": ["1"]}).encode())

    with serving(Google) as url:
        topic = Topic("projects/p/topics/jobs", f"{url}/v1", f"{url}/token")
        topic.send("job-1")
        topic.send("job-2")

    paths = [path for path, _, _ in asked]
    assert paths == ["/token", "/v1/projects/p/topics/jobs:publish", "/v1/projects/p/topics/jobs:publish"]
    assert asked[0][1]["Metadata-Flavor"] == "Google"
    assert asked[1][1]["Authorization"] == "Bearer planted-token"
    assert base64.b64decode(json.loads(asked[2][2])["messages"][0]["data"]) == b"job-2"


def test_a_topic_that_refuses_is_said():
    class Refuses(Quiet):
        def answer(self):
            self.send(403)

    with serving(Refuses) as url, pytest.raises(QueueDown, match="403"):
        Topic("projects/p/topics/jobs", f"{url}/v1", f"{url}/token").send("job-1")


@pytest.mark.parametrize(
    ("queue", "said"),
    [("rabbit", "RAG_JOBS=rabbit"), ("sqs", "RAG_JOBS_QUEUE_URL"), ("storage-queue", "RAG_JOBS_QUEUE_URL")],
)
def test_a_queue_that_is_unknown_or_without_its_address_is_refused(queue, said):
    with pytest.raises(ValueError, match=said):
        open_queue(JobSettings(queue), None)


def test_a_topic_has_no_workers_end_to_ask():
    with pytest.raises(ValueError, match=r"ragchat\.jobs\.push"):
        open_queue(JobSettings("pubsub"), None)
    with pytest.raises(ValueError, match="RAG_JOBS_QUEUE_URL"):
        open_sender(JobSettings("pubsub"), None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RAG_JOBS_VISIBILITY_S", "0"),
        ("RAG_JOBS_BACKOFF_S", "soon"),
        ("RAG_JOBS_MOST_QUEUED", "-1"),
        ("RAG_JOBS_MEMORY_MB", "1 GB"),
    ],
)
def test_a_setting_that_is_no_number_is_named(name, value):
    with pytest.raises(ValueError, match=f"{name}={value}"):
        JobSettings.from_env({"RAG_JOBS": "sqlite", name: value})


def test_no_jobs_are_declared_unless_they_are():
    assert JobSettings.from_env({}) is None
    assert JobSettings.from_env({"RAG_JOBS": "sqlite"}).visibility_s == 60
