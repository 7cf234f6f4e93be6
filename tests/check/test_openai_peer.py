"""The second dialect against a server that others wrote: mockllm, which streams a character a chunk and wants a model."""

import pytest

from harness.check.contract_check import Answer, check_contract
from tests.builders import external
from tests.load.run import questions_file, run
from tests.peers.start import MOCKLLM, mockllm

pytestmark = pytest.mark.skipif(not MOCKLLM.exists(), reason="mockllm is not installed")


@pytest.fixture(scope="module")
def peer(tmp_path_factory):
    with mockllm(tmp_path_factory.mktemp("mockllm")) as url:
        yield url


def test_it_passes_the_check_with_a_model_and_fails_without(peer):
    named, unnamed = (external(peer, "openai-chat", model=model) for model in ("gpt-4", None))
    assert [c.answer for c in check_contract(named, peer)] == [Answer.PASS] * 3
    assert Answer.FAIL in {c.answer for c in check_contract(unnamed, peer)}


def test_a_run_times_its_streams_and_knows_what_it_does_not_tell(peer, tmp_path):
    questions = questions_file(tmp_path, ["Who asks?"])
    given = ["--host", peer, "--dialect", "openai-chat", "--model", "gpt-4", "--questions", str(questions)]
    done = run(
        tmp_path, *given, "--rate", "8", "--duration", "2", "--warmup", "0", "--stream-share", "0.5", "--seed", "3"
    )
    streams = [s for s in done.samples if s["stream"]]
    whole = [s for s in done.samples if not s["stream"]]

    assert done.ended_well, done.output
    assert {s["outcome"] for s in done.samples} == {"ok"}
    assert {s["token_events"] for s in streams} == {37}, "a role chunk without text is no token"
    assert all(s["output_tokens"] is None for s in streams), "it tells no usage of a stream, and null is not zero"
    assert all(s["output_tokens"] > 0 for s in whole)
    assert len({s["answer_digest"] for s in done.samples}) == 1, "streamed or whole, the same words"
    assert all(0 < s["first_token_s"] - s["sent_s"] < s["last_token_s"] - s["sent_s"] for s in streams)
