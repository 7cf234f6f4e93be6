"""What stands before a target's code: what is too long, too large or cannot stream is said before the first block."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.check.contract_check import Answer
from harness.check.fronts import front_checks, largest_bytes
from harness.domain.mix import MOST_PROMPT_TOKENS, Mix, TokenLength
from harness.domain.questions import Message, Question
from harness.domain.target import Dialect, PriceModel, Target
from harness.platforms.aws_ecs.config import AwsEcs
from harness.platforms.aws_lambda.config import AwsLambda
from harness.platforms.azure_container_apps.config import AzureContainerApp
from harness.platforms.azure_functions.config import AzureFunctionApp
from harness.platforms.external.config import External
from harness.platforms.limits import front_of
from harness.platforms.local_container.config import LocalContainer
from harness.platforms.registry import billing
from harness.workspace import open_workspace
from tests.builders import Pilot

LAMBDA = AwsLambda("f", "us-east-1")


def target(runtime, model=None):
    prices = PriceModel("aws-2026-11", "us-east-1", model) if model else None
    return Target("t", Path(), Dialect.RAG_CHAT, runtime, base_url="https://x.example", prices=prices)


@pytest.fixture
def asked(tmp_path):
    """Checks by name of a front, with pilot.toml changed first."""
    made = Pilot(tmp_path).workspace()
    (tmp_path / "q.jsonl").write_text('{"id": "q0", "messages": [{"role": "user", "content": "why?"}]}\n')
    path = made.root / "pilot.toml"

    def ask(front, mixes=(), **changes):
        text = path.read_text().replace("p95_s = 2.0", f"p95_s = {changes.get('p95_s', 2.0)}", 1)
        share = changes.get("stream_share", 1.0)
        path.write_text(text + f'[load]\nquestions = "q.jsonl"\nstream_share = {share}\n')
        return {check.name: check for check in front_checks(open_workspace(made.root), front, mixes)}

    return ask


def test_a_promise_that_is_longer_than_the_front_waits_fails(asked):
    check = asked(billing("lambda-http-api").front, p95_s=30.0)["a promise is no longer than its front waits"]

    assert check.answer is Answer.FAIL
    assert "an HTTP API cuts at 30 s, slo.p95_s is 30 s" in check.detail


def test_what_a_front_does_where_there_is_no_place_is_said(asked):
    check = asked(front_of(target(LAMBDA)))["a promise is no longer than its front waits"]

    assert check.answer is Answer.PASS
    assert check.detail == "a function URL cuts at 900 s; where there is no place: 429 at once"


def test_what_cannot_stream_fails_where_streams_are_asked_for_alone(asked):
    functions = front_of(target(AzureFunctionApp("s", "g", "a")))
    whole = asked(functions, stream_share=0.0)

    assert "its front lets streams through" not in whole


def test_a_front_that_hands_answers_over_whole_is_named(asked):
    check = asked(front_of(target(AzureFunctionApp("s", "g", "a"))))["its front lets streams through"]

    assert check.answer is Answer.FAIL
    assert "the ASGI bridge of Functions hands answers over whole" in check.detail


def test_prompts_that_are_too_large_fail(asked):
    narrow = replace(billing("sagemaker-serverless").front, request_bytes=500_000)
    check = asked(narrow, [Mix(), Mix(prompt=TokenLength(150_000))])["requests are small enough for its front"]

    assert check.answer is Answer.FAIL
    assert "the largest may have 600,600 bytes, SageMaker lets 500,000 in" in check.detail


def test_no_prompt_is_counted_longer_than_one_that_is_ever_drawn():
    assert largest_bytes([], [Mix(prompt=TokenLength(200_000, 3.0))]) == MOST_PROMPT_TOKENS * 4 + 600


def test_the_largest_request_is_the_longest_question_or_a_far_draw_of_the_mix():
    questions = [Question("a", (Message("user", "x" * 50),)), Question("b", (Message("user", "ä" * 50),))]

    assert largest_bytes(questions, [Mix()]) == 700
    assert largest_bytes(questions, [Mix(prompt=TokenLength(1000, 0.25))]) == round(1000 * 2.718281828) * 4 + 600


@pytest.mark.parametrize(
    ("runtime", "model", "name"),
    [
        (LAMBDA, None, "a function URL"),
        (LAMBDA, "lambda-http-api", "an HTTP API"),
        (AwsEcs("c", "s", "r"), "fargate-alb", "an ALB"),
        (External(), "sagemaker-serverless", "SageMaker"),
        (LocalContainer(("x",), {}), None, "the embedded container platform"),
    ],
)
def test_a_front_is_known_by_its_runtime_and_what_it_is_billed_as(runtime, model, name):
    assert front_of(target(runtime, model)).name == name


def test_nothing_is_said_of_a_url_that_a_team_runs():
    assert front_of(target(External())) is None


def test_what_nobody_has_re_read_is_marked(asked):
    apps = asked(front_of(target(AzureContainerApp("s", "g", "a"))))
    assert "cuts at 240 s (unconfirmed)" in apps["a promise is no longer than its front waits"].detail
