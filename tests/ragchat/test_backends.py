"""The whole service over its backends, as a deployment has it."""

import httpx
import pytest

from tests.local.platform import Up, workspace

ASK = {"messages": [{"role": "user", "content": "What does json.dumps do?"}], "max_tokens": 12}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def cached(tmp_path_factory, corpus):
    folder = workspace(tmp_path_factory.mktemp("cached"), corpus)
    path = folder / "targets" / "local_container" / "target.toml"
    text = path.read_text().replace(
        "[runtime.environment]\n", '[runtime.environment]\nRAG_CACHE = "answer,retrieval"\n'
    )
    path.write_text(text.replace("workers     = 2", "workers     = 1"))
    with Up(folder, "local_container") as running:
        yield running.urls["local_container"]


def say(url, **headers):
    return httpx.post(f"{url}/v1/chat", json=ASK, headers=headers, timeout=30, trust_env=False).json()


def test_a_cached_answer_is_the_same_at_once_and_its_tenants_own(cached):
    first, again, other = say(cached), say(cached), say(cached, **{"X-Tenant-Id": "other"})

    assert first["answer"] == again["answer"] == other["answer"]
    assert again["usage"]["cached_input_tokens"] == again["usage"]["input_tokens"]
    assert again["timings"]["generation_ms"] < first["timings"]["generation_ms"] / 5
    assert other["usage"]["cached_input_tokens"] != other["usage"]["input_tokens"]


def test_the_service_says_which_caches_are_on(cached):
    assert httpx.get(f"{cached}/v1/meta", trust_env=False).json()["caches"] == ["answer", "retrieval"]


def test_a_trace_is_no_matter_to_the_answer(cached):
    assert say(cached, traceparent=TRACE)["answer"] == say(cached, traceparent="nonsense")["answer"]
