"""The page on what cannot be piloted: its endpoint in front is a chat API, and passes errors on."""

import json
from pathlib import Path

import httpx
import pytest

from tests.cli.inside import pilot
from tests.peers import unfit
from tests.peers.front import PAGE
from tests.peers.front import front as in_front
from tests.peers.queued import PIECES, Queued
from tests.peers.serving import serving


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    queued = type("Fresh", (Queued,), {"questions": {}})
    folder = tmp_path_factory.mktemp("front")
    with serving(queued) as queue, in_front(folder, f"{queue}/gradio_api/call/chat") as url:
        yield url


def check(url):
    return pilot(Path.cwd(), "check", url)


def ask(front, question, *, stream):
    body = {"messages": [{"role": "user", "content": question}], "stream": stream}
    return httpx.post(f"{front}/v1/chat/completions", json=body, trust_env=False)


def deltas(answer):
    chunks = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
    return [c["choices"][0]["delta"].get("content", "") if "choices" in c else c["error"]["code"] for c in chunks]


def test_the_endpoint_in_front_passes_the_check(front):
    done = check(front)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "openai-chat" in done.stdout


def test_it_streams_what_is_new_and_the_same_words_whole(front):
    assert deltas(ask(front, "open?", stream=True)) == [*PIECES, ""]
    assert ask(front, "open?", stream=False).json()["choices"][0]["message"]["content"] == "".join(PIECES)


def test_an_error_of_the_queue_stays_an_error(front):
    streamed = ask(front, "fail!", stream=True)

    assert deltas(streamed) == [PIECES[0], "upstream_error"]
    assert "[DONE]" not in streamed.text
    assert ask(front, "fail!", stream=False).status_code == 502


@pytest.mark.parametrize(
    ("peer", "words"),
    [
        pytest.param(lambda: serving(Queued), "cannot be piloted as it is: Gradio", marks=pytest.mark.slow),
        pytest.param(
            lambda: serving(unfit.SocketIo),
            "cannot be piloted as it is: an app that answers over Socket.IO",
            marks=pytest.mark.slow,
        ),
        (lambda: serving(unfit.Jobs), "cannot be piloted as it is: its answers come in two steps"),
        (lambda: serving(unfit.Login), "it redirects to"),
        pytest.param(unfit.http2, "not valid HTTP/1.1", marks=pytest.mark.slow),
    ],
    ids=["a queue", "Socket.IO", "jobs", "a login", "HTTP/2"],
)
def test_the_check_says_what_the_page_says_that_it_says(peer, words):
    with peer() as url:
        done = check(url)

    assert f"`{words}`" in PAGE.read_text()
    assert done.returncode == 5, done.stdout + done.stderr
    assert words in done.stdout
    assert "to do: " in done.stdout
    assert "next:" not in done.stdout
    assert "[mapping]" not in done.stdout
