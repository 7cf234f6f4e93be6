"""Callbacks: signed, at least once, the same delivery id on every try."""

import hashlib
import hmac
import http.client
import json
from dataclasses import replace

import pytest
from ragchat.jobs import courier as couriers
from ragchat.jobs.courier import MOST_TRIES, Courier, post
from ragchat.jobs.store import Effect

from tests.peers.serving import Quiet, serving
from tests.ragchat.jobs.shop import DONE, Shop

URL = "http://127.0.0.1:9/done?x=1"
SECRET = b"planted-secret"


class Receiver:
    """Takes requests in place of the network, and answers as told."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.got = []

    def __call__(self, url, body, headers):
        self.got.append((url, json.loads(body), headers, body))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def courier(shop, receiver):
    return Courier(shop.store, replace(shop.settings, secret=SECRET), receiver)


def test_the_end_of_a_job_is_called_back_with_its_status_and_a_signature(shop):
    job = shop.submit(callback_url=URL)
    shop.store.publish(shop.take()[1], DONE)
    shop.clock.now += 2
    receiver = Receiver()
    assert courier(shop, receiver).send_due() == 1

    ((url, body, headers, raw),) = receiver.got
    assert url == URL
    assert (body["id"], body["status"], body["since_done_ms"]) == (job, "done", 2000)
    assert headers["X-RagJobs-Signature"] == "sha256=" + hmac.new(SECRET, raw, hashlib.sha256).hexdigest()
    assert courier(shop, receiver).send_due() == 0


def test_what_is_not_taken_is_tried_again_with_the_same_delivery(shop):
    shop.submit(callback_url=URL)
    shop.store.publish(shop.take()[1], DONE)
    receiver = Receiver(500, ConnectionRefusedError(), http.client.BadStatusLine("?"), 302, 204)
    sender = courier(shop, receiver)
    waits = []
    while len(receiver.got) < 5:
        sender.send_due()
        if not sender.due():
            waited = 0.0
            while not sender.due() and len(receiver.got) < 5:
                shop.clock.now += 0.5
                waited += 0.5
            waits.append(waited)

    assert len({body["delivery"] for _, body, _, _ in receiver.got}) == 1
    assert waits[:4] == [0.5, 1, 2, 4]
    shop.clock.now += 3600
    assert sender.send_due() == 0


def test_it_is_given_up_after_so_many_tries(shop):
    shop.submit(callback_url=URL)
    shop.store.publish(shop.take()[1], DONE)
    receiver = Receiver(*[500] * 20)
    for _ in range(20):
        courier(shop, receiver).send_due()
        shop.clock.now += 3600

    assert len(receiver.got) == MOST_TRIES


@pytest.mark.parametrize("end", ["failed", "dead", "cancelled"])
def test_every_end_is_called_back(tmp_path, end):
    from ragchat.jobs.contract import JobError

    shop = Shop(tmp_path, most_attempts=1)
    job = shop.submit(callback_url=URL)
    if end == "cancelled":
        shop.store.cancel(job)
    else:
        shop.store.fail(shop.take()[1], JobError("internal", "no", again=end == "dead"))
    receiver = Receiver()
    courier(shop, receiver).send_due()

    assert [body["status"] for _, body, _, _ in receiver.got] == [end]


def test_a_request_in_one_couriers_hands_is_not_in_anothers_and_is_not_lost_with_it(shop):
    shop.submit(callback_url=URL)
    shop.store.publish(shop.take()[1], DONE)
    receiver = Receiver()
    assert courier(shop, receiver)._take() is not None, "a courier that dies now"

    assert courier(shop, receiver).send_due() == 0
    shop.clock.now += couriers.HOLD_S
    assert courier(shop, receiver).send_due() == 1


def test_a_webhook_is_handed_on_as_it_came(shop):
    shop.submit()
    shop.store.publish(shop.take()[1], Effect({}, hand_on=(URL, '{"event": 7}')))
    receiver = Receiver()
    courier(shop, receiver).send_due()

    assert receiver.got[0][1] == {"event": 7}
    assert receiver.got[0][2]["X-RagJobs-Delivery"]


def test_a_redirect_is_not_followed():
    asked = []

    class Redirects(Quiet):
        def answer(self):
            asked.append((self.path, self.body()))
            self.send(302, Location="/inside")

    with serving(Redirects) as url:
        assert post(f"{url}/hook?a=b", b"{}", {"Content-Type": "application/json"}) == 302

    assert asked == [("/hook?a=b", b"{}")]
