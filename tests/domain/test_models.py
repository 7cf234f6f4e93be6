"""Names of models: versions are one model, sizes are not."""

import pytest

from harness.domain.models import same_model


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gpt-4o", "gpt-4o-2024-08-06"),
        ("openai/gpt-4o", "GPT-4o"),
        ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
        ("claude-sonnet-4-5-latest", "anthropic/claude-sonnet-4-5"),
        ("llama3.2", "llama3.2:latest"),
        ("gemini-1.5-pro", "gemini-1.5-pro-002"),
        ("text-bison", "text-bison@001"),
        ("anthropic.claude-3-haiku-20240307", "anthropic.claude-3-haiku-20240307-v1:0"),
    ],
)
def test_a_date_a_revision_or_a_tag_is_the_same_model(one, other):
    assert same_model(one, other)
    assert same_model(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gpt-4o", "gpt-4o-mini"),
        ("gpt-4o", "gpt-4o-mini-2024-07-18"),
        ("gpt-4", "gpt-4o"),
        ("gemini-1.5-flash", "gemini-1.5-flash-8b"),
        ("claude-sonnet-4", "claude-sonnet-4-5"),
        ("extractive-1", "extractive-mini"),
    ],
)
def test_another_size_or_generation_is_another_model(one, other):
    assert not same_model(one, other)
