"""Two instances of each service, from `pilot check URL URL` to a report, by what the commands print: nothing is edited but the length."""

from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.foreign import services
from tests.foreign.piloting import BOTH_MODES, SHORT, piloted
from tests.foreign.services import Service

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@dataclass(frozen=True)
class Expected:
    """What `pilot check` calls it, what it was asked with beside the URLs, and which modes the service has."""

    service: Service
    called: str
    asked: tuple[str, ...] = ()
    whole: bool = True


EXPECTED = (
    Expected(services.FAKELLM, "openai-chat"),
    Expected(services.MOCKLLM, "openai-chat", ("--model", "gpt-4")),
    Expected(services.LITELLM, "openai-chat"),
    Expected(services.HAYHOOKS, "hayhooks"),
    Expected(services.LANGSERVE, "langserve"),
    Expected(services.LANGGRAPH, "langgraph"),
    Expected(services.HONO_NODE, "ai-sdk", whole=False),
    Expected(services.HONO_WORKERD, "ai-sdk", whole=False),
    Expected(services.FASTAPI, "an API of its own at POST /ask"),
    Expected(services.FUNCTIONS, "an API of its own at POST /"),
)


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda e: e.service.name)
def test_it_is_recognised_and_makes_a_valid_comparison(expected, tmp_path):
    with ExitStack() as both:
        urls = [both.enter_context(expected.service.running(tmp_path)) for _ in range(2)]
        pilot = piloted(tmp_path, urls, *expected.asked, change=SHORT | (BOTH_MODES if expected.whole else {}))
    print(
        f"{expected.service.name}: {sum(pilot.took_s.values()) / 60:.1f} min from URL to report", pilot.said, sep="\n"
    )

    assert pilot.code["check of URLs"] == 0, pilot.said
    assert pilot.steps["check of URLs"].stdout.count(expected.called) >= 2, pilot.said
    assert [name for name, code in pilot.code.items() if code and name != "decide"] == [], pilot.said
    assert pilot.code["decide"] in (0, 5, 6), "5 where there is no clear winner"
    assert pilot.blocks[0] > 0, pilot.said
    assert pilot.blocks[1] == 0, pilot.said
    rows = [row for run in pilot.samples for row in run]
    assert {row["outcome"] for row in rows} == {"ok"}, pilot.said
    assert all(row["first_token_s"] is not None and row["token_events"] > 1 for row in rows if row["stream"])
    assert {row["stream"] for row in rows} == {True, False} if expected.whole else {True}
