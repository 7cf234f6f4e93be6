"""Tokens by the model that answered: a price of the team's own, else a public list's, else the book's stand-in."""

from decimal import Decimal

import pytest

from harness.domain.bill import CostLayer
from harness.domain.target import PriceModel
from harness.errors import BadFile
from harness.platforms.pricing import pricing_of
from harness.platforms.shared.token_prices import listed
from harness.platforms.shared.usage import Tokens, Usage

D, MILLION = Decimal, Decimal(10**6)
HAIKU = Tokens("claude-haiku-4-5", D(1000), 3 * MILLION, MILLION, MILLION)
STRANGE = Tokens("in-house-7b", D(1000), 2 * MILLION, MILLION)


def usage(*tokens, unnamed=(0, 0)):
    read, written = (sum(getattr(t, n) for t in tokens) + D(unnamed[k]) for k, n in enumerate(("input", "output")))
    return Usage(D(730), D(1000), D(0), D(0), read, written, tokens=tokens)


def shared(book="aws-2026-11", used=None, **parameters):
    model = {"memory_mb": 1024} if book else {"per_month": {"usd": 9, "source": "we"}}
    prices = PriceModel(book, "here", "lambda-url" if book else "custom", {**model, **parameters})
    made = pricing_of(prices).bill(used)
    return {x.label: x.amount_usd for x in made.lines if x.layer is CostLayer.SHARED and x.price_key != "egress_gb"}


def test_each_model_that_answered_has_the_lists_price_and_what_was_read_before_its_own():
    """Haiku 4.5: 1 USD in, 0.10 read before, 5 out, a million; GPT-4o mini 0.15 and 0.60."""
    mini = Tokens("gpt-4o-mini", D(1000), 2 * MILLION, MILLION)

    assert shared(used=usage(HAIKU, mini)) == {
        "Model input tokens, anthropic/claude-haiku-4-5": D(2),
        "Model cached tokens, anthropic/claude-haiku-4-5": D("0.1"),
        "Model output tokens, anthropic/claude-haiku-4-5": D(5),
        "Model input tokens, openai/gpt-4o-mini": D("0.3"),
        "Model output tokens, openai/gpt-4o-mini": D("0.6"),
    }


def test_a_model_that_no_list_knows_has_the_stand_ins_price_and_the_line_says_so():
    assert shared(used=usage(STRANGE)) == {
        "Model input tokens, at a stand-in's price": D(2),
        "Model output tokens, at a stand-in's price": D(5),
    }


def test_tokens_of_which_no_model_is_named_are_billed_as_ever():
    assert shared(used=usage(unnamed=(3 * MILLION, MILLION))) == {
        "Model input tokens": D(3),
        "Model output tokens": D(5),
    }


def test_without_a_book_there_is_no_stand_in_and_what_a_list_knows_is_billed():
    assert list(shared("", usage(STRANGE, HAIKU)).values()) == [D(2), D("0.1"), D(5)]


def test_a_price_of_the_teams_own_wins_over_any_list():
    own = {"input_usd_per_million": 2, "cached_usd_per_million": 0.5, "output_usd_per_million": 8, "source": "contract"}

    assert list(shared(used=usage(HAIKU), tokens=own).values()) == [D(4), D("0.5"), D(8)]
    assert list(shared(used=usage(STRANGE), tokens=own).values()) == [D(4), D(8)]


def test_a_replay_is_priced_as_the_model_that_it_stands_for():
    assert list(shared(used=usage(STRANGE), tokens={"model": "gpt-4o-mini"}).values()) == [D("0.3"), D("0.6")]


def test_a_batch_has_its_own_price():
    batch = {"model": "claude-haiku-4-5", "context": {"processing": "batch"}}

    assert list(shared(used=usage(STRANGE), tokens=batch).values()) == [D(1), D("2.5")]


def test_long_prompts_have_the_tier_that_their_mean_length_reaches():
    """Gemini 2.5 Pro: 1.25 up to 200,000 tokens, 2.50 above, the whole prompt."""
    short, long = (Tokens("gemini-2.5-pro", D(10), D(10 * n), D(0)) for n in (100_000, 300_000))

    assert next(iter(shared(used=usage(short)).values())) == D("1.25")
    assert next(iter(shared(used=usage(long)).values())) == D("7.5")


def test_a_bedrock_id_is_found_without_naming_its_provider():
    found = listed("us.anthropic.claude-haiku-4-5-20251001-v1:0", None, ())

    assert found.model.startswith("aws/")
    assert found.input_usd == D("0.0000011")


def test_the_books_own_models_that_older_files_name_are_read_as_before():
    assert list(shared(used=usage(HAIKU), nova_lite=1).values()) == [3 * D("0.06"), D("0.24")]


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        ({"model": "in-house-7b"}, "genai-prices knows no price of 'in-house-7b': state your own"),
        ({"model": "gpt-4o-mini", "context": {"processing": "slow"}}, "(processing slow)"),
        ({"input_usd_per_million": 1}, "want input_usd_per_million, output_usd_per_million and source"),
        ({"modle": "x"}, "did you mean model?"),
        ({}, "or model or provider"),
    ],
)
def test_what_is_wrong_is_refused(tokens, says):
    with pytest.raises(BadFile) as caught:
        shared(used=usage(HAIKU), tokens=tokens)

    assert says in str(caught.value)


def test_a_mocks_tokens_are_billed_by_nobody():
    assert shared(used=usage(HAIKU, STRANGE), tokens={"model": "none"}) == {}
    made = pricing_of(PriceModel("aws-2026-11", "here", "lambda-url", {"memory_mb": 1024, "tokens": {"model": "none"}}))
    assert made.unlisted(usage(STRANGE)) == ()


def test_nobody_has_no_provider():
    with pytest.raises(BadFile, match="no provider or context beside it"):
        shared(used=usage(HAIKU), tokens={"model": "none", "provider": "aws"})
