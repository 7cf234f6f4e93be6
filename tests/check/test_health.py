"""The contract's health check, behind front ends that keep what ends in z, and on servers that came before."""

import pytest

from harness.check.asking import USUAL, asker_of
from harness.check.contract_check import Contract
from harness.check.symptoms import Broken
from tests.builders import external
from tests.peers.raw import not_found, raw, whole


def said(*paths):
    def answer(asked):
        return whole({"status": "ok"}) if asked.path in paths else not_found(asked)

    with raw(answer) as url, asker_of(external(url), url) as asker:
        return Contract(asker, USUAL).health()


def test_cloud_runs_front_end_is_passed():
    assert said("/health") == ""


def test_a_server_of_before_passes_and_is_told_what_to_serve_too():
    assert "serve /health too" in said("/healthz")


@pytest.mark.parametrize("status", ["400 Bad Request", "403 Forbidden", "405 Method Not Allowed", "500 Oh"])
def test_a_gateway_may_refuse_the_path_that_it_does_not_know_as_it_likes(status):
    def answer(asked):
        return whole({"status": "ok"}) if asked.path == "/healthz" else whole({"message": "no"}, status)

    with raw(answer) as url, asker_of(external(url), url) as asker:
        assert "serve /health too" in Contract(asker, USUAL).health()


@pytest.mark.parametrize(("step", "counts"), [(0, False), (1, True)])
def test_one_that_counts_as_a_request_fails(step, counts):
    def answer(asked):
        return whole({"status": "ok"}, more=["X-Instance-Id: i", f"X-Instance-Requests: {7 + step * asked.count}"])

    with raw(answer) as url, asker_of(external(url), url) as asker:
        if counts:
            with pytest.raises(Broken, match="each GET /health raises x-instance-requests"):
                Contract(asker, USUAL).health()
        else:
            assert Contract(asker, USUAL).health() == ""


def test_one_that_has_neither_fails():
    with pytest.raises(Broken):
        said()
