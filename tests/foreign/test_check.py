"""What `pilot check URL` says of services that cannot be piloted as they are, or in one mode only."""

import pytest

from tests.foreign import services
from tests.foreign.piloting import Pilot
from tests.peers.front import front

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.mark.parametrize(
    ("service", "why"),
    [(services.GRADIO, "answers come in two steps"), (services.CHAINLIT, "answers over Socket.IO")],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_cannot_be_piloted_is_said_and_nothing_is_proposed(service, why, tmp_path):
    with service.running(tmp_path) as url:
        pilot = Pilot(tmp_path)
        said = pilot.type(["check", url])

    assert pilot.code["check"] == 5, pilot.said
    assert "cannot be piloted as it is" in said
    assert why in said
    assert "[mapping]" not in said
    assert "next:" not in said


def test_a_function_that_answers_whole_is_drafted_without_a_stream(tmp_path):
    with services.SERVERLESS.running(tmp_path) as url:
        pilot = Pilot(tmp_path)
        said = pilot.type(["check", url, "--path", "/ask"])

    assert pilot.code["check"] == 0, pilot.said
    assert "an API of its own at POST /ask that only answers whole" in said, pilot.said
    assert "[mapping.stream]" not in said


def test_gradio_behind_the_endpoint_of_the_docs_can_be_piloted(tmp_path):
    with services.GRADIO.running(tmp_path) as gradio, front(tmp_path, f"{gradio}/gradio_api/call/chat") as url:
        pilot = Pilot(tmp_path)
        said = pilot.type(["check", url])

    assert pilot.code["check"] == 0, pilot.said
    assert "API dialect: openai-chat" in said
