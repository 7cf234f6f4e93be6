"""What Locust's table calls each run's requests."""

from types import SimpleNamespace

import pytest

from harness.domain.asks import Asks
from harness.load.row_names import NAMES, method_of


@pytest.mark.parametrize(
    ("jobs", "asks", "row"),
    [
        (None, Asks.CHAT, ("CHAT", None)),
        (None, Asks.RETRIEVAL, ("RETRIEVE", "passages")),
        (object(), Asks.CHAT, ("JOB", "submit")),
    ],
)
def test_requests_for_passages_and_jobs_are_no_chat(jobs, asks, row):
    method = method_of(SimpleNamespace(jobs=jobs, mix=SimpleNamespace(asks=asks)))

    assert (method, NAMES.get(method)) == row
