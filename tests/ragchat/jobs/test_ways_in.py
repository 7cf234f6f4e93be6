"""The ways to a worker: Lambda's batches, Pub/Sub's pushes, the embedded mapping's lines."""

import base64
import json
import time

import pytest
from ragchat.jobs.carry import Carrier
from ragchat.jobs.contract import JobError
from ragchat.jobs.courier import Courier
from ragchat.jobs.on_lambda import handle
from ragchat.jobs.push import create_app
from ragchat.jobs.source import Source
from ragchat.jobs.workshop import Workshop
from starlette.testclient import TestClient

from tests.ragchat.jobs.shop import DONE, Shop, submission


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def works(shop, *numbers_that_fail):
    """A workshop whose work fails for those payloads."""

    def work(given, _attempt):
        if given["payload"] in numbers_that_fail:
            raise JobError("upstream_error", "no", again=True)
        return DONE

    carrier = Carrier(shop.store, shop.queue, shop.settings, {"webhook": work})
    courier = Courier(shop.store, shop.settings, lambda *_: 200)
    return Workshop(shop.settings, shop.store, shop.queue, shop.queue, carrier, courier)


def test_a_batch_says_which_of_its_messages_failed(shop):
    for number in range(3):
        shop.submit(number)
    messages = shop.queue.receive(3, 0)
    event = {
        "Records": [
            {"messageId": f"m{n}", "receiptHandle": m.receipt, "body": m.job_id, "attributes": {}}
            for n, m in enumerate(messages)
        ]
    }

    said = handle(works(shop, "1"), event, time.monotonic() + 60)
    assert said == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert [shop.status(m.job_id) for m in messages] == ["done", "queued", "done"]


def test_a_schedules_event_sends_what_is_left_to_send(shop):
    job = shop.store.submit(submission(), None).id
    shop.clock.now += 60

    assert handle(works(shop), {"detail-type": "Scheduled Event"}, time.monotonic() + 60) == {"batchItemFailures": []}
    assert [m.job_id for m in shop.queue.receive(1, 0)] == [job]


def pushed(client, job):
    body = {"message": {"data": base64.b64encode(job.encode()).decode(), "messageId": "1"}, "subscription": "s"}
    return client.post("/push", json=body).status_code


def test_a_push_is_acknowledged_once_its_job_has_ended(shop):
    client = TestClient(create_app(works(shop, "1"), 60))
    good, bad = (shop.store.submit(submission(n), None).id for n in range(2))

    assert (pushed(client, good), pushed(client, bad), pushed(client, good)) == (204, 503, 204)
    assert shop.store.result(good)["effects"] == 1
    assert client.post("/push", json={"message": 1}).status_code == 400
    assert client.post("/tick").json() == {"sent": 0}
    assert client.get("/healthz").status_code == 200


def test_the_mappings_lines_are_answered_once_there_is_something_to_say(shop):
    source = Source(shop.queue, shop.store, Courier(shop.store, shop.settings))
    assert source.answer() is None
    source.hear(json.dumps({"receive": 2}))
    assert source.answer() is None, "it waits for the first message"
    job = shop.submit()
    said = source.answer()

    assert [(m["body"], m["receives"]) for m in said["messages"]] == [(job, 1)]
    assert source.answer() is None
    source.hear(json.dumps({"delete": [said["messages"][0]["receipt"]]}))
    assert shop.database.read("SELECT count(*) FROM message") == [(0,)]


def test_the_mapping_hears_of_callbacks_that_wait_although_no_message_does(shop, monkeypatch):
    monkeypatch.setattr("ragchat.jobs.source.WAIT_S", 0)
    shop.store.cancel(shop.submit(callback_url="http://127.0.0.1:9/"))
    (message,) = shop.queue.receive(1, 0)
    shop.queue.delete(message.receipt)
    source = Source(shop.queue, shop.store, Courier(shop.store, shop.settings))
    source.hear(json.dumps({"receive": 1}))

    assert source.answer() == {"messages": [], "due": True}
