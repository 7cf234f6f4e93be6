"""What is wrong with a deployment is recognised and named, whichever dialect it speaks."""

import tomllib

import pytest

from harness.check.contract_check import Answer, check_contract
from harness.check.recognise import recognise
from harness.domain.target import Dialect
from harness.workspace.mapping_toml import MappingTable
from tests.builders import external
from tests.local.platform import Up, workspace
from tests.peers.gateway import gateway
from tests.peers.start import MAPPING, MOCKLLM, free_port, mockllm, oddchat

FIELDS = MappingTable.model_validate(tomllib.loads(MAPPING)["mapping"]).field_map()
NAMED = {
    "buffering": "collects it whole",
    "timeout": "timeout on the way",
    "no headers": "missing on a 200",
    "compressed": "switch compression off",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory, corpus):
    with Up(workspace(tmp_path_factory.mktemp("symptoms"), corpus), "local_container") as running:
        yield running.urls["local_container"]


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    with oddchat(tmp_path_factory.mktemp("odd"), "40") as url:
        yield url


@pytest.fixture(scope="module")
def openai(tmp_path_factory):
    if not MOCKLLM.exists():
        pytest.skip("mockllm is not installed")
    with mockllm(tmp_path_factory.mktemp("openai")) as url:
        yield url


def failed(url, dialect="rag-chat/1", **more):
    checks = check_contract(external(url, dialect, **more), url)
    return {c.name: c.words for c in checks if c.answer is Answer.FAIL}


@pytest.mark.parametrize("wrong", NAMED)
def test_of_the_reference_service(service, wrong):
    with gateway(service, wrong) as url:
        found = failed(url)
    assert any(NAMED[wrong] in detail for detail in found.values()), found


@pytest.mark.parametrize("wrong", ["buffering", "timeout", "compressed"])
def test_of_an_openai_like_server(openai, wrong):
    with gateway(openai, wrong) as url:
        found = failed(url, "openai-chat", model="gpt-4")
    assert any(NAMED[wrong] in detail for detail in found.values()), found


@pytest.mark.parametrize("wrong", ["buffering", "timeout", "compressed"])
def test_of_a_chat_api_with_names_of_its_own(odd, wrong):
    with gateway(odd, wrong) as url:
        found = failed(url, "mapped", fields=FIELDS)
    assert any(NAMED[wrong] in detail for detail in found.values()), found


def test_a_gateway_that_is_whole_changes_nothing(service):
    with gateway(service, "nothing") as url:
        assert failed(url) == {}


def test_a_port_where_nothing_listens():
    url = f"http://127.0.0.1:{free_port()}"
    checks = check_contract(external(url), url)
    assert {c.answer for c in checks} == {Answer.UNKNOWN}
    assert all("host and port? does it speak https, or http?" in c.words for c in checks if "no connection" in c.words)


def test_a_port_where_another_service_listens(odd):
    assert "is this its port and path, or another service's?" in " ".join(failed(odd).values())


def test_a_gateway_that_gives_up_is_told_from_the_service(odd):
    with gateway(odd, "timeout") as url:
        [words] = [d for n, d in failed(url, "mapped", fields=FIELDS).items() if n.startswith("A whole answer")]
    assert words.startswith("answered 504 after ")
    assert "gave up waiting for the service" in words


def test_endpoints_are_recognised_by_their_dialect(service, openai, odd):
    theirs = recognise(openai)
    assert recognise(service).target.dialect is Dialect.RAG_CHAT
    assert (theirs.target.dialect, theirs.target.model) == (Dialect.OPENAI_CHAT, "gpt-4")
    assert {c.answer for c in theirs.groups[openai]} == {Answer.PASS}
    strange = recognise(odd)
    assert strange.target is None
    assert "--path /its/path --body" in strange.seen.mend


def test_what_an_endpoint_leaves_untold_is_said_with_what_it_costs(service):
    with gateway(service, "no headers") as url:
        told = {c.name: c for c in recognise(url).groups[f"evidence of {url}"]}
    assert told["instances"].answer is Answer.UNTOLD
    assert "cold starts, instances and capacity per instance cannot be told" in told["instances"].detail
    assert told["tokens"].answer is Answer.PASS
